"""How calls spread over a pool: policies, affinity, rates, and an operator's hand on it under load."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.faults import FaultBackend
from support.load import load
from support.options import Run
from support.processes import note
from support.route import CALM, Route, wait_for
from support.tollgate import gateway
from support.world import Tenant, World


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, CALM) as server:
        yield World.lay(server, backend)


def urls(world: World, faulty: FaultBackend, roles: str, knobs: str = "") -> dict[str, str]:
    """A healthy backend for each letter."""
    return {role: faulty.url(world.fresh(role), knobs) for role in roles}


# Policies


@pytest.mark.parametrize("weights", [(3, 1), (5, 2), (1, 1)])
def test_weighted_calls_spread_as_the_weights_say(world: World, faulty: FaultBackend, weights: tuple[int, int]) -> None:
    a, b = weights
    route = Route.lay(world, {"a": {"base_url": faulty.url("a"), "weight": a},
                              "b": {"base_url": faulty.url("b"), "weight": b}}, pool_fields={"policy": "weighted"})
    seen = [route.served_by(route.call()) for _ in range(8 * (a + b))]
    assert Counter(seen) == {"a": 8 * a, "b": 8 * b}
    if a > b:  # smooth: the heavy one never has its whole share in one go
        assert "a" * (a + 1) not in "".join(seen)


def test_round_robin_calls_go_round(world: World, faulty: FaultBackend) -> None:
    route = Route.lay(world, urls(world, faulty, "abc"), pool_fields={"policy": "round_robin"})
    seen = [route.served_by(route.call()) for _ in range(30)]
    assert Counter(seen) == {"a": 10, "b": 10, "c": 10}
    assert all(len(set(seen[start:start + 3])) == 3 for start in range(28)), seen


def test_least_busy_calls_pass_over_the_backend_that_is_at_work(world: World, faulty: FaultBackend) -> None:
    slow, quick = world.fresh("slow"), world.fresh("quick")
    route = Route.lay(world, {"slow": faulty.url(slow, "latency=800"), "quick": faulty.url(quick)})
    with load(route, 1):
        wait_for(lambda: route.status("slow")["in_flight"] == 1, "a call at the slow backend")
        seen = Counter(route.served_by(route.call()) for _ in range(10))
    assert seen["quick"] >= 9, seen


def test_latency_calls_prefer_the_fast_backend(world: World, faulty: FaultBackend) -> None:
    backends = {role: faulty.url(world.fresh(role), f"latency={ms}") for role, ms in (("fast", 5), ("slow", 150))}
    route = Route.lay(world, backends, pool_fields={"policy": "latency"})
    seen = Counter(route.served_by(route.call()) for _ in range(60))
    note(f"{dict(seen)}")
    assert 1 <= seen["slow"] <= 6, "an unmeasured backend is tried, and a slow one is then left alone"
    assert route.status("slow")["ewma_latency_ms"] > 100 > route.status("fast")["ewma_latency_ms"]


# Affinity


def test_a_prompt_cache_key_stays_with_its_backend(world: World, faulty: FaultBackend) -> None:
    route = Route.lay(world, urls(world, faulty, "abc"), pool_fields={"affinity": "prompt_cache_key"})
    homes = {key: {route.served_by(route.call(prompt_cache_key=key)) for _ in range(4)}
             for key in (f"conversation {number}" for number in range(16))}
    assert all(len(home) == 1 for home in homes.values()), homes
    assert len(set.union(*homes.values())) == 3, "sixteen conversations do not use all three backends"
    assert len({route.served_by(answer) for answer in route.calls(30)}) == 3, "calls without a key are spread"


def test_a_tenants_key_stays_with_its_backend(world: World, faulty: FaultBackend) -> None:
    route = Route.lay(world, urls(world, faulty, "abc"), pool_fields={"affinity": "key", "policy": "round_robin"})
    homes = []
    for number in range(16):
        key = world.admin.key(route.tenant.id, f"key-{number}")
        holder = Tenant(route.tenant.id, route.tenant.name, key["id"], key["key"], None)
        homes.append({route.served_by(route.call(tenant=holder)) for _ in range(3)})
    assert all(len(home) == 1 for home in homes), homes
    assert len(set.union(*homes)) == 3


def test_affinity_yields_to_health_and_returns(world: World, faulty: FaultBackend) -> None:
    names = {role: world.fresh(role) for role in "abc"}
    route = Route.lay(world, {role: faulty.url(name) for role, name in names.items()},
                      pool_fields={"affinity": "prompt_cache_key"})

    def home() -> str:
        answer = route.call(prompt_cache_key="one conversation")
        assert answer.done, answer
        return route.served_by(answer)

    usual = home()
    faulty.switch(names[usual], "fault=429,retry=2")
    away = {home() for _ in range(4)}
    assert usual not in away
    faulty.switch(names[usual])
    wait_for(lambda: home() == usual, "the conversation is back at its backend", 6)
    route.order(usual, "drain")
    assert usual not in {home() for _ in range(4)}
    route.order(usual, "undrain")
    assert {home() for _ in range(4)} == {usual}


# Rates


def test_a_backend_is_called_no_more_often_than_its_rate_allows(world: World, faulty: FaultBackend) -> None:
    limited, free = world.fresh("limited"), world.fresh("free")
    route = Route.lay(world, {"limited": {"base_url": faulty.url(limited), "rpm": 20, "weight": 1000},
                              "free": {"base_url": faulty.url(free), "weight": 1}}, pool_fields={"policy": "weighted"})
    started = time.time()
    answers = route.calls(60)
    elapsed = time.time() - started
    assert all(answer.done for answer in answers), "the other backend had room for all"
    assert 20 <= len(faulty.calls(limited)) <= 20 + 1 + elapsed * 20 / 60
    assert len(faulty.calls(free)) == 60 - len(faulty.calls(limited))


def test_calls_over_the_rate_wait_for_its_next_token(world: World, faulty: FaultBackend) -> None:
    name = world.fresh("limited")
    route = Route.lay(world, {"limited": {"base_url": faulty.url(name), "rpm": 60}},
                      pool_fields={"queue": {"max": 10, "timeout": "10s"}})
    started = time.time()
    assert all(answer.done for answer in route.calls(63))
    elapsed = time.time() - started
    times = [call.at for call in faulty.calls(name)]
    assert len(times) == 63 and 1.5 <= elapsed <= 5, f"{elapsed:.1f} s for three calls over the rate of one a second"
    assert times[-1] - times[-2] > 0.7


# An operator's hand


def test_drains_weights_and_limits_change_under_load_without_a_failed_request(
        world: World, faulty: FaultBackend) -> None:
    names = {role: world.fresh(role) for role in "ab"}
    route = Route.lay(world, {role: faulty.url(name, "latency=20") for role, name in names.items()},
                      pool_fields={"policy": "weighted"})

    def more(role: str, count: int) -> None:
        wanted = len(faulty.calls(names[role])) + count
        wait_for(lambda: len(faulty.calls(names[role])) >= wanted, f"{count} more calls at {role}")

    with load(route, 12) as running:
        for role, other in ("ab", "ba"):
            more(role, 10)
            assert route.order(role, "drain")["draining"]
            drained = time.time()
            wait_for(lambda role=role: route.status(role)["in_flight"] == 0, f"{role} has finished")
            assert route.status(role)["draining"]
            more(other, 30)
            late = [call for call in faulty.calls(names[role]) if call.at > drained + 0.05]
            assert not late, "a draining backend was called"
            route.order(role, "undrain")
            more(role, 10)
        route.patch("a", weight=9)
        before = {role: len(faulty.calls(name)) for role, name in names.items()}
        more("a", 180)
        share = {role: len(faulty.calls(name)) - before[role] for role, name in names.items()}
        assert 5 < share["a"] / share["b"] < 15, f"{share} at weights of 9 to 1"
        route.patch("a", max_concurrency=1)
        wait_for(lambda: route.status("a")["in_flight"] <= 1, "the calls from before have finished")
        limited = time.time()
        more("a", 10)
        busiest = overlap(faulty, names["a"], since=limited)
        assert busiest == 1, f"{busiest} calls at once at a backend that may have one"
        route.patch("a", max_concurrency=None, rpm=1_000_000)
        more("a", 30)
    assert len(running.seen) > 300 and not running.failures()


def overlap(faulty: FaultBackend, name: str, since: float) -> int:
    """The most calls that were under way at one instant, of those that arrived later."""
    calls = [call for call in faulty.calls(name) if call.at >= since]
    return max(sum(other.at <= call.at < (other.ended or call.at + 1) for other in calls) for call in calls)


def test_backends_are_added_and_removed_under_load_without_a_failed_request(
        world: World, faulty: FaultBackend) -> None:
    route = Route.lay(world, urls(world, faulty, "a", "latency=20"), pool_fields={"policy": "round_robin"})
    with load(route, 12) as running:
        for turn in range(4):
            name = world.fresh("guest")
            role = f"guest{turn}"
            route.add(role, faulty.url(name, "latency=20"))
            wait_for(lambda name=name: len(faulty.calls(name)) >= 20, "the added backend takes part")
            refused = world.admin.send("DELETE", f"/backends/{route.ids[role]}")
            if refused.status == 409:  # a call was under way, as is nearly always so
                assert refused.problem["code"] == "in_use"
                route.order(role, "drain")
                wait_for(lambda role=role: route.status(role)["in_flight"] == 0, "the drained backend has finished")
                world.admin.ok("DELETE", f"/backends/{route.ids[role]}")
            gone = time.time()
            since = len(running.seen)
            wait_for(lambda since=since: len(running.seen) >= since + 50, "load after the removal")
            assert not [call for call in faulty.calls(name) if call.at > gone + 0.05], "a removed backend was called"
    assert not running.failures()
    assert f'backend="{route.pools[0]}-guest' not in world.server.metrics_text(), "a gauge of a backend that is gone"
