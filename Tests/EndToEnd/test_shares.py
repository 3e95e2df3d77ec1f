"""What one connection may keep of its loop: what it sends for nothing is read slowly, and what it does not read stays
upstream (decision 0069)."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from prove.bodies import head
from prove.held import sockets
from support.backend import FakeBackend
from support.client import chat, encode, request_bytes
from support.options import Run
from support.tollgate import gateway
from support.world import World

MIB = 1 << 20
SECONDS = 1.0
# At 32 MB a second, and what the kernel takes on both sides; unhindered it is gigabytes.
MOST_TAKEN = 160 * MIB
# 128 KiB that were not sent and the rest of one write; without a bound it is megabytes.
MOST_QUEUED = 400 * 1024


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, "limits: { max_body: 1MiB }\n") as server:
        yield World.lay(server, backend)


def taken(handle: socket.socket, piece: bytes) -> int:
    """Bytes that could be sent in a second."""
    handle.setblocking(False)
    sent, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            sent += handle.send(memoryview(piece)[sent % len(piece):])
        except BlockingIOError:
            time.sleep(0.0005)
        except ConnectionError:
            break
    return sent


@pytest.mark.parametrize("listener", ["data", "admin"])
@pytest.mark.parametrize("kind", ["by its length", "in chunks", "no HTTP"])
def test_what_comes_after_a_refusal_is_read_slowly(world: World, listener: str, kind: str) -> None:
    server = world.server
    address, path, credential = (server.data, "/v1/chat/completions", world.tenant().key) if listener == "data" else (
        server.admin_address, "/admin/v1/tenants", server.admin.credential)
    length, piece, status = {
        "by its length": (f"content-length: {100 << 30}", b" " * MIB, 413),
        "in chunks": ("transfer-encoding: chunked", b"%x\r\n%s\r\n" % (MIB, b" " * MIB), 413),
        "no HTTP": ("no field", b"\x00" * MIB, 400),
    }[kind]
    with socket.create_connection(address, timeout=10) as handle:
        handle.sendall(head(address, credential, path, length))
        handle.sendall(piece * 3)  # beyond the limit, where the length alone does not say so
        sent = taken(handle, piece)
        assert 0 < sent < MOST_TAKEN, sent
        handle.setblocking(True)
        assert handle.recv(12) == f"HTTP/1.1 {status}".encode()


def queued_for(port: int) -> int:
    """Bytes in the sending queue of the connection to this port of a client, in the kernel."""
    return sum(queued for _, remote, _, queued in sockets() if remote == port)


def most(measure: Callable[[], int], seconds: float) -> int:
    found, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        found = max(found, measure())
        time.sleep(0.01)
    return found


def test_what_a_client_does_not_read_stays_upstream(world: World) -> None:
    tenant = world.tenant("1000000")
    body = chat(world.fresh("slow"), knobs="out=100,chunks=100,text=8000", max_tokens=100, stream=True)
    with closing(socket.socket()) as handle:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.settimeout(10)
        handle.connect(world.server.data)
        handle.sendall(request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"},
                                     encode(body), world.server.data))
        assert handle.recv(12) == b"HTTP/1.1 200"
        port = handle.getsockname()[1]
        queued = most(lambda: queued_for(port), SECONDS)
        assert 0 < queued <= MOST_QUEUED, queued
        # It is only slow: all of it is there when it reads on.
        left = 0
        while piece := handle.recv(1 << 16):
            left += len(piece)
        assert left > 100 * 8000 * 5
    world.books.wait_until_no_holds()
