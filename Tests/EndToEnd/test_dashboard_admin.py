"""What only admins do in the dashboard: admin keys, webhooks, holds, a key's own cap and quotas, changes of tenants."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from support.backend import FakeBackend
from support.browser import Browser, browser
from support.client import chat, fetch
from support.options import Run
from support.tollgate import gateway
from support.world import World


@pytest.fixture(scope="module")
def chromium(world: World) -> Iterator[Browser]:
    with browser(world.server) as chromium:
        yield chromium


def test_an_admin_key_is_made_signs_in_and_is_revoked(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "admin-keys")
    chromium.press("New admin key")
    chromium.fill(name="Ada", role="viewer: looks")
    chromium.submit("Create admin key")
    secret = str(chromium.one("dialog[open] .secret").get_property("value"))
    chromium.press("Done")
    [made] = [key for key in world.admin.rows("/admin-keys") if key["name"] == "Ada"]
    chromium.sign_in(secret, "tenants")
    chromium.shows("Ada · viewer")
    chromium.sign_in(world.server.admin_key, "admin-keys")
    chromium.press(f"Revoke the admin key Ada, {made['public_id']}")
    chromium.submit("Revoke admin key")
    chromium.shows("No admin keys yet")
    assert world.admin.rows("/admin-keys") == []
    assert not chromium.reports()


def test_a_webhook_is_made_tested_looked_at_and_deleted(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "webhooks")
    chromium.press("New webhook")
    chromium.fill(url="not a url")
    chromium.press("Create webhook")
    chromium.shows("URL must be an absolute")
    chromium.fill(url="http://127.0.0.1:9/hook", events="backend.down")
    chromium.submit("Create webhook")
    assert str(chromium.one("dialog[open] .secret").get_property("value")).startswith("whsec_")
    chromium.press("Done")
    chromium.press("Test http://127.0.0.1:9/hook")
    chromium.until(lambda: chromium.texts(".toast-bad"), "what came of it")
    chromium.press("http://127.0.0.1:9/hook")
    chromium.until(lambda: chromium.all("main tbody tr"), "the message")
    chromium.go("webhooks")
    chromium.press("Delete http://127.0.0.1:9/hook")
    chromium.submit("Delete webhook")
    chromium.shows("No webhooks yet")
    assert world.admin.rows("/webhooks") == []
    chromium.console()


def test_one_key_gets_a_cap_and_quotas_of_its_own(world: World, chromium: Browser) -> None:
    tenant = world.tenant(None)
    public = world.admin.rows(f"/tenants/{tenant.id}/keys")[0]["public_id"]
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.press("New budget")
    chromium.fill(key_id=f"main (tg_{public}_…)", limit="3")
    chromium.submit("Create budget")
    chromium.shows("key main")
    [budget] = world.admin.rows(f"/budgets?tenant_id={tenant.id}")
    assert (budget["key_id"], budget["limit"]) == (tenant.key_id, "3")
    named = f"the key main, tg_{public}, of {tenant.name}"
    chromium.press(f"Quotas of {named}")
    chromium.fill(rpm="7")
    chromium.submit("Save")
    assert world.admin.get(f"/keys/{tenant.key_id}/quotas")["rpm"] == 7
    chromium.press(f"Change {named}")
    chromium.fill(name="renamed", models="fake")
    chromium.submit("Save")
    chromium.shows("renamed")
    key = world.admin.get(f"/keys/{tenant.key_id}")
    assert (key["name"], key["models"]) == ("renamed", ["fake"])
    assert not chromium.console() and not chromium.reports()


def test_a_tenant_is_changed_suspended_and_archived_and_then_only_looked_at(world: World, chromium: Browser) -> None:
    tenant = world.tenant("5")
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.press("Change tenant")
    chromium.fill(name=f"{tenant.name} renamed", price_multiplier="1.5", tags="team=search")
    chromium.submit("Save")
    chromium.until(lambda: chromium.texts("h1") == [f"{tenant.name} renamed"], "the new name")
    changed = world.admin.get(f"/tenants/{tenant.id}")
    assert (changed["price_multiplier"], changed["tags"]) == ("1.5", {"team": "search"})
    chromium.press("Suspend")
    chromium.submit("Suspend")
    chromium.shows("Suspended: all its calls are refused.")
    chromium.press("Archive")
    chromium.submit("Archive tenant")
    chromium.until(lambda: chromium.texts("h1") == ["Tenants"], "the list")
    chromium.go(f"tenants/{tenant.id}")
    chromium.shows("Archived at")
    assert chromium.texts("main button.button") == [] and chromium.texts("main td button") == []
    assert not chromium.console() and not chromium.reports()


def test_holds_that_a_crash_left_open_are_charged_and_released(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server, browser(server) as chromium:
        world = World.lay(server, backend)
        tenants = [world.tenant("5"), world.tenant("5")]

        def slow(key: str) -> None:
            try:
                fetch(server.data, key, chat(world.fresh("left"), max_tokens=50, knobs="latency=60000"))
            except OSError:
                pass  # The gateway is killed under it.

        for tenant in tenants:
            threading.Thread(target=slow, args=(tenant.key,), daemon=True).start()
        chromium.until(lambda: len(world.admin.holds("live")) == 2, "two calls")
        chromium.sign_in(server.admin_key, "holds")
        assert chromium.texts("tbody .chip") == ["live", "live"] and not chromium.texts("tbody button")
        server.kill()
        server.start()
        chromium.until(lambda: chromium.texts("tbody .chip") == ["uncertain", "uncertain"], "what the crash left", 30)
        for tenant, charge in zip(tenants, ("0.00005", ""), strict=True):
            [hold] = [row for row in world.admin.holds() if row["tenant_id"] == tenant.id]
            chromium.press(f"Resolve the hold of {tenant.name}, {hold['request_id']}")
            chromium.fill(charge=charge)
            chromium.submit("Resolve")
        chromium.shows("Nothing is held")
        states = [world.admin.budget_state(str(tenant.budget)) for tenant in tenants]
        assert [(state["posted"], state["held"]) for state in states] == [("0.00005", "0"), ("0", "0")]
        chromium.console()
