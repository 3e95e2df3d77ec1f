"""Power cuts: what the system only remembers is gone. No whole answer is lost; with `hold_sync: full`, no call either.

Half of the cuts are with `hold_sync: process`, where calls in flight may be lost. What the disk has of holds must be
uncertain after the next start, all of it. Some more follow syncs of the WAL that failed: what those were to make safe
is gone then, so nobody may have been told that it is done. Two controls have syncs turned into nothing, all of them or
only those of the WAL, and must lose whole answers: otherwise the cuts prove nothing.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from support.backend import FakeBackend, fake_backend
from support.options import Run
from support.tollgate import Gateway
from support.world import World
from test_kill import Load, laid_to_kill

from .dying import End, books_wrong, clients, loaded, quiet, start_wrong, started
from .image import Image, image
from .programme import Outcome, Programme

BATCH = 25  # cuts of one disk
CONTROLS, SMOKE_CONTROLS = 3, 1
FAILED_SYNCS, SMOKE_FAILED_SYNCS = 20, 2  # cuts after them
FIRST_FAILED = (5, 150)  # which of the WAL's syncs since the start
FULL = "ledger: { hold_sync: full }\n"
STRACE = ("strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o")
# A sync answers at once that it is done.
NO_SYNC = ("-e", "trace=fsync,fdatasync,sync_file_range,msync", "-e",
           "inject=fsync,fdatasync,sync_file_range,msync:retval=0")
NO_WAL_SYNC = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:retval=0")
INJECTED = "(INJECTED)"


@contextmanager
def world_on(disk: Image, run: Run, backend: FakeBackend, config: str) -> Iterator[World]:
    server = Gateway(run.binary)
    server.database = disk.folder / "tollgate.db"
    server.config.write_text(server.config_text() + config)
    try:
        server.start()
        yield laid_to_kill(server, backend)
    finally:
        server.close()


async def cut(load: Load, gate: asyncio.Event, disk: Image, seconds: float) -> None:
    """One power cut under load."""
    await loaded(load, gate, seconds)
    load.world.server.kill()
    await asyncio.to_thread(disk.cut_power)
    await quiet(load)


async def cuts(load: Load, disk: Image, number: int, config: str) -> list[list[str]]:
    """What was wrong with the books on the disk after each, and with the start that follows; wrong ones are not used
    again."""
    found: list[list[str]] = []
    async with clients(load) as gate:
        for _ in range(number):
            await asyncio.to_thread(load.new_tenants)
            await cut(load, gate, disk, load.dice.uniform(0.1, 0.7))
            found.append(await asyncio.to_thread(books_wrong, load, config != FULL)
                         or await asyncio.to_thread(start_wrong, load.world))
            if found[-1]:
                return found
    # The others' starts were judged by the books after the next cut.
    found[-1] += await asyncio.to_thread(last_wrong, load, config != FULL)
    return found


def last_wrong(load: Load, may_be_lost: bool) -> list[str]:
    """After the start that follows the last cut it serves, and when it has ended in order its books are right."""
    world = load.world
    answer = load.ask(world.tenant(None), next(load.numbers))
    code = world.server.stop()
    problems = [] if answer.done else [f"answered {answer.status} {answer.error} after the last cut"]
    problems += [] if code == 0 else [f"ended with {code} after the last cut"]
    return problems + books_wrong(load, may_be_lost)


def play(run: Run, name: str, number: int, config: str) -> tuple[list[list[str]], int, int]:
    """What was wrong after each cut, how many whole answers there were, and how many holds the cuts left."""
    with fake_backend() as backend, image(96) as disk, world_on(disk, run, backend, config) as world:
        load = Load(world, run.dice(f"power {name}"))
        found = asyncio.run(cuts(load, disk, number, config))
        return found, load.outcomes["whole"], len(world.books.holds())


async def failed_sync_cuts(load: Load, disk: Image, number: int, config: str) -> list[list[str]]:
    """What was wrong after each power cut that came while the syncs of the WAL failed, from one of them on."""
    server, found = load.world.server, []
    log = server.folder / "failed-syncs"
    async with clients(load) as gate:
        for _ in range(number):
            await asyncio.to_thread(load.new_tenants)
            server.stop()
            server.launcher = (*STRACE, str(log), "-P", f"{server.database}-wal", "-e", "trace=fdatasync",
                               "-e", f"inject=fdatasync:error=EIO:when={load.dice.randrange(*FIRST_FAILED)}+")
            said = len(server.output)
            if await asyncio.to_thread(started, server):
                await loaded(load, gate, 5.0)
            end = End.of(server, said)
            await cut(load, gate, disk, 0)
            server.launcher = ()
            found.append(end.wrong if end.status is not None else ["it went on after a sync that failed"])
            found[-1] += [] if INJECTED in log.read_text() else ["no sync failed"]
            found[-1] += await asyncio.to_thread(books_wrong, load, config != FULL)
            if found[-1]:
                return found  # what is wrong once stays in the books
            found[-1] += await asyncio.to_thread(start_wrong, load.world)
    found[-1] += await asyncio.to_thread(last_wrong, load, config != FULL)
    return found


def failed_syncs(run: Run, number: int, outcome: Outcome) -> None:
    """Half of them with holds that are synced too."""
    for config in (FULL, ""):
        with fake_backend() as backend, image(96) as disk, world_on(disk, run, backend, config) as world:
            load = Load(world, run.dice(f"power failed syncs {config}"))
            for problems in asyncio.run(failed_sync_cuts(load, disk, number // 2, config)):
                outcome.tried([f"after a sync that failed: {problem}" for problem in problems])
            outcome.must(len(load.whole) > number // 2, f"only {len(load.whole)} whole answers before syncs that fail")
    outcome.figures["cuts after syncs that failed"] = number


async def control_cut(load: Load, disk: Image, injected: tuple[str, ...]) -> None:
    server = load.world.server
    async with clients(load) as gate:
        await asyncio.to_thread(load.new_tenants)
        server.stop()
        await asyncio.to_thread(disk.flush)
        server.launcher = (*STRACE, "/dev/null", *injected)
        await asyncio.to_thread(server.start)
        await cut(load, gate, disk, 2.0)


def control(run: Run, turn: int, wal_only: bool) -> tuple[int, int]:
    """Whole answers that one cut without syncs lost, and all that there were."""
    with fake_backend() as backend, image(96) as disk, world_on(disk, run, backend, "") as world:
        load = Load(world, run.dice(f"power control {wal_only} {turn}"))
        path = ("-P", f"{world.server.database}-wal")
        asyncio.run(control_cut(load, disk, (*path, *NO_WAL_SYNC) if wal_only else NO_SYNC))
        try:
            kept = {entry.request_id for entry in world.books.entries() if entry.kind == "settle"}
        except sqlite3.DatabaseError as error:
            assert "malformed" in str(error) or "not a database" in str(error), error
            kept = set()  # a broken file has none of them
        return len(load.whole.keys() - kept), len(load.whole)


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    whole, left = 0, {FULL: 0, "": 0}
    for start in range(0, size, BATCH):
        for config, share in ((FULL, 2), ("", 1)):
            number = (min(BATCH, size - start) + share - 1) // 2
            if number <= 0:
                continue
            found, answers, holds = play(run, f"{start} {config}", number, config)
            whole, left[config] = whole + answers, left[config] + holds
            for problems in found:
                outcome.tried([f"{config.strip() or 'hold_sync: process'}: {problem}" for problem in problems])
    failed_syncs(run, FAILED_SYNCS if run.full else SMOKE_FAILED_SYNCS, outcome)
    for wal_only, name in ((False, "without any sync"), (True, "without syncs of the WAL")):
        lost = [control(run, turn, wal_only) for turn in range(CONTROLS if run.full else SMOKE_CONTROLS)]
        outcome.must(all(missing for missing, _ in lost),
                     f"the control must lose acknowledged entries in each cut: {name}, {lost} of the whole answers")
        outcome.figures[f"control, {name}: acknowledged entries lost, of"] = lost
    outcome.must(whole > size, f"only {whole} whole answers before {size} cuts")
    outcome.must(left[FULL] > 0, "no cut met a call in flight")
    outcome.figures["whole answers before the cuts"] = whole
    outcome.figures["holds left uncertain, with holds synced, with holds in memory"] = (left[FULL], left[""])
    return outcome


POWER = Programme("power-cut", "power cuts under load: no acknowledged entry lost (the control must lose)", run, 500, 4,
                  needs_root=True)
