"""Clock jumps and other time zones under load, by libfaketime: rows in exactly one window and one month, no cap passed.

`size` jumps: an hour or thirty days, both ways, and to the seconds around changes of zone, leap days, ends of month and
year, each with calls under way. What the ledger says is computed again with Python's own zones: after each jump every
tenant whose window has room by that sum must be served, and the months of each tenant in its own zone must be those of
the Admin API. At the end each entry is held against the backend's log and the clock (`clock_checks.py`), and the log
against the jumps (`clock.py`); between them come scenes about durations, zones and keys (`clock_scenes.py`), and
restarts while the clock is set back (`clock_restarts.py`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from support import bookkeeping
from support.backend import FakeBackend, fake_backend
from support.client import Answer, call, chat, encode, fetch
from support.options import Run
from support.oracle import Entry, assert_exactly_once, pico, usd
from support.route import CALM
from support.tollgate import Gateway
from support.world import PRICE, World

from . import clock_checks as checks
from . import clock_restarts
from .clock import Clock, Ear, ear, judge
from .clock_checks import Player, Seen, local, window_of
from .clock_edges import edges
from .clock_scenes import Stage, play
from .programme import Outcome, Programme

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
         "America/Sao_Paulo", "Africa/Casablanca")
WINDOWS = ("day", "week", "month")
HOPS = (3600, -3600, 30 * 86400, -30 * 86400)
CLIENTS = 12
SECONDS = 1.5
CAP = 25 * PRICE.cost(40, 20)


@contextmanager
def world_in_time(run: Run, backend: FakeBackend) -> Iterator[tuple[World, Clock, Ear]]:
    server = Gateway(run.binary, CALM)
    clock = Clock(file=server.folder / "clock")
    clock.set(0)
    server.launcher = clock.launcher()
    try:
        server.start()
        with ear(server.log) as listener:
            yield World.lay(server, backend, on_disconnect="drain"), clock, listener
        assert server.running(), server.output[-4000:]
        server.verify()
    finally:
        server.close()


def players(world: World) -> list[Player]:
    made = []
    for number, zone in enumerate(ZONES):
        window = WINDOWS[number % len(WINDOWS)]
        tenant = world.tenant(None, time_zone=zone)
        world.admin.budget(tenant.id, usd(CAP), window=window)
        made.append(Player(tenant.id, tenant.key, [zone], window, CAP, [time.time()]))
    return made


@dataclass
class Calls:
    world: World
    players: list[Player]
    dice: random.Random
    seen: list[Seen] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    fresh: int = 0  # calls that had to be served in a window without entries
    owed: int = 0  # calls that had to be served at all

    def first_calls(self, clock: Clock) -> list[str]:
        """One call of each tenant while no other runs: it must be served if there is room in its window.

        A clock that is set back does not reopen a window that is over, so there must be room in the later ones too.
        """
        spent: dict[str, dict[str, int]] = {player.id: defaultdict(int) for player in self.players}
        windows = {player.id: player for player in self.players}
        for entry in self.world.books.entries():
            if player := windows.get(entry.tenant_id):
                spent[player.id][window_of(player, entry.admitted_at)] += entry.cost
        problems = []
        for player in self.players:
            marker, sent = self.world.fresh("first"), time.time()
            body = chat(marker, knobs="out=20,in=40", max_tokens=20)
            hold = PRICE.bound(len(encode(body)), 20)
            before = window_of(player, clock.now())
            answer = fetch(self.world.server.data, player.key, body)
            self.note(Seen(marker, player.id, sent, time.time(), answer))
            windows_now = {before, window_of(player, clock.now())}
            later = {window for window in spent[player.id] if window > before}
            sums = [spent[player.id][window] for window in windows_now | later]
            if max(sums) + hold > CAP:
                continue
            self.owed += 1
            self.fresh += not any(sums)
            if not answer.done:
                problems.append(f"{player.zone}, {player.window} {before}: {sums} of {CAP} is spent, and yet "
                                f"{answer.status} {answer.body[:300]!r}")
        return problems

    async def for_seconds(self, seconds: float, jump: Callable[[], None] = lambda: None) -> None:
        """Clients that call all the time; the clock jumps when they stop, and the last calls are still under way."""
        end = asyncio.get_running_loop().time() + seconds

        async def client() -> None:
            while asyncio.get_running_loop().time() < end:
                player, latency = self.dice.choice(self.players), self.dice.randrange(200)
                marker, sent = self.world.fresh("then"), time.time()
                body = chat(marker, knobs=f"latency={latency},out=20,in=40", max_tokens=20,
                            stream=self.dice.random() < 0.5)
                answer = await call(self.world.server.data, player.key, body, timeout=20)
                least = latency / 1000 if answer.done else 0.0
                self.note(Seen(marker, player.id, sent, time.time(), answer, least))

        async def jumper() -> None:
            await asyncio.sleep(seconds)
            jump()

        await asyncio.gather(jumper(), *(client() for _ in range(CLIENTS)))

    def note(self, one: Seen) -> None:
        self.seen.append(one)
        answer: Answer = one.answer
        if not answer.done and (answer.status != 429
                                or answer.failure["code"] not in ("insufficient_quota", "budget_held")):
            self.problems.append(f"{answer.status} {answer.error} {answer.body[:300]!r}")

    @property
    def whole(self) -> set[str]:
        return {one.answer.request_id for one in self.seen if one.answer.done}


def booked_wrong(calls: Calls, clock: Clock) -> list[str]:
    entries, holds = calls.world.books.both()
    at_backend = calls.world.backend.calls()
    problems = []
    try:
        assert_exactly_once(entries, holds)
    except AssertionError as error:
        problems.append(str(error))
    missing = calls.whole - {entry.request_id for entry in entries if entry.kind == "settle"}
    problems += [f"{len(missing)} whole answers are not in the ledger"] if missing else []
    problems += checks.each_call(at_backend, calls.seen, entries)
    problems += checks.instants(clock, calls.seen, entries, calls.players)
    problems += checks.caps(at_backend, calls.seen, entries, calls.players)
    for one in calls.seen[-CLIENTS:]:  # a thread writes the lines, and those of the last answers may be to come
        calls.world.server.said(str(one.answer.request_id))
    problems += checks.durations(calls.seen, checks.log_lines(calls.world.server.output))
    problems += checks.metrics(calls.seen, calls.world.server.metrics_text())
    problems += months_wrong(calls.world, entries, "UTC", "")
    for player in calls.players:
        own = [entry for entry in entries if entry.tenant_id == player.id]
        problems += months_wrong(calls.world, own, player.zone, f"&tenant_id={player.id}")
    return problems + bookkeeping.wrong(calls.world.server.database)


def months_wrong(world: World, entries: list[Entry], zone: str, who: str) -> list[str]:
    """The costs of every month of a zone in the Admin API are the ledger's, month by month."""
    booked: dict[str, int] = defaultdict(int)
    for entry in entries:
        booked[local(zone, entry.admitted_at).strftime("%Y-%m")] += entry.cost
    booked = {month: cost for month, cost in booked.items() if cost}
    if not booked:
        return [f"nothing is booked for {zone}{who}"]
    first = datetime.strptime(min(booked), "%Y-%m").replace(tzinfo=ZoneInfo(zone))
    last = (datetime.strptime(max(booked), "%Y-%m") + timedelta(days=32)).replace(day=1, tzinfo=ZoneInfo(zone))
    span = "&".join(f"{name}={when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for name, when in (("start", first),
                                                                                         ("end", last)))
    told = {}
    for row in world.admin.get(f"/costs?{span}&bucket=month&time_zone={zone}&limit=1000{who}")["data"]:
        if cost := sum(pico(result["cost"]) for result in row["results"]):
            told[datetime.fromisoformat(row["start"]).astimezone(ZoneInfo(zone)).strftime("%Y-%m")] = cost
    return [] if told == booked else [f"costs by month in {zone}{who} are {told}, the ledger's {booked}"]


