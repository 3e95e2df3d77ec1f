"""When there is no free backend: the queue of a full pool."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from support.backend import FakeBackend
from support.client import Answer, encode, fetch
from support.faults import FaultBackend
from support.options import Run
from support.oracle import Price, pico, usd
from support.route import CALM, Route, wait_for
from support.tollgate import gateway
from support.world import INPUT_USD, OUTPUT_USD, Tenant, World
from test_life import rfc3339

DAILY = 1000


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, CALM) as server:
        yield World.lay(server, backend)


class Line:
    """Calls that are let in one after the other, so that their order in a queue is known."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.threads = ThreadPoolExecutor(40)

    def tenant(self) -> Tenant:
        """A further tenant of the route, with a daily quota: what is left of it tells how many calls were let in."""
        tenant = self.route.world.tenant("1000", tuple(self.route.pools))
        self.route.world.admin.quotas(f"tenants/{tenant.id}", rpd=DAILY)
        return tenant

    def start(self, marker: str, tenant: Tenant, **fields: object) -> Future[Answer]:
        """Starts a call and returns once it was let in: it is at a backend or in the queue."""
        world = self.route.world
        before = world.asked_today(tenant, DAILY)
        future = self.threads.submit(self.route.call, marker, tenant, **fields)
        wait_for(lambda: world.asked_today(tenant, DAILY) > before, f"{marker} was let in")
        return future


def full_route(world: World, faulty: FaultBackend, latency: int, queue: dict[str, object], name: str = "") -> Route:
    """One backend that takes one call at a time."""
    url = faulty.url(name or world.fresh("narrow"), f"latency={latency}")
    return Route.lay(world, {"narrow": url}, max_concurrency=1, pool_fields={"queue": queue})


def test_a_full_queue_refuses_at_once_and_those_in_it_are_served(world: World, faulty: FaultBackend) -> None:
    route = full_route(world, faulty, 500, {"max": 2, "timeout": "10s"})
    line = Line(route)
    tenant = line.tenant()
    waiting = [line.start(f"call-{number}", tenant) for number in range(3)]
    refused = route.call(tenant=tenant)
    assert (refused.status, refused.failure["code"]) == (503, "all_pools_exhausted")
    assert refused.seconds < 0.4 and int(refused.headers["retry-after"]) >= 1
    assert all(future.result().done for future in waiting)


def test_a_call_waits_no_longer_than_the_queues_timeout(world: World, faulty: FaultBackend) -> None:
    route = full_route(world, faulty, 3000, {"max": 5, "timeout": "400ms"})
    line = Line(route)
    tenant = line.tenant()
    at_work = line.start("at work", tenant)
    late = route.call(tenant=tenant)
    assert (late.status, late.failure["code"]) == (503, "all_pools_exhausted")
    assert 0.35 <= late.seconds <= 1.5 and int(late.headers["retry-after"]) >= 1
    assert not route.attempts(late) and not [hold for hold in world.books.holds() if hold.request_id == late.request_id]
    assert at_work.result().done


def test_who_has_spent_its_money_is_told_so_and_takes_no_place(world: World, faulty: FaultBackend) -> None:
    route = full_route(world, faulty, 3000, {"max": 1, "timeout": "10s"})
    line = Line(route)
    at_work = line.start("at work", line.tenant())
    poor = world.tenant("0.000001", tuple(route.pools))
    answer = route.call(tenant=poor)
    assert (answer.status, answer.failure["code"]) == (429, "insufficient_quota")
    assert answer.seconds < 1 and not at_work.done()
    # The one place in the queue is free.
    waiting = line.start("waiting", line.tenant())
    answer = route.call(tenant=poor)
    assert (answer.status, answer.failure["code"]) == (429, "insufficient_quota")
    assert at_work.result().done and waiting.result().done
    route.order("narrow", "drain")
    answers = [route.call(tenant=tenant) for tenant in (poor, route.tenant)]
    assert [answer.failure["code"] for answer in answers] == ["insufficient_quota", "all_pools_exhausted"]
    assert not world.books.holds()


