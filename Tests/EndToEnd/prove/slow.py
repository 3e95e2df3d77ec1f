"""Slow heads, slow bodies and slow reads by slowhttptest, and slow readers of long streams: `size` connections each."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Callable

from support.backend import fake_backend
from support.client import chat, encode, request_bytes
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from .bystander import Bystander, Figures, bystander, given_back
from .programme import Outcome, Programme

CONFIG = "limits: { header_timeout: 5s, idle_timeout: 5s }\n"
SECONDS, SMOKE_SECONDS = 12, 3
PAIRS = 3
BUFFERED = 256 << 10  # bytes that one stream's slow reader may cost
CUT_LIMIT = 20.0  # seconds until the last slow connection is gone
KINDS = {
    "heads": ("-H", "-i", "1", "-t", "GET", "-u", "/v1/models"),
    "bodies": ("-B", "-i", "1", "-t", "POST", "-s", "8192", "-u", "/v1/chat/completions"),
    "reads": ("-X", "-w", "1", "-y", "8", "-n", "1", "-z", "1", "-k", "8", "-u", "/v1/models"),
}


def slowhttptest(server: Gateway, kind: str, connections: int, seconds: int) -> None:
    *options, path = KINDS[kind]
    done = subprocess.run(
        ["slowhttptest", *options, f"{server.url}{path}", "-c", str(connections), "-r", str(connections // 2 + 1),
         "-l", str(seconds), "-x", "24", "-p", "5"], capture_output=True, text=True, check=False, timeout=seconds + 60,
        stdin=subprocess.DEVNULL)
    assert "slow HTTP test status" in done.stdout, done.stdout[-500:] + done.stderr[-500:]


def stream_request(world: World, tenant: Tenant, events: int) -> bytes:
    """A stream of about `events` x 2 KB, as fast as it is read."""
    body = chat(world.fresh("slow"), knobs=f"out={events * 400},chunks={events}", max_tokens=events * 400, stream=True,
                model="long")
    return request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, encode(body),
                         world.server.data)


async def slow_readers(world: World, tenant: Tenant, number: int, seconds: float) -> None:
    """Streams of about 10 MB, read at a kilobyte a second."""

    async def one() -> None:
        handle = socket.socket()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(handle, world.server.data)
            await loop.sock_sendall(handle, stream_request(world, tenant, 5000))
            end = loop.time() + seconds
            while loop.time() < end:
                await loop.sock_recv(handle, 1024)
                await asyncio.sleep(1)
        finally:
            handle.close()

    await asyncio.gather(*(one() for _ in range(number)), return_exceptions=True)


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    seconds, pairs = (SECONDS, PAIRS) if run.full else (SMOKE_SECONDS, 1)
    # Long streams keep their backend busy: the bystander has another.
    with fake_backend() as backend, fake_backend() as loud, gateway(run.binary, CONFIG) as server:
        world = World.lay(server, backend)
        world.admin.pool("loud")
        world.admin.backend("loud", "fake-loud", loud.base_url())
        world.admin.model("long", ["loud"], 100_000_000)
        world.admin.price("long", "0", "0")
        tenant = world.tenant("1000000", ("loud",))
        with bystander(server, world.tenant("1000000")) as other:
            for kind in KINDS:
                abused_by(outcome, world, other, pairs, kind,
                          lambda kind=kind: slowhttptest(server, kind, size, seconds), seconds)
                outcome.count += size * pairs
            before = Figures.of(server)
            with other.turn(True):
                asyncio.run(slow_readers(world, tenant, size // 2, seconds))
                grown = Figures.of(server).rss - before.rss
            outcome.count += size // 2
            outcome.figures["growth by slow readers, KiB each"] = grown // 1024 // max(1, size // 2)
            outcome.must(grown <= max(size // 2 * BUFFERED, 32 << 20),
                         f"{grown >> 20} MiB for {size // 2} slow readers")
            outcome.wrong(given_back(server, CUT_LIMIT))
        other.judge(outcome, latency=run.full)
        world.books.wait_until_no_holds(30)
    return outcome


def abused_by(outcome: Outcome, world: World, other: Bystander, pairs: int, kind: str,
              attack: Callable[[], None], seconds: float) -> None:
    for _ in range(pairs):
        with other.turn(False):
            time.sleep(min(seconds, 4))
        with other.turn(True):
            attack()
        outcome.wrong([f"slow {kind}: {problem}" for problem in given_back(world.server, CUT_LIMIT)])


SLOW = Programme("slow", "slow heads, bodies and readers: cut in time, others as fast as before", run, 1000, 60)