async def all_jumps(calls: Calls, clock: Clock, size: int, seconds: float, outcome: Outcome) -> None:
    start = time.time()
    places = edges(ZONES, datetime.now(UTC).replace(microsecond=0))
    visited: dict[str, None] = {}

    def jump(number: int) -> None:
        if number % 2:
            offset = clock.offset + calls.dice.choice(HOPS)
        else:
            place = places[number // 2 % len(places)]
            visited.setdefault(f"{place:%Y-%m-%dT%H:%M:%S}")
            offset = int(place.timestamp() - time.time())
        # Never before the start: prices and budgets are of then.
        clock.set(max(offset, int(start - time.time()) + 1))

    jump(0)
    for number in range(1, size + 1):
        problems = await asyncio.to_thread(calls.first_calls, clock)
        await calls.for_seconds(seconds, lambda number=number: jump(number) if number < size else None)
        outcome.tried(problems + calls.problems[:3])
        calls.problems.clear()
    outcome.figures["the clock was put to"] = " ".join(visited)


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    with fake_backend() as backend, world_in_time(run, backend) as (world, clock, listener):
        calls = Calls(world, players(world), run.dice("clocks"))
        asyncio.run(all_jumps(calls, clock, size, SECONDS if run.full else 0.6, outcome))
        # The edges come round again, and a window has entries from its first visit on.
        outcome.must(calls.fresh > min(size, 3 * len(ZONES)), f"only {calls.fresh} calls met a window without entries")
        stage = Stage(world, clock, listener, calls.seen, calls.players)
        play(stage, outcome, run.full)
        verdict = judge(clock, listener.told, time.time())
        clock_restarts.play(stage, outcome, run.full)
        world.books.wait_until_no_holds(20)
        outcome.wrong(booked_wrong(calls, clock))
        outcome.wrong(verdict.problems)
        outcome.must(verdict.small > 0, "no look met a jump that is too small to be told")
        outcome.must(len(calls.whole) > size, f"only {len(calls.whole)} whole answers")
        months = {datetime.fromtimestamp(entry.admitted_at / 1e6, UTC).strftime("%Y-%m")
                  for entry in world.books.entries()}
        outcome.must(len(months) > 1, f"the clock hardly moved: {months}")
        outcome.figures["calls that had room, in a window without entries"] = (calls.owed, calls.fresh)
        outcome.figures["whole answers, months"] = (len(calls.whole), len(months))
        outcome.figures["jumps told, too small to be"] = (len(listener.told), verdict.small)
    return outcome


CLOCKS = Programme("clocks", "clock jumps in eight zones under load: one window, one month for each row", run, 120, 6)
