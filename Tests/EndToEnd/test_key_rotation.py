"""Client keys and backends' keys are replaced while calls flow, and no call fails for it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.options import Run
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
