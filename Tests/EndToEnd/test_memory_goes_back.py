"""What slow readers took goes back to the system once they have gone, not only to the allocator (decision 0072)."""

from __future__ import annotations

import asyncio

from prove import memory
from prove.held import Watch
from prove.programme import Outcome
from prove.slow import slow_readers
from support.backend import FakeBackend
from support.options import Run
from support.tollgate import gateway
from support.world import World

READERS, SECONDS, OPENING = 400, 1, 3


def test_what_slow_readers_took_goes_back(run: Run, backend: FakeBackend) -> None:
    outcome = Outcome()
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        world.admin.model("long", ["fast"], 100_000_000)
        world.admin.price("long", "0", "0")
        tenant = world.tenant("1000000")
        watch = Watch(outcome, server, (backend,))
        for _ in range(2):
            with watch.wave("readers", READERS, memory.SLOW_READER):
                outcome.wrong(asyncio.run(slow_readers(world, tenant, True, READERS, SECONDS, OPENING))[:3])
    # Else there was nothing to give back.
    outcome.must(watch.peaks["readers"] > memory.KEPT, f"they took {watch.peaks['readers']} bytes only")
    assert not outcome.failures, watch.left
