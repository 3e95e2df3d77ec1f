"""Caps worth ten calls, and a burst of many more at each: `size` bursts.

Ten calls are served in every one where a hold is the cost exactly, nine or ten where it is a little more.
"""

from __future__ import annotations

import asyncio

from support.backend import fake_backend
from support.options import Run
from support.tollgate import gateway
from test_burst import AT_ONCE, SMALL_BURST, VARIANTS, Result, by_variant, check_ledger, laid_for_bursts, many_trials

from .programme import Outcome, Programme

BATCH = 500  # bursts on one gateway, whose ledger is then read whole


def run(run: Run, size: int) -> Outcome:
    outcome, results = Outcome(), list[Result]()
    plan = [(VARIANTS[number % len(VARIANTS)], SMALL_BURST) for number in range(size)]
    run.dice("cap-races").shuffle(plan)
    for start in range(0, size, BATCH):
        with fake_backend() as backend, gateway(run.binary) as server:
            world = laid_for_bursts(server, backend)
            batch = asyncio.run(many_trials(world, plan[start:start + BATCH], AT_ONCE))
            for _, _, problem in batch:
                outcome.tried(problem)
            results += batch
            check_ledger(world, backend)
    for variant, served in by_variant(results).items():
        outcome.figures[f"calls served of a cap worth ten, {variant}"] = served
    return outcome


RACES = Programme("cap-races", "bursts of 30 calls at a cap worth ten: none over, none refused early", run, 10_000, 0,
                  smoke_is="test_burst")
