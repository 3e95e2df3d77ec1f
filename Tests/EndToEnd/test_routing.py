"""Where a call goes and what passes through: pools, fallback, disconnects, broken upstreams, headers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from support.client import chat, fetch
from support.oracle import pico
from support.route import Route, dead_url
from support.world import PRICE, World


def test_a_refusing_backend_is_passed_over(world: World) -> None:
    route = Route.lay(world, {"dead": dead_url(), "alive": world.backend.base_url()})
    retried = []
    for _ in range(8):
        answer = route.call()
        assert answer.done, answer
        assert route.served_by(answer) == "alive"
        if answer.headers["x-tollgate-attempts"] == "2":
            retried.append(answer)
    assert retried, "no call ever tried the dead backend first"
    first, second = route.attempts(retried[0])
    assert (first.kind, first.cost, first.outcome) == ("release", 0, "not_sent")
    assert second.kind == "settle" and second.cost > 0


def test_the_second_target_serves_when_the_first_refuses(world: World) -> None:
    route = Route.lay(world, {"dead": dead_url()}, {"alive": world.backend.base_url()})
    answer = route.call(stream=True)
    dead, alive = route.pools
    assert answer.done
    assert (answer.headers["x-tollgate-pool"], answer.headers["x-tollgate-attempts"]) == (alive, "2")
    assert [(entry.pool, entry.kind) for entry in route.attempts(answer)] == [(dead, "release"), (alive, "settle")]


def test_the_second_target_is_not_for_those_without_entitlement(world: World) -> None:
    route = Route.lay(world, {"dead": dead_url()}, {"alive": world.backend.base_url()})
    answer = route.call(tenant=world.tenant(pools=(route.pools[0],)))
    assert (answer.status, answer.failure["code"]) == (503, "all_pools_exhausted")
    assert int(answer.headers["retry-after"]) >= 1
    assert all(entry.cost == 0 for entry in world.books.of_request(answer.request_id))
    assert not world.books.holds()


def test_an_alias_and_the_maximum_are_spliced_into_the_body(world: World) -> None:
    route, marker = Route.lay(world, {"alive": world.backend.base_url()}), world.fresh("alias-call")
    target = {"pool": route.pools[0], "upstream_model": "real/name", "max_tokens_param": "max_completion_tokens"}
    world.admin.model(route.model, [target], max_output_tokens=77)
    answer = route.call(marker, max_tokens=500, store=True)
    assert answer.done and answer.headers["x-tollgate-max-tokens"] == "77"
    seen = world.backend.call(marker).arrived
    assert (seen["model"], seen["max_completion_tokens"], seen["max_tokens"]) == ("real/name", 77, None)
    assert seen["store"] is False
    assert world.books.settled(answer.request_id).model == route.model


def test_the_larger_of_two_maxima_counts(world: World) -> None:
    marker, tenant = world.fresh("two-maxima"), world.tenant()
    assert world.call(tenant, marker, max_tokens=5, max_completion_tokens=9).done
    seen = world.backend.call(marker).arrived
    assert [seen["max_tokens"], seen["max_completion_tokens"]] == [9, None]


def test_only_allowed_headers_pass_both_ways(world: World) -> None:
    route = Route.lay(world, {"alive": world.backend.base_url()}, api_key="sk-backend-secret")
    marker = world.fresh("headers")
    sent = {"cookie": "a=b", "idempotency-key": "mine", "accept-encoding": "gzip", "x-request-id": "client-chosen",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    answer = fetch(world.server.data, route.tenant.key, route.body(marker), headers=sent)
    assert answer.done
    seen = world.backend.call(marker).arrived["headers"]
    assert seen["authorization"] == "Bearer sk-backend-secret"
    assert seen["traceparent"] == sent["traceparent"]
    assert seen["accept-encoding"] == "identity"
    assert not {"cookie", "idempotency-key"} & seen.keys()
    assert answer.request_id not in ("req_upstream", "client-chosen")
    assert not {"set-cookie", "openai-organization"} & answer.headers.keys()


def test_each_row_has_what_the_backend_that_answered_costs(world: World) -> None:
    """Tenants pay the model's price; beside it stands the price of the backend that answered, where there is one."""
    route = Route.lay(world, {"dead": dead_url(), "well": world.backend.base_url()})
    unknown = route.call(knobs="in=10,out=5", max_tokens=5)
    assert unknown.done and world.books.upstream_cost(unknown.request_id) is None
    for backend, rates in ((route.ids["dead"], ("100", "100")), (route.ids["well"], ("0.5", "2")), (None, ("7", "7"))):
        fields = {"backend_id": backend} if backend else {}
        world.admin.ok("POST", "/prices", {
            "model": route.model, "kind": "upstream", "effective_from": "2020-01-01T00:00:00Z",
            "per_million": {"input": rates[0], "output": rates[1]}, **fields})
    answer = route.call(knobs="in=10,out=5", max_tokens=5)
    assert answer.done and route.served_by(answer) == "well"
    assert world.books.settled(answer.request_id).cost == PRICE.cost(10, 5)
    assert world.books.upstream_cost(answer.request_id) == 10 * 500_000 + 5 * 2_000_000


