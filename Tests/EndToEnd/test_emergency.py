"""When there is no free backend: emergency passthrough before the 503."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.backend import FakeBackend
from support.faults import FaultBackend
from support.options import Run
from support.route import Route, wait_for
from support.tollgate import gateway
from support.world import World


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
