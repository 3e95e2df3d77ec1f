"""Very many connections at once: ten idle ones and one stream for each ten of `size`, and others are served."""

from __future__ import annotations

import asyncio
import re
import time

from support.backend import fake_backend
from support.client import Answer, call, chat, encode, request_bytes
from support.options import Run
from support.tollgate import gateway
from support.world import World

from . import memory
from .bystander import Bystander, bystander, no_disk
from .held import Watch, backend_connections, client_connections
from .programme import Outcome, Programme

SECONDS = 24.0  # of the streams: as much as half of it is for all to come, a third for measuring
PAIRS = 5
NAME, SHARE = "a crowd", 1.0  # how much longer a call may take beside calls that are served too
GONE = "a crowd that has just gone"
LOOKS, SMOKE_LOOKS = 6.0, 0.5  # seconds; the gateway looks every five whether memory is to be given back
GATE, BODIES_GATE = 200, 10  # connections opened at once, and bodies sent
BODY = 100_000  # bytes that each idle connection has sent


async def idle(world: World, key: str, number: int, outcome: Outcome) -> list[asyncio.StreamWriter]:
    """Connections that sent a long body, were answered twice, and then only wait."""
    gate, bodies = asyncio.Semaphore(GATE), asyncio.Semaphore(BODIES_GATE)
    writers: list[asyncio.StreamWriter] = []
    # Nobody has this model, so that it costs no call.
    long = request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {key}"},
                         encode(chat("a" * BODY, model="none")), world.server.data, close=False)

    async def one() -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(*world.server.data, limit=2048)
            async with bodies:
                await answered(reader, writer, long, b" 404 ", outcome)
            await answered(reader, writer, b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b" 200 ", outcome)
            writers.append(writer)

    await asyncio.gather(*(one() for _ in range(number)))
    return writers


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, status: bytes,
                   outcome: Outcome) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    outcome.must(status in head.split(b"\r\n")[0], f"an idle connection was told {head[:60]!r}")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)


async def streams(world: World, key: str, number: int, seconds: float) -> list[Answer]:
    body = {"knobs": f"latency={int(seconds * 1000)},chunks=20", "stream": True, "model": "streamed"}
    return list(await asyncio.gather(*(
        call(world.server.data, key, chat(world.fresh("crowd"), **body), timeout=seconds * 8) for _ in range(number))))


async def crowd(world: World, key: str, size: int, seconds: float, watch: Watch, other: Bystander) -> None:
    outcome, calls = watch.outcome, size // 11
    with watch.peak("idle connections", size - calls, memory.CONNECTION):
        writers = await idle(world, key, size - calls, outcome)
    with watch.peak("streams", calls, memory.CALL):
        running = asyncio.create_task(streams(world, key, calls, seconds))
        await standing(world, size, seconds, outcome)
        with other.turn(True, NAME):
            await asyncio.sleep(seconds / 3)
        outcome.must(not running.done(), "the streams ended before they were measured beside")
        answers = await running
    outcome.wrong([f"a stream: {answer.status} {answer.error} {answer.body[-200:]!r}"
                   for answer in answers if not answer.done][:5])
    for writer in writers:
        writer.transport.abort()
    outcome.count += len(writers) + len(answers)


async def standing(world: World, size: int, seconds: float, outcome: Outcome) -> None:
    """Until all of them are there: making so many connections is not what is measured."""
    deadline = time.monotonic() + seconds / 2
    while (there := client_connections(world.server)) < size // 11 * 11 and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    outcome.must(there >= size // 11 * 11, f"only {there} of {size} connections stood at once")


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    seconds, pairs = (SECONDS, PAIRS) if run.full else (3.0, 2)
    with no_disk(run.full), fake_backend() as backend, fake_backend() as streaming, gateway(run.binary) as server:
        world = World.lay(server, backend)
        world.admin.pool("streams")
        world.admin.backend("streams", "fake-streams", streaming.base_url())
        world.admin.model("streamed", ["streams"])
        world.admin.price("streamed", "0", "0")
        tenant = world.tenant("1000000", ("streams",))
        with bystander(world, world.tenant("1000000"), streaming) as other:
            watch = Watch(outcome, server, (backend, streaming))
            for _ in range(pairs):
                with other.turn(False, NAME), other.turn(False, GONE):
                    time.sleep(seconds / 3)
                asyncio.run(crowd(world, tenant.key, size, seconds, watch, other))
                with other.turn(True, GONE):
                    time.sleep(LOOKS if run.full else SMOKE_LOOKS)
                    watch.must_give_back(NAME)
            watch.report()
            pooled = backend_connections(backend, streaming)
            outcome.figures["connections to backends kept for later"] = pooled
            outcome.must(pooled <= size // 11 + 16, f"{pooled} connections to backends for {size // 11} streams")
        other.judge(outcome, latency=run.full, shares={NAME: SHARE})
        world.books.wait_until_no_holds(30)
        if run.full:
            watch.must_close_kept()
    return outcome


CROWD = Programme("crowd", "idle and streaming connections at once (10,000 and 1,000): all served", run, 11_000, 1_100)
