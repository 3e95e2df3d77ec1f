"""Alerts, webhooks, temporary raises, dry runs and credits, from outside."""

from __future__ import annotations

import base64
import http.server
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.oracle import pico, usd
from support.processes import free_port
from support.receiver import Call, Receiver, receiver
from support.tollgate import Gateway
from support.world import PRICE, Tenant, World

KNOBS = "in=100,out=100"
COST = PRICE.cost(100, 100)  # of one call with these knobs


@pytest.fixture(scope="module")
def hooks() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


def hook(world: World, hooks: Receiver, *events: str) -> tuple[str, str, str]:
    """A webhook of the test's own: its path, its id and its secret."""
    path = "/" + world.fresh("hook")
    made = world.admin.ok("POST", "/webhooks", {"url": hooks.origin + path, "events": list(events)})
    return path, made["id"], made["secret"]


def spend(world: World, tenant: Tenant, calls: int = 1) -> None:
    for _ in range(calls):
        answer = world.call(tenant, knobs=KNOBS, max_tokens=100)
        assert answer.done, (answer.status, answer.body)


def of_budget(calls: list[Call], budget: str | None) -> list[Call]:
    return [call for call in calls if call.data.get("budget_id") == budget]


def alerting(world: World, calls: int, alerts_at: list[float], mode: str = "soft", **fields: Any) -> Tenant:
    """A tenant whose budget is worth so many calls."""
    tenant = world.tenant(limit=None, **fields.pop("tenant", {}))
    budget = world.admin.budget(tenant.id, usd(COST * calls), mode=mode, alerts_at=alerts_at, **fields)
    return Tenant(tenant.id, tenant.name, tenant.key_id, tenant.key, budget)


