"""Bad requests to the Admin API and bad state files: a clear problem, and nothing has changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from support.admin import Admin, Reply
from support.world import Tenant, World

State = dict[str, Any]


def everything(admin: Admin) -> State:
    """All that an operator has set."""
    pools = admin.rows("/pools")
    tenants = admin.rows("/tenants")
    return {
        "pools": pools, "tenants": tenants, "models": admin.rows("/models"), "prices": admin.rows("/prices"),
        "budgets": admin.rows("/budgets"),
        "backends": {pool["name"]: admin.rows(f"/pools/{pool['name']}/backends") for pool in pools},
        "entitlements": {tenant["id"]: admin.get(f"/tenants/{tenant['id']}/entitlements") for tenant in tenants},
        "quotas": {tenant["id"]: admin.get(f"/tenants/{tenant['id']}/quotas") for tenant in tenants},
        "keys": {tenant["id"]: admin.rows(f"/tenants/{tenant['id']}/keys") for tenant in tenants},
    }


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    return world.tenant()


@pytest.fixture
def unchanged(world: World, tenant: Tenant) -> Iterator[None]:
    before = everything(world.admin)
    entries = len(world.books.entries())
    yield
    assert everything(world.admin) == before
    assert len(world.books.entries()) == entries
    world.assert_good_call(tenant)


def problem(reply: Reply, status: int, field: str | None = None) -> dict[str, Any]:
    """Check a refusal of the Admin API; `field` must be pointed at."""
    assert reply.status == status, reply
    found = reply.problem
    assert found["code"] and found["request_id"], found
    if field:
        pointers = [error.get("pointer", "") for error in found["errors"]]
        assert any(field in pointer for pointer in pointers), found
    return found


def test_sql_in_a_name_or_a_filter_is_text(world: World) -> None:
    name = "x'; DROP TABLE tenants; --\" OR 1=1"
    made = world.admin.ok("POST", "/tenants", {"name": name})
    assert [row["id"] for row in world.admin.rows("/tenants") if row["name"] == name] == [made["id"]]
    nothing = quote("' OR '1'='1")
    for filtered in ("audit-log?actor", "audit-log?subject", "prices?model", "requests?tenant_id", "budgets?tenant_id"):
        path = f"/{filtered}={nothing}"
        reply = world.admin.send("GET", path)
        assert reply.status in (400, 404) or reply.status == 200 and reply.body["data"] == [], (path, reply)


def test_no_answer_is_kept_by_anybody_on_the_way(world: World) -> None:
    for path, bearer in (("/status", None), ("/tenants", None), ("/nowhere", None), ("/tenants/ten_nobody", None),
                         ("/tenants", "Bearer x")):
        reply = world.admin.send("GET", path, headers={"authorization": bearer} if bearer else None)
        assert reply.headers["cache-control"] == "no-store", path


BAD_TENANTS: list[tuple[dict[str, Any], str]] = [
    ({"name": "x1", "colour": "red"}, "colour"),
    ({"name": "x1", "id": "ten_mine"}, "id"),
    ({"name": "x1", "created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    ({"name": None}, "name"),
    ({"name": 7}, "name"),
    ({}, "name"),
    ({"name": "x1", "time_zone": "Mars/Olympus"}, "time_zone"),
    ({"name": "x1", "hold_wait_ms": -1}, "hold_wait_ms"),
    ({"name": "x1", "hold_wait_ms": "2000"}, "hold_wait_ms"),
    ({"name": "x1", "hold_wait_ms": 1.5}, "hold_wait_ms"),
    ({"name": "x1", "on_insufficient": "explode"}, "on_insufficient"),
    ({"name": "x1", "trim_floor": 0}, "trim_floor"),
    ({"name": "x1", "price_multiplier": "-1"}, "price_multiplier"),
]


@pytest.mark.usefixtures("unchanged")
def test_bad_tenants_are_refused(world: World) -> None:
    for body, field in BAD_TENANTS:
        problem(world.admin.send("POST", "/tenants", body), 400, field)


TOO_MUCH = "1000000000001"
BAD_LIMITS: list[Any] = [
    "-1", "0.0000000000001", "1e3", " 1", "+1", "", "ten", "1,5", "NaN", TOO_MUCH, None, 10, True, [],
]


@pytest.mark.usefixtures("unchanged")
def test_bad_amounts_are_refused(world: World, tenant: Tenant) -> None:
    for limit in BAD_LIMITS:
        body = {"tenant_id": tenant.id, "limit": limit, "window": "day", "mode": "hard"}
        problem(world.admin.send("POST", "/budgets", body), 400, "limit")
        problem(world.admin.send("PATCH", f"/budgets/{tenant.budget}", {"limit": limit}), 400, "limit")
        rates = {"input": limit, "output": "1"}
        price = {"model": "fake", "effective_from": "2026-06-01T00:00:00Z", "per_million": rates}
        if limit != TOO_MUCH:
            problem(world.admin.send("POST", "/prices", price), 400)


@pytest.mark.usefixtures("unchanged")
def test_bad_budgets_are_refused(world: World, tenant: Tenant) -> None:
    good: dict[str, Any] = {"tenant_id": tenant.id, "limit": "1", "window": "day", "mode": "hard"}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"window": "year"}, "window"), ({"mode": "gentle"}, "mode"), ({"posted": "0"}, "posted"),
        ({"window": None}, "window"), ({"limit": "1", "limits": "2"}, "limits"),
    ]
    for change, field in changes:
        problem(world.admin.send("POST", "/budgets", good | change), 400, field)
    for change in ({"tenant_id": "ten_nobody"}, {"key_id": "key_nobody"}):
        reply = world.admin.send("POST", "/budgets", good | change)
        assert reply.status in (400, 404, 422), reply
        problem(reply, reply.status)


@pytest.mark.usefixtures("unchanged")
def test_bad_quotas_keys_and_entitlements_are_refused(world: World, tenant: Tenant) -> None:
    admin = world.admin
    for quotas, field in [({"rpm": -1}, "rpm"), ({"tpm": "9"}, "tpm"), ({"speed": 3}, "speed"), ({"rpd": 1.5}, "rpd")]:
        problem(admin.send("PUT", f"/tenants/{tenant.id}/quotas", quotas), 400, field)
    for key, field in [
        ({"name": "k", "expires_at": "tomorrow"}, "expires_at"), ({"name": "k", "key": "tg_mine"}, "key"),
        ({"name": "k", "allowed_ips": ["300.1.1.1"]}, "allowed_ips"), ({"name": "k", "models": "fake"}, "models"),
    ]:
        problem(admin.send("POST", f"/tenants/{tenant.id}/keys", key), 400, field)
    reply = admin.send("PUT", f"/tenants/{tenant.id}/entitlements", {"pools": [{"pool": "nowhere", "models": ["*"]}]})
    assert reply.status in (400, 404, 422), reply


@pytest.mark.usefixtures("unchanged")
def test_bad_routing_is_refused(world: World) -> None:
    admin = world.admin
    backend: dict[str, Any] = {"name": "b", "kind": "openai", "base_url": world.backend.base_url()}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"base_url": "ftp://127.0.0.1/v1"}, "base_url"), ({"base_url": "not a url"}, "base_url"),
        ({"kind": "magic"}, "kind"), ({"weight": -1}, "weight"), ({"on_disconnect": "shrug"}, "on_disconnect"),
        ({"timeouts": {"connect": "-5s"}}, "timeouts"), ({"max_concurrency": -3}, "max_concurrency"),
    ]
    for change, field in changes:
        problem(admin.send("POST", "/pools/fast/backends", backend | change), 400, field)
    problem(admin.send("POST", "/pools", {"name": "p2", "policy": "random_walk"}), 400, "policy")
    reply = admin.send("PUT", "/models/m2", {"targets": [{"pool": "nowhere"}], "max_output_tokens": 10})
    assert reply.status in (400, 404, 422) and "nowhere" in reply.text, reply
    problem(admin.send("PUT", "/models/m2", {"targets": [{"pool": "fast"}], "max_output_tokens": 0}), 400)
    problem(admin.send("PUT", "/models/m2", {"targets": [], "max_output_tokens": 10}), 400, "targets")
    problem(admin.send("DELETE", "/pools/fast"), 409)


@pytest.mark.usefixtures("unchanged")
def test_duplicates_are_conflicts(world: World, tenant: Tenant) -> None:
    admin = world.admin
    problem(admin.send("POST", "/tenants", {"name": tenant.name}), 409)
    problem(admin.send("POST", "/pools", {"name": "fast", "policy": "least_busy"}), 409)
    twin = {"tenant_id": tenant.id, "limit": "3", "window": "total", "mode": "hard"}
    problem(admin.send("POST", "/budgets", twin), 409)
    rates = {"model": "fake", "effective_from": "2020-01-01T00:00:00Z", "per_million": {"input": "9", "output": "9"}}
    problem(admin.send("POST", "/prices", rates), 409)


@pytest.mark.usefixtures("unchanged")
def test_bad_json_and_bad_credentials_are_refused(world: World, tenant: Tenant) -> None:
    admin = world.admin
    for body in (b"{", b"", b"[]", b"null", b'{"name":"a"} x', b'{"name":"\xff"}'):
        problem(admin.send("POST", "/tenants", body), 400)
    for credential in ("", "wrong", tenant.key, admin.credential[:-1], admin.credential + "x"):
        problem(Admin(admin.address, credential).send("GET", "/tenants"), 401)
    assert admin.send("GET", "/nothing").status == 404
    assert admin.send("GET", "/tenants/ten_nobody").status == 404
    assert admin.send("PATCH", "/tenants").status in (404, 405)


GOOD_STATE = """
pools:
  - name: applied
    policy: least_busy
    backends:
      - {{ name: one, kind: openai, base_url: "{base_url}", max_concurrency: 4, api_key: {{ env: E2E_BACKEND_KEY }} }}
