"""Caps worth ten calls, and a burst of many more at each: `size` bursts.

Ten calls are served in every one where a hold is the cost exactly, nine or ten where it is a little more. One in
twenty-five is of two hundred calls, the others are of thirty. One in eight meets a first pool whose backend fails: each
hold is swapped for one in a second pool, whose own budget is worth six calls or more than the cap.
"""

from __future__ import annotations

import asyncio
import itertools
import random

from support.backend import trusted_backend
from support.options import Run
from support.tollgate import gateway
from support.world import World
from test_burst import (
    AT_ONCE,
    FALLBACKS,
    FULL_BURST,
    SMALL_BURST,
    VARIANTS,
    Result,
    Variant,
    by_variant,
    check_ledger,
    fell_back,
    laid_for_bursts,
    many_trials,
)

from .programme import Outcome, Programme

BATCH = 500  # bursts on one gateway, whose ledger is then read whole
ONE_IN, FULL_ONE_IN = 8, 25  # bursts that fall back, and bursts of two hundred: no common factor, so some are both
FULL_AT_ONCE = 2
Plan = list[tuple[Variant, int]]


def plan_of(size: int, dice: random.Random) -> Plan:
    plain, falling = itertools.cycle(VARIANTS), itertools.cycle(FALLBACKS)
    plan = [(next(plain if number % ONE_IN else falling), FULL_BURST if number % FULL_ONE_IN == 0 else SMALL_BURST)
            for number in range(1, size + 1)]
    dice.shuffle(plan)
    return plan


async def played(world: World, plan: Plan) -> list[Result]:
    """The large ones after the others: that many connections at once would be a test of the machine."""
    of_size = [[(variant, calls) for variant, calls in plan if calls == size] for size in (SMALL_BURST, FULL_BURST)]
    return [*await many_trials(world, of_size[0], AT_ONCE), *await many_trials(world, of_size[1], FULL_AT_ONCE)]


def run(run: Run, size: int) -> Outcome:
    outcome, results = Outcome(), list[Result]()
    plan, second = plan_of(size, run.dice("cap-races")), 0
    for start in range(0, size, BATCH):
        secure = start // BATCH % 2 == 1  # through libcurl
        with trusted_backend(secure) as (backend, config), gateway(run.binary, config) as server:
            world = laid_for_bursts(server, backend)
            batch = asyncio.run(played(world, plan[start:start + BATCH]))
            for _, _, problem in batch:
                outcome.tried(problem)
            results += batch
            check_ledger(world, backend)
            second += fell_back(world)
    falling = sum(bool(variant.fallback) for variant, _ in plan)
    outcome.must(second == falling, f"{second} of {falling} bursts fell back to the second pool")
    outcome.figures[f"bursts of {FULL_BURST}"] = sum(calls == FULL_BURST for _, calls in plan)
    outcome.figures["bursts that fell back"] = second
    for variant, served in by_variant(results).items():
        outcome.figures[f"calls served of a cap worth ten, {variant}"] = served
    return outcome


RACES = Programme("cap-races", "bursts of 30 and 200 at a cap worth ten: none over, none refused early", run, 10_000, 0,
                  smoke_is="test_burst")
