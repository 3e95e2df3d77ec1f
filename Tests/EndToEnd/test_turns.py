"""How long others wait for a client that sends much at once: all of them on one event loop."""

from __future__ import annotations

import os
import socket
import statistics
import time
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.client import Address, arrived, encode, request_bytes
from support.options import Run
from support.tollgate import gateway
from support.world import World
from test_connections import HEALTH

OK = b"HTTP/1.1 200 "


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    one_core = ("taskset", "--cpu-list", str(min(os.sched_getaffinity(0))))
    with gateway(run.binary, launcher=one_core) as server:
        yield World.lay(server, backend)


class Neighbour:
    """A client that asks for little, one request after the other."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=20)
        self.ask()

    def ask(self) -> None:
        self.socket.sendall(HEALTH)
        assert self.socket.recv(4096).startswith(OK)


def test_others_are_answered_among_thousands_of_pipelined_requests(world: World) -> None:
    """Whoever asks again and again while they are answered is answered once in a few of them."""
    answered, among, rest = 0, [], b""
    neighbour = Neighbour(world.server.data)
    with socket.create_connection(world.server.data, timeout=20) as flood:
        flood.sendall(HEALTH * 10_000)
        while answered < 10_000:
            neighbour.ask()
            came = flood.recv(arrived(flood) or 1)
            assert came, f"the connection ended after {answered} answers"
            among.append((rest + came).count(OK))
            answered += among[-1]
            rest = (rest + came)[1 - len(OK):]
    neighbour.socket.close()
    assert statistics.median(among) < 200


def test_others_are_answered_while_a_long_body_is_read(world: World) -> None:
    """One that is no JSON only because its end is lacking."""
    tenant = world.tenant()
    body = encode({"model": "fake", "messages": [{}] * 5_000_000})[:-1]
    data = request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, body,
                         world.server.data, close=False)
    neighbour = Neighbour(world.server.data)
    with socket.create_connection(world.server.data, timeout=20) as long:
        long.sendall(data[:-1])
        # What is on its way comes in meanwhile: the last byte finds it all there.
        for _ in range(600):
            neighbour.ask()
        long.sendall(data[-1:])
        meanwhile, until = 0, time.monotonic() + 20
        while not arrived(long) and time.monotonic() < until:
            neighbour.ask()
            meanwhile += 1
        assert long.recv(4096).startswith(b"HTTP/1.1 400 ")
    neighbour.socket.close()
    assert meanwhile > 10
