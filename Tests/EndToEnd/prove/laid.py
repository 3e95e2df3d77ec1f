"""What rows need that no call makes: a month that is over and closed, calls that a kill cut off, and what operators do.

Both lines of mutated rows begin in the month before this one, under `faketime`, and go on today.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.admin import Reply
from support.backend import FakeBackend
from support.faketime import days_ago
from support.world import MAX_OUTPUT, Tenant, World

# Tables of the schema that neither line takes rows from, and why.
NOT_MUTATED = {
    "grdb_migrations": "names the schema and holds nothing of anybody; `migrations` and `test_upgrade.py` are about it",
}
ALERT = {"currency": "USD", "interval": "month", "threshold_amount": 900_000_000,
         "notification_channel": {"type": "email", "recipients": ["ops@example.org"], "subject_prefix": "Spend"}}
RAISED_DAYS = 20  # longer than a line takes
COOLING = "cooling"
METERED = "metered"


def tables_of(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def in_last_month() -> tuple[str, ...]:
    """The launcher of a gateway for which it is a day of last month."""
    return days_ago(datetime.now(UTC).day + 2)


def last_month() -> str:
    return f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"


def close_last_month(world: World) -> None:
    """Closes it and the month before it, whose manifest that of last month names."""
    before = datetime.strptime(last_month(), "%Y-%m") - timedelta(days=1)
    for month in (f"{before:%Y-%m}", last_month()):
        done = world.server.run("period", "close", month, "--grace", "0s", "--wait")
        assert done.returncode == 0, done
    reply = world.admin.send("GET", f"/exports/{last_month()}/manifest")
    assert reply.status == 200, reply


def raised(world: World, budget: str, limit: str) -> str:
    until = datetime.now(UTC) + timedelta(days=RAISED_DAYS)
    made = world.admin.ok("POST", f"/budgets/{budget}/raises", {"limit": limit, "until": f"{until:%Y-%m-%dT%H:%M:%SZ}"})
    return str(made["id"])


def alert(world: World, path: str) -> str:
    """A spend alert by the administration API of OpenAI, of a project or of everybody."""
    reply = world.admin.send("POST", f"/v1/organization/{path}", ALERT, root="")
    assert reply.status == 200, reply
    return str(reply.body["id"])


def own_rows(world: World, tenant: Tenant) -> None:
    """What a tenant has beside its calls, of this month and of the closed one; its first budget is raised to nothing
    any more."""
    admin = world.admin
    admin.ok("POST", f"/tenants/{tenant.id}/credits", {"amount": "5", "kind": "prepaid", "note": "PO 4711"})
    correction = {"tenant_id": tenant.id, "key_id": tenant.key_id, "model": "fake", "pool": "fast",
                  "amount": "0.000001", "reason": "cache tokens"}
    admin.ok("POST", f"/periods/{last_month()}/corrections", correction)
    alert(world, f"projects/{tenant.id}/spend_alerts")
    ended = raised(world, str(tenant.budget), "2000")
    admin.ok("DELETE", f"/budgets/{tenant.budget}/raises/{ended}")


def left_uncertain(world: World, tenants: list[Tenant]) -> None:
    """A call of each tenant is cut off by a kill, and keeps its hold."""
    for tenant in tenants:
        world.in_background(tenant, world.fresh("cut-off"), max_tokens=50, knobs="latency=60000")
    world.server.kill()
    world.server.start()
    left = {hold["tenant_id"] for hold in world.admin.holds("uncertain")}
    assert left == {tenant.id for tenant in tenants}, left


def routing_rows(world: World, backend: FakeBackend) -> None:
    """A backend that is gone, one that cools, and a model with a meter that is no token; the user is called for all."""
    admin = world.admin
    gone = admin.backend("fast", "fake-gone", backend.base_url())
    admin.ok("DELETE", f"/backends/{gone['id']}")
    admin.pool(COOLING)
    admin.backend(COOLING, "fake-cooling", backend.base_url())
    admin.model(COOLING, [COOLING], MAX_OUTPUT)
    admin.price(COOLING, "1", "4")
    admin.model(METERED, ["fast"], MAX_OUTPUT)
    admin.price_of(METERED, {"input": "1", "output": "4"}, {"request": "0.001"})


def books_rows(world: World) -> None:
    """Imported prices, a bill that was looked at, and alerts of everybody's spend."""
    listed = {"imported": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}}
    world.admin.ok("POST", "/prices/import?format=litellm", json.dumps(listed).encode())
    bill = f"day,model,cost\n{last_month()}-03,fake,0.01\n".encode()
    reply = world.admin.send("POST", "/reconciliations?provider=csv", bill, {"content-type": "text/csv"})
    assert reply.status == 201, reply
    alert(world, "spend_alerts")


def operators_rows(world: World) -> tuple[str, str, str]:
    """Admin keys, of which one only looks and one is revoked, a request that may be repeated, and a webhook with a
    message that nobody takes; the secrets of both keys, and the webhook's id."""
    admin = world.admin
    viewer, revoked = (admin.ok("POST", "/admin-keys", {"name": name, "role": role})
                       for name, role in (("Ada", "viewer"), ("Eve", "finance")))
    admin.ok("DELETE", f"/admin-keys/{revoked['id']}")
    assert once(world).status == 201
    hook = admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/hook", "events": ["backend.down"]})
    admin.send("POST", f"/webhooks/{hook['id']}/test")
    return str(viewer["key"]), str(revoked["key"]), str(hook["id"])


def once(world: World) -> Reply:
    """A change that is asked for again and again under one name."""
    return world.admin.send("POST", "/pools", {"name": "once", "policy": "least_busy"}, {"idempotency-key": "once-1"})


def raised_for_everybody(database: Path) -> None:
    """What a stopped gateway would have written once the amount of its alert was reached."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO organization_alerts_raised (alert_id, window_start, amount, raised_at) "
                           "SELECT id, created_at, '9000000', created_at FROM organization_alerts")
        connection.commit()
