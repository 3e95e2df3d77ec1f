"""A gateway whose listeners have certificates that are renewed, as its tests meet it."""

from __future__ import annotations

import os
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .backend import FakeBackend
from .certificates import Served
from .client import encode, request_bytes
from .tls_client import TLSClient
from .tollgate import Gateway
from .world import Tenant, World

CHAT = "/v1/chat/completions"
LIMITS = "limits: { header_timeout: 1s, idle_timeout: 5s, drain: 20s }\n"


@contextmanager
def tls_world(binary: Path, backend: FakeBackend, served: Served) -> Iterator[World]:
    server = Gateway(binary, LIMITS)
    server.use_tls(served.chain, served.key, served.trust())
    try:
        server.start()
        yield World.lay(server, backend)
        assert server.running(), server.output[-4000:]
        server.verify()
    finally:
        server.close()


def trust(world: World) -> ssl.SSLContext:
    assert world.server.tls
    return world.server.tls


def client(world: World) -> TLSClient:
    return TLSClient(world.server.data, trust(world))


def post(world: World, tenant: Tenant, body: object, **headers: str) -> bytes:
    """A whole request on a connection that stays open."""
    fields = {"authorization": f"Bearer {tenant.key}", **headers}
    return request_bytes("POST", CHAT, fields, encode(body), world.server.data, close=False)


def request_id(data: bytes) -> str:
    [line] = [line for line in data.split(b"\r\n") if line.lower().startswith(b"x-request-id: ")]
    return line.split(b": ")[1].decode()


def wait_for(world: World, text: str, since: int = 0) -> None:
    deadline = time.monotonic() + 5
    while text not in world.server.output[since:]:
        assert time.monotonic() < deadline and world.server.running(), world.server.output[-3000:]
        time.sleep(0.02)


def reload(world: World, outcome: str) -> None:
    assert world.server.child
    since = len(world.server.output)
    os.kill(world.server.child.pid, signal.SIGHUP)
    wait_for(world, outcome, since)
