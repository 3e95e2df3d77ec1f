"""The burst that breaks gateways: a cap worth ten calls, many more calls at once, a slow backend.

A trial is one tenant, one cap, one burst. At most ten calls may be served; where a hold is the cost to the picodollar
exactly ten must be, where it is a little more at least nine. `prove/races.py` plays more of them, some through a backend
that fails to a pool with a budget of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from support import bookkeeping
from support.admin import AdminError
from support.backend import FakeBackend
from support.client import Answer, call, chat
from support.options import Run
from support.oracle import Price, cost_by_tenant, pico, usd
from support.processes import note
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

WORTH = 10
OUT = 100
PROMPT = 50
MODEL_MAX = 4000  # without max_tokens a hold is 40 calls' worth: four times the cap
LATENCY_MS = 300
SMALL_BURST, FULL_BURST = 30, 200
AT_ONCE = 20

# Without a price on input the hold is the cost; with one it is a little more, as the input bound is in bytes.
PER_MILLION = {"exact": ("0", "10"), "close": ("0.01", "10")}
MODELS = {model: Price.per_million(*prices) for model, prices in PER_MILLION.items()}
FALLBACK_LATENCY_MS = 100  # of each of two attempts
BUSY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Variant:
    model: str
    sends_max: bool
    stream: bool
    # Calls that the budget of the second pool is worth, where the model has two and the first one's backend fails.
    fallback: int = 0

    @property
    def worth(self) -> int:
        return min(WORTH, self.fallback or WORTH)

    @property
    def fewest(self) -> int:
        """Without a price on input the last of ten holds is what is left of the cap, to the picodollar. It is the cost
        where `max_tokens` is given, and is trimmed to it where it is not."""
        return self.worth if self.model == "exact" else self.worth - 1

    def __str__(self) -> str:
        maximum = "set" if self.sends_max else "absent"
        text = f"{self.model}, max_tokens {maximum}, {'stream' if self.stream else 'plain'}"
        return f"{text}, falls back to a pool worth {self.fallback}" if self.fallback else text


@dataclass(frozen=True)
class Account:
    """Whose burst it is, the model it asks for, and the caps of its budgets."""

    tenant: Tenant
    model: str
    caps: dict[str, int]


Result = tuple[Variant, int, str]  # calls served, and an empty string or what was wrong
VARIANTS = [Variant(model, sends_max, stream)
            for model in MODELS for sends_max in (True, False) for stream in (False, True)]
FALLBACKS = [replace(variant, fallback=worth) for worth in (6, 20) for variant in VARIANTS]


@pytest.fixture(scope="module")
def bursts(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary) as server:
        yield laid_for_bursts(server, backend)


def laid_for_bursts(server: Gateway, backend: FakeBackend) -> World:
    world = World.lay(server, backend, on_disconnect="drain")
    for model, prices in PER_MILLION.items():
        world.admin.model(model, ["fast"], MODEL_MAX)
        world.admin.price(model, *prices)
    return world


def open_account(world: World, variant: Variant, cap: int) -> Account:
    fields: dict[str, Any] = {} if variant.sends_max else {"on_insufficient": "trim"}
    model = failing_first(world, variant) if variant.fallback else variant.model
    pools = (model, "fast") if variant.fallback else ("fast",)
    tenant = world.tenant(usd(cap), pools, hold_wait_ms=10_000, **fields)
    assert tenant.budget
    caps = {tenant.budget: cap}
    if variant.fallback:
        of_pool = cap // WORTH * variant.fallback
        caps[world.admin.budget(tenant.id, usd(of_pool), pool="fast")] = of_pool
    return Account(tenant, model, caps)


def failing_first(world: World, variant: Variant) -> str:
    """A model of its own: that the backend of its first pool fails is news to each burst, and all its calls meet it."""
    name = world.fresh("failing")
    world.admin.pool(name)
    world.admin.backend(name, name, world.backend.base_url("fault=500"), on_disconnect="drain")
    world.admin.model(name, [{"pool": pool, "upstream_model": variant.model} for pool in (name, "fast")], MODEL_MAX)
    world.admin.price(name, *PER_MILLION[variant.model])
    return name


async def opened(world: World, variant: Variant, cap: int) -> Account:
    """Keys are hashed one after the other, and of very many at once the gateway says that it is busy."""
    for pause in BUSY_PAUSES:
        try:
            return await asyncio.to_thread(open_account, world, variant, cap)
        except AdminError as error:
            if error.reply.status != 503:
                raise
            await asyncio.sleep(pause)
    return await asyncio.to_thread(open_account, world, variant, cap)


async def one_trial(world: World, variant: Variant, size: int) -> tuple[int, str]:
    """Calls served, and an empty string or what was wrong."""
    price = MODELS[variant.model]
    cap = WORTH * price.cost(PROMPT, OUT)
    account = await opened(world, variant, cap)
    tenant = account.tenant
    latency = FALLBACK_LATENCY_MS if variant.fallback else LATENCY_MS

    def body(number: int) -> dict[str, Any]:
        fields: dict[str, Any] = {"stream": True} if variant.stream else {}
        if variant.sends_max:
            fields["max_tokens"] = OUT
        return chat(f"{tenant.id}/{number}", model=account.model, **fields,
                    knobs=f"latency={latency},out={OUT},in={PROMPT}")

    answers = await asyncio.gather(*(call(world.server.data, tenant.key, body(number)) for number in range(size)))
    served = sum(answer.done for answer in answers)
    problems = [problem for answer in answers if (problem := fault_of(variant, answer))]
    problems += served_wrong(variant, served)
    spent = await asyncio.to_thread(world.books.spent, tenant.id)
    for budget, most in account.caps.items():
        state = await asyncio.to_thread(world.admin.budget_state, budget)
        if pico(state["held"]) or pico(state["posted"]) > most or pico(state["posted"]) != spent:
            problems.append(f"afterwards {state}, the ledger's entries are {spent}")
    return served, f"[{variant}] {tenant.id}: {problems[:3]}" if problems else ""


def served_wrong(variant: Variant, served: int) -> list[str]:
    if variant.fewest <= served <= variant.worth:
        return []
    return [f"{served} of {variant.worth} served, at least {variant.fewest} must be"]


def by_variant(results: list[Result]) -> dict[Variant, dict[int, int]]:
    """How many bursts had so many calls served."""
    served: dict[Variant, Counter[int]] = {}
    for variant, count, _ in results:
        served.setdefault(variant, Counter())[count] += 1
    return {variant: dict(sorted(served[variant].items())) for variant in sorted(served, key=str)}


def fault_of(variant: Variant, answer: Answer) -> str:
    if answer.done:
        return ""
    # Where the second pool has no money left, the answer is the failure of the first one's backend.
    if answer.status == 502 and variant.worth < WORTH and answer.failure["code"] == "upstream_error":
        return ""
    # Or that one rests by now; the SDK asks again after a while.
    if (answer.status == 503 and variant.worth < WORTH and answer.failure["code"] == "all_pools_exhausted"
            and answer.headers.get("retry-after")):
        return ""
    if answer.status != 429 or answer.failure["code"] not in ("insufficient_quota", "budget_held"):
        return f"{answer.status} {answer.error} {answer.body[:300]!r}"
    return ""


async def many_trials(world: World, plan: list[tuple[Variant, int]], at_once: int) -> list[Result]:
    gate = asyncio.Semaphore(at_once)

    async def guarded(variant: Variant, size: int) -> Result:
        async with gate:
            return variant, *await one_trial(world, variant, size)

    return list(await asyncio.gather(*(guarded(variant, size) for variant, size in plan)))


def check(world: World, backend: FakeBackend, results: list[Result], name: str) -> None:
    problems = [problem for _, _, problem in results if problem]
    note(f"{name}: {len(results)} trials, calls served per trial:")
    for variant, served in by_variant(results).items():
        note(f"    {variant}: {served}")
    assert not problems, f"{len(problems)} of {len(results)} trials failed, first: {problems[:5]}"
    check_ledger(world, backend)


def fell_back(world: World) -> int:
    """Bursts in which the second attempt of a call was paid for."""
    return len({entry.tenant_id for entry in world.books.entries() if entry.attempt > 1 and entry.cost})


def check_ledger(world: World, backend: FakeBackend) -> None:
    world.books.wait_until_no_holds()
    billed: Counter[str] = Counter()
    for seen in backend.calls():
        billed[seen.marker.split("/")[0]] += MODELS[seen.arrived["model"]].cost(*seen.billed)
    spent = cost_by_tenant(world.books.entries())
    assert spent == dict(billed), "the ledger differs from the backend's own log"
    bookkeeping.assert_right(world.server.database)


@pytest.mark.parametrize(("variant", "served", "good"), [
    (VARIANTS[0], 10, True), (VARIANTS[0], 9, False), (VARIANTS[3], 9, False), (VARIANTS[4], 9, True),
    (VARIANTS[4], 8, False), (VARIANTS[4], 11, False), (VARIANTS[0], 11, False),
    (replace(VARIANTS[0], fallback=6), 6, True), (replace(VARIANTS[0], fallback=6), 5, False),
    (replace(VARIANTS[0], fallback=6), 7, False), (replace(VARIANTS[4], fallback=6), 5, True),
    (replace(VARIANTS[4], fallback=20), 9, True), (replace(VARIANTS[0], fallback=20), 9, False),
], ids=str)
def test_one_too_few_or_too_many_is_a_failure(variant: Variant, served: int, good: bool) -> None:
    assert (not served_wrong(variant, served)) == good


def test_two_hundred_at_once(run: Run, bursts: World, backend: FakeBackend) -> None:
    plan = [(variant, FULL_BURST) for variant in VARIANTS] * (20 if run.full else 1)
    check(bursts, backend, asyncio.run(many_trials(bursts, plan, at_once=2)), f"bursts of {FULL_BURST}")


def test_five_hundred_trials(run: Run, bursts: World, backend: FakeBackend) -> None:
    plan = [(variant, SMALL_BURST) for variant in VARIANTS] * (1250 if run.full else 63)
    run.dice("burst").shuffle(plan)
    check(bursts, backend, asyncio.run(many_trials(bursts, plan, AT_ONCE)), f"bursts of {SMALL_BURST}")


def test_bursts_whose_first_pool_fails(run: Run, bursts: World, backend: FakeBackend) -> None:
    plan = [(variant, SMALL_BURST) for variant in FALLBACKS]
    before = fell_back(bursts)
    check(bursts, backend, asyncio.run(many_trials(bursts, plan, AT_ONCE)), "bursts that fall back")
    assert fell_back(bursts) - before == len(plan)


def test_a_trimmed_answer_says_so(bursts: World) -> None:
    cap = 50 * MODELS["exact"].output
    tenant = bursts.tenant(usd(cap), on_insufficient="trim")
    answer = bursts.call(tenant, "trimmed", model="exact", knobs=f"out={OUT}")
    assert answer.done
    assert answer.headers["x-tollgate-max-tokens"] == "50"
    assert bursts.backend.call("trimmed").arrived["max_tokens"] == 50
    assert answer.json()["usage"]["completion_tokens"] == 50
    entry = bursts.books.settled(answer.request_id)
    assert entry.cost == cap
    refused = bursts.call(tenant, model="exact")
    assert (refused.status, refused.failure["code"]) == (429, "insufficient_quota")
