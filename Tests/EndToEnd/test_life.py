"""What an operator changes acts on the very next request: keys, tenants, entitlements, quotas, budgets, prices."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from support.client import Answer, call, chat, encode, fetch
from support.oracle import PICO, Price, pico, usd
from support.route import Route, wait_for
from support.world import PRICE, World

ONE_HOLD = usd(PRICE.bound(400, 100))  # covers one hold of a short call with max_tokens=100, never two


def rfc3339(seconds_from_now: float) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds_from_now)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def assert_refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer.status == status, f"{answer.status} {answer.body[:500]!r} {answer.error}"
    assert answer.failure["code"] == code, answer.failure
    return answer.failure


# Keys and tenants


def test_a_revoked_key_is_refused_at_once(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    world.admin.ok("DELETE", f"/keys/{tenant.key_id}")
    assert_refused(world.call(tenant), 401, "invalid_api_key")


def test_a_revoked_key_finishes_what_is_in_flight(world: World) -> None:
    tenant = world.tenant()
    future = world.in_background(tenant, world.fresh("inflight"), knobs="latency=600")
    world.admin.ok("DELETE", f"/keys/{tenant.key_id}")
    assert_refused(world.call(tenant), 401, "invalid_api_key")
    assert future.result().done


def test_a_suspended_tenant_is_refused_until_resumed(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    world.admin.ok("POST", f"/tenants/{tenant.id}/suspend")
    assert_refused(world.call(tenant), 403, "tenant_suspended")
    world.admin.ok("POST", f"/tenants/{tenant.id}/resume")
    world.assert_good_call(tenant)


def test_an_archived_tenant_is_refused_and_its_name_is_free(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    world.admin.ok("DELETE", f"/tenants/{tenant.id}")
    assert_refused(world.call(tenant), 401, "invalid_api_key")
    world.admin.tenant(tenant.name)


def test_a_key_ends_when_it_expires(world: World) -> None:
    tenant = world.tenant()
    key = world.admin.key(tenant.id, "short", expires_at=rfc3339(3))["key"]
    assert fetch(world.server.data, key, chat(world.fresh("early"), max_tokens=5)).done
    time.sleep(3.1)
    assert_refused(fetch(world.server.data, key, chat()), 401, "invalid_api_key")


def test_rotation_leaves_the_old_secret_for_its_grace(world: World) -> None:
    tenant = world.tenant()
    new = world.admin.ok("POST", f"/keys/{tenant.key_id}/rotate", {"grace_seconds": 2})
    assert new["key"] != tenant.key
    for secret in (tenant.key, new["key"]):
        assert fetch(world.server.data, secret, chat(world.fresh("both"), max_tokens=5)).done
    time.sleep(2.1)
    assert_refused(world.call(tenant), 401, "invalid_api_key")
    answer = fetch(world.server.data, new["key"], chat(world.fresh("new"), max_tokens=5))
    assert answer.done and world.books.settled(answer.request_id).key_id == tenant.key_id
    newest = world.admin.ok("POST", f"/keys/{tenant.key_id}/rotate", {"grace_seconds": 0})
    assert_refused(fetch(world.server.data, new["key"], chat()), 401, "invalid_api_key")
    assert fetch(world.server.data, newest["key"], chat(world.fresh("newest"), max_tokens=5)).done


def test_a_lost_entitlement_hides_the_model(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    world.admin.entitle(tenant.id, {})
    assert_refused(world.call(tenant), 404, "model_not_found")
    assert fetch(world.server.data, tenant.key, path="/v1/models").json()["data"] == []
    world.admin.entitle(tenant.id, {"fast": ["fake"]})
    world.assert_good_call(tenant)


def test_a_key_may_be_limited_to_some_models_and_addresses(world: World) -> None:
    tenant = world.tenant()
    elsewhere = world.fresh("elsewhere")
    world.admin.model(elsewhere, ["fast"])
    other = world.admin.key(tenant.id, "other", models=[elsewhere])["key"]
    assert_refused(fetch(world.server.data, other, chat()), 404, "model_not_found")
    far = world.admin.key(tenant.id, "far", allowed_ips=["10.0.0.0/8"])["key"]
    assert_refused(fetch(world.server.data, far, chat()), 401, "invalid_api_key")
    near = world.admin.key(tenant.id, "near", allowed_ips=["127.0.0.0/8"], models=["fake"])["key"]
    assert fetch(world.server.data, near, chat(world.fresh("near"), max_tokens=5)).done


# Quotas


def assert_rate_limited(answer: Answer, kind: str) -> None:
    error = assert_refused(answer, 429, "rate_limit_exceeded")
    assert error["type"] == kind
    assert int(answer.headers["retry-after"]) >= 1
    assert int(answer.headers["retry-after-ms"]) >= 1


def test_requests_a_minute_are_limited(world: World) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"tenants/{tenant.id}", rpm=2)
    first = world.assert_good_call(tenant)
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert first.headers["x-ratelimit-reset-requests"]
    world.assert_good_call(tenant)
    refused = world.call(tenant)
    assert_rate_limited(refused, "requests")
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    world.admin.quotas(f"tenants/{tenant.id}")
    world.assert_good_call(tenant)


def test_requests_a_day_are_limited_on_the_key(world: World) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"keys/{tenant.key_id}", rpd=1)
    world.assert_good_call(tenant)
    assert_rate_limited(world.call(tenant), "requests")
    other = world.admin.key(tenant.id, "other")["key"]
    assert fetch(world.server.data, other, chat(world.fresh("other"), max_tokens=5)).done


def test_tokens_a_minute_are_limited_by_the_bound(world: World) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"tenants/{tenant.id}", tpm=1500)
    future = world.in_background(tenant, world.fresh("tokens"), knobs="latency=700", max_tokens=900)
    assert_rate_limited(world.call(tenant, max_tokens=900), "tokens")
    answer = future.result()
    assert answer.done and answer.headers["x-ratelimit-limit-tokens"] == "1500"
    assert world.call(tenant, max_tokens=900).done, "the unused part of the bound was not given back"


def test_calls_at_the_same_time_are_limited(world: World) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"tenants/{tenant.id}", concurrency=1)
    future = world.in_background(tenant, world.fresh("slow"), knobs="latency=700")
    assert_rate_limited(world.call(tenant), "requests")
    assert future.result().done
    world.assert_good_call(tenant)


# Budgets and prices


def test_a_soft_budget_never_refuses(world: World) -> None:
    tenant = world.tenant("0.000001", mode="soft")
    for _ in range(3):
        world.assert_good_call(tenant)
    assert tenant.budget
    state = world.admin.budget_state(tenant.budget)
    spent = sum(entry.cost for entry in world.books.entries() if entry.tenant_id == tenant.id)
    assert pico(state["posted"]) == spent > pico(state["limit"])


def test_a_budget_may_be_for_one_key(world: World) -> None:
    tenant = world.tenant()
    world.admin.budget(tenant.id, "0.000001", key_id=tenant.key_id)
    assert_refused(world.call(tenant), 429, "insufficient_quota")
    other = world.admin.key(tenant.id, "other")["key"]
    assert fetch(world.server.data, other, chat(world.fresh("other"), max_tokens=5)).done


def test_a_budget_may_be_for_one_pool(world: World) -> None:
    admin = world.admin
    if "second" not in [pool["name"] for pool in admin.rows("/pools")]:
        admin.pool("second")
        admin.backend("second", "fake-second", world.backend.base_url())
        admin.model("second-model", ["second"])
        admin.price("second-model", "1", "4")
    tenant = world.tenant(pools=("fast", "second"))
    admin.budget(tenant.id, "0.000001", pool="second")
    world.assert_good_call(tenant)
    assert_refused(world.call(tenant, model="second-model"), 429, "insufficient_quota")


def test_a_raised_cap_lets_the_next_call_in(world: World) -> None:
    tenant = world.tenant("0.000001")
    assert_refused(world.call(tenant), 429, "insufficient_quota")
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "1"})
    world.assert_good_call(tenant)
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "0.000001"})
    assert_refused(world.call(tenant), 429, "insufficient_quota")
    world.admin.ok("DELETE", f"/budgets/{tenant.budget}")
    world.assert_good_call(tenant)


def test_a_call_waits_for_live_holds_up_to_its_limit(world: World) -> None:
    short = world.tenant(ONE_HOLD, hold_wait_ms=200)
    future = world.in_background(short, world.fresh("holder"), knobs="latency=900,in=1,out=1", max_tokens=100)
    refused = world.call(short, max_tokens=100)
    error = assert_refused(refused, 429, "budget_held")
    assert 1 <= int(refused.headers["retry-after"]) <= 5 and 0.15 < refused.seconds < 0.8
    assert pico(error["budget"]["held"]) > 0
    assert future.result().done
    patient = world.tenant(ONE_HOLD, hold_wait_ms=5000)
    future = world.in_background(patient, world.fresh("holder"), knobs="latency=500,in=1,out=1", max_tokens=100)
    assert world.call(patient, max_tokens=100, knobs="in=1,out=1").done
    assert future.result().done


def test_a_call_waits_for_the_target_that_waiting_helps(world: World) -> None:
    """The money of its first pool is spent for good, that of the second one is only held by another call."""
    url = world.backend.base_url()
    route = Route.lay(world, {"first": url}, {"second": url})
    for pool, limit in zip(route.pools, ("0.000001", ONE_HOLD), strict=True):
        world.admin.budget(route.tenant.id, limit, pool=pool)
    marker = world.fresh("holder")
    with ThreadPoolExecutor(1) as thread:
        holder = thread.submit(route.call, marker, knobs="latency=500,in=1,out=1", max_tokens=100)
        wait_for(lambda: any(seen.marker == marker for seen in world.backend.calls()), "the holder's call")
        waited = route.call(max_tokens=100, knobs="in=1,out=1")
    assert holder.result().done and waited.done, waited
    assert [row.pool for row in route.attempts(waited)] == route.pools[1:]


def test_a_refusal_for_want_of_money_uses_up_no_quota_and_quotas_are_asked_first(world: World) -> None:
    tenant = world.tenant("0.000001")
    world.admin.quotas(f"tenants/{tenant.id}", rpd=1)
    for _ in range(3):
        assert_refused(world.call(tenant), 429, "insufficient_quota")
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "1"})
    world.assert_good_call(tenant)
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "0.000001"})
    assert_rate_limited(world.call(tenant), "requests")


def test_an_unpriced_model_is_refused_only_under_a_cap(world: World) -> None:
    world.admin.model("unpriced", ["fast"])
    assert_refused(world.call(world.tenant(), model="unpriced"), 403, "model_not_priced")
    answer = world.call(world.tenant(limit=None), model="unpriced")
    assert answer.done
    assert world.books.settled(answer.request_id).cost == 0


def test_a_new_price_does_not_touch_what_was_admitted_before(world: World) -> None:
    admin = world.admin
    model = world.fresh("repriced")
    admin.model(model, ["fast"])
    admin.price(model, "1", "4")
    tenant = world.tenant()
    future = world.in_background(tenant, world.fresh("old-price"), model=model, knobs="latency=800,in=10,out=10")
    admin.price(model, "2", "8", effective_from=rfc3339(-60))
    new_answer = world.call(tenant, model=model, knobs="in=10,out=10")
    old, new = world.books.settled(future.result().request_id), world.books.settled(new_answer.request_id)
    assert old.cost == Price.per_million("1", "4").cost(10, 10)
    assert new.cost == Price.per_million("2", "8").cost(10, 10)
    assert old.price_version != new.price_version


def test_a_call_that_waited_for_money_has_the_price_of_when_it_came(world: World) -> None:
    admin, model = world.admin, world.fresh("repriced")
    old, new = Price.per_million("2", "8"), Price.per_million("3", "12")
    admin.model(model, ["fast"])
    admin.price(model, "2", "8")
    body = chat(world.fresh("waiter"), model=model, knobs="in=10,out=10", max_tokens=100)
    # One hold fits, of either price, and two do not.
    tenant = world.tenant(usd(new.bound(len(encode(body)), 100) + 2 * old.cost(10, 10)), hold_wait_ms=10_000)
    admin.quotas(f"tenants/{tenant.id}", rpd=1000)
    holder = world.in_background(tenant, world.fresh("holder"), model=model, knobs="latency=1500,in=10,out=10",
                                 max_tokens=100)
    waiter = ThreadPoolExecutor(1).submit(fetch, world.server.data, tenant.key, body)
    wait_for(lambda: world.asked_today(tenant, 1000) == 2, "one waits for money")
    price = admin.price(model, "3", "12", effective_from=rfc3339(-60))
    answer = waiter.result()
    assert holder.result().done and answer.done
    entry = world.books.settled(answer.request_id)
    assert (entry.price_version, entry.cost) == (price["id"], new.cost(10, 10))
    assert entry.admitted_at > datetime.fromisoformat(price["published_at"]).timestamp() * 1e6


def test_a_multiplier_raises_the_bill_and_keeps_the_list_price(world: World) -> None:
    tenant = world.tenant(price_multiplier="1.25")
    answer = world.call(tenant, knobs="in=10,out=10")
    entry = world.books.settled(answer.request_id)
    assert entry.list_cost == PRICE.cost(10, 10)
    assert entry.cost * 4 == entry.list_cost * 5
    assert pico(answer.headers["x-tollgate-cost"]) == entry.cost


def test_a_zero_price_is_free_even_when_the_cap_is_spent(world: World) -> None:
    model = world.fresh("free")
    world.admin.model(model, ["fast"])
    world.admin.price(model, "0", "0")
    answer = world.call(world.tenant("0.000000000001"), model=model)
    assert answer.done and world.books.settled(answer.request_id).cost == 0
    assert PICO == 10**12


def test_waiting_calls_of_a_revoked_key_are_refused(world: World) -> None:
    """A waiter is judged again when it leaves the queue."""
    tenant = world.tenant(ONE_HOLD, hold_wait_ms=5000)
    future = world.in_background(tenant, world.fresh("holder"), knobs="latency=600,in=1,out=1", max_tokens=100)

    async def waiter() -> Answer:
        task = asyncio.create_task(call(world.server.data, tenant.key, chat(world.fresh("waiter"), max_tokens=100)))
        await asyncio.sleep(0.15)
        await asyncio.to_thread(world.admin.ok, "DELETE", f"/keys/{tenant.key_id}")
        return await task

    assert_refused(asyncio.run(waiter()), 401, "invalid_api_key")
    assert future.result().done
    world.books.wait_until_no_holds()
