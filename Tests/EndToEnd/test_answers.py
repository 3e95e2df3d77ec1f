"""What an answer may be and that all of it arrives: odd backends, closing connections, signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator

import pytest

from support.client import chat, encode, fetch, request_bytes
from support.player import EVENTS, JSON, Play, Player, playing
from support.route import Route
from support.world import Tenant, World

BIG = 3 * 1024 * 1024
USAGE = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
PLAYS = {
    "big": Play(JSON, [json.dumps({"choices": [{"text": "x" * BIG}], "usage": USAGE}).encode()], has_length=True),
    "html": Play("text/html", [b"<html>welcome</html>"], has_length=True),
    "error": Play(JSON, [b'{"error":{"message":"no"}}'], has_length=True),
    "empty": Play(JSON, [b""], has_length=True),
    "silent": Play(EVENTS, [b": nothing\n\n"], has_length=True),
    "busy": Play(JSON, [b"{}"], status=429, has_length=True, headers={"retry-after": "7"}),
}


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with playing(PLAYS) as player:
        yield player


def served_by(world: World, url: str, **fields: object) -> tuple[Tenant, str]:
    """A tenant and a model that only this URL serves."""
    route = Route.lay(world, {"odd": url}, **fields)
    return route.tenant, route.model


@pytest.mark.parametrize("reply", ["html", "error", "empty", "silent"])
def test_a_success_that_is_no_answer_is_an_upstream_error(world: World, player: Player, reply: str) -> None:
    tenant, model = served_by(world, player.url(reply))
    answer = world.call(tenant, model=model, stream=reply == "silent")
    assert (answer.status, answer.failure["code"]) == (502, "upstream_error")
    world.books.wait_until_no_holds()


def test_a_busy_backends_retry_after_is_passed_on(world: World, player: Player) -> None:
    tenant, model = served_by(world, player.url("busy"))
    answer = world.call(tenant, model=model)
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    assert answer.headers["retry-after"] == "7"


def test_a_large_answer_arrives_whole_before_the_connection_closes(world: World, player: Player) -> None:
    tenant, model = served_by(world, player.url("big"))
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        link.connect(world.server.data)
        body = encode(chat("big", model=model))
        link.sendall(request_bytes(
            "POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, body, world.server.data))
        time.sleep(0.5)  # a reader that takes its time: most of the answer waits in the gateway
        received = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, answer = received.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert answer == PLAYS["big"].body


def test_a_head_request_leaves_the_connection_in_step(world: World) -> None:
    with socket.create_connection(world.server.data) as link:
        link.settimeout(5)
        for method in (b"HEAD", b"GET"):
            link.sendall(method + b" /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        received = b""
        while not received.endswith(b'{"status":"ok"}'):
            piece = link.recv(65536)
            assert piece, received
            received += piece
    assert received.startswith(b"HTTP/1.1 200 ") and received.count(b"HTTP/1.1 ") == 2
    assert b"}HTTP" not in received, "an answer to HEAD had a body"


def test_a_client_that_leaves_before_the_call_was_sent_pays_nothing(world: World) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filler in (first, second):  # the queue is full: further connections hang
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        tenant, model = served_by(world, f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")
        answer = fetch(world.server.data, tenant.key, chat("gone", model=model), hang_up_after=0.5)
        assert answer.hung_up
        world.books.wait_until_no_holds()
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    assert [(entry.outcome, entry.cost) for entry in entries] == [("not_sent", 0)]


def test_a_hang_up_signal_reloads_and_stops_nothing(world: World) -> None:
    assert world.server.child
    os.kill(world.server.child.pid, signal.SIGHUP)
    deadline = time.monotonic() + 5
    while "configuration reloaded" not in world.server.output:
        assert time.monotonic() < deadline and world.server.running(), world.server.output[-2000:]
        time.sleep(0.02)
    world.assert_good_call(world.tenant())
