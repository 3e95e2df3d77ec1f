"""Listeners under pressure: too many connections, too few file descriptors, and heads that are refused."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.client import Address
from support.options import Run
from support.tollgate import gateway
from support.world import World

CONNECTIONS = 1000
DESCRIPTORS = 120


@pytest.fixture
def held() -> Iterator[ExitStack]:
    """What is closed when a test ends."""
    with ExitStack() as stack:
        yield stack


def connect(held: ExitStack, address: Address, count: int) -> list[socket.socket]:
    return [held.enter_context(socket.create_connection(address, timeout=5)) for _ in range(count)]


@pytest.mark.parametrize("plane", ["admin", "metrics"])
def test_one_connection_too_many_is_closed_and_the_others_are_not(world: World, held: ExitStack, plane: str) -> None:
    server = world.server
    address = server.admin_address if plane == "admin" else server.metrics_address
    connections = connect(held, address, CONNECTIONS + 50)
    end, cut = time.monotonic() + 5, 0
    while cut < 50 and time.monotonic() < end:
        cut = sum(is_closed(one) for one in connections)
        time.sleep(0.02)
    assert cut == 50, f"{cut} connections were closed"
    held.close()
    while not server.ready(address, "/readyz" if plane == "admin" else "/metrics"):
        assert time.monotonic() < end + 5, "nobody is let in again"
    labels = {"plane": plane, "code": "too_many_connections"}
    assert server.metric("tollgate_listener_refusals_total", **labels) >= 50


def is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize("plane", ["admin", "metrics"])
def test_what_the_head_alone_refuses_is_counted_and_logged(world: World, held: ExitStack, plane: str) -> None:
    server = world.server
    address = server.admin_address if plane == "admin" else server.metrics_address
    [connection] = connect(held, address, 1)
    connection.sendall(b"GET /metrics?canary=7531 HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
    head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    refused = json.loads(body)
    assert head.startswith(b"HTTP/1.1 400 "), head
    assert server.said(refused["request_id"])
    [line] = [json.loads(line) for line in server.output.splitlines() if refused["request_id"] in line]
    assert {name: line.get(name) for name in ("message", "plane", "status", "code")} == {
        "message": "request refused", "plane": plane, "status": "400", "code": refused["code"]}, line
    assert "7531" not in str(line)
    labels = {"plane": plane, "code": refused["code"]}
    before = server.metric("tollgate_listener_refusals_total", **labels)
    with socket.create_connection(address, timeout=5) as again:
        again.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n")
        assert again.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert before >= 1 and server.metric("tollgate_listener_refusals_total", **labels) == before + 1


def busy_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("plane", ["data", "admin"])
def test_calls_are_served_again_once_there_are_file_descriptors(run: Run, backend: FakeBackend, plane: str) -> None:
    """Out of descriptors the gateway neither dies nor spins, and those it has accepted stay."""
    with gateway(run.binary, launcher=("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")) as server, \
            ExitStack() as held:
        assert server.child
        world = World.lay(server, backend)
        tenant = world.tenant()
        world.assert_good_call(tenant)
        connect(held, server.data if plane == "data" else server.admin_address, DESCRIPTORS + 30)
        time.sleep(0.3)
        files = len(os.listdir(f"/proc/{server.child.pid}/fd"))
        assert files > DESCRIPTORS - 5, f"{files} files are open: this shows nothing"
        before = busy_seconds(server.child.pid)
        time.sleep(1)
        busy = busy_seconds(server.child.pid) - before
        assert busy < 0.2, f"{busy:.2f} s of processor time in a second in which nothing can be done"
        held.close()
        time.sleep(0.5)
        world.assert_good_call(tenant)
        assert server.ready(server.admin_address) and server.ready(server.metrics_address, "/metrics")
