"""A full disk and a read-only one, for real: 503 before any call goes upstream, nothing acknowledged lost, back soon.

The first half of the cycles is full: no block is free, then some are again, without a restart. The other is read-only:
the device failed; the file system is repaired and the gateway started again.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from support.backend import fake_backend
from support.options import Run
from support.world import Tenant, World
from test_kill import Load

from .dying import books_wrong, clients, left_wrong, loaded, quiet
from .image import Image, image
from .power import world_on
from .programme import Outcome, Programme

BACK_LIMIT = 2.0  # seconds after there is space again
MODEL = "counted"
UNCAPPED = 10**40
MEGABYTES = 96  # 16 MiB of it must be free, or the gateway takes no calls


def refused(world: World, tenant: Tenant, number: int) -> list[str]:
    """Without a ledger no call goes upstream; health, metrics and reading go on."""
    problems: list[str] = []
    answer = world.call(tenant, str(number), model=MODEL, knobs=f"out={number}", max_tokens=2 * number)
    arrived = any(seen.marker == str(number) for seen in world.backend.calls())
    if not world.server.running():
        return problems  # ended rather than serve without a ledger
    if answer.status == 503 and arrived:
        problems.append("refused, and yet called upstream")
    elif answer.status not in (200, 503):
        problems.append(f"answered {answer.status} {answer.error}")
    status, _ = world.server.plain_get(world.server.metrics_address, "/metrics")
    if status != 200:
        problems.append(f"/metrics answered {status}")
    if world.admin.send("GET", "/tenants?limit=1").status != 200:
        problems.append("the Admin API does not read any more")
    return problems


def seconds_until_served(world: World, tenant: Tenant, load: Load) -> float:
    started = time.monotonic()
    while time.monotonic() - started < 10:
        number = next(load.numbers)
        answer = world.call(tenant, str(number), model=MODEL, knobs=f"out={number}", max_tokens=2 * number)
        if answer.done:
            return time.monotonic() - started
        time.sleep(0.05)
    return 99.0


async def full(load: Load, gate: asyncio.Event, disk: Image, tenant: Tenant, seen: Counter[str]) -> list[str]:
    world = load.world
    filling = asyncio.create_task(loaded(load, gate, 1.2))
    await asyncio.sleep(load.dice.uniform(0, 0.3))
    await asyncio.to_thread(disk.fill)
    await filling
    problems = await asyncio.to_thread(refused, world, tenant, next(load.numbers))
    await asyncio.to_thread(disk.empty)
    if not world.server.running():
        seen["full: ended"] += 1
        await asyncio.to_thread(world.server.start)
    seconds = await asyncio.to_thread(seconds_until_served, world, tenant, load)
    if seconds > BACK_LIMIT:
        problems.append(f"served again {seconds:.1f} s after there was space")
    await quiet(load)
    seen["full"] += 1
    return problems


async def read_only(load: Load, gate: asyncio.Event, disk: Image, tenant: Tenant, seen: Counter[str]) -> list[str]:
    world = load.world
    failing = asyncio.create_task(loaded(load, gate, 1.0))
    await asyncio.sleep(load.dice.uniform(0, 0.3))
    await asyncio.to_thread(disk.abort)
    await failing
    problems = await asyncio.to_thread(refused, world, tenant, next(load.numbers))
    if world.server.running() and world.server.ready(world.server.data):
        problems.append("/readyz is 200 on a read-only disk")
    seen["read-only: " + ("refused" if world.server.running() else "ended")] += 1
    world.server.kill()
    await quiet(load)
    await asyncio.to_thread(disk.repair)
    return problems


async def cycles(run: Run, size: int, outcome: Outcome) -> None:
    seen = Counter[str]()
    with fake_backend() as backend, image(MEGABYTES) as disk, world_on(disk, run, backend, "") as world:
        load = Load(world, run.dice("disks"), may_break=True)
        async with clients(load) as gate:
            for number in range(size):
                await asyncio.to_thread(load.new_tenants)
                tenant = await asyncio.to_thread(world.tenant, None)
                load.caps[tenant.id] = UNCAPPED
                await loaded(load, gate, 0.2)
                await quiet(load)
                cycle = full if 2 * number < size else read_only
                problems = await cycle(load, gate, disk, tenant, seen)
                if cycle is full:
                    world.server.kill()
                # A failed device takes what was only remembered along: holds of calls in flight.
                problems += await asyncio.to_thread(books_wrong, load, cycle is full)
                before = world.books.holds()
                await asyncio.to_thread(world.server.start)
                problems += left_wrong(world, before)
                outcome.tried([f"{cycle.__name__} {number}: {problem}" for problem in problems])
                if problems:
                    break
        outcome.figures["cycles"] = dict(seen)
        outcome.figures["answers"] = dict(load.outcomes)


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    asyncio.run(cycles(run, size, outcome))
    return outcome


DISKS = Programme("disk", "a full and a read-only disk: refused, not acknowledged; back within 2 s", run, 20, 2,
                  needs_root=True)
