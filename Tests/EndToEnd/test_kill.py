"""kill -9 at random instants under mixed load: nothing is lost, nothing is counted twice, caps still hold."""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from support import bookkeeping
from support.attempts import Sent, faulty_wrong, requests_by_name
from support.backend import BackendCall, FakeBackend
from support.client import Answer, call, chat
from support.options import Run
from support.oracle import Entry, Hold, Price, assert_exactly_once, pico, usd
from support.processes import note
from support.route import wait_for
from support.tollgate import Gateway
from support.world import Tenant, World

CLIENTS = 40
KILLS, FULL_KILLS = 30, 1000
RATE = Price.per_million("0", "1000").output  # input is free here, so a hold is max_tokens x RATE exactly
MODEL_MAX = 1_000_000
UNCAPPED = 10**40


@dataclass
class Seen:
    """What a client saw of an answer it got whole."""

    number: int
    stream: bool


@dataclass
class Load:
    """Clients that go on calling; each call has a number of its own, and asks for twice that many tokens.

    So a hold (max_tokens x RATE) and a settled call (output = half of max_tokens) both name their call, even
    when no client ever saw the answer. Calls of models named `faulty…` cost nothing or an estimate; their requests are
    known by the answer or by the gateway's log, which has the number as the client's own id (`support/attempts.py`).
    """

    world: World
    dice: random.Random
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    caps: dict[str, int] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)  # the tenant of each key
    faulty: dict[str, Sent] = field(default_factory=dict)
    whole: dict[str, Seen] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    newest: int = 1
    over: bool = False
    may_break: bool = False  # an answer that has begun may end with an error event
    fault_share: float = 0.1
    refusals: tuple[int, ...] = (400, 429, 502, 503)
    # What the backend does wrong, and whose model it is called by; one after the other.
    faults: list[tuple[str, str]] = field(
        default_factory=lambda: [(knobs, "faulty") for knobs in ("500", "reset", "400")])
    fault: Iterator[int] = field(default_factory=itertools.count)

    def new_tenants(self) -> None:
        """Three tenants with caps that bind soon, and one with plenty; the oldest are left alone."""
        typical = 2 * self.newest + 200
        for calls in (self.dice.randrange(3, 40), self.dice.randrange(3, 40), self.dice.randrange(40, 100), 10**6):
            cap = calls * typical * RATE
            tenant = self.world.tenant(usd(cap), ("fast", "rough"), hold_wait_ms=self.dice.choice((0, 200, 2000)))
            self.take(tenant, cap)
        self.keys = self.keys[-8:]

    def take(self, tenant: Tenant, cap: int) -> None:
        """From now on calls are made with its key, too."""
        self.caps[tenant.id], self.owners[tenant.key] = cap, tenant.id
        self.keys.append(tenant.key)

    def ask(self, tenant: Tenant, number: int) -> Answer:
        """A single call beside the load, with a number as its calls have."""
        self.caps.setdefault(tenant.id, UNCAPPED)
        return self.world.call(tenant, str(number), model="counted", knobs=f"out={number}", max_tokens=2 * number)

    async def client(self, open_for_calls: asyncio.Event) -> None:
        while not self.over:
            await open_for_calls.wait()
            self.in_flight += 1
            try:
                await self.one_call()
            except Exception as error:  # a client that died silently would prove nothing
                self.problems.append(f"a client's call: {error!r}")
            finally:
                self.in_flight -= 1

    async def one_call(self) -> None:
        dice, number = self.dice, next(self.numbers)
        self.newest = number
        stream = dice.random() < 0.5
        fields: dict[str, Any] = {"stream": True} if stream else {}
        knobs, model = f"latency={dice.randrange(0, 250)},out={number}", "counted"
        if dice.random() < self.fault_share:
            fault, model = self.faults[next(self.fault) % len(self.faults)]
            knobs = f"{knobs},fault={fault}"
        hang_up: dict[str, Any] = {"hang_up_after": dice.uniform(0, 0.2)} if dice.random() < 0.2 else {}
        body = chat(str(number), model=model, knobs=knobs, max_tokens=2 * number, **fields)
        key = dice.choice(self.keys)
        sent = Sent(self.owners[key], 2 * number)
        if model != "counted":
            self.faulty[str(number)] = sent
        answer = await call(self.world.server.data, key, body, headers={"x-request-id": str(number)}, timeout=30,
                            **hang_up)
        sent.requests |= {answer.request_id} - {""}
        if answer.done:
            self.outcomes["whole"] += 1
            self.whole[answer.request_id] = Seen(number, stream)
        elif answer.hung_up or answer.error or not answer.complete:
            self.outcomes["cut"] += 1
            await asyncio.sleep(0.01)
        else:
            self.outcomes[str(answer.status)] += 1
            broken = self.may_break and answer.is_stream and '"error"' in "".join(answer.events[-1:])
            if not broken and answer.status not in self.refusals:
                self.problems.append(f"{answer.status} {answer.body[:300]!r}")


