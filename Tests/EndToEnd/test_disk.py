"""When the disk takes no more: no call without a ledger, no end mark before the settlement, nothing lost afterwards."""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.backend import FakeBackend
from support.client import Answer, call, chat
from support.options import Run
from support.oracle import assert_exactly_once, pico
from support.processes import note
from support.tollgate import Gateway
from support.world import PRICE, Tenant, World

# The file size limit stands in for a full disk: a write beyond it fails. By default it also sends a signal that ends
# the process; a shell that ignores the signal hands that on.
IGNORE_SIGNAL = ("/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh")


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    server = Gateway(run.binary)
    server.launcher = IGNORE_SIGNAL
    try:
        server.start()
        yield World.lay(server, backend)
        assert server.running(), f"tollgate serve died:\n{server.output[-4000:]}"
        server.verify()
    finally:
        server.close()


@contextmanager
def full_disk(world: World) -> Iterator[None]:
    """Inside, the gateway can write to no file."""
    child = world.server.child
    assert child
    before = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        if child.running():
            resource.prlimit(child.pid, resource.RLIMIT_FSIZE, before)


def assert_serving_soon(world: World, tenant: Tenant) -> None:
    deadline = time.monotonic() + 5
    while not world.call(tenant, max_tokens=5).done:
        assert time.monotonic() < deadline, "the gateway did not recover"
        time.sleep(0.05)
    world.assert_good_call(tenant)


def assert_one_settlement(world: World, marker: str, request_id: str, deadline: float = 5) -> None:
    """What the backend billed for this call is in the ledger, once; written when the disk takes it again."""
    world.books.wait_until_no_holds(deadline)
    [entry] = world.books.of_request(request_id)
    assert (entry.kind, entry.cost) == ("settle", PRICE.cost(*world.backend.call(marker).billed))


def test_without_a_ledger_no_call_goes_upstream(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    entries = len(world.books.entries())
    with full_disk(world):
        # The first write that fails is what tells the gateway.
        problem = world.admin.send("POST", "/tenants", {"name": world.fresh("unwritten")})
        assert (problem.status, problem.problem["code"]) == (503, "ledger_unavailable"), problem
        for number in range(6):
            marker = world.fresh("refused")
            answer = world.call(tenant, marker, stream=number % 2 == 0)
            assert (answer.status, answer.failure["code"]) == (503, "ledger_unavailable"), answer
            assert int(answer.headers["retry-after"]) >= 1
            assert not [seen for seen in world.backend.calls() if seen.marker == marker]
        assert len(world.books.entries()) == entries
    assert_serving_soon(world, tenant)
    assert tenant.budget and pico(world.admin.budget_state(tenant.budget)["held"]) == 0


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_no_end_mark_leaves_before_the_settlement_is_stored(world: World, stream: bool) -> None:
    tenant, marker = world.tenant(), world.fresh("under-way")
    future = world.in_background(tenant, marker, knobs="latency=600", stream=stream)
    with full_disk(world):
        time.sleep(0.9)
        assert world.backend.call(marker).finished
        assert not (future.done() and future.result().done), "the client has the whole answer, the ledger has nothing"
    answer = future.result()
    assert_serving_soon(world, tenant)
    if answer.request_id:
        assert_one_settlement(world, marker, answer.request_id)
    assert tenant.budget
    state = world.admin.budget_state(tenant.budget)
    spent = sum(entry.cost for entry in world.books.entries() if entry.tenant_id == tenant.id)
    assert (pico(state["posted"]), pico(state["held"])) == (spent, 0)


def test_a_storm_of_calls_on_a_failing_disk_is_booked_once(run: Run, world: World) -> None:
    dice = run.dice("disk")
    tenant = world.tenant("1000", hold_wait_ms=0)
    first = world.backend.calls()[-1].arrived["serial"]
    answers: list[Answer] = []

    async def client(number: int) -> None:
        for turn in range(12):
            body = chat(f"{tenant.id}/{number}-{turn}", stream=dice.random() < 0.5,
                        knobs=f"latency={dice.randrange(150)},out={dice.randrange(1, 40)}")
            answers.append(await call(world.server.data, tenant.key, body))

    async def storm() -> None:
        clients = [asyncio.create_task(client(number)) for number in range(30)]
        while not all(task.done() for task in clients):
            await asyncio.sleep(dice.uniform(0.05, 0.2))
            with full_disk(world):
                await asyncio.sleep(dice.uniform(0.01, 0.15))
        await asyncio.gather(*clients)

    asyncio.run(storm())
    assert_serving_soon(world, tenant)
    world.books.wait_until_no_holds()
    entries, holds = world.books.both()
    assert_exactly_once(entries, holds)
    calls = [seen for seen in world.backend.calls() if seen.arrived["serial"] > first]
    settled = [entry for entry in entries if entry.tenant_id == tenant.id and entry.kind == "settle"]
    assert sum(entry.cost for entry in settled) == sum(PRICE.cost(*seen.billed) for seen in calls)
    assert len(settled) == len(calls)
    booked = {entry.request_id for entry in settled}
    assert all(answer.request_id in booked for answer in answers if answer.done)
    outcomes = Counter("whole" if answer.done else answer.status for answer in answers)
    note(f"failing disk: {dict(outcomes)}")
    assert outcomes["whole"] and outcomes[503], outcomes


def test_a_crash_on_a_full_disk_leaves_an_uncertain_hold(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("crashed")
    future = world.in_background(tenant, marker, knobs="latency=300")
    with full_disk(world):
        time.sleep(0.5)
        world.server.kill()
    assert not future.result().done
    world.server.verify()
    world.server.start()
    [hold] = [hold for hold in world.books.holds() if hold.tenant_id == tenant.id]
    assert hold.state == "uncertain"
    assert not [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    world.assert_good_call(tenant)