def test_a_call_that_waits_for_a_backend_holds_its_money(world: World, faulty: FaultBackend) -> None:
    route = full_route(world, faulty, 1500, {"max": 5, "timeout": "10s"})
    line = Line(route)
    at_work = line.start("at work", line.tenant())
    tenant = world.tenant("1000", tuple(route.pools), hold_wait_ms=0)
    world.admin.quotas(f"tenants/{tenant.id}", rpd=DAILY)
    waiting = line.start("waiting", tenant)
    state = world.admin.budget_state(str(tenant.budget))
    held = pico(state["held"])
    assert held > 0
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": usd(held + held // 2)})
    answer = route.call(tenant=tenant)
    assert (answer.status, answer.failure["code"]) == (429, "budget_held")
    assert answer.seconds < 1 and not at_work.done(), "without patience a refusal comes at once"
    assert at_work.result().done and waiting.result().done
    world.books.wait_until_no_holds()
    assert route.call(tenant=tenant).done


def test_who_has_money_for_a_full_pool_is_not_refused_for_another(world: World, faulty: FaultBackend) -> None:
    route = Route.lay(
        world, {"spent": faulty.url(world.fresh("spent"))},
        {"narrow": {"base_url": faulty.url(world.fresh("narrow"), "latency=2000"), "max_concurrency": 1}},
        pool_fields={"queue": {"max": 5, "timeout": "400ms"}})
    world.admin.budget(route.tenant.id, "0.000001", pool=route.pools[0])
    other = world.tenant("1000", (route.pools[1],))
    world.admin.quotas(f"tenants/{other.id}", rpd=DAILY)
    at_work = Line(route).start("at work", other)
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    assert int(answer.headers["retry-after"]) >= 1 and not at_work.done()
    assert at_work.result().done
    assert route.call().done and not world.books.holds()