@contextmanager
def gateway_to_kill(binary: Path, backend: FakeBackend, extra_config: str = "") -> Iterator[World]:
    """A gateway that dies many times, and is checked after each."""
    server = Gateway(binary, extra_config)
    try:
        server.start()
        yield laid_to_kill(server, backend)
    finally:
        server.close()


def laid_to_kill(server: Gateway, backend: FakeBackend) -> World:
    """What `Load` calls: a good pool and a rough one, whose input is free."""
    world = World.lay(server, backend, on_disconnect="drain")
    world.admin.pool("rough")
    world.admin.backend("rough", "fake-rough", backend.base_url(), on_disconnect="drain")
    for model, pool in (("counted", "fast"), ("faulty", "rough")):
        world.admin.model(model, [pool], MODEL_MAX)
        world.admin.price(model, "0", "1000")
    return world


@pytest.fixture
def world_to_kill(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway_to_kill(run.binary, backend) as world:
        yield world


def check_books(load: Load, entries: list[Entry], holds: list[Hold], calls: list[BackendCall],
                may_be_lost: bool = False) -> None:
    """What a client was told is booked, once, and no cap is passed; each call in the backend's log is booked once, at
    what it costs, and nothing else is. Calls that no client has an answer of are allowed to be missing if they
    `may_be_lost`."""
    check_counted(entries, holds, calls, may_be_lost)
    check_faulty(load, entries, holds, calls, may_be_lost)
    assert_exactly_once(entries, holds)
    check_whole_answers(load, entries)
    totals: dict[str, int] = defaultdict(int)
    for entry in entries:
        totals[entry.tenant_id] += entry.cost
    for hold in holds:
        totals[hold.tenant_id] += hold.amount
    for tenant, total in totals.items():
        assert total <= load.caps[tenant], f"{tenant}: posted and held {total} over the cap {load.caps[tenant]}"


def check_counted(entries: list[Entry], holds: list[Hold], calls: list[BackendCall], may_be_lost: bool) -> None:
    """Each call in the backend's log is one settled entry or one hold; what was held and never sent is allowed."""
    own = [entry for entry in entries if entry.model == "counted"]
    priced = [entry.request_id for entry in own if entry.cost != entry.output * RATE]
    assert not priced, f"calls that are not booked at the price of their tokens: {priced[:10]}"
    settled = Counter(entry.output for entry in own if entry.kind == "settle")
    booked = settled + Counter(hold.amount // RATE // 2 for hold in holds if hold.model == "counted")
    arrived = Counter(int(seen.marker) for seen in calls if seen.arrived["model"] == "counted")
    wrong = [number for number, times in arrived.items() if booked[number] != times and not may_be_lost]
    assert not wrong, f"backend calls without exactly one entry or hold: {wrong[:10]}"
    assert settled.keys() <= arrived.keys(), "a call was settled that no backend ever saw"
    twice = [number for number, times in booked.items() if times > 1]
    assert not twice, f"calls booked more than once: {twice[:10]}"


def check_faulty(load: Load, entries: list[Entry], holds: list[Hold], calls: list[BackendCall],
                 may_be_lost: bool) -> None:
    """Each call in the log of a backend that fails is one entry, priced by how it failed, or one hold."""
    for name, requests in requests_by_name(load.world.server).items():
        if name in load.faulty:
            load.faulty[name].requests.update(requests)
    wrong = faulty_wrong(
        [seen for seen in calls if seen.arrived["model"].startswith("faulty")], load.faulty,
        [entry for entry in entries if entry.model.startswith("faulty")],
        [hold for hold in holds if hold.model.startswith("faulty")], RATE, may_be_lost)
    assert not wrong, f"{len(wrong)} faulty calls are booked wrongly: {wrong[:5]}"


def check_whole_answers(load: Load, entries: list[Entry]) -> None:
    settled = {entry.request_id: entry for entry in entries if entry.kind == "settle"}
    for request_id, seen in load.whole.items():
        entry = settled.get(request_id)
        assert entry, f"the client has the whole answer of {request_id} ({seen}), the ledger has not"
        assert entry.output == seen.number and entry.cost == seen.number * RATE


def check_falsified(load: Load, entries: list[Entry], holds: list[Hold], calls: list[BackendCall]) -> None:
    """The control: a faulty call is taken from these very books, doubled, or priced wrongly, and that must be found."""
    one = load.dice.choice([entry for entry in entries if entry.model.startswith("faulty")
                            and entry.outcome != "not_sent"])
    others = [entry for entry in entries if entry is not one]
    for books in (others, [*entries, replace(one, attempt=one.attempt + 100)],
                  [*others, replace(one, cost=one.cost + RATE)]):
        with pytest.raises(AssertionError, match="faulty calls are booked wrongly"):
            check_faulty(load, books, holds, calls, False)


def left_wrong(before: list[Hold], after: list[Hold]) -> list[str]:
    """What was held when the gateway ended must be uncertain after its start: all of it, nothing else, each amount."""
    wanted = {replace(hold, state="uncertain") for hold in before}
    if len(after) == len(wanted) and set(after) == wanted:
        return []
    return [f"{len(before)} holds before the start, {len(after)} after it; not as uncertain ones: "
            f"{list(wanted ^ set(after))[:3]}"]


async def kill_again_and_again(world: World, load: Load, kills: int) -> list[float]:
    open_for_calls = asyncio.Event()
    clients = [asyncio.create_task(load.client(open_for_calls)) for _ in range(CLIENTS)]
    restarts: list[float] = []
    for turn in range(kills):
        await asyncio.to_thread(load.new_tenants)
        open_for_calls.set()
        await asyncio.sleep(load.dice.uniform(0.05, 0.7))
        open_for_calls.clear()
        world.server.kill()
        while load.in_flight:
            await asyncio.sleep(0.005)
        await asyncio.to_thread(world.server.verify)
        await asyncio.to_thread(bookkeeping.assert_right, world.server.database)
        entries, holds = world.books.both()
        check_books(load, entries, holds, world.backend.calls())
        assert not load.problems, load.problems[:3]
        restarts.append(await asyncio.to_thread(world.server.start))
        wrong = left_wrong(holds, world.books.holds())
        assert not wrong, f"kill {turn}: {wrong}"
    load.over = True
    open_for_calls.set()
    await asyncio.gather(*clients)
    return restarts


def test_kill_at_random_instants_loses_nothing(run: Run, world_to_kill: World) -> None:
    world = world_to_kill
    load = Load(world, run.dice("kill"))
    kills = FULL_KILLS if run.full else KILLS
    restarts = asyncio.run(kill_again_and_again(world, load, kills))
    world.books.wait_until_no_holds()
    entries, holds = world.books.both()
    check_books(load, entries, holds, world.backend.calls())
    check_falsified(load, entries, holds, world.backend.calls())
    bookkeeping.assert_right(world.server.database)
    world.server.verify()
    note(f"{kills} kills, {dict(load.outcomes)}, {len(entries)} entries, {len(holds)} uncertain; restart "
         f"median {statistics.median(restarts) * 1000:.0f} ms, longest {max(restarts) * 1000:.0f} ms (seed {run.seed})")
    assert load.outcomes["whole"] > kills and len(holds) > 0
    assert world.server.stop() == 0


def test_what_a_crash_left_is_charged_or_released_by_hand(world_to_kill: World) -> None:
    world = world_to_kill
    tenant = world.tenant(usd(1000 * RATE))

    async def crash() -> None:
        calls = [asyncio.create_task(call(world.server.data, tenant.key, chat(
            f"left-{number}", model="counted", knobs="latency=5000", max_tokens=number))) for number in (100, 300)]
        while len(world.books.holds()) < 2:
            await asyncio.sleep(0.01)
        world.server.kill()
        await asyncio.gather(*calls)

    asyncio.run(crash())
    world.server.start()
    admin = world.admin
    assert tenant.budget
    assert pico(admin.budget_state(tenant.budget)["held"]) == 400 * RATE
    holds = {pico(hold["amount"]): hold["id"] for hold in admin.holds("uncertain")}
    refused = world.call(tenant, model="counted", max_tokens=601)
    assert (refused.status, refused.failure["code"]) == (429, "insufficient_quota")
    admin.ok("POST", f"/holds/{holds[100 * RATE]}/resolve", {"release": True})
    admin.ok("POST", f"/holds/{holds[300 * RATE]}/resolve", {"charge": usd(250 * RATE)})
    state = admin.budget_state(tenant.budget)
    assert pico(state["held"]) == 0 and pico(state["posted"]) == 250 * RATE
    assert not world.books.holds()
    by_hand = sorted((entry.kind, entry.cost) for entry in world.books.entries() if entry.tenant_id == tenant.id)
    assert by_hand == [("release", 0), ("resolve", 250 * RATE)]
    assert world.call(tenant, model="counted", max_tokens=601).done
    world.server.verify()


def test_what_a_crash_left_is_released_by_the_clock_for_those_who_asked(world_to_kill: World) -> None:
    """Of three tenants one asked for a second, one for an hour and one for nothing."""
    world = world_to_kill
    asked = {"1s": world.tenant(uncertain_release_after="1s"), "1h": world.tenant(uncertain_release_after="1h"),
             "": world.tenant()}
    before = {hold.request_id for hold in world.books.holds()}

    async def crash() -> None:
        calls = [asyncio.create_task(call(world.server.data, tenant.key, chat(
            world.fresh("left"), model="counted", knobs="latency=5000", max_tokens=10))) for tenant in asked.values()]
        while len(world.books.holds()) < len(before) + len(asked):
            await asyncio.sleep(0.01)
        world.server.kill()
        await asyncio.gather(*calls)

    asyncio.run(crash())
    world.server.start()

    def left() -> set[str]:
        return {hold["tenant_id"] for hold in world.admin.holds("uncertain") if hold["request_id"] not in before}

    assert left() == {tenant.id for tenant in asked.values()}
    wait_for(lambda: left() == {asked["1h"].id, asked[""].id}, "what was to be released after a second", 20)
    [entry] = [entry for entry in world.books.entries() if entry.tenant_id == asked["1s"].id]
    assert (entry.kind, entry.cost) == ("release", 0)
    for hold in world.admin.holds("uncertain"):
        world.admin.ok("POST", f"/holds/{hold['id']}/resolve", {"release": True})
    world.server.verify()
