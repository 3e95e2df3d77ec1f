"""Very many connections at once: ten idle ones and one stream for each ten of `size`, and others are served."""

from __future__ import annotations

import asyncio
import time

from support.backend import fake_backend
from support.client import Answer, call, chat
from support.options import Run
from support.tollgate import gateway
from support.world import World

from .bystander import Bystander, Figures, bystander, given_back
from .programme import Outcome, Programme

IDLE_BYTES = 16 << 10
SECONDS = 12.0
SHARE = 2.0  # of p99, while all of them are there
GATE = 200  # connections opened at once


async def idle(world: World, number: int, outcome: Outcome, before: Figures) -> list[asyncio.StreamWriter]:
    """Connections that have been answered once and then only wait."""
    gate = asyncio.Semaphore(GATE)
    writers: list[asyncio.StreamWriter] = []

    async def one() -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(*world.server.data, limit=2048)
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            outcome.must(b" 200 " in head.split(b"\r\n")[0], f"an idle connection was told {head[:60]!r}")
            writers.append(writer)

    await asyncio.gather(*(one() for _ in range(number)))
    grown = Figures.of(world.server).rss - before.rss
    outcome.figures["KiB of one idle connection"] = round(grown / 1024 / number, 1)
    outcome.must(grown <= max(number * IDLE_BYTES, 32 << 20), f"{grown // number} bytes for each idle connection")
    return writers


async def streams(world: World, key: str, number: int, seconds: float) -> list[Answer]:
    body = {"knobs": f"latency={int(seconds * 1000)},chunks=20", "stream": True}
    return list(await asyncio.gather(*(
        call(world.server.data, key, chat(world.fresh("crowd"), **body), timeout=seconds * 4) for _ in range(number))))


async def crowd(world: World, key: str, size: int, seconds: float, outcome: Outcome, other: Bystander) -> None:
    writers = await idle(world, size - size // 11, outcome, Figures.of(world.server))
    running = asyncio.create_task(streams(world, key, size // 11, seconds))
    await asyncio.sleep(seconds / 4)  # all have begun
    with other.turn(True):
        await asyncio.sleep(seconds / 2)
    answers = await running
    outcome.wrong([f"a stream: {answer.status} {answer.error} {answer.body[-200:]!r}"
                   for answer in answers if not answer.done][:5])
    for writer in writers:
        writer.transport.abort()
    outcome.count += len(writers) + len(answers)


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("1000000")
        with bystander(server, world.tenant("1000000")) as other:
            with other.turn(False):
                time.sleep(SECONDS if run.full else 2)
            before = Figures.of(server)
            asyncio.run(crowd(world, tenant.key, size, SECONDS if run.full else 2, outcome, other))
            outcome.wrong(given_back(server, 10))
            after = Figures.of(server)
            outcome.figures["threads before and after"] = (before.threads, after.threads)
        other.judge(outcome, latency=run.full, share=SHARE)
        world.books.wait_until_no_holds(30)
    return outcome


CROWD = Programme("crowd", "idle and streaming connections at once (10,000 and 1,000): all served", run, 11_000, 1_100)