models:
  - {{ name: applied/model, targets: [ {{ pool: applied }} ], max_output_tokens: 64 }}
prices:
  - {{ model: applied/model, effective_from: 2026-11-01T00:00:00Z, per_million: {{ input: "0.10", output: "0.40" }} }}
tenants:
  - name: from-file
    entitlements: [ {{ pool: applied, models: ["*"] }} ]
    quotas: {{ rpm: 600, concurrency: 40 }}
    budgets: [ {{ limit: "25.00", window: month, mode: hard, alerts_at: [0.5, 0.8, 1] }} ]
"""


def apply(world: World, folder: Path, state: str, *flags: str, **env: str) -> subprocess.CompletedProcess[str]:
    file = folder / "state.yaml"
    file.write_text(state)
    return world.server.run("apply", "-f", str(file), *flags, env=world.server.env | env)


BAD_STATES = {
    "model to no pool": ("{ pool: applied }", "{ pool: lost-pool }", "lost-pool"),
    "entitlement to no pool": ("{ pool: applied, models", "{ pool: lost-pool, models", "lost-pool"),
    "price of no model": ("model: applied/model, eff", "model: lost-model, eff", "lost-model"),
    "unknown field": ("quotas: { rpm", "quotas: { rqm", "rqm"),
    "unknown section": ("tenants:", "tenant_list:", "tenant_list"),
    "bad amount": ('limit: "25.00"', 'limit: "-25.00"', "limit"),
    "not YAML": ("pools:", "pools: [", ""),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", BAD_STATES)
def test_apply_refuses_a_bad_file_whole(world: World, tmp_path: Path, name: str) -> None:
    old, new, named = BAD_STATES[name]
    good = GOOD_STATE.format(base_url=world.backend.base_url())
    assert old in good
    done = apply(world, tmp_path, good.replace(old, new), E2E_BACKEND_KEY="sk-e2e")
    assert done.returncode not in (0, 139), done
    assert named in done.stderr, done.stderr


@pytest.mark.usefixtures("unchanged")
def test_apply_names_a_missing_variable(world: World, tmp_path: Path) -> None:
    done = apply(world, tmp_path, GOOD_STATE.format(base_url=world.backend.base_url()))
    assert done.returncode != 0 and "E2E_BACKEND_KEY" in done.stderr, done


@pytest.mark.usefixtures("unchanged")
def test_apply_dry_run_changes_nothing(world: World, tmp_path: Path) -> None:
    state = GOOD_STATE.format(base_url=world.backend.base_url())
    done = apply(world, tmp_path, state, "--dry-run", E2E_BACKEND_KEY="sk-e2e")
    assert done.returncode == 0, done
    assert "applied" in done.stdout + done.stderr


def test_apply_twice_changes_nothing_the_second_time(world: World, tmp_path: Path) -> None:
    state = GOOD_STATE.format(base_url=world.backend.base_url())
    first = apply(world, tmp_path, state, E2E_BACKEND_KEY="sk-e2e")
    assert first.returncode == 0, first
    assert "sk-e2e" not in first.stdout + first.stderr
    after_first = everything(world.admin)
    assert "from-file" in [tenant["name"] for tenant in after_first["tenants"]]
    second = apply(world, tmp_path, state, E2E_BACKEND_KEY="sk-e2e")
    assert second.returncode == 0, second
    assert everything(world.admin) == after_first
