"""Fifty tenants with small caps, two hundred clients at once: no cap is passed, nobody is refused without cause.

`prove/storms.py` plays more of them, some through a first pool whose backend fails now and then.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from support.attempts import requests_by_name
from support.backend import BackendCall, FakeBackend, trusted_backend
from support.client import Answer, call, chat, encode
from support.denials import Denial, Span, early
from support.options import Run
from support.oracle import ONE_PER_ATTEMPT, Books, Entry, cost_by_tenant, pico, usd
from support.processes import note
from support.tollgate import gateway
from support.world import MAX_OUTPUT, PRICE, World

TENANTS = 50
CLIENTS = 200
CALLS = 2500
AT_ONCE = 24  # calls that a narrow backend serves
TYPICAL_COST = PRICE.cost(prompt=40, completion=40)
TRIM_FLOOR = 16
FIRST_POOL, FAILS_EVERY = "first", 6  # one failed call in six: retries are at most a tenth of all requests, and 100
FEWEST_FALLBACKS = 20  # second attempts that were paid for, in a storm with two pools: with none it would be another
SHARE_OF_POOL = 3  # a budget of the second pool is a third of its tenant's


@dataclass
class Player:
    """One tenant of the storm."""

    id: str
    key: str
    budget: str
    cap: int
    trims: bool
    pool_budget: str = ""  # of the second pool, with a cap of its own; empty: none
    pool_cap: int = 0
    denials: list[Denial] = field(default_factory=list)  # for its own budget
    pool_denials: list[Denial] = field(default_factory=list)
    either: list[tuple[Denial, Denial]] = field(default_factory=list)  # for one of the two

    @property
    def caps(self) -> dict[str, int]:
        """By budget."""
        return {self.budget: self.cap} | ({self.pool_budget: self.pool_cap} if self.pool_budget else {})


@dataclass
class Storm:
    world: World
    players: list[Player]
    dice: random.Random
    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    request_ids: dict[str, str] = field(default_factory=dict)  # call marker -> request id
    holds: dict[str, int] = field(default_factory=dict)  # call marker -> what it may hold at most
    left: dict[str, Span] = field(default_factory=dict)  # markers of calls that nobody waited for, and how long

    async def client(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            player = self.dice.choice(self.players)
            await self.one_call(player, f"{player.id}/{number}")

    async def one_call(self, player: Player, marker: str) -> None:
        dice = self.dice
        latency = dice.randrange(10, 250)
        stream = dice.random() < 0.5
        knobs = f"latency={latency},out={dice.randrange(5, 60)},in={dice.randrange(10, 60)}"
        fields: dict[str, Any] = {"stream": True} if stream else {}
        if stream and dice.random() < 0.5:
            fields["stream_options"] = {"include_usage": True}
        asked = dice.randrange(10, 60)
        body = chat(marker, knobs=knobs, max_tokens=asked, **fields)
        hang_up: dict[str, Any] = {}
        if dice.random() < 0.3:
            by_event = stream and dice.random() < 0.6
            hang_up = {"hang_up_events": dice.randrange(1, 5)} if by_event else {
                "hang_up_after": dice.uniform(0, latency / 1000 * 1.2)}
        size = len(encode(body))
        self.holds[marker] = PRICE.bound(size, asked)
        began = time.time()
        answer = await call(self.world.server.data, player.key, body, headers={"x-request-id": marker}, **hang_up)
        if answer.request_id:
            self.request_ids[marker] = answer.request_id
        needed = PRICE.bound(size, min(asked, TRIM_FLOOR) if player.trims else asked)
        self.judge(player, Denial(marker, player.cap, needed, began, time.time()), answer)

    def judge(self, player: Player, call: Denial, answer: Answer) -> None:
        """`call` as it is if its own budget refuses it."""
        if answer.hung_up and not answer.error:
            self.outcomes["hung up"] += 1
            self.left[call.marker] = call.began, call.ended
        elif answer.done:
            self.outcomes["served"] += 1
        elif answer.status == 429 and answer.failure["code"] in ("insufficient_quota", "budget_held"):
            self.outcomes[answer.failure["code"]] += 1
            self.check_refusal(player, call, answer.failure["budget"])
        elif answer.status == 502 and player.pool_budget and answer.failure["code"] == "upstream_error":
            self.outcomes["first pool failed, no money for the second"] += 1
            player.either.append((call, replace(call, cap=player.pool_cap)))
        else:
            self.problems.append(f"{answer.status} {answer.error} {answer.body[:300]!r}")

    def check_refusal(self, player: Player, call: Denial, budget: dict[str, Any]) -> None:
        limit, posted, held, remaining = (pico(budget[name]) for name in ("limit", "posted", "held", "remaining"))
        if limit not in player.caps.values() or remaining != limit - posted - held:
            self.problems.append(f"figures do not add up: {budget}, caps {[*map(usd, player.caps.values())]}")
        if remaining >= call.needed:
            self.problems.append(f"refused although {usd(remaining)} covers the hold of {usd(call.needed)}: {budget}")
        if limit == player.cap:
            player.denials.append(call)
        else:
            player.pool_denials.append(replace(call, cap=limit))


class Sampler(threading.Thread):
    """Looks at every cap, again and again, while the storm runs."""

    def __init__(self, world: World, players: list[Player]) -> None:
        super().__init__(daemon=True)
        self.world, self.players = world, players
        self.enough = threading.Event()
        self.samples = 0
        self.problems: list[str] = []

    def run(self) -> None:
        turn = 0
        while not self.enough.wait(0.01):
            try:
                self.look_at_books()
                self.look_at_state(self.players[turn % len(self.players)])
            except Exception as error:  # a sampler that died silently would prove nothing
                self.problems.append(repr(error))
            turn += 1

    def look_at_books(self) -> None:
        balances = self.world.books.balances()
        for player in self.players:
            balance = balances.get(player.id)
            self.samples += 1
            if balance and balance.spent + balance.held > player.cap:
                self.problems.append(f"books: {balance} over the cap {player.cap}")

    def look_at_state(self, player: Player) -> None:
        for budget in player.caps:
            state = self.world.admin.budget_state(budget)
            self.samples += 1
            if pico(state["posted"]) + pico(state["held"]) > pico(state["limit"]) or pico(state["remaining"]) < 0:
                self.problems.append(f"state: {state}")


def lay_first_pool(world: World) -> None:
    """Another pool before the one of the world, for the same model; its backend fails now and then."""
    world.admin.pool(FIRST_POOL)
    world.admin.backend(FIRST_POOL, FIRST_POOL, world.backend.base_url(f"fault=500,every={FAILS_EVERY}"),
                        on_disconnect="drain")
    world.admin.model("fake", [FIRST_POOL, "fast"], MAX_OUTPUT)


def make_players(world: World, dice: random.Random, falling: bool) -> list[Player]:
    players = []
    for number in range(TENANTS):
        cap = dice.randrange(1, 21) * TYPICAL_COST + dice.randrange(1000)
        trims = number % 2 == 1
        tenant = world.tenant(
            usd(cap), (FIRST_POOL, "fast") if falling else ("fast",), on_insufficient="trim" if trims else "refuse",
            hold_wait_ms=(0, 300, 2000)[number % 3],
        )
        assert tenant.budget
        player = Player(tenant.id, tenant.key, tenant.budget, cap, trims)
        if falling and number % 5 < 2:
            player.pool_cap = cap // SHARE_OF_POOL
            player.pool_budget = world.admin.budget(tenant.id, usd(player.pool_cap), pool="fast")
        players.append(player)
    return players


async def blow(storm: Storm) -> None:
    numbers = iter(range(CALLS))
    await asyncio.gather(*(storm.client(numbers) for _ in range(CLIENTS)))


def run_storm(world: World, dice: random.Random, falling: bool = False) -> Storm:
    """`falling` after `lay_first_pool`."""
    storm = Storm(world, make_players(world, dice, falling), dice)
    sampler = Sampler(world, storm.players)
    sampler.start()
    try:
        asyncio.run(blow(storm))
    finally:
        sampler.enough.set()
        sampler.join()
    world.books.wait_until_no_holds()
    assert not storm.problems, f"{len(storm.problems)} problems, first: {storm.problems[:3]}"
    assert not sampler.problems, f"{len(sampler.problems)} samples over a cap, first: {sampler.problems[:3]}"
    assert sampler.samples >= 1000, f"only {sampler.samples} samples"
    assert storm.outcomes["served"] >= TENANTS and storm.outcomes["insufficient_quota"] > 0, storm.outcomes
    note(f"{dict(storm.outcomes)}, {sampler.samples} samples")
    return storm


def check_caps(storm: Storm) -> None:
    check_sums(storm)
    check_denials(storm)


def check_denials(storm: Storm) -> None:
    """Nobody was refused though there was money, by what the ledger says was taken meanwhile."""
    names = requests_by_name(storm.world.server)
    of_tenant: dict[str, list[Entry]] = defaultdict(list)
    for entry in storm.world.books.entries():
        of_tenant[entry.tenant_id].append(entry)
    problems: list[str] = []
    for player in storm.players:
        own = of_tenant[player.id]
        second = [entry for entry in own if entry.pool == "fast"]
        left = {marker: span for marker, span in storm.left.items() if marker.startswith(player.id)}
        problems += early(player.denials, own, names, storm.holds, left)
        problems += early(player.pool_denials, second, names, storm.holds, left)
        problems += [f"without a second attempt: {problem}" for first, pool in player.either
                     if early([first], own, names, storm.holds, left)
                     for problem in early([pool], second, names, storm.holds, left)]
    of_them = [marker for marker in storm.holds if any(f"{marker} " in problem for problem in problems[:3])]
    lines = [line for line in storm.world.server.output.splitlines()
             if any(f'"{marker}"' in line for marker in of_them)]
    assert not problems, f"{len(problems)} refused early, first: {problems[:3]}; the log says {lines[:6]}"


def check_sums(storm: Storm) -> None:
    entries = storm.world.books.entries()
    spent = cost_by_tenant(entries)
    spent_in_pool = cost_by_tenant(entry for entry in entries if entry.pool == "fast")
    for player in storm.players:
        for budget, cap in player.caps.items():
            state = storm.world.admin.budget_state(budget)
            assert pico(state["held"]) == 0
            sums = spent if budget == player.budget else spent_in_pool
            assert pico(state["posted"]) == sums.get(player.id, 0) <= cap


def backend_cost(backend: FakeBackend) -> dict[str, int]:
    """What the backend's own log bills, per tenant."""
    sums: dict[str, int] = defaultdict(int)
    for seen in backend.calls():
        assert seen.finished, f"the backend never finished {seen.arrived}"
        sums[seen.marker.split("/")[0]] += PRICE.cost(*seen.billed)
    return sums


