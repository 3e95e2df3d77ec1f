"""Answers that are not held whole, and streams of every dialect, byte for byte.

The shapes are recorded, the backend is fake.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from collections.abc import Iterator

import pytest

from support.client import chat, encode, fetch, request_bytes
from support.player import EVENTS, JSON, Play, Player, playing
from support.route import Route
from support.world import Tenant, World

MIB = 1024 * 1024
AUDIO = random.Random(4).randbytes(9 * MIB)
EMBEDDING = {"object": "embedding", "embedding": [0.25] * 20_000, "usage": {"prompt_tokens": 1}}
VECTORS = json.dumps({
    "object": "list", "data": [{**EMBEDDING, "index": index} for index in range(60)],
    "usage": {"prompt_tokens": 120, "total_tokens": 120}}).encode()
CREATED = b'event: response.created\ndata: {"type":"response.created","sequence_number":0,"response":{}}\n\n'
DELTA = (b'event: response.output_text.delta\n'
         b'data: {"type":"response.output_text.delta","sequence_number":1,"delta":"Hi"}\n\n')
RESPONSE = b'{"input_tokens":20,"input_tokens_details":{"cached_tokens":8},"output_tokens":7,"total_tokens":27}'
COMPLETED = (b'event: response.completed\ndata: {"type":"response.completed","sequence_number":2,"response":{"usage":'
             + RESPONSE + b"}}\n\n")
PIECE = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\r\n\r\n'
LAST = (b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":3,"completion_tokens":2}}\r\n\r\n')
TEXT = b"1\n00:00:00,000 --> 00:00:02,000\nHello\n"
FAILURES = (302, 401, 408, 429, 500, 503)
PLAYS = {
    "vectors": Play(JSON, [VECTORS], has_length=True),
    "vectors-chunked": Play(JSON, [VECTORS[:5 * MIB], VECTORS[5 * MIB:]]),
    "vectors-cut": Play(JSON, [VECTORS[:6 * MIB]], is_whole=False),
    "audio": Play("audio/mpeg", [AUDIO]),
    "audio-length": Play("audio/mpeg", [AUDIO[:100]], has_length=True),
    "audio-cut": Play("audio/mpeg", [AUDIO[:MIB]], is_whole=False),
    "silence": Play("audio/mpeg", [b""], has_length=True),
    "text": Play("text/plain", [TEXT], has_length=True),
    "responses": Play(EVENTS, [CREATED, DELTA, COMPLETED]),
    "responses-cut": Play(EVENTS, [CREATED, DELTA], is_whole=False),
    "no-done": Play(EVENTS, [PIECE, LAST]),
    **{f"status-{status}": Play(JSON, [b'{"choices":[],"usage":{"prompt_tokens":40,"completion_tokens":2}}'],
                                status=status, has_length=True) for status in (201, *FAILURES)},
    "at-odds": Play(JSON, [b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":-4,"completion_tokens":2.5}}'],
                    has_length=True),
}


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with playing(PLAYS) as player:
        yield player


def lay(world: World, player: Player, *plays: str) -> Route:
    """A model that these plays serve in order."""
    return Route.lay(world, *({play: player.url(play)} for play in plays), limit=None)


def served_by(world: World, player: Player, *plays: str) -> tuple[Tenant, str]:
    """A tenant without a cap, and a model that these plays serve in order."""
    route = lay(world, player, *plays)
    return route.tenant, route.model


@pytest.mark.parametrize("play", ["vectors", "vectors-chunked"])
def test_a_long_json_answer_streams_through_and_is_metered(world: World, player: Player, play: str) -> None:
    tenant, model = served_by(world, player, play)
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a"}, "/v1/embeddings")
    assert answer.complete and answer.body == VECTORS, answer.error
    assert "x-tollgate-cost" not in answer.headers
    assert ("content-length" in answer.headers) == (play == "vectors")
    entry = world.books.settled(answer.request_id)
    assert (entry.input, entry.output, entry.provenance, entry.outcome) == (120, 0, "reported", "answered")


def test_a_long_json_answer_that_breaks_off_is_never_completed(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "vectors-cut")
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a"}, "/v1/embeddings")
    assert answer.status == 200 and not answer.complete
    entry = world.books.settled(answer.request_id)
    assert (entry.provenance, entry.outcome) == ("estimated", "broken")
    world.books.wait_until_no_holds()


@pytest.mark.parametrize(("play", "body"), [("audio", AUDIO), ("audio-length", AUDIO[:100])],
                         ids=["chunked", "length"])
def test_speech_arrives_byte_for_byte(world: World, player: Player, play: str, body: bytes) -> None:
    tenant, model = served_by(world, player, play)
    asked = {"model": model, "input": "Good morning", "voice": "alloy"}
    answer = fetch(world.server.data, tenant.key, asked, "/v1/audio/speech")
    assert answer.complete and answer.body == body, answer.error
    assert answer.headers["content-type"] == "audio/mpeg" and "x-tollgate-cost" not in answer.headers
    assert world.books.settled(answer.request_id).outcome == "answered"
    world.books.wait_until_no_holds()


def test_speech_that_breaks_off_is_never_completed(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "audio-cut")
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a", "voice": "b"}, "/v1/audio/speech")
    assert answer.status == 200 and not answer.complete
    assert world.books.settled(answer.request_id).outcome == "broken"


def test_speech_without_a_byte_is_tried_elsewhere(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "silence", "audio-length")
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a", "voice": "b"}, "/v1/audio/speech")
    assert answer.body == AUDIO[:100] and answer.headers["x-tollgate-attempts"] == "2"


def test_a_slow_listener_holds_the_backend_up_not_the_gateway(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "audio")
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        link.connect(world.server.data)
        body = encode({"model": model, "input": "a", "voice": "b"})
        link.sendall(request_bytes(
            "POST", "/v1/audio/speech", {"authorization": f"Bearer {tenant.key}"}, body, world.server.data))
        time.sleep(0.5)
        assert [hold for hold in world.books.holds() if hold.model == model], "settled before the answer was sent"
        answer = http.client.HTTPResponse(link)
        answer.begin()
        assert answer.read() == AUDIO
    world.books.wait_until_no_holds()


def form(model: str) -> tuple[bytes, str]:
    edge = "edge7"
    fields = {"model": model, "response_format": "srt"}
    start = f"--{edge}\r\ncontent-disposition: form-data; name="
    parts = [f'{start}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    file = f'{start}"file"; filename="a.wav"\r\n\r\nRIFF0000\r\n--{edge}--\r\n'
    return ("".join(parts) + file).encode(), f"multipart/form-data; boundary={edge}"


def test_a_transcript_may_be_text(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "text")
    body, kind = form(model)
    answer = fetch(
        world.server.data, tenant.key, body, "/v1/audio/transcriptions", headers={"content-type": kind})
    assert answer.complete and answer.body == TEXT, (answer.status, answer.body)
    entry = world.books.settled(answer.request_id)
    assert (entry.provenance, entry.outcome) == ("estimated", "answered")


def test_a_stream_of_responses_is_passed_on_and_metered_by_its_last_event(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "responses")
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a", "stream": True}, "/v1/responses")
    assert answer.complete and answer.body == CREATED + DELTA + COMPLETED, answer.body
    entry = world.books.settled(answer.request_id)
    assert (entry.input, entry.input_cache_read, entry.output, entry.provenance) == (12, 8, 7, "reported")


def test_a_broken_stream_of_responses_ends_with_an_error_event_of_its_own(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "responses-cut")
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "a", "stream": True}, "/v1/responses")
    begin, _, end = answer.body.partition(b"event: error\n")
    assert begin == CREATED + DELTA
    error = json.loads(end.removeprefix(b"data: "))
    assert (error["type"], error["code"], error["sequence_number"]) == ("error", "upstream_error", 2)
    assert world.books.settled(answer.request_id).outcome == "broken"


def test_without_an_end_mark_the_last_event_waits_for_the_settlement(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "no-done")
    answer = fetch(world.server.data, tenant.key, chat(
        "no-done", model=model, stream=True, stream_options={"include_usage": True}))
    assert answer.complete and answer.body == PIECE + LAST
    entry = world.books.settled(answer.request_id)
    assert (entry.input, entry.output, entry.provenance) == (3, 2, "reported")


def test_an_odd_success_is_tried_elsewhere_but_what_it_reports_is_charged(world: World, player: Player) -> None:
    route = lay(world, player, "status-201", "at-odds")
    answer = route.call()
    assert answer.status == 200 and answer.headers["x-tollgate-attempts"] == "2"
    odd = route.attempts(answer)[0]
    assert (odd.input, odd.output, odd.outcome, odd.provenance) == (40, 2, "error_status", "reported")


@pytest.mark.parametrize("status", FAILURES)
def test_a_failure_that_is_tried_elsewhere_costs_nothing_whatever_it_reports(
        world: World, player: Player, status: int) -> None:
    route = lay(world, player, f"status-{status}", "at-odds")
    answer = route.call()
    assert answer.status == 200 and answer.headers["x-tollgate-attempts"] == "2"
    failed = route.attempts(answer)[0]
    assert (failed.cost, failed.input, failed.provenance, failed.status) == (0, 0, "none", status)
    assert failed.outcome == "error_status"


def test_a_report_that_cannot_be_is_clamped_counted_and_logged(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "at-odds")
    answer = fetch(world.server.data, tenant.key, chat("at-odds", model=model))
    entry = world.books.settled(answer.request_id)
    assert (entry.input, entry.output, entry.provenance) == (0, 3, "reported")
    assert 1 == world.server.metric(
        "tollgate_usage_anomalies_total", backend=entry.pool + "-at-odds", reason="contradictory")
    assert world.server.said("a backend reported usage that cannot be")
