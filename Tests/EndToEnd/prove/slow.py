"""Slow heads, bodies and reads by slowhttptest on every listener, and slow readers of long streams: `size` at once.

slowhttptest would close its connections at its own time limit; that one is far away, and Tollgate must have closed them
all before: they are counted from the kernel's table. Bodies and reads come with a valid key.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import socket
import subprocess
import termios
import time
from dataclasses import dataclass

from support.backend import fake_backend
from support.client import Address, chat, encode, request_bytes
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from .bystander import Bystander, Figures, bystander, client_connections, given_back, peak_rss
from .programme import Outcome, Programme

SECONDS, SMOKE_SECONDS = 8, 2  # of reading slowly
QUIET, SMOKE_QUIET = 4.0, 0.5
PAIRS = 5
BUFFERED = 256 << 10  # bytes that one stream's slow reader may cost
EVENTS = 1000  # of a stream, 2 KB each: eight times what may be buffered
CUT_LIMIT = 20.0  # seconds until the last slow connection is gone
OWN_LIMIT = 120  # seconds until slowhttptest would close its connections itself
KEPT = 2  # connections of the bystander, and of slowhttptest's probe
LEAST_SHARE = 0.9  # of the connections must have stood at once on the data plane
LEAST_ELSEWHERE = 40  # the other listeners may take few at once


@dataclass(frozen=True)
class Kind:
    options: tuple[str, ...]
    path: str
    listener: str = "data"


HEADS = ("-H", "-i", "1", "-t", "GET")
BODIES = ("-B", "-i", "1", "-t", "POST", "-s", "8192")
KINDS = {
    "heads": Kind(HEADS, "/v1/models"),
    "bodies": Kind(BODIES, "/v1/chat/completions"),
    "reads": Kind(("-X", "-w", "1", "-y", "8", "-n", "1", "-z", "1", "-k", "8"), "/v1/models"),
    "heads to the Admin API": Kind(HEADS, "/admin/v1/tenants", "admin"),
    "bodies to the Admin API": Kind(BODIES, "/admin/v1/tenants", "admin"),
    "heads to the metrics": Kind(HEADS, "/metrics", "metrics"),
}


def config(full: bool) -> str:
    timeout = "5s" if full else "2s"
    return f"limits: {{ header_timeout: {timeout}, idle_timeout: {timeout} }}\n"


def slowhttptest(server: Gateway, kind: Kind, connections: int, key: str) -> list[str]:
    """Problems; none where all the connections stood at once and then were gone, though their client closed none."""
    places = {"data": (server.data, key), "admin": (server.admin_address, server.admin.credential),
              "metrics": (server.metrics_address, "none")}
    address, credential = places[kind.listener]
    with open(server.folder / "slowhttptest.log", "w") as log:
        child = subprocess.Popen(
            ["slowhttptest", *kind.options, "-u", f"http://{address[0]}:{address[1]}{kind.path}",
             "-c", str(connections), "-r", str(connections), "-l", str(OWN_LIMIT), "-x", "24", "-p", "5",
             # It has no option for a key, but for a field that ours can follow.
             "-m", f"*/*\r\nAuthorization: Bearer {credential}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        try:
            return until_cut(server, address, child, LEAST_SHARE * connections if kind.listener == "data" else
                             min(LEAST_ELSEWHERE, LEAST_SHARE * connections))
        finally:
            child.kill()
            child.wait()


def until_cut(server: Gateway, address: Address, child: subprocess.Popen[bytes], least: float) -> list[str]:
    most, deadline = 0, time.monotonic() + CUT_LIMIT
    while time.monotonic() < deadline:
        ended = child.poll() is not None
        there = client_connections(server, address)
        most = max(most, there)
        if there <= KEPT and (most >= least or ended):
            return [] if most >= least else [f"only {most} connections stood at once, {least:.0f} are wanted"]
        time.sleep(0.05)
    return [f"{there} of {most} connections are open after {CUT_LIMIT:.0f} s"]


def stream_request(world: World, tenant: Tenant) -> bytes:
    """A stream as fast as it is read."""
    body = chat(world.fresh("slow"), knobs=f"out={EVENTS * 400},chunks={EVENTS}", max_tokens=EVENTS * 400, stream=True,
                model="long")
    return request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, encode(body),
                         world.server.data)


async def slow_readers(world: World, tenant: Tenant, number: int, seconds: float) -> list[str]:
    """Streams read at a kilobyte a second once all have begun; problems of those that are not served at that pace."""
    loop, begun = asyncio.get_running_loop(), asyncio.Barrier(number)

    async def one() -> str:
        handle = socket.socket()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        try:
            async with asyncio.timeout(60):
                await loop.sock_connect(handle, world.server.data)
                await loop.sock_sendall(handle, stream_request(world, tenant))
                head = await loop.sock_recv(handle, 12)
                await begun.wait()
            if head != b"HTTP/1.1 200":
                return f"a slow reader was told {head!r}"
            for _ in range(int(seconds)):
                await asyncio.sleep(1)
                if not await loop.sock_recv(handle, 1024):
                    return "a slow reader's stream ended"
            waiting = array.array("i", [0])
            fcntl.ioctl(handle, termios.FIONREAD, waiting)
            return "" if waiting[0] else "a slow reader was offered no more than it read"
        except (OSError, TimeoutError, asyncio.BrokenBarrierError) as error:
            return f"a slow reader: {error!r}"
        finally:
            handle.close()

    return [problem for problem in await asyncio.gather(*(one() for _ in range(number))) if problem]


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    pairs, quiet = (PAIRS, QUIET) if run.full else (1, SMOKE_QUIET)
    # Long streams keep their backend busy: the bystander has another.
    with fake_backend() as backend, fake_backend() as loud, gateway(run.binary, config(run.full)) as server:
        world = World.lay(server, backend)
        world.admin.pool("loud")
        world.admin.backend("loud", "fake-loud", loud.base_url())
        world.admin.model("long", ["loud"], 100_000_000)
        world.admin.price("long", "0", "0")
        tenant = world.tenant("1000000", ("loud",))
        with bystander(world, world.tenant("1000000"), loud) as other:
            for name, kind in KINDS.items():
                for _ in range(pairs):
                    with other.turn(False, name):
                        time.sleep(quiet)
                    with other.turn(True, name):
                        outcome.wrong([f"{name}: {wrong}" for wrong in slowhttptest(server, kind, size, tenant.key)])
                    outcome.wrong([f"{name}: {problem}" for problem in given_back(server, CUT_LIMIT)])
                    outcome.count += size
            for _ in range(pairs):
                readers(outcome, world, tenant, other, size // 2, quiet, SECONDS if run.full else SMOKE_SECONDS)
        other.judge(outcome, latency=run.full)
        world.books.wait_until_no_holds(30)
    return outcome


def readers(outcome: Outcome, world: World, tenant: Tenant, other: Bystander, number: int, quiet: float,
            seconds: float) -> None:
    server, name = world.server, "readers of long streams"
    with other.turn(False, name):
        time.sleep(quiet)
    before = Figures.of(server).rss
    peak_rss(server, forget=True)
    with other.turn(True, name):
        problems = asyncio.run(slow_readers(world, tenant, number, seconds))
    grown = peak_rss(server) - before
    outcome.wrong(problems[:3])
    outcome.must(len(problems) <= 3, f"{len(problems)} of {number} slow readers were not served")
    outcome.count += number
    each = max(grown // 1024 // number, outcome.figures.get("growth by slow readers, KiB each", 0))
    outcome.figures["growth by slow readers, KiB each"] = each
    outcome.must(grown <= max(number * BUFFERED, 32 << 20), f"{grown >> 20} MiB at most for {number} slow readers")
    outcome.wrong([f"{name}: {problem}" for problem in given_back(server, CUT_LIMIT)])


SLOW = Programme("slow", "slow heads, bodies and readers: cut in time, others as fast as before", run, 1000, 60)
