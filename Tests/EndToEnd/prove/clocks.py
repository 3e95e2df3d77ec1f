"""Clock jumps and other time zones under load, by libfaketime: rows in exactly one window and one month, no cap passed.

`size` jumps: an hour or thirty days, both ways, and to the seconds around changes of zone, leap days, ends of month and
year. What the ledger says is computed again with Python's own zones: after each jump every tenant whose window has room
by that sum must be served, and the months of each tenant in its own zone must be those of the Admin API.
"""

from __future__ import annotations

import asyncio
import glob
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from support import bookkeeping
from support.backend import FakeBackend, fake_backend
from support.client import Answer, call, chat, encode, fetch
from support.options import Run
from support.oracle import Entry, assert_exactly_once, pico, usd
from support.tollgate import Gateway
from support.world import PRICE, World

from .programme import Outcome, Programme

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
         "America/Sao_Paulo", "Africa/Casablanca")
WINDOWS = ("day", "week", "month")
# In UTC, a few seconds before: changes of zone both ways, a leap day, ends of month and year.
EDGES = ("2027-03-28T00:59:58", "2027-10-31T00:59:58", "2027-03-14T06:59:58", "2027-11-07T05:59:58",
         "2027-04-03T14:59:58", "2028-02-28T23:59:58", "2028-02-29T23:59:58", "2026-12-31T23:59:58",
         "2027-01-31T23:59:58", "2027-06-30T21:59:58")
HOPS = (3600, -3600, 30 * 86400, -30 * 86400)
CLIENTS = 12
SECONDS = 1.5
CAP = 25 * PRICE.cost(40, 20)


@dataclass
class Player:
    id: str
    key: str
    zone: str
    window: str


@dataclass
class Clock:
    """The offset of the gateway's wall clock; its monotonic clock is left alone."""

    file: Path
    offset: int = 0

    def now(self) -> int:
        """What the gateway takes for now, in microseconds."""
        return int((time.time() + self.offset) * 1e6)

    def set(self, offset: int) -> None:
        self.offset = offset
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:+d}\n")
        fresh.replace(self.file)

    def launcher(self) -> tuple[str, ...]:
        [library] = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        # The shell between: the first process under libfaketime loses its arguments.
        return ("env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
                "/bin/sh", "-c", 'exec "$@"', "sh")


@contextmanager
def world_in_time(run: Run, backend: FakeBackend) -> Iterator[tuple[World, Clock]]:
    server = Gateway(run.binary)
    clock = Clock(server.folder / "clock")
    clock.set(0)
    server.launcher = clock.launcher()
    try:
        server.start()
        yield World.lay(server, backend, on_disconnect="drain"), clock
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
        made.append(Player(tenant.id, tenant.key, zone, window))
    return made


@dataclass
class Calls:
    world: World
    players: list[Player]
    dice: random.Random
    whole: set[str] = field(default_factory=set)
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
            body = chat(self.world.fresh("first"), knobs="out=20,in=40", max_tokens=20)
            hold = PRICE.bound(len(encode(body)), 20)
            before = window_of(player, clock.now())
            answer = fetch(self.world.server.data, player.key, body)
            self.note(answer)
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

    async def for_seconds(self, seconds: float) -> None:
        end = asyncio.get_running_loop().time() + seconds

        async def client() -> None:
            while asyncio.get_running_loop().time() < end:
                player = self.dice.choice(self.players)
                body = chat(self.world.fresh("then"), knobs=f"latency={self.dice.randrange(200)},out=20,in=40",
                            max_tokens=20, stream=self.dice.random() < 0.5)
                self.note(await call(self.world.server.data, player.key, body, timeout=20))

        await asyncio.gather(*(client() for _ in range(CLIENTS)))

    def note(self, answer: Answer) -> None:
        if answer.done:
            self.whole.add(answer.request_id)
        elif answer.status != 429 or answer.failure["code"] not in ("insufficient_quota", "budget_held"):
            self.problems.append(f"{answer.status} {answer.error} {answer.body[:300]!r}")


def local(zone: str, microseconds: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).astimezone(ZoneInfo(zone))


def window_of(player: Player, microseconds: int) -> str:
    """The calendar window an instant belongs to, in the tenant's own zone."""
    then = local(player.zone, microseconds)
    if player.window == "week":
        return (then.date() - timedelta(days=then.weekday())).isoformat()
    return then.strftime("%Y-%m-%d" if player.window == "day" else "%Y-%m")


def booked_wrong(calls: Calls) -> list[str]:
    entries, holds = calls.world.books.both()
    problems = []
    try:
        assert_exactly_once(entries, holds)
    except AssertionError as error:
        problems.append(str(error))
    missing = calls.whole - {entry.request_id for entry in entries if entry.kind == "settle"}
    problems += [f"{len(missing)} whole answers are not in the ledger"] if missing else []
    by_id = {player.id: player for player in calls.players}
    spent: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        if player := by_id.get(entry.tenant_id):
            spent[(player.id, window_of(player, entry.admitted_at))] += entry.cost
    problems += [f"{by_id[tenant]} {window}: {total} over {CAP}" for (tenant, window), total in spent.items()
                 if total > CAP]
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
    for number in range(size):
        if number % 2:
            offset = clock.offset + calls.dice.choice(HOPS)
        else:
            edge = datetime.fromisoformat(EDGES[number // 2 % len(EDGES)]).replace(tzinfo=UTC).timestamp()
            offset = int(edge - time.time())
        # Never before the start: prices and budgets are of then.
        clock.set(max(offset, int(start - time.time()) + 1))
        problems = await asyncio.to_thread(calls.first_calls, clock)
        await calls.for_seconds(seconds)
        outcome.tried(problems + calls.problems[:3])
        calls.problems.clear()


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    with fake_backend() as backend, world_in_time(run, backend) as (world, clock):
        calls = Calls(world, players(world), run.dice("clocks"))
        asyncio.run(all_jumps(calls, clock, size, SECONDS if run.full else 0.6, outcome))
        world.books.wait_until_no_holds(20)
        outcome.wrong(booked_wrong(calls))
        outcome.must(len(calls.whole) > size, f"only {len(calls.whole)} whole answers")
        entries = world.books.entries()
        months = {datetime.fromtimestamp(entry.admitted_at / 1e6, UTC).strftime("%Y-%m") for entry in entries}
        outcome.must(len(months) > 1, f"the clock hardly moved: {months}")
        # The edges come round again, and a window has entries from its first visit on.
        outcome.must(calls.fresh > min(size, 3 * len(ZONES)), f"only {calls.fresh} calls met a window without entries")
        outcome.figures["calls that had room, in a window without entries"] = (calls.owed, calls.fresh)
        outcome.figures["whole answers, months"] = (len(calls.whole), len(months))
    return outcome


CLOCKS = Programme("clocks", "clock jumps in eight zones under load: one window, one month for each row", run, 120, 6)
