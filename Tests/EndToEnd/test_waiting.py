"""When there is no free backend: the queue of a full pool, and emergency passthrough before the 503."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from support.backend import FakeBackend
from support.client import Answer, fetch
from support.faults import FaultBackend
from support.options import Run
from support.oracle import pico, usd
from support.route import CALM, Route, wait_for
from support.tollgate import gateway
from support.world import Tenant, World

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


# The queue


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


# Emergency passthrough


@pytest.fixture(scope="module")
def anxious(run: Run, backend: FakeBackend) -> Iterator[World]:
    """Emergency passthrough as it is by default: a tenth of 600 calls a minute."""
    with gateway(run.binary) as server:
        yield World.lay(server, backend)


def cooled_route(world: World, faulty: FaultBackend, name: str, **fields: object) -> Route:
    """Its only backend was told to wait for 300 s, by a call of another tenant."""
    route = Route.lay(world, {"busy": {"base_url": faulty.url(name, "fault=429,retry=300"), **fields}})
    assert route.call().status == 503 and route.cools_for("busy") > 250
    return route


def emergencies(world: World, route: Route, **labels: str) -> float:
    return world.server.metric("tollgate_emergency_total", pool=route.pools[0], **labels)


def test_an_emergency_try_is_marked_in_header_row_and_metric(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("busy")
    route = Route.lay(anxious, {"busy": faulty.url(name, "fault=429,retry=300")})
    refused = route.call()
    assert (refused.status, refused.failure["code"]) == (503, "all_pools_exhausted")
    assert 290 <= int(refused.headers["retry-after"]) <= 300
    tries = len(faulty.calls(name)) - 1
    assert 1 <= tries <= 3
    assert [row.attempt for row in route.attempts(refused)] == list(range(1, tries + 2))
    assert emergencies(anxious, route, outcome="failed") == tries
    assert anxious.books.emergencies(refused.request_id) == [False] + tries * [True]
    faulty.switch(name, "fault=")
    for stream in (False, True):
        served = route.call(stream=stream)
        assert served.done
        marked = served.headers.get("x-tollgate-emergency") == "true"
        assert marked is not stream, "the first success made it well, and what followed was no emergency"
        assert anxious.books.emergencies(served.request_id) == [marked]
        assert anxious.books.settled(served.request_id).cost > 0
    assert emergencies(anxious, route, outcome="answered") == 1
    assert route.cooling("busy") is None


def test_emergency_tries_keep_their_rate_over_all_tenants(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("busy")
    route = cooled_route(anxious, faulty, name, rpm=80)  # 8 a minute in an emergency
    started = time.time()
    for tenant in (route.tenant, anxious.tenant("10", tuple(route.pools))):
        answers = route.calls(30, tenant=tenant)
        assert all(answer.failure["code"] == "all_pools_exhausted" for answer in answers)
        assert all(1 <= int(answer.headers["retry-after"]) <= 300 for answer in answers)
    tries = len(faulty.calls(name)) - 1
    assert 1 <= tries <= 8 + 1 + (time.time() - started) * 8 / 60, f"{tries} tries"
    assert emergencies(anxious, route) == tries


def test_an_emergency_keeps_to_the_backends_concurrency(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("busy")
    route = cooled_route(anxious, faulty, name, max_concurrency=1)
    faulty.switch(name, "fault=429,retry=300,latency=300")
    route.calls(6, at_once=6)
    calls = [call for call in faulty.calls(name) if call.ended]
    assert len(calls) > 2
    assert all(later.at >= earlier.ended for earlier, later in zip(calls, calls[1:])), "two at once"


def test_an_emergency_asks_for_funds_entitlement_and_quota_all_the_same(anxious: World, faulty: FaultBackend) -> None:
    busy, foreign = anxious.fresh("busy"), anxious.fresh("foreign")
    route = cooled_route(anxious, faulty, busy)
    other = Route.lay(anxious, {"foreign": faulty.url(foreign)})
    targets = [{"pool": pool} for pool in (*route.pools, *other.pools)]
    anxious.admin.ok("PUT", f"/models/{route.model}", {"targets": targets, "max_output_tokens": 1000})
    seen = len(faulty.calls(busy))
    poor, slow = anxious.tenant("0.000001", tuple(route.pools)), anxious.tenant("10", tuple(route.pools))
    anxious.admin.quotas(f"tenants/{slow.id}", rpm=1)
    stranger, gone = anxious.tenant("10"), anxious.tenant("10", tuple(route.pools))
    anxious.admin.ok("POST", f"/tenants/{gone.id}/suspend")
    for tenant, status, code in ((poor, 429, "insufficient_quota"), (stranger, 404, "model_not_found"),
                                 (gone, 403, "tenant_suspended")):
        answer = route.call(tenant=tenant)
        assert (answer.status, answer.failure["code"]) == (status, code)
    assert len(faulty.calls(busy)) == seen, "a call that was refused reached a backend"
    assert route.call(tenant=slow).status == 503 and len(faulty.calls(busy)) > seen
    seen = len(faulty.calls(busy))
    answer = route.call(tenant=slow)
    assert (answer.status, answer.failure["code"]) == (429, "rate_limit_exceeded")
    assert len(faulty.calls(busy)) == seen
    assert not faulty.calls(foreign), "an emergency went to a pool the tenant may not use"


def test_when_the_attempts_are_spent_an_emergency_is_all_that_is_left(anxious: World, faulty: FaultBackend) -> None:
    names = [anxious.fresh("busy") for _ in range(3)]
    route = Route.lay(anxious, {name: faulty.url(name, "fault=429,retry=300") for name in names})
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    marks = anxious.books.emergencies(answer.request_id)
    assert marks[:3] == 3 * [False] and 1 <= marks.count(True) <= 3 and not any(marks[:3]), marks
    faulty.switch(names[0], "fault=")
    saved = [route.call() for _ in range(2)]
    assert all(answer.done for answer in saved)
    assert saved[0].headers["x-tollgate-emergency"] == "true"


def test_an_emergency_keeps_to_the_backends_own_rate(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("rated")
    route = Route.lay(anxious, {"rated": {"base_url": faulty.url(name), "rpm": 2}},
                      pool_fields={"queue": {"max": 1, "timeout": "100ms"}})
    answers = [route.call() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 503, 503]
    assert not any("x-tollgate-emergency" in answer.headers for answer in answers)
    assert len(faulty.calls(name)) == 2


def test_an_emergency_after_the_queue_ends_with_its_end_mark(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("busy")
    route = Route.lay(anxious, {"busy": faulty.url(name, "fault=429,retry=300")},
                      pool_fields={"queue": {"max": 5, "timeout": "400ms"}})
    assert route.call().status == 503
    faulty.switch(name, "fault=open-end")
    slow = faulty.url(anxious.fresh("slow"), "latency=4000")
    route.add("slow", {"base_url": slow, "max_concurrency": 1})
    at_work = ThreadPoolExecutor(1).submit(route.call)
    wait_for(lambda: route.status("slow")["in_flight"] == 1, "the only good backend is at work")
    saved = route.call(stream=True)
    assert saved.done and saved.headers["x-tollgate-emergency"] == "true"
    assert 0.4 <= saved.seconds < 3.5 and at_work.result().done


def test_a_draining_backend_is_not_called_in_an_emergency(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("drained")
    route = Route.lay(anxious, {"drained": faulty.url(name)})
    route.order("drained", "drain")
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    assert int(answer.headers["retry-after"]) >= 1 and not faulty.calls(name)


def test_an_unhealthy_backend_is_called_in_an_emergency(anxious: World, faulty: FaultBackend) -> None:
    name = anxious.fresh("watched")
    probe = {"path": f"{faulty.root(name)}/health", "interval": "100ms", "unhealthy_after": 1, "healthy_after": 100}
    faulty.switch(name, "probe=503")
    route = Route.lay(anxious, {"watched": {"base_url": faulty.url(name), "probe": probe}})
    wait_for(lambda: not route.status("watched")["healthy"], "unhealthy")
    answer = route.call()
    assert answer.done and answer.headers["x-tollgate-emergency"] == "true"
