"""Fifty tenants with small caps and two hundred clients at once, half of whose calls stream and a third of whom leave.

Each storm has a gateway of its own. Some are through a first pool whose backend fails now and then, to a second one in
which two tenants in five have a budget of a third of their cap; in some an answer that nobody waits for is cut off; in
some the backend is reached over TLS, that is through libcurl, and serves few calls at once.
"""

from __future__ import annotations

from collections import Counter

from support import bookkeeping
from support.options import Run
from support.world import World
from test_cap_storm import (
    FEWEST_FALLBACKS,
    Storm,
    assert_each_call_has_an_entry,
    assert_same_calls,
    check_caps,
    fell_back,
    lay_first_pool,
    run_storm,
    storm_world,
)

from .programme import Outcome, Programme

# Fewer live to see a second attempt where calls are cut off behind whoever leaves: 20 to 55 in five such storms, 42 to
# 92 in the five others.
FEWEST_IF_CUT_OFF = 5


def run(run: Run, size: int) -> Outcome:
    outcome, outcomes, fallbacks = Outcome(), Counter[str](), 0
    for number in range(size):
        aborts, falling, secure = number % 4 == 3, number % 2 == 1, number % 3 == 2
        with storm_world(run, secure, aborts) as world:
            if falling:
                lay_first_pool(world)
            problems = []
            try:
                storm = run_storm(world, run.dice(f"cap-storms {number}"), falling)
                judge(storm, aborts)
                outcomes += storm.outcomes
            except AssertionError as error:
                problems.append(f"storm {number}, {'abort' if aborts else 'drain'}: {error}")
            found = fell_back(world)
            if falling and found < (FEWEST_IF_CUT_OFF if aborts else FEWEST_FALLBACKS):
                problems.append(f"storm {number}: only {found} calls were served by the second pool after the first")
            fallbacks += found
            outcome.tried(problems)
    outcome.figures["calls, by how they ended"] = dict(outcomes.most_common())
    outcome.figures["served by the second pool after the first"] = fallbacks
    return outcome


def judge(storm: Storm, aborts: bool) -> None:
    """A backend that is cut off bills what it made until then; one that is read to its end bills what is booked."""
    check_caps(storm)
    world = storm.world
    if aborts:
        assert_each_call_has_an_entry(storm)
    else:
        assert_same_calls(world.books, world.backend, storm)
    bookkeeping.assert_right(world.server.database)


STORMS = Programme("cap-storms", "storms of 200 clients: no cap passed at any instant, none refused early", run, 20, 0,
                   smoke_is="test_cap_storm")
