"""Power cuts: what the system only remembers is gone. No whole answer is lost; with `hold_sync: full`, no call either.

Half of the cuts are with `hold_sync: process`, where calls in flight may be lost; the control has every sync turned
into nothing, and must lose whole answers: otherwise the cuts prove nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from support.backend import FakeBackend, fake_backend
from support.options import Run
from support.tollgate import Gateway
from support.world import World
from test_kill import Load, laid_to_kill

from .dying import books_wrong, clients, loaded, quiet
from .image import Image, image
from .programme import Outcome, Programme

BATCH = 25  # cuts of one disk
CONTROLS = 3
FULL = "ledger: { hold_sync: full }\n"
# Every sync answers at once that it is done.
NO_SYNC = ("strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e",
           "trace=fsync,fdatasync,sync_file_range,msync", "-e", "inject=fsync,fdatasync,sync_file_range,msync:retval=0")


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


async def cut(load: Load, gate: asyncio.Event, disk: Image, control: bool, config: str) -> list[str]:
    """One power cut under load, and what was wrong with the books on the disk that was left."""
    world, server = load.world, load.world.server
    await asyncio.to_thread(load.new_tenants)
    if control:
        server.stop()
        await asyncio.to_thread(disk.flush)
        server.launcher = NO_SYNC
        await asyncio.to_thread(server.start)
        server.launcher = ()
    await loaded(load, gate, 2.0 if control else load.dice.uniform(0.1, 0.7))
    server.kill()
    await asyncio.to_thread(disk.cut_power)
    await quiet(load)
    problems = await asyncio.to_thread(books_wrong, load, config == FULL)
    if not problems:
        await asyncio.to_thread(server.start)
    return problems


async def cuts(load: Load, disk: Image, number: int, control: bool, config: str) -> list[list[str]]:
    """What was wrong after each; a disk with wrong books is not used again."""
    found: list[list[str]] = []
    async with clients(load) as gate:
        for _ in range(number):
            found.append(await cut(load, gate, disk, control, config))
            if found[-1]:
                break
    return found


def play(run: Run, name: str, number: int, control: bool, config: str) -> tuple[list[list[str]], int]:
    with fake_backend() as backend, image(96) as disk, world_on(disk, run, backend, config) as world:
        load = Load(world, run.dice(f"power {name}"))
        found = asyncio.run(cuts(load, disk, number, control, config))
        return found, load.outcomes["whole"]


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    whole = 0
    for start in range(0, size, BATCH):
        for config, share in ((FULL, 2), ("", 1)):
            number = (min(BATCH, size - start) + share - 1) // 2
            if number <= 0:
                continue
            found, answers = play(run, f"{start} {config}", number, False, config)
            whole += answers
            for problems in found:
                outcome.tried([f"{config.strip() or 'hold_sync: process'}: {problem}" for problem in problems])
    lost = sum(bool(play(run, f"control {turn}", 1, True, "")[0][0]) for turn in range(CONTROLS))
    outcome.must(lost == CONTROLS, f"the control must fail: without any sync, {lost} of {CONTROLS} cuts lost something")
    outcome.must(whole > size, f"only {whole} whole answers before {size} cuts")
    outcome.figures["whole answers before the cuts"] = whole
    outcome.figures["control, without any sync"] = f"{lost} of {CONTROLS} cuts lost acknowledged entries"
    return outcome


POWER = Programme("power-cut", "power cuts under load: no acknowledged entry lost (the control must lose)", run, 500, 4,
                  needs_root=True)
