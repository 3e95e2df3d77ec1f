"""Client keys and backends' keys are replaced while calls flow, and no call fails for it."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.route import wait_for
from support.tollgate import gateway
from support.traffic import traffic
from support.world import World

GRACE = 3


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary) as server:
        yield World.lay(server, backend, api_key="sk-" + secrets.token_hex(20))


def test_a_client_key_is_rotated_without_a_failed_call(world: World) -> None:
    tenant = world.tenant("1000")
    with traffic(world, 6, tenant) as calls:
        rotated = time.monotonic()
        made = world.admin.ok("POST", f"/keys/{tenant.key_id}/rotate", {"grace_seconds": GRACE})
        answered = time.monotonic()
        calls.wait_for_more(30)  # nobody has heard of the new key yet
        calls.keys = [tenant.key, made["key"]]
        calls.wait_for_more(30)  # some have
        calls.keys = [made["key"]]
        calls.wait_for_more(30)
        assert time.monotonic() - rotated < GRACE, "this machine is too slow for the test's grace"
    assert not calls.failures(), calls.failures()[:3]
    used = [key for _, key, _ in calls.answers]
    assert used.count(tenant.key) > 30 and used.count(made["key"]) > 30
    assert world.call(tenant).done, "the former secret is good until its grace is over"
    time.sleep(max(0.0, answered + GRACE + 0.1 - time.monotonic()))
    refused = world.call(tenant)
    assert (refused.status, refused.failure["code"]) == (401, "invalid_api_key")
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    assert {entry.key_id for entry in entries} == {tenant.key_id}, "both secrets are one key in the books"


def test_a_backends_key_is_replaced_without_a_failed_call(world: World, backend: FakeBackend) -> None:
    [listed] = world.admin.rows("/pools/fast/backends")
    fresh = "sk-" + secrets.token_hex(20)
    slow, tenant = world.fresh("slow"), world.tenant("1000")
    with traffic(world, 6, tenant) as calls:
        pending = world.in_background(tenant, slow, knobs="latency=1200")
        world.admin.ok("PATCH", f"/backends/{listed['id']}", {"api_key": fresh})
        changed = time.time()
        calls.wait_for_more(60)
        assert not pending.done(), "the call in flight must have outlived the change"
        assert pending.result().done
    assert not calls.failures(), calls.failures()[:3]
    seen = [(call.arrived["at"], call.arrived["headers"]["authorization"]) for call in backend.calls()
            if call.marker.startswith(("traffic", "slow"))]
    late = {key for at, key in seen if at > changed + 0.05}
    assert late == {f"Bearer {fresh}"}, "after the answer to the change only the new key goes out"
    former = {key for at, key in seen if at < changed and key != f"Bearer {fresh}"}
    assert len(former) == 1 and backend.call(slow).arrived["headers"]["authorization"] in former
    assert backend.call(slow).finished and not backend.call(slow).hung_up


def test_keys_are_hashed_anew_at_another_cost_as_they_are_used(run: Run, backend: FakeBackend) -> None:
    """Of the clients' keys and the operators' alike, those that called; others keep their hash, and work later."""
    def hashes() -> dict[str, set[str]]:
        with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as link:
            return {table: {phc.split("$")[3] for (phc,) in link.execute(f"SELECT phc FROM {table}")}
                    for table in ("key_secrets", "admin_keys")}

    with gateway(run.binary, argon2(8, 1)) as server:
        world = World.lay(server, backend)
        tenant, other = world.tenant(), world.tenant()
        server.admin.credential = world.admin.ok("POST", "/admin-keys", {"name": "finance", "role": "admin"})["key"]
        world.assert_good_call(tenant)
        assert hashes() == {"key_secrets": {"m=8,t=1,p=1"}, "admin_keys": {"m=8,t=1,p=1"}}
        server.stop()
        server.config.write_text(server.config.read_text().replace(argon2(8, 1), argon2(16, 2)))
        server.start()
        world.assert_good_call(tenant)
        world.admin.rows("/tenants")
        wait_for(lambda: hashes() == {"key_secrets": {"m=8,t=1,p=1", "m=16,t=2,p=1"}, "admin_keys": {"m=16,t=2,p=1"}},
                 "a new hash of both keys that were used")
        world.assert_good_call(tenant)
        world.assert_good_call(other)
        wait_for(lambda: hashes()["key_secrets"] == {"m=16,t=2,p=1"}, "a new hash of the other key")
        server.stop()
        server.start()
        world.assert_good_call(tenant)


def argon2(kibibytes: int, iterations: int) -> str:
    return f"keys: {{ argon2: {{ memory: {kibibytes}KiB, iterations: {iterations} }} }}\n"
