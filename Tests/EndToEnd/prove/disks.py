"""A full disk and a read-only one, for real: 503 before any call goes upstream, nothing acknowledged lost, back soon.

The first half of the cycles is full: no block is free, then some are again, and the gateway runs on through it all. The
other is read-only: the device failed; the file system is repaired and the gateway started again. What the device had
not taken is gone then, as in a power cut: half of these cycles are with `hold_sync: full`, where no call that reached a
backend may be missing. At full length each way must have been met that is stated: refused on a full disk and on a
read-only one, where it may also end itself.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from support.backend import fake_backend
from support.options import Run
from support.world import Tenant
from test_kill import Load

from .dying import End, books_wrong, clients, loaded, quiet, start_wrong
from .image import Image, image
from .power import FULL, world_on
from .programme import Outcome, Programme
from .refusing import UNPAID, all_refused

BACK_LIMIT = 2.0  # seconds after there is space again
MEGABYTES = 96  # 16 MiB of it must be free, or the gateway takes no calls
NO_SPACE = 64 << 10  # bytes that a file system may still say are free when it is full
ENDING = 0.5  # seconds from what a client sees of an end to the end
LENGTH = 20  # cycles of a whole run
FULL_REFUSED, READ_ONLY_REFUSED, ENDED = "full: refused, and back", "read-only: refused", "read-only: ended"
Cycle = Callable[[Load, asyncio.Event, Image, Tenant, Counter[str]], Awaitable[list[str]]]


def seconds_until_served(load: Load, tenant: Tenant) -> float:
    """Until a call is answered and `/readyz` says so."""
    server, started = load.world.server, time.monotonic()
    while time.monotonic() - started < 10:
        if load.ask(tenant, next(load.numbers)).done and server.ready(server.data):
            return time.monotonic() - started
        time.sleep(0.05)
    return 99.0


async def full(load: Load, gate: asyncio.Event, disk: Image, tenant: Tenant, seen: Counter[str]) -> list[str]:
    world, said = load.world, len(load.world.server.output)
    filling = asyncio.create_task(loaded(load, gate, 1.2))
    await asyncio.sleep(load.dice.uniform(0, 0.3))
    await asyncio.to_thread(disk.fill)
    await filling
    problems = [] if (free := disk.free()) < NO_SPACE else [f"{free} bytes are free on the full disk"]
    if world.server.running():
        problems += await asyncio.to_thread(all_refused, load, tenant)
    await asyncio.to_thread(disk.empty)
    if world.server.running():
        seconds = await asyncio.to_thread(seconds_until_served, load, tenant)
        if seconds > BACK_LIMIT:
            problems.append(f"served again {seconds:.1f} s after there was space")
    if not world.server.running():
        problems.append(f"ended of a full disk: {End.of(world.server, said)}")
    await quiet(load)
    seen[FULL_REFUSED] += 1
    world.server.kill()
    return problems


async def read_only(load: Load, gate: asyncio.Event, disk: Image, tenant: Tenant, seen: Counter[str]) -> list[str]:
    world, said = load.world, len(load.world.server.output)
    failing = asyncio.create_task(loaded(load, gate, 1.0))
    await asyncio.sleep(load.dice.uniform(0, 0.3))
    await asyncio.to_thread(disk.abort)
    await failing
    problems = []
    if world.server.running():
        wrong = await asyncio.to_thread(all_refused, load, tenant)
        await asyncio.sleep(ENDING if wrong else 0)
        # Of one that ended meanwhile only how it ended, and what it did before.
        problems += wrong if world.server.running() else [one for one in wrong if UNPAID in one or " 200 " in one]
    end = End.of(world.server, said)
    # The file of holds is mapped: a page that cannot be written any more ends the process by this signal, as
    # docs/operations.md says. Only here: no other line lets it pass.
    problems += [] if end.status == -signal.SIGBUS else end.wrong
    seen[READ_ONLY_REFUSED if end.status is None else f"{ENDED} with {end.status}"] += 1
    world.server.kill()
    await quiet(load)
    await asyncio.to_thread(disk.repair)
    return problems


async def cycles(run: Run, config: str, plan: list[Cycle], outcome: Outcome, seen: Counter[str]) -> None:
    with fake_backend() as backend, image(MEGABYTES) as disk, world_on(disk, run, backend, config) as world:
        load = Load(world, run.dice(f"disks {config}"), may_break=True)
        async with clients(load) as gate:
            for number, cycle in enumerate(plan):
                await asyncio.to_thread(load.new_tenants)
                tenant = await asyncio.to_thread(world.tenant, None)
                await loaded(load, gate, 0.2)
                await quiet(load)
                problems = await cycle(load, gate, disk, tenant, seen)
                # A failed device takes what was only remembered along: holds in flight, unless they are synced.
                problems += await asyncio.to_thread(books_wrong, load, cycle is read_only and config != FULL)
                problems += await asyncio.to_thread(start_wrong, world)
                outcome.tried([f"{cycle.__name__} {config.strip()} {number}: {problem}" for problem in problems])
                if problems:
                    break
        seen.update({f"answers {name}": count for name, count in load.outcomes.items()})


def run(run: Run, size: int) -> Outcome:
    outcome, seen = Outcome(), Counter[str]()
    filled = (size + 1) // 2
    synced = (size - filled + 1) // 2
    asyncio.run(cycles(run, FULL, [read_only] * synced, outcome, seen))
    asyncio.run(cycles(run, "", [full] * filled + [read_only] * (size - filled - synced), outcome, seen))
    outcome.figures["cycles"] = dict(seen)
    if size >= LENGTH:
        judge_ways(outcome, seen)
    return outcome


def judge_ways(outcome: Outcome, seen: Counter[str]) -> None:
    """A way that no cycle went has judged nothing."""
    for way in (FULL_REFUSED, READ_ONLY_REFUSED, ENDED):
        outcome.must(any(name.startswith(way) and count for name, count in seen.items()), f"no cycle met: {way}")


DISKS = Programme("disk", "a full and a read-only disk: refused, not acknowledged; back within 2 s", run, LENGTH, 2,
                  needs_root=True)