def test_the_cost_header_and_the_figures_count_every_attempt(world: World) -> None:
    route = Route.lay(
        world, {"odd": world.backend.base_url("fault=malformed")}, {"well": world.backend.base_url()})
    answer = route.call(max_tokens=20)
    assert answer.done and answer.headers["x-tollgate-attempts"] == "2"
    rows = world.books.of_request(answer.request_id)
    assert [row.outcome for row in rows] == ["broken", "answered"] and all(row.cost > 0 for row in rows)
    total = sum(row.cost for row in rows)
    assert pico(answer.headers["x-tollgate-cost"]) == total
    assert abs(world.server.metric("tollgate_cost_usd_total", model=route.model) * 10**12 - total) < 1


def test_a_hang_up_with_abort_reaches_the_backend_within_a_second(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("abort")
    body = chat(marker, knobs="latency=20000,chunks=200,out=200", stream=True, max_tokens=200)
    answer = fetch(world.server.data, tenant.key, body, hang_up_events=3)
    gone = time.time()
    assert answer.hung_up and not answer.error
    world.books.wait_until_no_holds(5)
    time.sleep(0.1)
    seen = world.backend.call(marker)
    assert seen.finished and seen.hung_up
    assert seen.finished["at"] - gone <= 1.0
    entry = world.books.settled(answer.request_id)
    assert entry.provenance == "estimated"
    assert 0 < entry.cost <= PRICE.bound(1000, 200)


def test_a_hang_up_with_drain_is_billed_in_full(world: World) -> None:
    route = Route.lay(world, {"draining": world.backend.base_url()}, on_disconnect="drain")
    for stream, hang_up in ((True, {"hang_up_events": 2}), (False, {"hang_up_after": 0.3})):
        marker = world.fresh("drain")
        body = route.body(marker, knobs="latency=1000,chunks=10,out=30,in=12", stream=stream, max_tokens=30)
        answer = fetch(world.server.data, route.tenant.key, body, **hang_up)
        assert answer.hung_up and not answer.error
        world.books.wait_until_no_holds(5)
        seen = world.backend.call(marker)
        assert seen.finished and seen.finished["outcome"] == "answered"
        entry = [entry for entry in world.books.entries() if entry.tenant_id == route.tenant.id][-1]
        assert (entry.kind, entry.provenance, entry.cost) == ("settle", "reported", PRICE.cost(12, 30))


def test_a_broken_stream_ends_with_an_error_event_and_no_end_mark(world: World) -> None:
    answer = world.call(world.tenant(), knobs="fault=cut,chunks=6,latency=60", stream=True)
    assert answer.status == 200 and not answer.done
    assert '"error"' in answer.events[-1]
    world.books.wait_until_no_holds()
    entry = world.books.settled(answer.request_id)
    assert entry.outcome == "broken" and entry.provenance in ("estimated", "partial") and entry.cost > 0


@pytest.mark.parametrize(("fault", "status", "code"), [
    ("500", 502, "upstream_error"), ("401", 502, "upstream_error"), ("reset", 502, "upstream_error"),
    ("400", 400, None), ("cut", 502, "upstream_error"), ("429", 503, "all_pools_exhausted"),
])
def test_an_upstream_fault_before_the_first_byte(world: World, fault: str, status: int, code: str | None) -> None:
    answer = Route.lay(world, {"faulty": world.backend.base_url(f"fault={fault}")}).call()
    assert answer.status == status, f"{answer.status} {answer.body[:300]!r} {answer.error}"
    assert code is None or answer.failure["code"] == code
    assert not {"set-cookie", "openai-organization"} & answer.headers.keys()
    world.books.wait_until_no_holds()
    entries = world.books.of_request(answer.request_id)
    assert len(entries) == int(answer.headers.get("x-tollgate-attempts", len(entries)))
    if fault != "cut":
        assert all(entry.cost == 0 for entry in entries), entries


def test_an_answer_without_usage_is_estimated(world: World) -> None:
    for stream in (False, True):
        answer = world.call(world.tenant(), knobs="usage=no", stream=stream, max_tokens=20)
        assert answer.done
        entry = world.books.settled(answer.request_id)
        assert entry.provenance == "estimated" and entry.cost > 0


def test_usage_beyond_the_bound_is_posted_as_excess(world: World) -> None:
    tenant = world.tenant()
    marker = world.fresh("excess")
    answer = world.call(tenant, marker, knobs="in=5000,out=5", max_tokens=5)
    assert answer.done
    entries = world.books.of_request(answer.request_id)
    assert sorted(entry.kind for entry in entries) == ["excess", "settle"]
    assert sum(entry.cost for entry in entries) == PRICE.cost(5000, 5)
    assert world.server.metric("tollgate_ledger_excess_total") >= 1
