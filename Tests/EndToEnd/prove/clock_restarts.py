"""Restarts while the wall clock is set back: what a day used is read again, for the day that the clock shows.

The last scenes of `clocks.py`: a restart changes when the gateway looks at its clocks, so what it told of jumps is
judged before. A day is the tenant's own; its zone is one where the calendar shows another date than in UTC just then.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from support.client import chat, encode
from support.oracle import pico, usd
from support.world import Tenant

from . import clock_checks as checks
from .clock_checks import Player, Seen, local
from .clock_scenes import COST, Stage, end_of
from .programme import Outcome

ZONE = "Australia/Lord_Howe"
HOUR = 8  # of its day: in UTC it is the evening before
FEW = 2  # calls on the later day, before the clock is set back
MOST = 6  # calls a day
BACK = 2  # days
TOKENS, TOKEN_KNOBS = 220, "in=200,out=20"
EDIT_BYTES, OVERHEAD = 64, 256  # what the gateway may add to a body, and adds to its bound in tokens
BEFORE = 3 * 86400  # seconds before the gateway's first start


@dataclass
class Subject:
    """A tenant with a quota for the day, and what its calls are like."""

    tenant: Tenant
    quota: str
    knobs: str


def play(stage: Stage, outcome: Outcome, full: bool) -> None:
    began = time.monotonic()
    outcome.tried([f"a restart while the clock is set back: {problem}" for problem in asyncio.run(set_back(stage))])
    if full:
        outcome.tried([f"a clock before the first start: {problem}" for problem in asyncio.run(before_start(stage))])
    outcome.figures["seconds of restarts while the clock is set back"] = round(time.monotonic() - began, 1)


def restart(stage: Stage) -> None:
    stage.world.server.kill()
    stage.world.server.start()


def at_days(days: int, then: datetime) -> int:
    """The offset of a clock that shows the morning of so many days later, in the zone."""
    day = (then + timedelta(days=days)).date()
    return int(datetime(day.year, day.month, day.day, HOUR, tzinfo=ZoneInfo(ZONE)).timestamp() - time.time())


async def set_back(stage: Stage) -> list[str]:
    then = local(ZONE, stage.clock.now())
    stage.clock.set(at_days(10, then))
    subjects, player, budget = await asyncio.to_thread(lay, stage)
    problems = []
    for subject in subjects:
        problems += await served_wrong(stage, subject, FEW, more=False)
    spent = [await stage.ask(player.key, player.id) for _ in range(FEW)]
    stage.clock.set(at_days(10 - BACK, then))
    await asyncio.to_thread(restart, stage)
    for subject in subjects:
        problems += await served_wrong(stage, subject, MOST, more=True)
    # The window of its budget stays the later day: what was spent there is spent.
    spent += [await stage.ask(player.key, player.id) for _ in range(FEW)]
    problems += await budget_wrong(stage, player, budget, spent)
    await asyncio.to_thread(restart, stage)
    for subject in subjects:
        problems += await served_wrong(stage, subject, 0, more=True)
    stage.clock.set(at_days(10, then))
    await asyncio.to_thread(restart, stage)
    for subject in subjects:
        problems += await served_wrong(stage, subject, MOST - FEW, more=True)
    return problems + await budget_wrong(stage, player, budget, spent)


def lay(stage: Stage) -> tuple[list[Subject], Player, str]:
    world = stage.world
    body = len(encode(chat(world.fresh("scene"), knobs=TOKEN_KNOBS, max_tokens=20)))
    # The bound of a call is taken first, so the last of a day needs that much room; which is not known to the byte.
    room = body + OVERHEAD + EDIT_BYTES + 20 + TOKENS // 5
    calls, tokens = (world.tenant(None, time_zone=ZONE) for _ in range(2))
    world.admin.quotas(f"tenants/{calls.id}", rpd=MOST)
    world.admin.quotas(f"tenants/{tokens.id}", tpd=TOKENS * (MOST - 1) + room)
    capped = world.tenant(None, time_zone=ZONE)
    budget = world.admin.budget(capped.id, usd(2 * FEW * COST + 20 * COST), "day")
    player = Player(capped.id, capped.key, [ZONE], "day", 2 * FEW * COST + 20 * COST, [time.time()])
    stage.players.append(player)
    return [Subject(calls, "rpd", TOKEN_KNOBS), Subject(tokens, "tpd", TOKEN_KNOBS)], player, budget


async def served_wrong(stage: Stage, subject: Subject, count: int, more: bool) -> list[str]:
    """So many calls are served; with `more`, the next one is refused until the day ends in the tenant's zone."""
    tenant = subject.tenant

    async def ask() -> Seen:
        return await stage.ask(tenant.key, tenant.id, subject.knobs)

    made = [await ask() for _ in range(count)]
    problems = [f"{subject.quota}: call {number} of {count} was answered with {told(one)}"
                for number, one in enumerate(made, 1) if not one.answer.done]
    if not more:
        return problems
    now = stage.clock.now()
    refused = await ask()
    left = (end_of("day", ZONE, now) - now) / 1e6
    wait = int(refused.answer.headers.get("retry-after", "0"))
    if refused.answer.status != 429 or refused.answer.failure["code"] != "rate_limit_exceeded":
        problems.append(f"{subject.quota}: after {count} calls one more was answered with {told(refused)}")
    elif abs(wait - left) > checks.LATE:
        problems.append(f"{subject.quota}: to be tried again in {wait} s, the day of {ZONE} ends in {left:.0f} s")
    return problems


def told(one: Seen) -> str:
    return f"{one.answer.status} {one.answer.error} {one.answer.body[:200]!r}"


async def budget_wrong(stage: Stage, player: Player, budget: str, spent: list[Seen]) -> list[str]:
    await asyncio.to_thread(stage.world.books.wait_until_no_holds)
    state: dict[str, Any] = await asyncio.to_thread(stage.world.admin.budget_state, budget)
    problems = [f"a call with money left was answered with {told(one)}" for one in spent if not one.answer.done]
    if pico(state["posted"]) != len(spent) * COST or pico(state["held"]):
        problems.append(f"{len(spent)} calls of {usd(COST)} were made in the latest window; {state}")
    return problems


async def before_start(stage: Stage) -> list[str]:
    """Before its prices were published nothing can be charged, so nothing is served; afterwards all is as it was."""
    tenant = await asyncio.to_thread(stage.world.tenant, "10")
    offset = stage.clock.offset
    stage.clock.set(-BEFORE)
    made = [await stage.ask(tenant.key, tenant.id)]
    await asyncio.to_thread(restart, stage)
    made.append(await stage.ask(tenant.key, tenant.id))
    reached = stage.reached()
    problems = [f"before the first start a call was answered with {told(one)}" for one in made
                if one.answer.status == 200 or one.marker in reached]
    stage.clock.set(offset)
    await asyncio.to_thread(restart, stage)
    last = await stage.ask(tenant.key, tenant.id)
    return problems + ([] if last.answer.done else [f"afterwards a call was answered with {told(last)}"])
