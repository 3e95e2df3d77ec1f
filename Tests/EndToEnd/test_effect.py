"""After the answer to a change nothing is admitted that it forbids, whatever is in flight: a key revoked, a cap lowered,
a tenant suspended, each under 64 clients of the same key.

A trial's clients start together and call again and again; somewhere among their calls the change is made. What was
admitted is read from the ledger, which stores the instant, and from the answers of the calls that started later. A full
run makes 1,000 trials (`make effect`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.backend import FakeBackend
from support.client import Answer, call, chat
from support.options import Run
from support.processes import note
from support.tollgate import gateway
from support.world import Tenant, World

CLIENTS = 64
TRIALS, FULL_TRIALS = 24, 1000
LATEST_MS = 40  # the change comes at most so long after the first call
LATENCIES_MS = (0, 3, 10, 40)

Change = Callable[[World, Tenant], Any]
CHANGES: dict[str, Change] = {
    "revoke": lambda world, tenant: world.admin.ok("DELETE", f"/keys/{tenant.key_id}"),
    "suspend": lambda world, tenant: world.admin.ok("POST", f"/tenants/{tenant.id}/suspend"),
    "lower": lambda world, tenant: world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "0"}),
}
REFUSALS = {"revoke": (401, "invalid_api_key"), "suspend": (403, "tenant_suspended"),
            "lower": (429, "insufficient_quota")}


@dataclass
class Trial:
    kind: str
    tenant: Tenant
    answered_at: float = 0.0  # when the change's answer was here
    good: int = 0
    early: int = 0  # refused although they started before the answer
    late: int = 0  # started after the answer
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def stage(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary) as server:
        yield World.lay(server, backend)


async def client(world: World, trial: Trial, latency: int) -> None:
    """Calls until one that started after the change was answered."""
    while True:
        started = time.time()
        answer = await call(
            world.server.data, trial.tenant.key, chat(knobs=f"latency={latency},in=10,out=5", max_tokens=5))
        judge(trial, started, answer)
        if trial.answered_at and started > trial.answered_at:
            return


def judge(trial: Trial, started: float, answer: Answer) -> None:
    is_late = bool(trial.answered_at) and started > trial.answered_at
    trial.late += is_late
    if answer.done and not is_late:
        trial.good += 1
        return
    expected = REFUSALS[trial.kind]
    found = (answer.status, answer.failure["code"] if answer.status not in (0, 200) else answer.error)
    if found == expected:
        trial.early += not is_late
    else:
        trial.wrong.append(f"{'late' if is_late else 'early'} {found}")


async def run_trial(world: World, kind: str, chance: random.Random) -> Trial:
    trial = Trial(kind, await asyncio.to_thread(world.tenant, "1000"))
    latency = chance.choice(LATENCIES_MS)
    clients = [asyncio.create_task(client(world, trial, latency)) for _ in range(CLIENTS)]
    await asyncio.sleep(chance.uniform(0, LATEST_MS) / 1000)
    await asyncio.to_thread(CHANGES[kind], world, trial.tenant)
    trial.answered_at = time.time()
    await asyncio.gather(*clients)
    return trial


def test_nothing_is_admitted_after_the_answer(run: Run, stage: World) -> None:
    chance = run.dice("effect")
    kinds = list(CHANGES)

    async def all_trials() -> list[Trial]:
        count = FULL_TRIALS if run.full else TRIALS
        return [await run_trial(stage, kinds[number % len(kinds)], chance) for number in range(count)]

    trials = asyncio.run(all_trials())
    wrong = [(trial.kind, found) for trial in trials for found in trial.wrong]
    assert not wrong, Counter(wrong).most_common(10)
    answered = {trial.tenant.id: trial for trial in trials}
    stage.books.wait_until_no_holds()
    admitted = [entry for entry in stage.books.entries() if entry.tenant_id in answered]
    late = [(answered[entry.tenant_id].kind, entry) for entry in admitted
            if entry.admitted_at / 1e6 > answered[entry.tenant_id].answered_at]
    assert not late, late[:5]
    assert all(trial.late >= CLIENTS for trial in trials)
    # Both sides of the change were seen, or it proves nothing.
    good, early = sum(trial.good for trial in trials), sum(trial.early for trial in trials)
    assert good > CLIENTS and early > 0, (good, early)
    assert sum(entry.kind == "settle" for entry in admitted) >= good
    note(f"{len(trials)} changes under {CLIENTS} clients: {good} calls served before, {early} refused that were in "
         f"flight, {sum(trial.late for trial in trials)} refused after")


@pytest.mark.parametrize("kind", CHANGES)
def test_those_that_wait_for_a_full_pool_are_judged_again(run: Run, stage: World, kind: str) -> None:
    """Four calls run, the others wait behind them; after the answer none of those reaches the backend."""
    pool, model = stage.fresh("narrow"), stage.fresh("narrow")
    stage.admin.pool(pool, queue={"max": 500, "timeout": "20s"})
    stage.admin.backend(pool, f"{pool}-a", stage.backend.base_url(), max_concurrency=4)
    stage.admin.model(model, [pool], 100)
    stage.admin.price(model, "1", "4")
    tenant = stage.tenant("1000", (pool,))
    marker = stage.fresh("queued")

    async def all_calls() -> list[Answer]:
        body = chat(marker, model=model, knobs="latency=300,in=10,out=5", max_tokens=5)
        calls = [asyncio.create_task(call(stage.server.data, tenant.key, body)) for _ in range(CLIENTS)]
        await asyncio.sleep(0.45)
        await asyncio.to_thread(CHANGES[kind], stage, tenant)
        return await asyncio.gather(*calls)

    answers = asyncio.run(all_calls())
    arrived = [seen for seen in stage.backend.calls() if seen.marker == marker]
    served = [answer for answer in answers if answer.done]
    refused = Counter((answer.status, answer.failure["code"]) for answer in answers if not answer.done)
    assert len(arrived) == len(served) <= 12, (len(arrived), len(served))
    assert refused == {REFUSALS[kind]: CLIENTS - len(served)}, refused
    assert stage.admin.holds() == []
