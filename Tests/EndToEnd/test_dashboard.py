"""The dashboard in a real Chromium: what a person does there happens, and what happens shows there."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from support.browser import Browser, browser
from support.client import Answer, chat, fetch
from support.options import Run
from support.oracle import cost_by_tenant, usd
from support.tollgate import gateway
from support.world import World

PICTURES = Path(__file__).resolve().parent / ".screenshots"
CAP = "0.002"  # one call of 400 tokens fits, a second one does not


@pytest.fixture(scope="module")
def chromium(world: World) -> Iterator[Browser]:
    with browser(world.server) as chromium:
        yield chromium


def call(world: World, key: str) -> Answer:
    return fetch(world.server.data, key, chat(world.fresh("dash"), max_tokens=400, knobs="out=400"))


def amounts(chromium: Browser, selector: str) -> list[str]:
    """The exact amounts behind the rounded ones."""
    return list(
        chromium.script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.getAttribute('value'))",
            f"{selector} data.money",
        )
    )


def spent(world: World, tenant: str) -> str:
    return usd(cost_by_tenant(world.books.entries()).get(tenant, 0))


# One after the other, each on what the one before left.


def test_the_first_run_shows_the_commands_that_issue_a_key(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    chromium.shows(
        "tollgate tenants create --name acme",
        "tollgate entitlements set --tenant acme --pool fast",
        "tollgate keys create --tenant acme --name first",
    )
    PICTURES.mkdir(exist_ok=True)
    chromium.driver.save_screenshot(str(PICTURES / "first-run.png"))
    for page in ("tenants", "keys", "budgets", "spend", "requests", "holds", "webhooks", "admin-keys"):
        chromium.go(page)
        assert chromium.all("main .empty"), f"{page} says nothing about what to do next"
    assert not chromium.console() and not chromium.reports()


def test_the_first_runs_commands_work_as_they_stand(world: World) -> None:
    for arguments in (
        ["tenants", "create", "--name", "acme"],
        ["entitlements", "set", "--tenant", "acme", "--pool", "fast"],
        ["keys", "create", "--tenant", "acme", "--name", "first", "--output", "json"],
    ):
        done = world.server.run(*arguments)
        assert done.returncode == 0, done.stderr
    assert '"tg_' in done.stdout


def test_a_tenant_a_key_and_a_cap_from_first_click_to_refusal(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "tenants")
    chromium.press("New tenant")
    chromium.fill(name="Müller & Co <b>", time_zone="Europe/Rome", pools="fast")
    chromium.submit("Create tenant")
    chromium.until(lambda: chromium.texts("h1") == ["Müller & Co <b>"], "the new tenant's page")
    tenant = str(chromium.script("return location.hash")).rpartition("/")[2]

    chromium.press("New key")
    chromium.fill(name="laptop")
    chromium.submit("Create key")
    key = str(chromium.one("dialog[open] .secret").get_property("value"))
    chromium.press("Done")
    assert key.startswith("tg_")
    chromium.until(lambda: key not in chromium.driver.page_source, "the end of the key's only show")

    chromium.press("New budget")
    chromium.fill(limit=CAP, window="month", mode="hard: refuses")
    chromium.submit("Create budget")
    chromium.shows("month, hard")

    first = call(world, key)
    assert first.done, first.body
    cost = spent(world, tenant)
    # Without a reload: the page looks again by itself.
    chromium.until(lambda: amounts(chromium, ".gauge")[:1] == [cost], f"${cost} posted")
    second = call(world, key)
    assert second.status == 429 and second.failure["code"] == "insufficient_quota"
    assert Fraction(amounts(chromium, ".gauge")[1]) == Fraction(CAP) - Fraction(cost)

    chromium.go("overview")
    chromium.shows("1 refused", "Müller & Co <b>", "refuses calls above $0.000")

    chromium.go(f"tenants/{tenant}")
    chromium.press("Raise the budget of Müller & Co <b>")
    chromium.fill(limit="1")
    chromium.submit("Raise")
    chromium.shows("Raised to $1.00")
    assert call(world, key).done
    total = spent(world, tenant)
    assert Fraction(total) == 2 * Fraction(cost)
    chromium.until(lambda: amounts(chromium, ".gauge")[:1] == [total], f"${total} posted")

    chromium.go("requests")
    assert amounts(chromium, "tbody") == [cost, cost]
    chromium.go(f"spend?by=key&tenant={tenant}")
    assert amounts(chromium, "tfoot") == [total]
    chromium.shows("laptop")
    chromium.go("audit")
    chromium.shows("tenant.create", "key.create", "budget.create", "budget.raise")
    assert not chromium.console() and not chromium.reports()


def test_the_limit_is_changed_after_a_look_at_what_it_would_have_refused(world: World, chromium: Browser) -> None:
    tenant = world.tenant("5")
    for _ in range(3):
        assert call(world, tenant.key).done
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.press(f"Change the budget of {tenant.name}")
    chromium.fill(limit="0.003")
    chromium.press("Preview on the last 30 days")
    chromium.shows("2 of 3 calls would have been refused")
    chromium.fill(limit="-3")
    chromium.press("Change limit")
    chromium.shows("Limit must be")  # the server's own word, in the dialog
    chromium.fill(limit="7.5")
    chromium.submit("Change limit")
    assert world.admin.budget_state(str(tenant.budget))["limit"] == "7.5"
    chromium.until(lambda: "7.5" in amounts(chromium, ".gauge"), "the new limit")
    assert len(chromium.console()) == 1, "the refusal of -3 is the only complaint"


def test_a_change_by_somebody_else_is_not_overwritten(world: World, chromium: Browser) -> None:
    tenant = world.tenant("5")
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.press(f"Change the budget of {tenant.name}")
    chromium.fill(limit="6")
    world.admin.ok("PATCH", f"/budgets/{tenant.budget}", {"limit": "9"})
    chromium.press("Change limit")
    chromium.shows("the resource has changed since")
    chromium.press("Cancel")
    assert world.admin.budget_state(str(tenant.budget))["limit"] == "9"
    chromium.console()


def test_a_drained_backend_shows_and_takes_no_calls(world: World, chromium: Browser) -> None:
    tenant = world.tenant()
    chromium.sign_in(world.server.admin_key, "pools")
    chromium.shows("ready")
    # What the role tests look for by its absence is there for an admin.
    assert {"Probe", "Drain"} <= set(chromium.texts("main button"))
    chromium.press("Drain fake-a")
    chromium.submit("Drain")
    chromium.until(lambda: chromium.texts("tbody .chip") == ["draining"], "the state draining")
    assert call(world, tenant.key).status == 503
    chromium.go("overview")
    chromium.shows("fast / fake-a", "draining")
    chromium.go("pools")
    chromium.press("Undrain fake-a")
    chromium.until(lambda: chromium.texts("tbody .chip") == ["ready"], "the state ready")
    assert call(world, tenant.key).done
    assert not chromium.console() and not chromium.reports()


def test_the_csv_is_what_is_shown_to_the_last_digit(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "spend?by=tenant")
    chromium.press("Cost")
    shown = amounts(chromium, "main .cards tbody tr")
    chromium.press("Download sums")
    path = chromium.until(lambda: next(chromium.downloads.glob("*.csv"), None), "the file")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Cost"] for row in rows] == shown
    assert sum(Fraction(row["Cost"]) for row in rows) == Fraction(
        usd(sum(cost_by_tenant(world.books.entries()).values()))
    )


# Each by itself


def test_finance_and_viewer_see_and_may_what_their_role_says(world: World, chromium: Browser) -> None:
    tenant = world.tenant("5")
    looks = ["Overview", "Spend", "Tenants", "Budgets", "Models and prices", "Periods and exports", "Requests"]
    pages = {"finance": {*looks, "Audit"}, "viewer": {*looks, "Keys", "Pools and backends", "Holds"}}
    for role, expected in pages.items():
        key = world.admin.ok("POST", "/admin-keys", {"name": f"{role} person", "role": role})["key"]
        chromium.sign_in(key)
        assert set(chromium.texts("nav a")) == expected, role
        chromium.shows(f"{role} person · {role}")
        buttons: set[str] = set()
        extra = ["keys", "pools", "holds"] if role == "viewer" else ["audit"]
        for page in ["tenants", f"tenants/{tenant.id}", "budgets", "models", "periods", "spend", "requests", *extra]:
            chromium.go(page)
            buttons |= set(chromium.texts("main button"))
        changing = {
            "New tenant",
            "New budget",
            "Change",
            "Raise",
            "Delete",
            "Suspend",
            "Archive",
            "New key",
            "Rotate",
            "Revoke",
            "New price",
            "Drain",
            "Undrain",
            "Probe",
            "Quotas",
            "Resolve",
            "Change tenant",
            "Change quotas",
            "Change entitlements",
        }
        assert not [text for text in chromium.texts("pre.commands") if "create" in text], role
        assert not buttons & changing, f"{role} is offered {buttons & changing}"
        own = {"Add credit", "Import prices", "Download"}
        assert buttons & own == (own if role == "finance" else set()), role
        assert not chromium.console() and not chromium.reports()


def test_the_key_is_in_this_tab_only_and_gone_after_signing_out(world: World, chromium: Browser) -> None:
    key = world.admin.ok("POST", "/admin-keys", {"name": "mine", "role": "viewer"})
    chromium.sign_in(key["key"], "tenants")
    chromium.requests()
    chromium.go("budgets")
    where = chromium.script(
        "return [location.href, document.cookie, JSON.stringify(localStorage), document.body.outerHTML]"
    )
    assert not any(key["key"] in text for text in where)
    assert chromium.driver.get_cookies() == []
    assert not [request for request in chromium.requests() if key["key"] in request["url"]]
    chromium.driver.refresh()
    chromium.settled()  # the tab's key holds over a reload
    world.admin.ok("DELETE", f"/admin-keys/{key['id']}")
    chromium.shows("The key is no longer good", seconds=15)
    assert chromium.script("return sessionStorage.length") == 0
    chromium.field("Admin key").send_keys("tga_wrong\n")
    chromium.shows("The key is not good")
    chromium.sign_in(world.server.admin_key)
    chromium.press("Sign out")
    chromium.field("Admin key")
    assert chromium.script("return sessionStorage.length") == 0
    chromium.driver.refresh()
    chromium.field("Admin key")
    chromium.console()


def test_everything_goes_by_keyboard_and_the_focus_shows(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "tenants")
    chromium.driver.refresh()
    chromium.settled()

    def press(*keys: str) -> None:
        ActionChains(chromium.driver).send_keys(*keys).perform()

    def focus() -> str:
        outline, text = chromium.script("""
            const e = document.activeElement, s = getComputedStyle(e);
            return [s.outlineStyle + s.outlineWidth, e.getAttribute('aria-label') ?? (e.innerText || e.name || '')];
        """)
        assert outline not in ("none0px", "none3px"), f"the focus on {text!r} does not show"
        return str(text).strip()

    press(Keys.TAB)
    assert focus() == "Skip to the content"
    seen = []
    while "New tenant" not in seen:
        press(Keys.TAB)
        seen.append(focus())
        assert len(seen) < 40, seen
    assert {"Tollgate", "Sign out", "Overview", "Audit"} <= set(seen)
    press(Keys.ENTER)
    name = world.fresh("keyboard")
    chromium.until(lambda: focus() == "name", "the focus in the dialog")
    press(Keys.ESCAPE)
    chromium.until(lambda: focus() == "New tenant", "the focus back where it was")
    press(Keys.ENTER)
    chromium.until(lambda: focus() == "name", "the focus in the dialog")
    press(name, Keys.ENTER)
    chromium.until(lambda: chromium.texts("h1") == [name], "the new tenant")
    assert not chromium.console() and not chromium.reports()


def test_a_lost_connection_is_said_and_found_again(run: Run) -> None:
    with gateway(run.binary) as server, browser(server) as chromium:
        chromium.sign_in(server.admin_key, "tenants")
        chromium.shows("Live")
        server.stop()
        chromium.shows("Connection lost, trying again", "the gateway did not answer", seconds=15)
        server.start()
        chromium.until(lambda: chromium.texts("#connection") == ["Live"], "the connection", 30)
        chromium.settled()
