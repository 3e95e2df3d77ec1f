"""Another process in the place of the running one: no connection is refused, no stream is cut, no call is lost."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.certificates import Served
from support.client import Answer, call, chat, encode, fetch, read_answer, request_bytes
from support.options import Run
from support.processes import note
from support.tollgate import Gateway
from support.world import World

ACTIVATED = Path(__file__).parent / "support" / "activated.py"
DRAIN = "limits: { drain: 10s }\n"


@contextmanager
def kept(server: Gateway, names: tuple[str, str, str] = ("data", "admin", "metrics")) -> Iterator[list[socket.socket]]:
    """This process opens the gateway's ports and keeps them, as systemd does with a socket unit."""
    addresses = (server.data, server.admin_address, server.metrics_address)
    sockets = [socket.create_server(address, backlog=4096) for address in addresses]
    try:
        server.pass_fds = tuple(one.fileno() for one in sockets)
        pairs = [f"{one.fileno()}={name}" for one, name in zip(sockets, names, strict=True)]
        server.launcher = (sys.executable, str(ACTIVATED), *pairs, "--")
        yield sockets
    finally:
        for one in sockets:
            one.close()


class Callers:
    """So many callers, each with a new connection for each call; every third call streams."""

    def __init__(self, world: World, count: int) -> None:
        self.world, self.count = world, count
        self.key = world.tenant(limit="1000").key
        self.seen: list[Answer] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.all_calls()))

    async def calls(self, number: int) -> None:
        while not self.over.is_set():
            body = chat(self.world.fresh("upgraded"), knobs="latency=200,chunks=4", stream=number % 3 == 0)
            self.seen.append(await call(self.world.server.data, self.key, body, tls=self.world.server.tls))

    async def all_calls(self) -> None:
        await asyncio.gather(*(self.calls(number) for number in range(self.count)))

    def __enter__(self) -> Callers:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join(60)
        assert not self.thread.is_alive(), "a call never ended"

    @property
    def failures(self) -> list[Answer]:
        return [answer for answer in self.seen if not answer.done]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_a_restart_refuses_no_connection_and_cuts_no_stream(run: Run, backend: FakeBackend, secure: bool) -> None:
    server, served = Gateway(run.binary, DRAIN), Served()
    if secure:
        server.use_tls(served.chain, served.key, served.trust())
    try:
        with kept(server, names=("", "", "")):
            server.start()
            world = World.lay(server, backend)
            tenant, longest = world.tenant(), 0.0
            with Callers(world, 24) as callers:
                for _ in range(4 if run.full else 2):
                    time.sleep(0.5)
                    # Longer than the callers' own calls: what comes meanwhile waits for its end.
                    long = world.in_background(
                        tenant, world.fresh("long"), knobs="latency=1500,chunks=15", stream=True)
                    stopped = time.monotonic()
                    assert server.stop() == 0
                    server.start()
                    longest = max(longest, time.monotonic() - stopped)
                    assert long.result().done, long.result()
                time.sleep(0.5)
            assert not callers.failures, (len(callers.failures), callers.failures[:3])
            slowest = max(answer.seconds for answer in callers.seen)
            note(f"{len(callers.seen)} calls over restarts of up to {longest:.1f} s, the slowest {slowest:.1f} s")
            assert len(callers.seen) > 100 and slowest < longest + 5
            world.books.wait_until_no_holds()
            entries = [entry for entry in world.books.entries() if entry.kind == "settle"]
            assert len(entries) == len(callers.seen) + (4 if run.full else 2)
            assert all(entry.provenance == "reported" for entry in entries)
            server.verify()
    finally:
        server.close()
        served.close()


def test_a_connection_that_was_just_accepted_is_answered(run: Run, backend: FakeBackend) -> None:
    """Its request comes after SIGTERM, and there is nobody else who has the connection."""
    server = Gateway(run.binary, DRAIN)
    try:
        with kept(server):
            server.start()
            world = World.lay(server, backend)
            tenant = world.tenant()

            async def late() -> Answer:
                reader, writer = await asyncio.open_connection(*server.data)
                await asyncio.sleep(0.3)
                assert server.child
                server.child.process.terminate()
                await asyncio.sleep(0.3)
                writer.write(request_bytes(
                    "POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"},
                    encode(chat(world.fresh("late"))), server.data, close=False))
                answer = Answer()
                await read_answer(reader, answer)
                assert await reader.read() == b"", "it is kept open"
                writer.close()
                return answer

            answer = asyncio.run(late())
            assert answer.done and answer.headers["connection"] == "close", answer
            assert server.stop() == 0
            server.verify()
    finally:
        server.close()


def test_a_socket_that_is_no_listeners_is_refused(run: Run) -> None:
    server = Gateway(run.binary)
    try:
        with kept(server, names=("", "", "")) as sockets, socket.create_server(("127.0.0.1", 0)) as stray:
            port = stray.getsockname()[1]
            launcher = [*server.launcher[:2], f"{stray.fileno()}=tollgate.socket", "--"]
            done = subprocess.run(
                [*launcher, str(run.binary), "serve", "--config", str(server.config)], capture_output=True, text=True,
                env=server.env, timeout=20, pass_fds=(stray.fileno(), *(one.fileno() for one in sockets)))
            assert done.returncode == 1, done
            assert f"127.0.0.1:{port}" in done.stderr and "tollgate.socket" in done.stderr, done.stderr
    finally:
        server.close()


def test_systemd_itself_passes_the_sockets(run: Run, backend: FakeBackend) -> None:
    tool = shutil.which("systemd-socket-activate")
    assert tool, "Debian's systemd has it"
    server = Gateway(run.binary)
    addresses = (server.data, server.admin_address, server.metrics_address)
    # It starts the gateway with the first connection.
    server.launcher = (
        tool, *(f"--listen={host}:{port}" for host, port in addresses),
        *(f"--setenv={name}={value}" for name, value in server.env.items() if name.startswith("TOLLGATE")))
    try:
        server.start()
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        assert fetch(server.data, None, path="/readyz").status == 200
        assert server.stop() == 0
        server.verify()
    finally:
        server.close()