def later(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


# Webhooks

def test_a_message_arrives_after_two_failures_with_one_id_and_good_signatures(world: World, hooks: Receiver) -> None:
    path, webhook, secret = hook(world, hooks, "budget.threshold")
    hooks.plans[path] = [500, 503]
    tenant = alerting(world, 4, [0.5])
    spend(world, tenant, 2)
    calls = hooks.wait(path, lambda calls: any(call.status == 200 for call in calls))
    assert [call.status for call in calls] == [500, 503, 200]
    assert len({call.id for call in calls}) == 1 and len({call.body for call in calls}) == 1
    for call in calls:
        call.verify(secret)
        assert call.headers["content-type"] == "application/json"
    data = calls[0].data
    assert (data["budget_id"], data["tenant_id"], data["threshold"]) == (tenant.budget, tenant.id, "0.5")
    assert (pico(data["posted"]), pico(data["limit"])) == (COST * 2, COST * 4)
    deadline = time.monotonic() + 5
    while (row := world.admin.rows(f"/webhooks/{webhook}/deliveries")[0])["state"] != "delivered":
        assert time.monotonic() < deadline, row
        time.sleep(0.05)
    assert (row["attempts"], row["status"], row["message_id"]) == (3, 200, calls[0].id)
    assert world.admin.get(f"/webhooks/{webhook}")["failing_since"] is None


def test_two_hundred_calls_at_once_over_a_threshold_raise_one_event(world: World, hooks: Receiver) -> None:
    path, _, secret = hook(world, hooks, "budget.threshold")
    tenant = alerting(world, 200, [0.5])
    with ThreadPoolExecutor(200) as pool:
        list(pool.map(lambda _: spend(world, tenant), range(200)))
    hooks.wait(path, lambda calls: len(calls) >= 1)
    spend(world, tenant)
    time.sleep(3)
    calls = hooks.calls(path)
    assert len(calls) == 1, calls
    calls[0].verify(secret)
    assert pico(calls[0].data["posted"]) >= COST * 100


def test_an_event_raised_before_a_kill_is_delivered_after_the_restart_once(run: Run, backend: FakeBackend,
                                                                           hooks: Receiver) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        path, webhook, secret = hook(world, hooks, "budget.threshold")
        hooks.always[path] = 503
        tenant = alerting(world, 4, [0.5, 1])
        spend(world, tenant, 2)
        before = hooks.wait(path, lambda calls: len(calls) >= 1)
        server.kill()
        spent_while_away = len(hooks.calls(path))
        hooks.always[path] = 200
        server.start()
        calls = hooks.wait(path, lambda calls: any(call.status == 200 for call in calls))
        assert len({call.id for call in before + calls}) == 1, calls
        assert len(calls) > spent_while_away
        for call in calls:
            call.verify(secret)
        spend(world, tenant, 1)
        time.sleep(2.5)
        assert len({call.id for call in hooks.calls(path)}) == 1
        spend(world, tenant, 1)
        hooks.wait(path, lambda calls: [call.data["threshold"] for call in calls if call.status == 200] == ["0.5", "1"])
        # The raised alert and the sealed secret: neither the log nor the database shows the secret.
        raw = base64.b64decode(secret.removeprefix("whsec_"))
        files = b"".join(file.read_bytes() for file in server.folder.iterdir() if file.is_file())
        assert raw not in files and secret.encode() not in files
        server.verify()
    finally:
        server.close()


def test_a_threshold_reached_just_before_a_kill_is_raised_after_the_restart(run: Run, backend: FakeBackend,
                                                                            hooks: Receiver) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        path, _, secret = hook(world, hooks, "budget.threshold")
        tenant = alerting(world, 4, [0.5])
        spend(world, tenant, 2)
        server.kill()
        server.start()
        hooks.wait(path, lambda calls: len(calls) >= 1)[0].verify(secret)
        time.sleep(1.5)
        assert len({call.id for call in hooks.calls(path)}) == 1
    finally:
        server.close()


def test_redirects_are_not_followed_and_a_test_call_says_what_came_of_it(world: World, hooks: Receiver) -> None:
    path, webhook, secret = hook(world, hooks, "backend.down")
    answer = world.admin.ok("POST", f"/webhooks/{webhook}/test")
    assert (answer["state"], answer["status"], answer["event"]) == ("delivered", 200, "webhook.test")
    call = hooks.wait(path, lambda calls: len(calls) == 1)[0]
    call.verify(secret)
    assert call.message["type"] == "webhook.test" and call.id == answer["message_id"]
    hooks.location = f"{hooks.origin}/elsewhere"
    hooks.plans[path] = [307]
    answer = world.admin.ok("POST", f"/webhooks/{webhook}/test")
    assert (answer["state"], answer["status"]) == ("failed", 307)
    assert hooks.calls("/elsewhere") == []


def test_a_webhook_at_a_metadata_address_is_never_sent_anything(world: World) -> None:
    made = world.admin.ok("POST", "/webhooks", {"url": "http://169.254.169.254/latest"})
    answer = world.admin.ok("POST", f"/webhooks/{made['id']}/test")
    assert answer["state"] == "failed" and "forbidden_address" in answer["error"], answer
    world.admin.ok("DELETE", f"/webhooks/{made['id']}")


def test_a_webhook_that_is_gone_is_disabled_until_a_test_arrives(world: World, hooks: Receiver) -> None:
    path, webhook, _ = hook(world, hooks, "budget.threshold")
    hooks.plans[path] = [410]
    spend(world, alerting(world, 2, [0.5]))
    hooks.wait(path, lambda calls: len(calls) == 1)
    deadline = time.monotonic() + 5
    while (state := world.admin.get(f"/webhooks/{webhook}"))["enabled"]:
        assert time.monotonic() < deadline, state
        time.sleep(0.05)
    assert "410" in state["disabled_reason"]
    world.admin.ok("POST", f"/webhooks/{webhook}/test")
    assert world.admin.get(f"/webhooks/{webhook}")["enabled"]


# What is alerted

@pytest.mark.parametrize(("mode", "count"), [("hard", 2), ("soft", 2), ("shadow", 0)])
def test_hard_and_soft_budgets_alert_and_shadow_ones_do_not(world: World, hooks: Receiver, mode: str,
                                                            count: int) -> None:
    path, _, _ = hook(world, hooks, "budget.threshold")
    tenant = alerting(world, 1000, [0.001, 0.002], mode=mode)
    witness = alerting(world, 1000, [0.001])
    spend(world, tenant, 2)
    spend(world, witness)
    hooks.wait(path, lambda calls: len(of_budget(calls, witness.budget)) == 1)
    time.sleep(1.5)
    assert len(of_budget(hooks.calls(path), tenant.budget)) == count


def test_a_forecast_above_the_limit_is_raised_once(world: World, hooks: Receiver) -> None:
    path, _, secret = hook(world, hooks, "budget.forecast")
    # A zone where it is about noon, so that half of the day is over.
    hour = datetime.now(UTC).hour
    zone = "UTC" if hour == 12 else f"Etc/GMT{hour - 12:+d}"
    tenant = alerting(world, 5, [], tenant={"time_zone": zone}, window="day")
    spend(world, tenant, 4)
    calls = hooks.wait(path, lambda calls: len(of_budget(calls, tenant.budget)) >= 1, 25)
    call = of_budget(calls, tenant.budget)[0]
    call.verify(secret)
    assert pico(call.data["projected"]) > pico(call.data["limit"]) == COST * 5
    time.sleep(11)
    assert len(of_budget(hooks.calls(path), tenant.budget)) == 1


def test_a_cost_above_its_hold_is_told(world: World, hooks: Receiver) -> None:
    path, _, secret = hook(world, hooks, "ledger.excess")
    tenant = world.tenant()
    answer = world.call(tenant, knobs="in=500000,out=5", max_tokens=10)
    assert answer.done
    call = hooks.wait(path, lambda calls: len(calls) >= 1)[0]
    call.verify(secret)
    assert (call.data["request_id"], call.data["tenant_id"]) == (answer.request_id, tenant.id)
    assert pico(call.data["held"]) + pico(call.data["excess"]) == PRICE.cost(500_000, 5)


def test_a_backend_that_goes_down_and_comes_up_is_told(world: World, hooks: Receiver) -> None:
    path, _, secret = hook(world, hooks, "backend.down", "backend.up")
    port, pool = free_port(), world.fresh("pool")
    world.admin.pool(pool)
    probe = {"path": "/", "interval": "1s", "unhealthy_after": 1, "healthy_after": 1}
    made = world.admin.backend(pool, f"{pool}-a", f"http://127.0.0.1:{port}/v1", probe=probe)
    mine = [{"backend_id": made["id"], "pool": pool}]

    def told(calls: list[Call]) -> list[str]:
        return [call.message["type"] for call in calls
                if {name: call.data[name] for name in ("backend_id", "pool")} in mine]

    hooks.wait(path, lambda calls: told(calls) == ["backend.down"])
    well = http.server.ThreadingHTTPServer(("127.0.0.1", port), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=well.serve_forever, daemon=True).start()
    try:
        calls = hooks.wait(path, lambda calls: told(calls) == ["backend.down", "backend.up"])
    finally:
        well.shutdown()
        well.server_close()
    for call in calls:
        call.verify(secret)


# Raises

def test_a_raise_lets_in_while_it_runs_and_ends_by_itself(world: World) -> None:
    tenant = world.tenant(limit=usd(COST))
    path = f"/budgets/{tenant.budget}"
    assert world.call(tenant, knobs=KNOBS, max_tokens=1000).status == 429
    made = world.admin.ok("POST", f"{path}/raises", {"limit": "1", "until": later(4)})
    assert world.admin.budget_state(str(tenant.budget))["limit"] == "1"
    spend(world, tenant, 2)
    assert world.admin.rows(f"{path}/raises")[0]["running"]
    until = datetime.fromisoformat(made["until"])
    time.sleep(max(0, (until - datetime.now(UTC)).total_seconds()) + 0.05)
    refused = world.call(tenant, knobs=KNOBS, max_tokens=1)
    assert refused.status == 429 and refused.failure["code"] == "insufficient_quota", refused
    assert pico(refused.failure["budget"]["limit"]) == COST
    state = world.admin.budget_state(str(tenant.budget))
    assert (pico(state["limit"]), pico(state["posted"]), pico(state["remaining"])) == (COST, 2 * COST, -COST)
    assert not world.admin.rows(f"{path}/raises")[0]["running"]


def test_a_raise_survives_a_kill_and_can_be_ended_early(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        tenant = world.tenant(limit=usd(COST))
        path = f"/budgets/{tenant.budget}/raises"
        made = world.admin.ok("POST", path, {"limit": "1", "until": later(3600)})
        server.kill()
        server.start()
        spend(world, tenant, 2)
        world.admin.ok("DELETE", f"{path}/{made['id']}")
        assert world.call(tenant, knobs=KNOBS, max_tokens=1).status == 429
        server.verify()
    finally:
        server.close()


def test_a_raise_wakes_the_request_it_lets_in(world: World) -> None:
    tenant = world.tenant(limit=usd(PRICE.bound(300, 100)), hold_wait_ms=20_000)
    slow = world.in_background(tenant, world.fresh("slow"), knobs="latency=6000,in=10,out=10", max_tokens=90)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(world.call, tenant, knobs="in=10,out=10", max_tokens=90)
        time.sleep(0.5)
        assert not waiting.done()
        world.admin.ok("POST", f"/budgets/{tenant.budget}/raises", {"limit": "1", "until": later(60)})
        assert waiting.result().done
        assert time.monotonic() - began < 5
    assert slow.result().done


# Dry runs and credits

def test_a_dry_run_agrees_with_a_replay_of_the_ledger(world: World, run: Run) -> None:
    tenant = world.tenant(limit=None)
    budget = world.admin.budget(tenant.id, "1000", mode="soft", window="month")
    dice = run.dice("dry run")
    for _ in range(40):
        out = dice.randrange(1, 100)
        assert world.call(tenant, knobs=f"in={dice.randrange(1, 100)},out={out}", max_tokens=100).done
    entries = sorted(
        (entry for entry in world.books.entries() if entry.tenant_id == tenant.id), key=lambda entry: entry.admitted_at)
    assert len(entries) == 40
    for part in (0, 3, 10, 20, 39):
        limit = sum(entry.cost for entry in entries[:part]) + dice.randrange(0, 50_000_000)
        spent, refused = 0, []
        for entry in entries:
            if spent + entry.cost > limit:
                refused.append(entry)
            else:
                spent += entry.cost
        answer = world.admin.ok("POST", f"/budgets/{budget}/dry-run", {"limit": usd(limit), "days": 1})
        assert (answer["requests"], answer["refused"]) == (40, len(refused))
        assert pico(answer["refused_cost"]) == sum(entry.cost for entry in refused)
        first = datetime.fromtimestamp(refused[0].admitted_at / 1e6, UTC) if refused else None
        told = answer["first_refused_at"] and datetime.fromisoformat(answer["first_refused_at"])
        assert told == first or abs((told - first).total_seconds()) < 1e-5
        assert sum(window["refused"] for window in answer["windows"]) == len(refused)
        assert pico(answer["windows"][-1]["spent"]) == spent
        assert [row["key_id"] for row in answer["by_key"]] == [tenant.key_id]
        assert answer["by_model"][0]["refused"] == len(refused)
    assert world.admin.budget_state(budget)["limit"] == "1000"


def test_credits_are_listed_with_their_sum_and_move_no_cap(world: World) -> None:
    tenant = world.tenant(limit=usd(COST))
    path = f"/tenants/{tenant.id}/credits"
    world.admin.ok("POST", path, {"amount": "100", "kind": "prepaid", "note": "invoice 7"})
    world.admin.ok("POST", path, {"amount": "0.000000000001", "kind": "goodwill"})
    listed = world.admin.get(path)
    assert listed["totals"] == {"prepaid": "100", "goodwill": "0.000000000001", "total": "100.000000000001"}
    assert [row["kind"] for row in listed["data"]] == ["prepaid", "goodwill"]
    assert pico(world.admin.budget_state(str(tenant.budget))["limit"]) == COST
    assert world.call(tenant, knobs=KNOBS, max_tokens=1000).status == 429
