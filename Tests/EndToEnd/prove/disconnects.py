"""Clients that are gone at a random byte of their request or of their answer: `size` of them, and all is given back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from support.backend import fake_backend
from support.client import chat, encode, request_bytes
from support.options import Run
from support.oracle import assert_exactly_once
from support.tollgate import gateway
from support.world import PRICE, Tenant, World

from .bystander import Figures, given_back
from .programme import Outcome, Programme

AT_ONCE = 64
GONE_LIMIT = 10.0
TOKENS = 40


async def one(world: World, tenant: Tenant, dice: random.Random, marker: str) -> str:
    """Where it left: in the request, in the answer, or not at all."""
    stream = dice.random() < 0.5
    body = chat(marker, knobs=f"latency={dice.randrange(60)},out={TOKENS}", max_tokens=TOKENS, stream=stream)
    data = request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}"}, encode(body),
                         world.server.data, close=dice.random() < 0.5)
    leaves_early = dice.random() < 0.4
    reader, writer = await asyncio.open_connection(*world.server.data)
    try:
        if leaves_early:
            writer.write(data[:dice.randrange(len(data))])
            await writer.drain()
            await asyncio.sleep(dice.uniform(0, 0.02))
            return "in the request"
        writer.write(data)
        left = dice.randrange(1, 2500)
        async with asyncio.timeout(dice.uniform(0.01, 0.3)):
            while left > 0 and (piece := await reader.read(left)):
                left -= len(piece)
        return "in the answer"
    except TimeoutError:
        return "while waiting"
    finally:
        writer.transport.abort()


async def all_of_them(world: World, tenant: Tenant, dice: random.Random, size: int) -> Counter[str]:
    gate, ends = asyncio.Semaphore(AT_ONCE), Counter[str]()

    async def guarded(number: int) -> None:
        async with gate:
            ends[await one(world, tenant, dice, f"{tenant.id}/{number}")] += 1

    await asyncio.gather(*(guarded(number) for number in range(size)))
    return ends


def run(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("disconnects")
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend, on_disconnect="drain")
        tenant = world.tenant("1000000")
        world.assert_good_call(tenant)
        asyncio.run(all_of_them(world, tenant, dice, min(size, 300)))  # what grows once has grown
        before = Figures.of(server)
        ends = asyncio.run(all_of_them(world, tenant, dice, size))
        outcome.count = ends.total()
        outcome.figures["clients were gone"] = dict(ends)
        outcome.wrong(given_back(server, GONE_LIMIT, kept=0))
        world.books.wait_until_no_holds(GONE_LIMIT)
        after = Figures.of(server)
        outcome.figures["RSS, MiB"] = f"{before.rss >> 20} before, {after.rss >> 20} after"
        outcome.must(after.rss - before.rss < 32 << 20, f"{(after.rss - before.rss) >> 20} MiB were not given back")
        outcome.must(after.threads <= before.threads + 2, f"{before.threads} threads before, {after.threads} after")
        booked_wrong(world, tenant, outcome)
    return outcome


def booked_wrong(world: World, tenant: Tenant, outcome: Outcome) -> None:
    """Every call that reached the backend is in the ledger, once, at what the backend bills for it."""
    entries, holds = world.books.both()
    assert_exactly_once(entries, holds)
    settled = [entry for entry in entries if entry.kind == "settle" and entry.tenant_id == tenant.id]
    calls = world.backend.calls()
    outcome.must(len(settled) == len(calls), f"{len(settled)} settled entries, {len(calls)} calls at the backend")
    spent, billed = sum(entry.cost for entry in settled), sum(PRICE.cost(*call.billed) for call in calls)
    outcome.must(spent == billed, f"the ledger has {spent}, the backend bills {billed}")
    outcome.figures["calls at the backend, all booked"] = len(calls)


DISCONNECTS = Programme("disconnects", "clients gone at random bytes: every call booked once, all given back", run,
                        10_000, 400)