def test_tenants_take_turns_and_a_tenants_own_calls_keep_their_order(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("narrow")
    route = full_route(world, faulty, 400, {"max": 50, "timeout": "20s"}, name)
    line = Line(route)
    many, few, single = line.tenant(), line.tenant(), line.tenant()
    calls = [line.start("at work", many)]
    calls += [line.start(f"many-{number}", many) for number in range(6)]
    calls += [line.start(f"few-{number}", few) for number in range(2)]
    calls += [line.start("single-0", single)]
    lined_up = time.time()
    assert all(future.result().done for future in calls)
    order = [call.user for call in faulty.calls(name)]
    for tenant, count in (("many", 6), ("few", 2), ("single", 1)):
        own = [marker for marker in order if marker.startswith(tenant)]
        assert own == [f"{tenant}-{turn}" for turn in range(count)], order
    # What was served before the last one stood in line does not count; from there on it is each tenant's turn.
    arrived = calls_before(faulty, name, lined_up)
    rest = order[arrived:]
    assert {marker.partition("-")[0] for marker in rest[:3]} == {"many", "few", "single"}, order
    assert len(rest) >= 6, f"too slow a machine to show anything: {order}"


def calls_before(faulty: FaultBackend, name: str, instant: float) -> int:
    return sum(call.at <= instant for call in faulty.calls(name))


def test_a_call_that_waits_takes_any_target_that_comes_free(world: World, faulty: FaultBackend) -> None:
    slow, quick = world.fresh("slow"), world.fresh("quick")
    route = Route.lay(world, {"slow": faulty.url(slow, "latency=3000")}, {"quick": faulty.url(quick, "latency=500")},
                      max_concurrency=1, pool_fields={"queue": {"max": 5, "timeout": "10s"}})
    line = Line(route)
    tenant = line.tenant()
    first, second = (line.start(f"call-{number}", tenant) for number in range(2))
    waited = route.call(tenant=tenant)
    assert waited.done and route.served_by(waited) == "quick" and waited.seconds < 2
    assert first.result().done and second.result().done


def test_a_revoked_key_leaves_the_queue_unserved(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("narrow")
    route = full_route(world, faulty, 700, {"max": 5, "timeout": "10s"}, name)
    line = Line(route)
    good, revoked = line.tenant(), line.tenant()
    at_work = line.start("at work", good)
    waiting = line.start("revoked", revoked)
    behind = line.start("behind", good)
    world.admin.ok("DELETE", f"/keys/{revoked.key_id}")
    answer = waiting.result()
    assert (answer.status, answer.failure["code"]) == (401, "invalid_api_key")
    assert at_work.result().done and behind.result().done
    assert [call.user for call in faulty.calls(name)] == ["at work", "behind"]
    assert not world.books.holds()


def test_a_key_revoked_during_an_attempt_gets_no_other(world: World, faulty: FaultBackend) -> None:
    hung, spare = world.fresh("hung"), world.fresh("spare")
    route = Route.lay(world, {"hung": faulty.url(hung, "fault=hang")}, {"spare": faulty.url(spare)},
                      timeouts={"first_byte": "1s"})
    line = Line(route)
    tenant = line.tenant()
    late = line.start("late", tenant)
    world.admin.ok("DELETE", f"/keys/{tenant.key_id}")
    answer = late.result()
    assert (answer.status, answer.failure["code"]) == (401, "invalid_api_key")
    assert len(faulty.calls(hung)) == 1 and not faulty.calls(spare)
    assert [row.outcome for row in route.attempts(answer)] == ["unanswered"]
    assert not world.books.holds()


@pytest.mark.parametrize("lost", [0, 1])
def test_a_call_in_the_queue_is_served_by_the_pool_its_tenant_keeps(
        world: World, faulty: FaultBackend, lost: int) -> None:
    """The slot that comes free first is of the pool that was lost, whichever that is."""
    latencies = [1500, 1500]
    latencies[lost] = 700
    names = [world.fresh("first"), world.fresh("second")]
    first, second = ({f"b{number}": faulty.url(name, f"latency={latencies[number]}")}
                     for number, name in enumerate(names))
    route = Route.lay(world, first, second, max_concurrency=1, pool_fields={"queue": {"max": 5, "timeout": "10s"}})
    line = Line(route)
    other, tenant = line.tenant(), line.tenant()
    at_work = [line.start(f"at work {number}", other) for number in range(2)]
    waiting = line.start("waiting", tenant)
    world.admin.entitle(tenant.id, {route.pools[1 - lost]: ["*"]})
    answer = waiting.result()
    assert answer.done and route.served_by(answer) == f"b{1 - lost}", answer
    assert all(future.result().done for future in at_work)
    assert "waiting" not in [call.user for call in faulty.calls(names[lost])]
    wait_for(lambda: route.status(f"b{lost}")["in_flight"] == 0, "the slot of the pool that was lost went back")
    assert not world.books.holds()


def test_a_pool_lost_during_an_attempt_is_not_tried_next(world: World, faulty: FaultBackend) -> None:
    names = [world.fresh(role) for role in ("hung", "lost", "kept")]
    route = Route.lay(world, {"hung": faulty.url(names[0], "fault=hang")}, {"lost": faulty.url(names[1])},
                      {"kept": faulty.url(names[2])}, timeouts={"first_byte": "1s"})
    line = Line(route)
    tenant = line.tenant()
    late = line.start("late", tenant)
    world.admin.entitle(tenant.id, {pool: ["*"] for pool in (route.pools[0], route.pools[2])})
    answer = late.result()
    assert answer.done and route.served_by(answer) == "kept", answer
    assert not faulty.calls(names[1]) and not world.books.holds()


@pytest.mark.parametrize("unanswered", ["release", "charge"])
def test_what_an_attempt_cost_stays_booked_when_its_own_pool_is_lost_meanwhile(
        world: World, faulty: FaultBackend, unanswered: str) -> None:
    hung, kept = (faulty.url(world.fresh(role), more) for role, more in (("hung", "fault=hang"), ("kept", "")))
    route = Route.lay(world, {"hung": {"base_url": hung, "on_unanswered": unanswered}}, {"kept": kept},
                      timeouts={"first_byte": "1s"})
    line = Line(route)
    tenant = line.tenant()
    late = line.start("late", tenant)
    world.admin.entitle(tenant.id, {route.pools[1]: ["*"]})
    answer = late.result()
    assert answer.done and route.served_by(answer) == "kept", answer
    first, second = route.attempts(answer)
    assert (first.outcome, second.outcome) == ("unanswered", "answered"), (first, second)
    assert (first.cost > 0) == (unanswered == "charge") and second.cost > 0
    with world.books.connect() as connection:
        listed = connection.execute("SELECT list_cost FROM ledger WHERE request_id = ? ORDER BY attempt",
                                    (answer.request_id,)).fetchall()
    assert listed == [(first.cost,), (second.cost,)]
    assert not world.books.holds()


@pytest.mark.parametrize("reprices", [False, True])
def test_a_call_that_waited_for_money_is_not_sent_to_a_pool_that_was_lost(
        world: World, faulty: FaultBackend, reprices: bool) -> None:
    """Not when it is admitted anew either, because its price changed meanwhile."""
    names = [world.fresh("lost"), world.fresh("kept")]
    route = Route.lay(world, {"lost": faulty.url(names[0], "latency=1000")}, {"kept": faulty.url(names[1])})
    price = Price.per_million(INPUT_USD, OUTPUT_USD)
    body = route.body("waiter", max_tokens=100)
    # Room for one hold and a half.
    tenant = world.tenant(usd(price.bound(len(encode(body)), 100) * 3 // 2), tuple(route.pools), hold_wait_ms=10_000)
    world.admin.quotas(f"tenants/{tenant.id}", rpd=DAILY)
    line = Line(route)
    holder = line.start("holder", tenant, max_tokens=100)
    waiter = line.start("waiter", tenant, max_tokens=100)
    world.admin.entitle(tenant.id, {route.pools[1]: ["*"]})
    if reprices:
        world.admin.price(route.model, "0.1", "0.4", effective_from=rfc3339(-60))
    answer = waiter.result()
    assert answer.done and route.served_by(answer) == "kept", answer
    assert holder.result().done and [call.user for call in faulty.calls(names[0])] == ["holder"]
    world.books.wait_until_no_holds()


def test_money_held_for_a_pool_that_was_lost_goes_back(world: World, faulty: FaultBackend) -> None:
    """Whoever has none for the pool that is left is told so, and takes no place there."""
    lost, kept = (faulty.url(world.fresh(role), "latency=2000") for role in ("lost", "kept"))
    route = Route.lay(world, {"lost": lost}, {"kept": kept}, max_concurrency=1,
                      pool_fields={"queue": {"max": 5, "timeout": "10s"}})
    line = Line(route)
    other, tenant = line.tenant(), line.tenant()
    world.admin.budget(tenant.id, "0.000001", pool=route.pools[1])
    at_work = [line.start(f"at work {number}", other) for number in range(2)]
    waiting = line.start("waiting", tenant)
    world.admin.entitle(tenant.id, {route.pools[1]: ["*"]})
    answer = waiting.result()
    assert (answer.status, answer.failure["code"]) == (429, "insufficient_quota")
    assert all(future.result().done for future in at_work)
    assert not pico(world.admin.budget_state(str(tenant.budget))["held"])
    world.books.wait_until_no_holds()


def test_who_lost_every_pool_leaves_the_queue_unserved(world: World, faulty: FaultBackend) -> None:
    route = full_route(world, faulty, 700, {"max": 5, "timeout": "10s"})
    line = Line(route)
    other, tenant = line.tenant(), line.tenant()
    at_work = line.start("at work", other)
    waiting = line.start("waiting", tenant)
    world.admin.entitle(tenant.id, {})
    answer = waiting.result()
    assert (answer.status, answer.failure["code"]) == (404, "model_not_found")
    assert at_work.result().done and not world.books.holds()


def test_a_client_that_leaves_the_queue_leaves_nothing_behind(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("narrow")
    route = full_route(world, faulty, 700, {"max": 5, "timeout": "10s"}, name)
    line = Line(route)
    tenant = line.tenant()
    at_work = line.start("at work", tenant)
    gone = fetch(world.server.data, tenant.key, route.body("gone"), hang_up_after=0.2)
    assert gone.hung_up and at_work.result().done
    assert route.call("next", tenant).done
    assert [call.user for call in faulty.calls(name)] == ["at work", "next"]
    wait_for(lambda: route.status("narrow")["in_flight"] == 0, "no slot is lost")
    assert not world.books.holds()
