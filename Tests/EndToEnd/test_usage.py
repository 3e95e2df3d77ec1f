"""What was used and what it cost, as operators, tenants and the command line are told it, against the entries."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from support.client import fetch
from support.oracle import Entry, pico
from support.world import Tenant, World


def asked(path: str, **parameters: Any) -> str:
    return f"{path}?{urlencode(parameters)}"


def recent(**parameters: Any) -> dict[str, Any]:
    """From yesterday to tomorrow, so that everything of this run is in it."""
    now = datetime.now(UTC).replace(microsecond=0)
    days = {"start": now - timedelta(days=1), "end": now + timedelta(days=1)}
    return {name: day.isoformat().replace("+00:00", "Z") for name, day in days.items()} | parameters


def rows(buckets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for bucket in buckets for row in bucket["results"]]


def spend(world: World, tenant: Tenant, calls: int, key: str | None = None, model: str = "fake") -> None:
    for _ in range(calls):
        body = {"model": model, "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
        answer = fetch(world.server.data, key or tenant.key, body)
        assert answer.done, answer


def sums(entries: list[Entry]) -> tuple[int, int, int, int]:
    """Requests, input, output and cost of these entries."""
    return (
        sum(entry.kind == "settle" for entry in entries), sum(entry.input for entry in entries),
        sum(entry.output for entry in entries), sum(entry.cost for entry in entries))


def told(results: list[dict[str, Any]]) -> tuple[int, int, int, int]:
    return (
        sum(row["requests"] for row in results), sum(row["tokens"]["input"] for row in results),
        sum(row["tokens"]["output"] for row in results), sum(pico(row["cost"]) for row in results))


@pytest.fixture(scope="module")
def keyed(world: World) -> tuple[Tenant, str]:
    """A tenant with seven calls by two keys, and the second key, which may see all of them."""
    tenant = world.tenant(time_zone="Asia/Kathmandu")
    spend(world, tenant, 4)
    second = str(world.admin.key(tenant.id, "second", scope="tenant_usage", tags={"team": "blue"})["key"])
    spend(world, tenant, 3, key=second)
    return tenant, second


@pytest.fixture(scope="module")
def tenant(keyed: tuple[Tenant, str]) -> Tenant:
    return keyed[0]


@pytest.mark.parametrize("bucket", ["hour", "day", "month"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_an_operator_is_told_what_the_entries_say(world: World, tenant: Tenant, bucket: str, zone: str) -> None:
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    parameters = recent(tenant_id=tenant.id, bucket=bucket, time_zone=zone, group_by="key,model")
    for path in ("/usage", "/costs"):
        found = rows(world.admin.rows(asked(path, **parameters)))
        assert told(found) == sums(entries)
        for row in found:
            mine = [entry for entry in entries if (entry.key_id, entry.model) == (row["key"], row["model"])]
            assert mine and row["key_name"] in ("main", "second")


@pytest.mark.parametrize(
    "group", ["tenant", "key", "model", "pool", "backend", "meter", "tag:team", "key,pool,backend"])
def test_every_grouping_has_the_same_total(world: World, tenant: Tenant, group: str) -> None:
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    found = rows(world.admin.rows(asked("/usage", **recent(tenant_id=tenant.id, group_by=group))))
    assert told(found)[1:] == sums(entries)[1:]
    assert all(set(group.split(",")) <= row.keys() for row in found)
    if group == "tag:team":
        assert Counter(row["tag:team"] for row in found) == {None: 1, "blue": 1}


def test_over_all_tenants_the_sum_is_that_of_the_ledger(world: World, tenant: Tenant) -> None:
    path = asked("/usage", **recent(group_by="tenant,key,model", limit=1))
    found, after = [], ""
    while True:
        page = world.admin.get(path + after)
        found += rows(page["data"])
        assert len(rows(page["data"])) <= 1
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    assert len(found) > 1 and told(found) == sums(world.books.entries())


def test_a_tenant_sees_its_own_keys_use_or_all_with_the_scope(world: World, keyed: tuple[Tenant, str]) -> None:
    tenant, second = keyed
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    path = asked("/v1/usage", **recent(group_by="model,key", bucket="month"))
    own = fetch(world.server.data, tenant.key, path=path)
    assert own.status == 200 and own.json()["object"] == "usage"
    assert told(rows(own.json()["data"])) == sums([entry for entry in entries if entry.key_id == tenant.key_id])
    wide = fetch(world.server.data, second, path=path)
    assert told(rows(wide.json()["data"])) == sums(entries)
    stranger = world.tenant()
    assert rows(fetch(world.server.data, stranger.key, path=path).json()["data"]) == []


@pytest.mark.parametrize("query, param", [
    ("bucket=week", "bucket"), ("start=now", "start"), ("group_by=tenant", "group_by"),
    ("tenant_id=ten_1", "tenant_id"),
    ("limit=0", "limit"), ("time_zone=x", "time_zone"), ("bucket=day&bucket=hour", "bucket"), ("after=zz", "after"),
])
def test_a_bad_parameter_is_named(world: World, tenant: Tenant, query: str, param: str) -> None:
    answer = fetch(world.server.data, tenant.key, path=f"/v1/usage?{query}")
    assert (answer.status, answer.failure["param"]) == (400, param)


def test_asking_counts_against_the_request_rate_only(world: World) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"tenants/{tenant.id}", rpm=2, rpd=1, concurrency=1)
    for left in ("1", "0"):
        answer = fetch(world.server.data, tenant.key, path="/v1/usage")
        assert (answer.status, answer.headers["x-ratelimit-remaining-requests"]) == (200, left)
    refused = fetch(world.server.data, tenant.key, path="/v1/usage")
    assert (refused.status, refused.failure["code"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1 and int(refused.headers["retry-after-ms"]) >= 1
    quotas = fetch(world.server.data, tenant.key, path="/v1/balance").json()["quotas"]
    assert {quota["limit_type"]: quota["remaining"] for quota in quotas if quota["limit_type"] != "rpm"} == {
        "rpd": 1, "concurrency": 1}


@pytest.mark.parametrize("path", ["/v1/usage", "/v1/balance", "/v1/models", "/v1/models/fake"])
def test_what_a_tenant_is_told_is_kept_by_no_cache(world: World, tenant: Tenant, path: str) -> None:
    answer = fetch(world.server.data, tenant.key, path=path)
    assert (answer.status, answer.headers.get("cache-control")) == (200, "no-store")


def test_single_requests_are_shown_with_their_attempts(world: World, tenant: Tenant) -> None:
    entries = {entry.request_id: entry for entry in world.books.entries() if entry.tenant_id == tenant.id}
    listed = world.admin.rows(asked("/requests", tenant_id=tenant.id, status=200))
    assert [row["id"] for row in listed] == sorted(entries, reverse=True)
    for row in listed:
        entry = entries[row["id"]]
        assert (pico(row["cost"]), row["tokens"]["input"]) == (entry.cost, entry.input)
        assert world.admin.get(f"/requests/{row['id']}") == row
        assert [attempt["backend_name"] for attempt in row["attempts"]] == ["fake-a"]
    assert "hello" not in json.dumps(listed)


def test_the_command_line_shows_a_table_and_json(world: World, tenant: Tenant) -> None:
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    requests, input_tokens, output_tokens, cost = sums(entries)
    scope = ["--tenant", tenant.name, "--group-by", "key"]
    done = world.server.run("usage", *scope)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["START", "KEY", "REQUESTS", "INPUT", "TOKENS", "OUTPUT", "TOKENS", "COST", "USD"]
    assert len({len(line) for line in lines}) == 1 or lines[-1].startswith("TOTAL")
    total = lines[-1].split()
    assert total[:4] == ["TOTAL", str(requests), str(input_tokens), str(output_tokens)] and pico(total[4]) == cost
    shown = json.loads(world.server.run("costs", *scope, "--output", "json").stdout)
    assert told(rows(shown["data"])) == sums(entries)
    assert world.server.run("usage", "--tenant", "nobody").returncode == 3
