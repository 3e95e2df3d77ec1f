"""Single scenes of clock jumps: what runs by durations, tenants that move to another zone, keys that expire."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from support import bookkeeping
from support.client import call, chat, encode
from support.oracle import pico, usd
from support.route import Route
from support.world import PRICE, Tenant, World

from .clock import PAUSE, SLACK, Clock, Ear, line_at
from .clock_checks import LATE, Player, Seen, local, start_of
from .programme import Outcome

CLIENTS = 6
REFUSED_PAUSE = 0.05  # seconds a client rests after a refusal
SHARE = 15  # calls of a tenant before it comes near the change of its zone
CAP = 25  # calls
KNOBS = "in=40,out=20"
COST = PRICE.cost(40, 20)


@dataclass(frozen=True)
class Move:
    """A tenant's way to another zone, while the clock passes a change of offset in one of them. Some calls were made
    `lag` hours earlier: in the window of one of the zones, not in that of the other."""

    at: str  # in UTC
    old: str
    new: str
    window: str
    lag: int


MOVES = (
    Move("2027-03-28T00:59:58", "Europe/Berlin", "America/New_York", "day", 7),
    Move("2027-11-07T05:59:58", "America/New_York", "Australia/Lord_Howe", "day", 7),
    Move("2027-04-03T14:59:58", "Australia/Lord_Howe", "Asia/Kathmandu", "day", 7),
    Move("2027-10-31T00:59:58", "Asia/Kathmandu", "Europe/Berlin", "day", 4),
    Move("2027-01-31T23:59:58", "UTC", "Pacific/Apia", "month", 14),
)


@dataclass
class Stage:
    world: World
    clock: Clock
    ear: Ear
    seen: list[Seen]
    players: list[Player]

    async def ask(self, key: str, tenant: str, knobs: str = KNOBS, least: float = 0.0, **fields: Any) -> Seen:
        """One call; if it is answered whole, then not before `least` seconds."""
        marker, sent = self.world.fresh("scene"), time.time()
        body = chat(marker, knobs=knobs, **{"max_tokens": 20, **fields})
        answer = await call(self.world.server.data, key, body, timeout=20)
        one = Seen(marker, tenant, sent, time.time(), answer, least if answer.done else 0.0)
        self.seen.append(one)
        return one

    async def load(self, key: str, tenant: str, seconds: float) -> list[Seen]:
        """Clients that call all the time."""
        end = time.monotonic() + seconds
        made: list[Seen] = []

        async def client(number: int) -> None:
            while time.monotonic() < end:
                one = await self.ask(key, tenant, f"{KNOBS},latency={number * 15}", number * 0.015,
                                     stream=number % 2 == 0)
                made.append(one)
                await asyncio.sleep(0 if one.answer.done else REFUSED_PAUSE)

        await asyncio.gather(*(client(number) for number in range(CLIENTS)))
        return made

    def reached(self) -> set[str]:
        """The calls that the backend saw."""
        return {seen.marker for seen in self.world.backend.calls()}


def play(stage: Stage, outcome: Outcome, full: bool) -> None:
    def scene(name: str, problems: Coroutine[Any, Any, list[str]]) -> None:
        outcome.tried([f"{name}: {problem}" for problem in asyncio.run(problems)])

    # Before both: a price counts from when it was published, which a clock that is set back is before.
    routes = [lay(stage.world), lay(stage.world)]
    for hop, (cooled, hanging) in zip((3600, -3600), routes, strict=True):
        scene(f"{hop:+d} s while calls wait", waits(stage, hop, cooled, hanging))
    for move in MOVES if full else (MOVES[0], MOVES[3]):
        scene(f"from {move.old} to {move.new}", change_of_zone(stage, move))
    # Between two looks of the gateway there is this jump only, which is too small to be told.
    until_look(stage)
    scene("a key expires", key_expires(stage, 200))
    until_look(stage)


def until_look(stage: Stage) -> None:
    """Until the gateway has looked at its clocks again; it does so from its start on, and tells a jump of the first."""
    for line in stage.ear.told[-1:]:
        at = line_at(stage.clock, line) or line.at
        since = time.time() - at
        time.sleep(math.ceil(since / PAUSE) * PAUSE - since + 2 * SLACK)


# Durations


def lay(world: World) -> tuple[Route, Route]:
    """A backend to be cooled, and one that hangs."""
    url = world.backend.base_url()
    return (Route.lay(world, {"only": url}, limit=None),
            Route.lay(world, {"only": url}, limit=None, timeouts={"first_byte": "1s"}))


async def waits(stage: Stage, hop: int, cooled: Route, hanging: Route) -> list[str]:
    """A cooldown, a timeout, a wait for money, a rate per minute while the wall clock jumps: none of them notices."""
    world = stage.world
    bound = PRICE.bound(len(encode(chat(world.fresh("scene"), knobs=f"{KNOBS},latency=1000", max_tokens=20))), 20)
    patient, impatient, limited = await asyncio.to_thread(lambda: (
        world.tenant(usd(bound * 3 // 2), hold_wait_ms=4000), world.tenant(usd(bound * 3 // 2), hold_wait_ms=1000),
        world.tenant(None)))
    world.admin.quotas(f"tenants/{limited.id}", rpm=3)

    def ask(tenant: Tenant, knobs: str = KNOBS, least: float = 0.0, **fields: Any) -> asyncio.Task[Seen]:
        return asyncio.create_task(stage.ask(tenant.key, tenant.id, knobs, least, **fields))

    tripped = await ask(cooled.tenant, "fault=429,retry=2", model=cooled.model)
    began = time.monotonic()
    rate = [await ask(limited) for _ in range(3)]
    first = [ask(patient, f"{KNOBS},latency=1200", 1.2), ask(impatient, f"{KNOBS},latency=2600", 2.6)]
    hung = ask(hanging.tenant, "fault=hang", model=hanging.model)
    await asyncio.sleep(0.2)
    served, kept_out = ask(patient), ask(impatient)
    await asyncio.sleep(0.3)
    stage.clock.set(stage.clock.offset + hop)
    over = await ask(limited)
    early = await ask(cooled.tenant, model=cooled.model)
    cooling, now = await asyncio.to_thread(cooled.cooling, "only"), stage.clock.now()
    await asyncio.sleep(began + 2.4 - time.monotonic())
    late = await ask(cooled.tenant, model=cooled.model)
    await asyncio.gather(*first, hung, served, kept_out)
    left = datetime.fromisoformat(cooling["until"]).timestamp() - now / 1e6 if cooling else 0.0
    return told_wrong((
        ("the call that cools its backend", tripped, 503, 0.0, LATE),
        ("a call before the cooldown's end", early, 503, 0.0, LATE),
        ("a call after it", late, 200, 0.0, LATE),
        ("a call that is never answered", hung.result(), 504, 0.9, 1 + LATE),
        ("a call that waits for money", served.result(), 200, 0.8, 1 + LATE),
        ("a call that waits in vain", kept_out.result(), 429, 0.9, 1 + LATE),
        *(("a call within the rate", one, 200, 0.0, LATE) for one in rate),
        ("a call over the rate", over, 429, 0.0, LATE),
    )) + [problem for problem, wrong in (
        ("a cooling backend was called", early.marker in stage.reached()),
        (f"the status says that the backend cools for {left:.1f} s", not 0 < left <= 2.1),
        (f"to be tried again in {early.answer.headers.get('retry-after')} s",
         not 0 < int(early.answer.headers.get("retry-after", "0")) <= 3),
        (f"the rate is to be tried again in {over.answer.headers.get('retry-after')} s",
         not 0 < int(over.answer.headers.get("retry-after", "0")) <= 60),
    ) if wrong]


def told_wrong(calls: tuple[tuple[str, Seen, int, float, float], ...]) -> list[str]:
    """Of each call: its name, how it went, and the status and the seconds, least and most, it had to take."""
    return [f"{name} was answered with {one.answer.status} {one.answer.body[:200]!r} after {one.answer.seconds:.2f} s; "
            f"{status} in {least} to {most} s was due" for name, one, status, least, most in calls
            if one.answer.status != status or not least <= one.answer.seconds <= most]


# Zones


def end_of(window: str, zone: str, start: int) -> int:
    """When a window ends, in microseconds."""
    first: date = local(zone, start).date()
    if window == "month":
        return bookkeeping.midnight(zone, (first + timedelta(days=32)).replace(day=1))
    return bookkeeping.midnight(zone, first + timedelta(days=7 if window == "week" else 1))


async def change_of_zone(stage: Stage, move: Move) -> list[str]:
    """The windows of a tenant are its new zone's from the change's answer on: what counts in them was spent in them."""
    world, clock = stage.world, stage.clock
    edge = datetime.fromisoformat(move.at).replace(tzinfo=UTC).timestamp()
    clock.set(int(edge - move.lag * 3600 - time.time()))
    tenant = await asyncio.to_thread(world.tenant, None, time_zone=move.old)
    budget = await asyncio.to_thread(world.admin.budget, tenant.id, usd(CAP * COST), move.window)
    player = Player(tenant.id, tenant.key, [move.old], move.window, CAP * COST, [time.time()])
    stage.players.append(player)
    earlier = [await stage.ask(tenant.key, tenant.id) for _ in range(SHARE)]
    clock.set(int(edge - time.time()))
    under_load = asyncio.create_task(stage.load(tenant.key, tenant.id, 1.6))
    await asyncio.sleep(0.8)
    await asyncio.to_thread(world.admin.ok, "PATCH", f"/tenants/{tenant.id}", {"time_zone": move.new})
    changed = time.time()
    player.zones.append(move.new)
    player.touched.append(changed)
    made = await under_load
    await asyncio.to_thread(world.books.wait_until_no_holds)
    problems = [f"{one.answer.status} {one.answer.error} {one.answer.body[:200]!r}" for one in earlier + made
                if one.answer.status not in (200, 429)]
    problems += [f"only {sum(one.answer.done for one in earlier)} of {SHARE} calls were served before"] if not all(
        one.answer.done for one in earlier) else []
    return problems + await state_wrong(stage, player, budget, changed)


async def state_wrong(stage: Stage, player: Player, budget: str, changed: float) -> list[str]:
    world, now = stage.world, stage.clock.now()
    start = start_of(player.window, player.zone, now)
    end = end_of(player.window, player.zone, start)
    after = {one.answer.request_id for one in stage.seen if one.tenant == player.id and one.sent > changed}
    inside = [entry for entry in world.books.entries()
              if entry.tenant_id == player.id and start <= entry.admitted_at < end]
    spent = sum(entry.cost for entry in inside)
    state = await asyncio.to_thread(world.admin.budget_state, budget)
    told = [int(datetime.fromisoformat(state[name]).timestamp() * 1e6) for name in ("window_start", "resets_at")]
    problems = []
    if told != [start, end]:
        problems.append(f"the window is {state['window_start']} to {state['resets_at']}, it should be "
                        f"{local('UTC', start)} to {local('UTC', end)}")
    if (pico(state["posted"]), pico(state["held"])) != (spent, 0):
        problems.append(f"{state['posted']} posted, {state['held']} held; the window's entries say {usd(spent)}")
    if spent > player.cap and any(entry.request_id in after for entry in inside):
        problems.append(f"calls were admitted after the change, and {usd(spent)} of {usd(player.cap)} is spent")
    last = await stage.ask(player.key, player.id)
    if last.answer.done != (spent + COST * 5 <= player.cap) and not 0 <= player.cap - spent < COST * 5:
        problems.append(f"{usd(spent)} of {usd(player.cap)} was spent: {last.answer.status} {last.answer.body[:200]!r}")
    return problems


# Keys


async def key_expires(stage: Stage, hop: int) -> list[str]:
    """A jump over a key's end: from then on it admits nothing, what runs goes on."""
    world, clock = stage.world, stage.clock
    tenant = await asyncio.to_thread(world.tenant, None)
    end = datetime.fromtimestamp(clock.now() / 1e6 + hop / 2, UTC)
    fields = {"expires_at": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
    key = (await asyncio.to_thread(lambda: world.admin.key(tenant.id, "ends", **fields)))["key"]
    running = asyncio.create_task(stage.ask(key, tenant.id, f"{KNOBS},latency=1500", 1.5))
    under_load = asyncio.create_task(stage.load(key, tenant.id, 1.2))
    await asyncio.sleep(0.6)
    clock.set(clock.offset + hop)
    jumped = clock.changes[-1]
    made, whole = await under_load, await running
    before = [one for one in made if one.received < jumped.began]
    after = [one for one in made if one.sent > jumped.ended]
    reached = stage.reached()
    problems = [f"before its end the key was refused: {one.answer.status}" for one in before if not one.answer.done]
    problems += [f"after its end the key was answered with {one.answer.status}" for one in after
                 if one.answer.status != 401 or one.marker in reached]
    problems += ["the call that ran was cut"] if not whole.answer.done else []
    problems += ["too few calls to tell"] if len(before) < 5 or len(after) < 5 else []
    return problems[:5]
