"""Clients that take their time: an answer leaves whole as long as they read on, and what they send behind their last
request, or keep back of it, costs nobody anything."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from os import kill

import pytest

from prove.bodies import head
from prove.held import client_connections
from support.backend import FakeBackend
from support.client import Address, answers_to, chat, encode, request_bytes
from support.keys import make_key
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World
from test_shares import MIB, MOST_TAKEN, taken

CHAT = "/v1/chat/completions"
LIMITS = "limits: { header_timeout: 1s, idle_timeout: 1s, reader_timeout: 2s, max_body: 8MiB, body_memory: 16MiB }\n"
# A little less than the most that is kept whole; the kernel takes but a little for a client with so small a window.
LONG = "out=1,text=700000"
STEP = 180_000
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
NO_HTTP = b"GET / HTTP/1.1\r\nno field\r\n\r\n"


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, LIMITS) as server:
        yield World.lay(server, backend)


def test_who_stops_reading_is_cut_when_the_limit_is_over_once(run: Run, backend: FakeBackend) -> None:
    """Not a second one later because the kernel took some of the answer while nobody read."""
    limit = 5.0
    with gateway(run.binary, f"limits: {{ reader_timeout: {limit:.0f}s }}\n") as server, closing(
            slow_client(server.data)) as handle:
        world = World.lay(server, backend)
        # 800 KB come at once, and as much over twenty seconds.
        body = chat(world.fresh("stalled"), knobs="latency=20000,out=40,chunks=40,burst=20,text=8000", stream=True)
        fields = {"authorization": f"Bearer {world.tenant().key}"}
        handle.sendall(request_bytes("POST", CHAT, fields, encode(body), server.data))
        handle.recv(1)
        since = time.monotonic()
        while client_connections(server):
            assert time.monotonic() < since + limit + 3, "a client that reads nothing is still connected"
            time.sleep(0.05)
        assert time.monotonic() > since + limit - 0.5, "it was cut early"


def slow_client(address: Address) -> socket.socket:
    handle = socket.socket()
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    handle.settimeout(10)
    handle.connect(address)
    return handle


def asked(world: World, tenant: Tenant, *, close: bool = False, knobs: str = LONG, **headers: str) -> bytes:
    fields = {"authorization": f"Bearer {tenant.key}", **headers}
    return request_bytes("POST", CHAT, fields, encode(chat(world.fresh("slow"), knobs=knobs)), world.server.data, close)


def document(server: Gateway, close: bool) -> bytes:
    """Asks the Admin API for more than the kernel takes at once."""
    fields = {"authorization": f"Bearer {server.admin.credential}"}
    return request_bytes("GET", "/admin/v1/openapi.json", fields, None, server.admin_address, close)


def read_on(handle: socket.socket, begun: bytes = b"") -> tuple[int, int]:
    """Reads an answer over some seconds; the bytes of its body that were promised, and that came."""
    data = bytearray(begun)
    while b"\r\n\r\n" not in data:
        data += handle.recv(1024)
    fields, _, body = bytes(data).partition(b"\r\n\r\n")
    promised = int(fields.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    come = len(body)
    while come < promised:
        time.sleep(0.2)
        end = min(promised, come + STEP)
        while come < end:
            piece = handle.recv(end - come)
            if not piece:
                return promised, come
            come += len(piece)
    return promised, come


@pytest.mark.parametrize("manner", ["kept", "last", "half-closed"])
def test_an_answer_that_is_read_slowly_comes_whole(world: World, manner: str) -> None:
    with closing(slow_client(world.server.data)) as handle:
        handle.sendall(asked(world, world.tenant(), close=manner == "last"))
        begun = handle.recv(1024)
        if manner == "half-closed":
            handle.shutdown(socket.SHUT_WR)
        promised, come = read_on(handle, begun)
    assert promised > 2 * MIB and come == promised


def test_an_answer_that_is_not_read_ends_its_connection(world: World) -> None:
    with closing(slow_client(world.server.data)) as handle:
        handle.sendall(asked(world, world.tenant()))
        begun = handle.recv(1024)
        time.sleep(5)  # twice the limit, and a look
        promised, come = read_on(handle, begun)
    assert come < promised


@pytest.mark.parametrize("listener", ["data", "admin"])
def test_a_stop_lets_an_answer_leave_that_is_read_slowly(run: Run, backend: FakeBackend, listener: str) -> None:
    with closing(Gateway(run.binary)) as server:
        server.start()
        world = World.lay(server, backend)
        request = asked(world, world.tenant()) if listener == "data" else document(server, close=False)
        with closing(slow_client(server.data if listener == "data" else server.admin_address)) as handle:
            handle.sendall(request)
            begun = handle.recv(1024)
            assert server.child
            kill(server.child.pid, signal.SIGTERM)
            promised, come = read_on(handle, begun)
            assert come == promised
        assert server.child.process.wait(20) == 0


@pytest.mark.parametrize("manner", ["last", "half-closed", "no HTTP behind it"])
def test_an_answer_of_the_admin_api_that_is_read_late_comes_whole(world: World, manner: str) -> None:
    data = document(world.server, close=manner == "last") + (NO_HTTP if manner == "no HTTP behind it" else b"")
    with closing(slow_client(world.server.admin_address)) as handle:
        handle.sendall(data)
        if manner == "half-closed":
            handle.shutdown(socket.SHUT_WR)
        begun = handle.recv(1024)
        time.sleep(3)
        promised, come = read_on(handle, begun)
    assert promised > 200_000 and come == promised


# Behind the last request


@pytest.mark.parametrize("listener", ["data", "admin"])
def test_what_follows_an_offer_to_upgrade_is_not_kept(world: World, listener: str) -> None:
    """The decoder reads nothing behind such a request, but would keep all of it."""
    server, offer = world.server, {"connection": "Upgrade", "upgrade": "x"}
    data = asked(world, world.tenant(), knobs="latency=2000", **offer) if listener == "data" else request_bytes(
        "GET", "/healthz", offer, None, server.admin_address, close=False)
    with socket.create_connection(server.data if listener == "data" else server.admin_address, timeout=10) as handle:
        handle.sendall(data)
        sent = taken(handle, b" " * MIB)
        assert 0 < sent < MOST_TAKEN, sent
        handle.setblocking(True)
        answer = handle.recv(4096).lower()
        assert answer.startswith(b"http/1.1 200") and b"\r\nconnection: close\r\n" in answer


def test_what_is_no_http_behind_calls_is_refused_after_all_their_answers(world: World) -> None:
    call = asked(world, world.tenant(), knobs="latency=300,out=3")
    answers, rest = answers_to(world.server.data, call + HEALTH + call + NO_HTTP, 4)
    assert [answer.status for answer in answers] == [200, 200, 200, 400] and not rest
    assert world.books.settled(answers[0].request_id).output == 3


def test_a_client_that_has_said_all_gets_all_its_answers(world: World) -> None:
    call = asked(world, world.tenant(), knobs="latency=300,out=3")
    answers, rest = answers_to(world.server.data, call + HEALTH + HEALTH + call, 4, end=True)
    assert [answer.status for answer in answers] == [200] * 4 and not rest
    answers, rest = answers_to(world.server.data, call + HEALTH + NO_HTTP, 3, end=True)
    assert [answer.status for answer in answers] == [200, 200, 400] and not rest


def test_a_refusal_behind_an_answer_without_a_body_has_one(world: World) -> None:
    with socket.create_connection(world.server.data, timeout=10) as handle:
        handle.sendall(HEALTH.replace(b"GET", b"HEAD"))
        assert handle.recv(4096).startswith(b"HTTP/1.1 200")
        handle.sendall(NO_HTTP)
        answer = b"".join(iter(lambda: handle.recv(4096), b""))
    fields, _, body = answer.partition(b"\r\n\r\n")
    assert fields.startswith(b"HTTP/1.1 400") and f"content-length: {len(body)}".encode() in fields.lower() and body


# What they keep back


@pytest.mark.parametrize("who", ["a key that nobody has", "no key"])
def test_bodies_of_strangers_take_no_memory(world: World, who: str) -> None:
    path, key = ("/healthz", "x") if who == "no key" else (CHAT, make_key("0123456789", "s" * 43))
    request = head(world.server.data, key, path, f"content-length: {7 * MIB}")
    if who == "no key":
        request = request.replace(b"POST", b"GET")
    handles = [socket.create_connection(world.server.data, timeout=10) for _ in range(3)]
    try:
        for handle in handles:
            handle.sendall(request + b" " * (6 * MIB))
        answer = world.call(world.tenant(), text="x" * (4 * MIB))
        assert answer.done, answer
        for handle in handles:
            handle.sendall(b" " * MIB)
            assert handle.recv(12) == (b"HTTP/1.1 200" if who == "no key" else b"HTTP/1.1 401")
    finally:
        for handle in handles:
            handle.close()
