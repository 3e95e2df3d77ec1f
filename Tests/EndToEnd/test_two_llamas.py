"""Two real llama.cpp processes in one pool, one of them killed under load and started again."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.backend import FakeBackend
from support.client import Answer, encode, fetch
from support.load import load
from support.options import Run
from support.oracle import assert_exactly_once
from support.processes import LlamaBackend, note
from support.route import CALM, Route, wait_for
from support.tollgate import gateway
from support.world import PRICE, World

CLIENTS = 4
TOKENS = 24


@pytest.fixture(scope="module")
def llamas() -> Iterator[dict[str, LlamaBackend]]:
    with ThreadPoolExecutor(2) as pool:
        started = dict(zip("ab", pool.map(lambda _: LlamaBackend(parallel=4), "ab"), strict=True))
    yield started
    for llama in started.values():
        llama.close()


@pytest.fixture(scope="module")
def route(run: Run, backend: FakeBackend, llamas: dict[str, LlamaBackend]) -> Iterator[Route]:
    with gateway(run.binary, CALM) as server:
        urls = {role: f"{llama.url}/v1" for role, llama in llamas.items()}
        yield Route.lay(World.lay(server, backend), urls)


def usage_of(answer: Answer) -> dict[str, Any]:
    """llama.cpp's own counts: in the JSON answer, or in the last chunk of a stream that asked for them."""
    last = [event for event in answer.events if event != "[DONE]"][-1] if answer.is_stream else answer.body
    return dict(json.loads(last)["usage"])


class Story:
    """A long stream of which the first event has arrived, and so its head: the gateway holds it back until then."""

    def __init__(self, route: Route) -> None:
        self.link = http.client.HTTPConnection(*route.world.server.data, timeout=60)
        body = route.body(stream=True, max_tokens=900, text="Tell me a long story.", ignore_eos=True)
        self.link.request("POST", "/v1/chat/completions", encode(body),
                          {"authorization": f"Bearer {route.tenant.key}", "content-type": "application/json"})
        self.reply = self.link.getresponse()
        self.answer = Answer(self.reply.status, {name.lower(): text for name, text in self.reply.getheaders()})

    @staticmethod
    def told_by(role: str, route: Route) -> Story:
        """Those that another backend tells are hung up on."""
        while route.served_by((story := Story(route)).answer) != role:
            story.hang_up()
        return story

    def hang_up(self) -> None:
        self.reply.close()
        self.link.close()

    def end(self) -> Answer:
        try:
            self.answer.body = self.reply.read()
        except http.client.IncompleteRead as cut:
            self.answer.body = cut.partial
        self.hang_up()
        return self.answer


@pytest.mark.parametrize("stream", [False, True])
def test_each_of_several_choices_is_billed(route: Route, stream: bool) -> None:
    """llama.cpp tells the tokens of one."""
    body = route.body(stream=stream, n=3, max_tokens=TOKENS, text="Tell me a long story.", ignore_eos=True)
    answer = fetch(route.world.server.data, route.tenant.key, body)
    assert answer.done, answer
    entry = route.world.books.settled(answer.request_id)
    assert entry.provenance == "estimated" and 2 * TOKENS < entry.output <= 3 * TOKENS, entry


def test_a_killed_llama_fails_no_call_before_its_first_byte_and_serves_again(
        route: Route, llamas: dict[str, LlamaBackend]) -> None:
    fields = {"max_tokens": TOKENS, "text": "Tell me a story about a lighthouse.", "temperature": 1.0}

    def served(running: Any, role: str, since: int) -> int:
        return sum(timed.answer.done and route.served_by(timed.answer) == role for timed in running.seen[since:])

    with load(route, CLIENTS, stream_options={"include_usage": True}, **fields) as running:
        wait_for(lambda: served(running, "a", 0) >= 4 and served(running, "b", 0) >= 4, "both serve", 60)
        story = Story.told_by("a", route)
        llamas["a"].kill()
        broken_off = story.end()
        killed = len(running.seen)
        wait_for(lambda: served(running, "b", killed) >= 8, "the other serves on", 60)
        llamas["a"].start()
        back = len(running.seen)
        wait_for(lambda: served(running, "a", back) >= 4, "the killed one serves again", 60)
    check(route, [timed.answer for timed in running.seen] + [broken_off])
    assert not broken_off.done
    assert route.status("a")["healthy"] and route.cooling("a") is None


def check(route: Route, seen: list[Answer]) -> None:
    whole = [answer for answer in seen if answer.done]
    broken = [answer for answer in seen if not answer.done]
    moved = sum(answer.headers["x-tollgate-attempts"] != "1" for answer in whole)
    note(f"{len(whole)} whole answers, {len(broken)} streams broken off, {moved} calls moved to the other llama")
    for answer in broken:
        assert answer.status == 200 and answer.is_stream, f"failed before its first byte: {answer}"
        assert any("choices" in event for event in answer.events[:-1]), "nothing came before the error"
        assert json.loads(answer.events[-1])["error"]["code"] == "upstream_error"
    world = route.world
    world.books.wait_until_no_holds(20)
    entries = {(row.request_id, row.attempt): row for row in world.books.entries() if row.kind == "settle"}
    for answer in whole:
        row = entries[answer.request_id, int(answer.headers["x-tollgate-attempts"])]
        usage = usage_of(answer)
        assert (row.input + row.input_cache_read, row.output) == (usage["prompt_tokens"], usage["completion_tokens"])
        assert row.cost == PRICE.cost(usage["prompt_tokens"], usage["completion_tokens"])
        assert (row.outcome, row.provenance) == ("answered", "reported")
    for answer in broken:
        [row] = route.attempts(answer)
        assert row.outcome == "broken" and row.cost > 0 and row.provenance in ("estimated", "partial")
    assert_exactly_once(*world.books.both())
