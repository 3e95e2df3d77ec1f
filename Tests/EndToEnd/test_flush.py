"""Every event of a stream is flushed as it comes: the backend sends the next only after the client has the last."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

import pytest

from support.client import encode, request_bytes
from support.player import EVENTS, Play, playing
from support.route import Route
from support.world import World


def event(value: dict[str, Any], name: str | None = None) -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(value).encode() + b"\n\n"


def typed(kind: str, **fields: Any) -> bytes:
    return event({"type": kind, **fields}, kind)


def chunk(text: str | None, reason: str | None = None, **fields: Any) -> bytes:
    delta = {} if text is None else {"content": text}
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **fields})


MANY = 6
USAGE = {"prompt_tokens": 3, "completion_tokens": 6, "total_tokens": 9}
TALK = {"max_tokens": 50, "messages": [{"role": "user", "content": "a"}]}
# The request, the kind of backend, the events that are seen one by one, and those of the end, which wait for the
# settlement.
STREAMS: dict[str, tuple[str, dict[str, Any], str, list[bytes], list[bytes]]] = {
    "chat": (
        "/v1/chat/completions", {**TALK, "stream_options": {"include_usage": True}}, "openai",
        [chunk(f"piece {number} ") for number in range(MANY)],
        [chunk(None, "stop"), event({"choices": [], "usage": USAGE}), b"data: [DONE]\n\n"]),
    "messages": (
        "/v1/messages", TALK, "anthropic",
        [typed("message_start", message={"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}),
         typed("content_block_start", index=0, content_block={"type": "text", "text": ""}), typed("ping"),
         *[typed("content_block_delta", index=0, delta={"type": "text_delta", "text": f"piece {number} "})
           for number in range(MANY)],
         typed("content_block_stop", index=0)],
        [typed("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 6}),
         typed("message_stop")]),
    "responses": (
        "/v1/responses", {"input": "a"}, "openai",
        [typed("response.created", sequence_number=0, response={}),
         typed("response.in_progress", sequence_number=1, response={}),
         *[typed("response.output_text.delta", sequence_number=2 + number, delta=f"piece {number} ")
           for number in range(MANY)],
         typed("response.a_type_of_tomorrow", sequence_number=2 + MANY)],
        [typed("response.completed", sequence_number=3 + MANY, response={
            "usage": {"input_tokens": 3, "output_tokens": 6, "total_tokens": 9}})]),
}


@pytest.mark.parametrize("route", STREAMS)
def test_the_next_event_comes_after_the_client_saw_the_last(world: World, route: str) -> None:
    path, asked, kind, events, end = STREAMS[route]
    gate = threading.Semaphore(0)
    with playing({route: Play(EVENTS, [*events, b"".join(end)], gate=gate)}) as player:
        lane = Route.lay(world, {"gated": player.url(route)}, kind=kind)
        body = {"model": lane.model, "stream": True, **asked}
        with socket.create_connection(world.server.data) as link:
            link.settimeout(5)
            link.sendall(request_bytes(
                "POST", path, {"authorization": f"Bearer {lane.tenant.key}"}, encode(body), world.server.data))
            received = b""
            for number, one in enumerate(events):
                while one not in received:
                    try:
                        piece = link.recv(65536)
                    except TimeoutError:
                        pytest.fail(f"event {number} of {len(events)} was not flushed: {received[-300:]!r}")
                    assert piece, received
                    received += piece
                gate.release()
            received += b"".join(iter(lambda: link.recv(65536), b""))
        assert all(one in received for one in end) and received.endswith(b"0\r\n\r\n")
    world.books.wait_until_no_holds()
    [entry] = [entry for entry in world.books.entries() if entry.tenant_id == lane.tenant.id]
    assert (entry.input, entry.output, entry.provenance, entry.outcome) == (3, 6, "reported", "answered")
