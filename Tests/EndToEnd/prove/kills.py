"""`kill -9` at random instants under load: `size` kills, the books checked after each against backend and clients.

Every other gateway calls its backend over TLS, that is through libcurl.
"""

from __future__ import annotations

import asyncio
import math
import statistics

from support import bookkeeping
from support.backend import trusted_backend
from support.options import Run
from test_kill import Load, check_books, gateway_to_kill, kill_again_and_again

from .programme import Outcome, Programme

RESTART_LIMIT = 0.3  # seconds from the start of the process until `/readyz` is 200, in the median
LATE_LIMIT = 1.0  # the same, of 95 in 100 restarts; a longer one has a long WAL to read, or shares its cores
BATCH = 50  # kills of one gateway; its whole ledger is read after each


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    restarts: list[float] = []
    whole = uncertain = 0
    for start in range(0, size, BATCH):
        secure = start // BATCH % 2 == 1
        with trusted_backend(secure) as (backend, config), gateway_to_kill(run.binary, backend, config) as world:
            load = Load(world, run.dice(f"kills {start}"))
            kills = min(BATCH, size - start)
            restarts += asyncio.run(kill_again_and_again(world, load, kills))
            outcome.count += kills
            world.books.wait_until_no_holds()
            entries, holds = world.books.both()
            check_books(load, entries, holds, backend.calls())
            bookkeeping.assert_right(world.server.database)
            world.server.verify()
            whole += load.outcomes["whole"]
            uncertain += len(holds)
    outcome.must(whole > size, f"only {whole} whole answers between {size} kills")
    outcome.must(uncertain > 0, "no kill met a call in flight")
    outcome.figures["whole answers, uncertain holds"] = (whole, uncertain)
    judge_restarts(outcome, restarts)
    return outcome


def judge_restarts(outcome: Outcome, restarts: list[float]) -> None:
    """`restarts` are from the start of the process until `/readyz` of the data plane is 200."""
    middle, late = statistics.median(restarts), sorted(restarts)[math.ceil(0.95 * len(restarts)) - 1]
    outcome.must(middle <= RESTART_LIMIT, f"a restart takes {middle * 1000:.0f} ms in the median, "
                                          f"{RESTART_LIMIT * 1000:.0f} at most")
    outcome.must(late <= LATE_LIMIT, f"95 of 100 restarts take up to {late * 1000:.0f} ms, "
                                     f"{LATE_LIMIT * 1000:.0f} at most")
    outcome.figures["restart, ms"] = (f"median {middle * 1000:.0f}, 95th percentile {late * 1000:.0f}, "
                                      f"longest {max(restarts) * 1000:.0f}")


KILLS = Programme("kills", "kill -9 under load: nothing lost or doubled, up in 300 ms (median)", run, 1000, 0,
                  smoke_is="test_kill")
