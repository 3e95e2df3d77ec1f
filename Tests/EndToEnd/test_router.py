"""What the router learns from calls and probes: cooldowns, half-open, probes, attempts, and what retries may cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.backend import FakeBackend
from support.client import encode
from support.faults import FaultBackend
from support.load import load
from support.options import Run
from support.oracle import usd
from support.processes import note
from support.route import CALM, Route, dead_url, wait_for
from support.tollgate import gateway
from support.world import PRICE, World

EDIT_BYTES = 64  # what the gateway may add to a body before it counts the bytes for the hold
PROBED: dict[str, Any] = {"interval": "100ms", "unhealthy_after": 3, "healthy_after": 2}


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, CALM) as server:
        yield World.lay(server, backend)


def probe(faulty: FaultBackend, name: str) -> dict[str, Any]:
    return {"path": f"{faulty.root(name)}/health", **PROBED}


def wait_for_probes(faulty: FaultBackend, name: str, more: int) -> list[int]:
    """Waits until so many more probes were answered; returns all answers so far."""
    wanted = len(faulty.probes(name)) + more
    wait_for(lambda: len(faulty.probes(name)) >= wanted, f"{more} probes of {name}")
    return faulty.probes(name)


# Cooldowns


@pytest.mark.parametrize(("retry", "least", "most"), [
    ("7", 5, 7), ("date:40", 36, 40), ("99999999999", 590, 600), ("soon", 0.3, 1.3), ("", 0.3, 1.3),
])
def test_a_429_cools_the_backend_for_as_long_as_it_asks(world: World, faulty: FaultBackend, retry: str,
                                                         least: float, most: float) -> None:
    name = world.fresh("busy")
    route = Route.lay(world, {"busy": faulty.url(name, f"fault=429,retry={retry}")})
    answer = route.call()
    status, left = route.status("busy"), route.cools_for("busy")
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    assert least <= left <= most
    assert 1 <= int(answer.headers["retry-after"]) <= max(2, most)
    assert status["cooling"]["reason"] and status["last_error"]["text"] and status["last_error"]["at"]
    labels = {"pool": route.pools[0], "backend": f"{route.pools[0]}-busy"}
    assert world.server.metric("tollgate_backend_cooling", **labels) == 1
    if least > 1:
        again = route.call()
        assert again.status == 503 and least - 2 <= int(again.headers["retry-after"]) <= most
        assert len(faulty.calls(name)) == 1, "a cooling backend was called"


def test_a_backend_serves_again_when_its_cooldown_is_over(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("busy")
    route = Route.lay(world, {"busy": faulty.url(name, "fault=429,retry=1")})
    route.call()
    faulty.switch(name, "fault=")
    wait_for(lambda: route.call().done, "the first good answer", 5)
    first, second = faulty.calls(name)
    assert second.at - first.at > 0.9
    status = route.status("busy")
    assert status["cooling"] is None and status["healthy"]


def test_three_failures_in_a_row_cool_a_backend_and_a_success_starts_the_count_again(
        world: World, faulty: FaultBackend) -> None:
    name = world.fresh("shaky")
    route = Route.lay(world, {"shaky": faulty.url(name)})
    for fault in ("500", "500", "", "500", "500"):
        faulty.switch(name, f"fault={fault}")
        assert route.call().status == (502 if fault else 200)
        assert route.cooling("shaky") is None
    assert route.call().status == 502
    assert 0.3 <= route.cools_for("shaky") <= 1.3
    assert route.call().status == 503 and len(faulty.calls(name)) == 6


def test_each_failing_trial_cools_longer(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("busy")
    route = Route.lay(world, {"busy": faulty.url(name, "fault=429")})
    lengths = []
    for turn in range(1, 4):
        wait_for(lambda turn=turn: (route.call(), len(faulty.calls(name)) >= turn)[1], f"call {turn}", 10)
        lengths.append(route.cools_for("busy"))
        assert len(faulty.calls(name)) == turn
    assert lengths[1] > lengths[0] + 0.2 and lengths[2] > lengths[1] + 0.4, lengths


def test_after_a_cooldown_one_call_goes_ahead_of_the_others(world: World, faulty: FaultBackend) -> None:
    flaky, steady = world.fresh("flaky"), world.fresh("steady")
    backends = {"flaky": faulty.url(flaky, "fault=429,retry=1"), "steady": faulty.url(steady, "latency=20")}
    route = Route.lay(world, backends, pool_fields={"policy": "round_robin"})
    wait_for(lambda: (route.call(), faulty.calls(flaky))[1], "a call at the flaky backend")
    faulty.switch(flaky, "latency=400")
    with load(route, 8) as running:
        wait_for(lambda: len(faulty.calls(flaky)) >= 6, "the flaky backend in full use")
    assert not running.failures()
    _, trial, *others = faulty.calls(flaky)
    # It took 400 ms; its answer may be known to the gateway a moment before the backend notes that it sent it.
    assert all(call.at >= trial.at + 0.39 for call in others), "a second call before the trial was answered"


def test_a_refused_connection_cools_at_once_and_a_failing_fallback_as_well(world: World, faulty: FaultBackend) -> None:
    route = Route.lay(world, {"dead": dead_url()}, {"busy": faulty.url(world.fresh("busy"), "fault=429,retry=30")})
    assert route.call().status == 503
    assert 0.3 <= route.cools_for("dead") <= 1.3
    assert 27 <= route.cools_for("busy") <= 30


@pytest.mark.parametrize("code", ["401", "402", "403"])
def test_a_refused_credential_is_an_alarm_and_none_of_the_clients_business(
        world: World, faulty: FaultBackend, code: str) -> None:
    name = world.fresh("closed")
    route = Route.lay(world, {"closed": faulty.url(name, f"fault={code}")}, api_key="sk-wrong")
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (502, "upstream_error")
    assert 55 <= route.cools_for("closed") <= 60
    backend = f"{route.pools[0]}-closed"
    assert world.server.said(answer.request_id)
    lines = [line for line in world.server.output.splitlines() if backend in line and '"critical"' in line]
    assert len(lines) == 1 and "sk-wrong" not in lines[0]
    assert world.server.metric("tollgate_backend_errors_total", backend=backend) == 1


def test_what_a_backend_says_of_itself_stays_behind(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("chatty")
    route = Route.lay(world, {"chatty": faulty.url(name)})
    world.admin.quotas(f"tenants/{route.tenant.id}", rpm=50)
    for fault, stream in (("", False), ("", True), ("400", False), ("429", False)):
        faulty.switch(name, f"fault={fault}")
        answer = route.call(stream=stream)
        assert not {"set-cookie", "openai-organization"} & answer.headers.keys()
        assert answer.headers["x-ratelimit-limit-requests"] == "50", "the backend's own limit came through"
        assert answer.request_id.startswith("req_") and answer.request_id != "req_upstream"


def test_a_cooldown_outlives_an_edit(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("busy")
    route = Route.lay(world, {"busy": faulty.url(name, "fault=429,retry=60")})
    route.call()
    before = route.cooling("busy")
    route.patch("busy", weight=7, max_concurrency=3)
    route.add("other", faulty.url(world.fresh("other")))
    after = route.cooling("busy")
    assert before and after and before["reason"] == after["reason"]
    assert 55 <= route.cools_for("busy") <= 60
    assert {route.served_by(route.call()) for _ in range(4)} == {"other"} and len(faulty.calls(name)) == 1


def test_a_cooldown_outlives_a_restart(run: Run, backend: FakeBackend, faulty: FaultBackend) -> None:
    with gateway(run.binary, CALM) as server:
        world = World.lay(server, backend)
        name = world.fresh("busy")
        route = Route.lay(world, {"busy": faulty.url(name, "fault=429,retry=120")})
        route.call()
        before = route.cooling("busy")
        server.stop()
        server.start()
        after = route.cooling("busy")
        assert before and after and before["reason"] == after["reason"]
        assert 110 <= route.cools_for("busy") <= 120
        assert route.call().status == 503 and len(faulty.calls(name)) == 1


# Probes


def test_failing_probes_turn_a_backend_off_and_good_ones_on_again(world: World, faulty: FaultBackend) -> None:
    watched, other = world.fresh("watched"), world.fresh("other")
    route = Route.lay(world, {"watched": {"base_url": faulty.url(watched), "probe": probe(faulty, watched)},
                              "other": faulty.url(other)}, pool_fields={"policy": "round_robin"})
    labels = {"pool": route.pools[0], "backend": f"{route.pools[0]}-watched"}
    wait_for(lambda: len(faulty.probes(watched)) >= 2, "the first probes")
    faulty.switch(watched, "probe=503")
    wait_for(lambda: not route.status("watched")["healthy"], "unhealthy")
    assert faulty.probes(watched).count(503) >= PROBED["unhealthy_after"]
    assert world.server.metric("tollgate_backend_up", **labels) == 0
    assert {route.served_by(route.call()) for _ in range(6)} == {"other"}
    good = faulty.probes(watched).count(200)
    faulty.switch(watched)
    wait_for(lambda: route.status("watched")["healthy"], "healthy")
    assert faulty.probes(watched).count(200) - good >= PROBED["healthy_after"]
    assert world.server.metric("tollgate_backend_up", **labels) == 1
    assert {route.served_by(route.call()) for _ in range(6)} == {"other", "watched"}


def test_fewer_failing_probes_than_the_threshold_change_nothing(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("watched")
    route = Route.lay(world, {"watched": {"base_url": faulty.url(name), "probe": probe(faulty, name)}})
    wait_for(lambda: faulty.probes(name), "the first probe")
    faulty.switch(name, "bad=2")
    while faulty.probes(name)[-3:] != [200] * 3 or 503 not in faulty.probes(name):
        assert route.status("watched")["healthy"], "two of three turned it off"
    assert faulty.probes(name).count(503) == 2
    assert route.call().done


def test_good_probes_do_not_outrank_failing_calls(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("liar")
    liar = {"base_url": faulty.url(name, "fault=429,retry=30"), "probe": probe(faulty, name)}
    route = Route.lay(world, {"liar": liar})
    route.call()
    probes = wait_for_probes(faulty, name, 5)
    assert set(probes) == {200}
    assert route.cools_for("liar") > 20
    assert route.call().status == 503 and len(faulty.calls(name)) == 1


def test_a_probe_on_demand_tells_what_it_met(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("asked")
    rare = {**probe(faulty, name), "interval": "1h"}
    route = Route.lay(world, {"asked": {"base_url": faulty.url(name), "probe": rare}})
    seen = len(faulty.probes(name))
    result = route.order("asked", "probe")
    assert len(faulty.probes(name)) == seen + 1 and result, result


# Attempts, and what may be paid for them


@pytest.mark.parametrize("kind", ["failing", "dead"])
def test_a_request_is_tried_three_times_at_most_and_each_try_has_its_row(
        world: World, faulty: FaultBackend, kind: str) -> None:
    names = [world.fresh("failing") for _ in range(5)]
    urls = {f"b{turn}": faulty.url(name, "fault=500") if kind == "failing" else dead_url()
            for turn, name in enumerate(names)}
    route = Route.lay(world, urls)
    answer = route.call()
    assert answer.status == (502 if kind == "failing" else 503)
    assert [row.attempt for row in route.attempts(answer)] == [1, 2, 3]
    assert sorted(len(faulty.calls(name)) for name in names) == ([0, 0, 1, 1, 1] if kind == "failing" else [0] * 5)


def test_a_fallback_over_its_pools_budget_is_not_tried(world: World, faulty: FaultBackend) -> None:
    first, second = world.fresh("first"), world.fresh("second")
    route = Route.lay(world, {"first": faulty.url(first, "fault=500")}, {"second": faulty.url(second)})
    world.admin.budget(route.tenant.id, "0.000001", pool=route.pools[1])
    answer = route.call()
    assert (answer.status, answer.failure["code"]) == (502, "upstream_error")
    assert [row.pool for row in route.attempts(answer)] == route.pools[:1]
    assert not faulty.calls(second), "a fallback escaped the budget of its pool"
    world.books.wait_until_no_holds()


def test_a_further_attempt_is_not_made_without_funds(world: World, faulty: FaultBackend) -> None:
    """The first attempt broke off after its head and is billed, so that the second hold no longer fits."""
    first, second = world.fresh("first"), world.fresh("second")
    backends = {"first": faulty.url(first, "fault=cut")}, {"second": faulty.url(second)}
    route = Route.lay(world, *backends)
    body = encode(route.body("short of funds", max_tokens=100))
    tenant = world.tenant(usd(PRICE.bound(len(body) + EDIT_BYTES, 100)), tuple(route.pools))
    answer = route.call("short of funds", tenant, max_tokens=100)
    assert (answer.status, answer.failure["code"]) == (502, "upstream_error")
    [row] = route.attempts(answer)
    assert row.outcome == "broken" and row.cost > EDIT_BYTES * PRICE.input
    assert not faulty.calls(second)
    assert tenant.budget and world.admin.budget_state(tenant.budget)["held"] == "0"


def test_a_call_that_was_trimmed_to_what_is_free_falls_back_as_it_was(world: World, faulty: FaultBackend) -> None:
    first, second = world.fresh("first"), world.fresh("second")
    route = Route.lay(world, {"first": faulty.url(first, "fault=500")}, {"second": faulty.url(second)})
    bound = PRICE.bound(len(encode(route.body("trimmed", max_tokens=500))) + EDIT_BYTES, 500)
    tenant = world.tenant(usd(bound * 3 // 2), (*route.pools, "fast"), on_insufficient="trim", hold_wait_ms=0)
    holder = world.in_background(tenant, world.fresh("holder"), knobs="latency=1500", max_tokens=500)
    answer = route.call("trimmed", tenant, max_tokens=500)
    assert answer.done, answer
    assert 100 < int(answer.headers["x-tollgate-max-tokens"]) < 400
    assert [(row.pool, row.status) for row in route.attempts(answer)] == [(route.pools[0], 500), (route.pools[1], 200)]
    assert holder.result().done


def test_what_a_pool_lacked_before_an_attempt_does_not_keep_the_next_one_from_it(
        world: World, faulty: FaultBackend) -> None:
    """A trial keeps the call from its first pool, its second pool's budget from that one; it waits for the first, where
    it fails."""
    first, second = world.fresh("first"), world.fresh("second")
    route = Route.lay(world, {"first": faulty.url(first)}, {"second": faulty.url(second)})
    faulty.switch(first, "fault=429,retry=1")
    bound = PRICE.bound(len(encode(route.body("late", max_tokens=500))) + EDIT_BYTES, 500)
    other = world.tenant(None, tuple(route.pools))
    tenant = world.tenant("1000", tuple(route.pools), hold_wait_ms=2000)
    world.admin.budget(tenant.id, usd(bound * 3 // 2), pool=route.pools[1])
    assert route.served_by(route.call(tenant=other)) == "second"
    faulty.switch(first, "latency=900")
    time.sleep(1.1)
    with ThreadPoolExecutor(3) as threads:
        trial = threads.submit(route.call, "trial", other)
        wait_for(lambda: len(faulty.calls(first)) == 2, "the trial")
        faulty.switch(second, "latency=400")
        holder = threads.submit(route.call, "holder", tenant, max_tokens=500)
        wait_for(lambda: len(faulty.calls(second)) == 2, "the holder")
        late = threads.submit(route.call, "late", tenant, max_tokens=500)
        time.sleep(0.2)
        faulty.switch(first, "fault=500")
        assert trial.result().done and holder.result().done
        answer = late.result()
    rows = route.attempts(answer)
    assert [(row.pool, row.status) for row in rows] == [(route.pools[0], 500), (route.pools[1], 200)], answer


def test_retries_are_bounded_by_a_budget_of_the_whole_gateway(run: Run, backend: FakeBackend,
                                                              faulty: FaultBackend) -> None:
    """Every fourth call fails, never three in a row: more requests want a second attempt than the 100 and a tenth."""
    with gateway(run.binary, CALM) as server:
        world = World.lay(server, backend)
        names = [world.fresh("every-fourth") for _ in range(2)]
        route = Route.lay(world, {f"b{turn}": faulty.url(name, "fault=500,every=4") for turn, name in enumerate(names)})
        with load(route, 16) as running:
            wait_for(lambda: len(running.seen) >= 1500, "1,500 requests", 40)
        requests, calls = len(running.seen), sum(len(faulty.calls(name)) for name in names)
        note(f"{requests} requests, {calls} calls, {len(running.failures())} answered with the failure")
        assert all(timed.answer.done or timed.answer.status == 502 for timed in running.seen)
        assert calls - requests <= 100 + requests / 10 + 1
        assert calls - requests >= 100 and running.failures(), "the budget was never exhausted"
        rows = [row for row in world.books.entries() if row.tenant_id == route.tenant.id]
        assert len(rows) == calls, "not every attempt has its row"
        free = Route.lay(world, {"dead": dead_url()}, {"alive": backend.base_url()})
        assert free.call().done, "a connection that was refused cost a retry"


def test_a_storm_of_failures_is_not_answered_with_one_of_retries(run: Run, backend: FakeBackend,
                                                                 faulty: FaultBackend) -> None:
    """Emergency passthrough is on, as it is by default: its tries count as calls, and it is what notices recovery."""
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        names = [world.fresh("stormy") for _ in range(3)]
        route = Route.lay(world, {f"b{turn}": faulty.url(name, "fault=429") for turn, name in enumerate(names)})
        with load(route, 30, pause=0.1) as running:
            for fault in ("429", "500"):
                for name in names:
                    faulty.switch(name, f"fault={fault}")
                sent = len(running.seen)
                wait_for(lambda sent=sent: len(running.seen) >= sent + 600, "600 requests", 30)
            requests, calls = len(running.seen), sum(len(faulty.calls(name)) for name in names)
            for name in names:
                faulty.switch(name, "fault=")
            well = time.time()
            wait_for(lambda: any(timed.answer.done for timed in running.seen), "recovery", 10)
            recovered = time.time()
            wait_for(lambda: len(running.seen) >= requests + 300, "load after it", 20)
        note(f"{requests} requests, {calls} calls in the storm; served again after {recovered - well:.2f} s")
        assert calls <= 1.2 * requests
        # A backend may be tried once a second in an emergency: two such tries, and something for the machine.
        assert recovered - well < 3
        assert not running.failures(since=recovered), "one backend is well again, and not all are served"