@contextmanager
def storm_world(run: Run, secure: bool, aborts: bool) -> Iterator[World]:
    """A gateway and its backend. A secure one serves so few calls at once that most wait for it, their money held."""
    narrow = {"max_concurrency": AT_ONCE} if secure else {}
    with trusted_backend(secure) as (backend, config), gateway(run.binary, config) as server:
        yield World.lay(server, backend, on_disconnect="abort" if aborts else "drain", **narrow)


@pytest.mark.parametrize(("secure", "falling"), [(False, False), (True, False), (False, True)],
                         ids=["many at once", "few at once over TLS", "the first pool fails"])
def test_storm_with_drain_equals_the_backends_own_log(run: Run, secure: bool, falling: bool) -> None:
    with storm_world(run, secure, aborts=False) as world:
        if falling:
            lay_first_pool(world)
        for number in range(20 if run.full else 1):
            storm = run_storm(world, run.dice(f"drain {number}"), falling)
            check_caps(storm)
            assert_same_calls(world.books, world.backend, storm)
        assert (fell_back(world) >= FEWEST_FALLBACKS) == falling


def fell_back(world: World) -> int:
    """Second attempts that were paid for."""
    return sum(entry.attempt > 1 and entry.cost > 0 for entry in world.books.entries())


def assert_same_calls(books: Books, backend: FakeBackend, storm: Storm) -> None:
    entries = books.entries()
    billed = backend_cost(backend)
    spent = cost_by_tenant(entries)
    for tenant in billed.keys() | spent.keys():
        assert spent.get(tenant, 0) == billed.get(tenant, 0), f"tenant {tenant}"
    charged = [seen for seen in backend.calls() if any(seen.billed)]
    settled = {entry.request_id: entry for entry in entries if entry.kind == "settle" and entry.cost > 0}
    assert sum(entry.kind == "settle" and entry.cost > 0 for entry in entries) == len(charged)
    for seen in charged:
        request_id = storm.request_ids.get(seen.marker)
        if request_id:
            entry = settled[request_id]
            assert (entry.input + entry.input_cache_read, entry.output) == seen.billed


