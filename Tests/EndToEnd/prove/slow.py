"""Slow heads, bodies and reads by slowhttptest on every listener, and slow readers of long streams: `size` at once.

slowhttptest would close its connections at its own time limit; that one is far away, and Tollgate must have closed them
all before: they are counted from the kernel's table. Bodies and reads come with a valid key.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from dataclasses import dataclass

from support.backend import fake_backend
from support.client import Address, arrived, chat, encode, request_bytes
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from . import memory
from .bystander import Bystander, bystander, no_disk
from .held import BYSTANDER, Watch, client_connections
from .programme import Outcome, Programme
from .stalled import Stalled

SECONDS, SMOKE_SECONDS = 8, 2  # of reading slowly
QUIET, SMOKE_QUIET = 4.0, 0.5
PAIRS = 5
# Of a stream, 40 KB each: far more than the gateway may keep, and than the kernel takes for a connection.
EVENTS, WORDS = 263, 8_000
CUT_LIMIT = 40.0  # seconds until the last slow connection is gone, from when the first was made
# Seconds in which the connections are made: all at once would be a flood, not slow. slowhttptest keeps to it up to some
# 400 a second, so 4,000 of them need 12 s, and must not be cut before all stand.
OPENING, SMOKE_OPENING = 5, 1
OWN_LIMIT = 120  # seconds until slowhttptest would close its connections itself
LEAST_SHARE = 0.9  # of the connections must have stood at once on the data plane
LEAST_ELSEWHERE = 40  # the other listeners may take few at once
READERS_SHARE, LEAST_READERS = 8, 20  # of `size`, how many read long streams slowly, or stop reading
# Of an answer that is no stream and is held whole: 3.9 MB. Ten a second begin: more would be a flood, not slow.
ANSWER_WORDS, ANSWERS_SHARE = 780_000, 10


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


def timeout(full: bool) -> int:
    """Seconds of every limit."""
    return 16 if full else 2


def config(full: bool) -> str:
    names = ("header_timeout", "idle_timeout", "reader_timeout")
    return f"limits: {{ {', '.join(f'{name}: {timeout(full)}s' for name in names)} }}\n"


def slowhttptest(server: Gateway, kind: Kind, connections: int, opening: int, key: str) -> list[str]:
    """Problems; none where all the connections stood at once and then were gone, though their client closed none."""
    places = {"data": (server.data, key), "admin": (server.admin_address, server.admin.credential),
              "metrics": (server.metrics_address, "none")}
    address, credential = places[kind.listener]
    with open(server.folder / "slowhttptest.log", "w") as log:
        child = subprocess.Popen(
            ["slowhttptest", *kind.options, "-u", f"http://{address[0]}:{address[1]}{kind.path}",
             "-c", str(connections), "-r", str(connections // opening), "-l", str(OWN_LIMIT), "-x", "24", "-p", "5",
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
    there, most, deadline = 0, 0, time.monotonic() + CUT_LIMIT
    while time.monotonic() < deadline:
        ended = child.poll() is not None
        there = client_connections(server, address)
        most = max(most, there)
        if there <= BYSTANDER and (most >= least or ended):
            break
        time.sleep(0.05)
    if there > BYSTANDER:
        return [f"{there} of {most} connections are open after {CUT_LIMIT:.0f} s"]
    return [] if most >= least else [f"only {most} connections stood at once, {least:.0f} are wanted"]


def long_request(world: World, tenant: Tenant, stream: bool) -> bytes:
    """For a stream as fast as it is read, or for one long answer."""
    knobs = f"out={EVENTS},chunks={EVENTS},text={WORDS if stream else ANSWER_WORDS}"
    body = chat(world.fresh("slow"), knobs=knobs, max_tokens=EVENTS, stream=stream, model="long")
    return request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, encode(body),
                         world.server.data)


async def slow_readers(world: World, tenant: Tenant, stream: bool, number: int, seconds: float,
                       opening: float) -> list[str]:
    """Answers read at a kilobyte a second once all have begun, one after the other; problems of those that are not
    served at that pace."""
    loop, begun = asyncio.get_running_loop(), asyncio.Barrier(number)

    async def one(place: int) -> str:
        await asyncio.sleep(opening * place / number)
        handle = socket.socket()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        try:
            async with asyncio.timeout(60):
                await loop.sock_connect(handle, world.server.data)
                await loop.sock_sendall(handle, long_request(world, tenant, stream))
                head = await loop.sock_recv(handle, 12)
                await begun.wait()
            if head != b"HTTP/1.1 200":
                return f"a slow reader was told {head!r}"
            for _ in range(int(seconds)):
                await asyncio.sleep(1)
                if not await loop.sock_recv(handle, 1024):
                    return "a slow reader's answer ended"
            return "" if arrived(handle) else "a slow reader was offered no more than it read"
        except (OSError, TimeoutError, asyncio.BrokenBarrierError) as error:
            return f"a slow reader: {error!r}"
        finally:
            handle.close()

    return [problem for problem in await asyncio.gather(*map(one, range(number))) if problem]


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    pairs, quiet, opening = (PAIRS, QUIET, OPENING) if run.full else (1, SMOKE_QUIET, SMOKE_OPENING)
    # Long streams keep their backend busy: the bystander has another.
    with (no_disk(run.full), fake_backend() as backend, fake_backend() as loud,
          gateway(run.binary, config(run.full)) as server):
        world = World.lay(server, backend)
        world.admin.pool("loud")
        world.admin.backend("loud", "fake-loud", loud.base_url())
        world.admin.model("long", ["loud"], 100_000_000)
        world.admin.price("long", "0", "0")
        tenant, stalled = world.tenant("1000000", ("loud",)), Stalled(world, loud, timeout(run.full))
        with bystander(world, world.tenant("1000000"), loud) as other:
            control(other, pairs, quiet)
            watch = Watch(outcome, server, (backend, loud))
            for name, kind in KINDS.items():
                for _ in range(pairs):
                    with other.turn(False, name):
                        time.sleep(quiet)
                    with watch.wave(name, size, memory.REQUEST), other.turn(True, name):
                        problems = slowhttptest(server, kind, size, opening, tenant.key)
                        outcome.wrong([f"{name}: {wrong}" for wrong in problems])
                    outcome.count += size
            number = max(size // READERS_SHARE, LEAST_READERS)
            for stream in (True, False):
                for _ in range(pairs):
                    readers(watch, world, tenant, other, stream, number if stream else number // ANSWERS_SHARE, quiet,
                            SECONDS if run.full else SMOKE_SECONDS, opening)
            for _ in range(pairs):
                stalled.turn(watch, other, number, quiet, opening)
            watch.report()
        other.judge(outcome, latency=run.full)
        world.books.wait_until_no_holds(30)
        stalled.judge(outcome)
    return outcome


def control(other: Bystander, pairs: int, quiet: float) -> None:
    """Turns like all others but for the abuse: if these differ too much, the others say nothing."""
    for _ in range(pairs):
        for is_loud in (False, True):
            with other.turn(is_loud, "nothing at all"):
                time.sleep(quiet)


def readers(watch: Watch, world: World, tenant: Tenant, other: Bystander, stream: bool, number: int, quiet: float,
            seconds: float, opening: float) -> None:
    outcome, name = watch.outcome, "readers of long streams" if stream else "readers of long answers"
    each, beside = (memory.SLOW_READER, 0) if stream else (memory.CALL, number * memory.WHOLE_ANSWER)
    with other.turn(False, name):
        time.sleep(quiet)
    with watch.wave(name, number, each, beside), other.turn(True, name):
        problems = asyncio.run(slow_readers(world, tenant, stream, number, seconds, opening))
    outcome.wrong(problems[:3])
    outcome.must(len(problems) <= 3, f"{len(problems)} of {number} slow readers were not served")
    outcome.count += number


SLOW = Programme("slow", "slow heads, bodies and readers: cut in time, others as fast as before", run, 4000, 60)