@pytest.mark.parametrize("secure", [False, True], ids=["many at once", "few at once over TLS"])
def test_storm_with_abort_keeps_the_caps(run: Run, secure: bool) -> None:
    with storm_world(run, secure, aborts=True) as world:
        storm = run_storm(world, run.dice("abort"))
        check_caps(storm)
        assert_each_call_has_an_entry(storm)
        calls, entries = world.backend.calls(), world.books.entries()
        billed, spent = sum(backend_cost(world.backend).values()), sum(entry.cost for entry in entries)
        cut = sum(seen.hung_up for seen in calls)
        note(f"abort: backend billed {usd(billed)}, ledger {usd(spent)}, difference {(spent - billed) / billed:+.1%} "
             f"over {len(calls)} calls of which {cut} were cut short")


def assert_each_call_has_an_entry(storm: Storm) -> None:
    """Of a call that nobody waited for the backend may have seen nothing; all others are booked as often as it saw
    them, and what was reported at what it bills."""
    names = requests_by_name(storm.world.server)
    seen: dict[str, list[BackendCall]] = defaultdict(list)
    for backend_call in storm.world.backend.calls():
        seen[backend_call.marker].append(backend_call)
    booked: dict[str, list[Entry]] = defaultdict(list)
    for entry in storm.world.books.entries():
        if entry.kind in ONE_PER_ATTEMPT and entry.outcome != "not_sent":
            booked[entry.request_id].append(entry)
    problems = []
    for marker, hold in storm.holds.items():
        own = [entry for request in names[marker] for entry in booked.pop(request, [])]
        calls = seen.pop(marker, [])
        most = 1 if marker in storm.left else 0
        if not len(calls) <= len(own) <= len(calls) + most:
            problems.append(f"{marker}: the backend saw {len(calls)} calls, {[entry.kind for entry in own]} are booked")
        bills = {PRICE.cost(*one.billed) for one in calls}
        problems += [f"{marker}: {entry.cost} are booked, the backend bills {bills}" for entry in own
                     if entry.provenance == "reported" and entry.cost not in bills]
        problems += [f"{marker}: {entry.cost} are booked, at most {hold} may be" for entry in own if entry.cost > hold]
    problems += [f"{marker}: a call that no client made" for marker in seen]
    problems += [f"{request}: booked for no call" for request in booked]
    assert not problems, f"{len(problems)} calls are booked wrongly, first: {problems[:3]}"
