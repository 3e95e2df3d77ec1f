"""What goes wrong around a person, and what the dashboard makes of it: lost answers, slow ones, odd names, Back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from support.browser import Browser, browser
from support.client import chat, fetch
from support.world import World

# Between the page and its own `fetch`: what a test wants of the next calls.
LOSE_ANSWERS = """
    const real = window.fetch; window.__lost = arguments[0];
    window.fetch = async (path, options = {}) => {
        const answer = await real(path, options);
        if (options.method !== 'POST' || window.__lost-- <= 0) return answer;
        throw new TypeError('the answer was lost');
    };
"""
HOLD_ANSWERS = """
    const real = window.fetch;
    window.fetch = async (path, options = {}) => {
        const answer = await real(path, options);
        if (options.method === 'POST') await new Promise(go => { window.__go = go; });
        return answer;
    };
"""
REFUSE = """
    const real = window.fetch; window.__asked = []; window.__status = arguments[0];
    window.fetch = (path, options = {}) => {
        if (!window.__status) return real(path, options);
        window.__asked.push(performance.now());
        return Promise.resolve(new Response('{}', { status: window.__status }));
    };
"""


@pytest.fixture(scope="module")
def chromium(world: World) -> Iterator[Browser]:
    with browser(world.server) as chromium:
        yield chromium


def call(world: World, key: str) -> None:
    assert fetch(world.server.data, key, chat(world.fresh("care"), max_tokens=5)).done


def test_the_days_of_a_tenant_elsewhere_are_utc_days_too(world: World, chromium: Browser) -> None:
    tenant = world.tenant(time_zone="Pacific/Kiritimati")  # 14 hours ahead: its day is nearly always another one
    call(world, tenant.key)
    chromium.sign_in(world.server.admin_key, f"spend?tenant={tenant.id}&range=7")
    days = chromium.script(
        "return [...document.querySelectorAll('figure tbody th')].map(e => e.textContent)"
    )
    today = datetime.now(ZoneInfo("UTC")).date()
    assert days == [str(today - timedelta(days=back)) for back in range(6, -1, -1)]
    costs = chromium.script("return [...document.querySelectorAll('figure tbody td')].map(e => e.textContent)")
    assert [cost == "$0.00" for cost in costs] == [True] * 6 + [False], costs


def test_the_skip_link_leaves_the_address_alone(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "budgets")
    chromium.driver.refresh()
    chromium.settled()
    ActionChains(chromium.driver).send_keys(Keys.TAB, Keys.ENTER).perform()
    assert chromium.script("return [location.hash, document.activeElement.id]") == ["#/budgets", "main"]
    chromium.driver.refresh()
    chromium.settled()
    assert chromium.texts("h1") == ["Budgets"]


def test_a_dialog_cannot_be_left_while_its_key_is_made(world: World, chromium: Browser) -> None:
    tenant = world.tenant()
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.script(HOLD_ANSWERS)
    chromium.press("New key")
    chromium.fill(name="slow")
    chromium.press("Create key")
    chromium.until(lambda: chromium.script("return !!window.__go"), "the call")
    for _ in range(3):
        ActionChains(chromium.driver).send_keys(Keys.ESCAPE).perform()
    assert not chromium.button("Cancel").is_enabled()
    assert chromium.all("dialog[open] [name='name']")
    chromium.script("window.__go()")
    secret = str(chromium.one("dialog[open] .secret").get_property("value"))
    chromium.press("Done")
    call(world, secret)


@pytest.mark.parametrize("action", ["New key", "Rotate"])
def test_a_key_whose_answer_was_lost_is_said_to_be_so(world: World, chromium: Browser, action: str) -> None:
    tenant = world.tenant()
    before = len(world.admin.rows(f"/tenants/{tenant.id}/keys"))
    chromium.sign_in(world.server.admin_key, f"tenants/{tenant.id}")
    chromium.script(LOSE_ANSWERS, 1)
    if action == "New key":
        chromium.press("New key")
        chromium.fill(name="twice")
    else:
        public = world.admin.rows(f"/tenants/{tenant.id}/keys")[0]["public_id"]
        chromium.press(f"Rotate the key main, tg_{public}, of {tenant.name}")
    word = "Create key" if action == "New key" else "Rotate key"
    chromium.press(word)
    chromium.shows("the gateway did not answer")
    chromium.press(word)
    chromium.shows("The answer to the first try was lost", "Rotate it")
    assert not chromium.all("dialog[open] .secret")
    keys = world.admin.rows(f"/tenants/{tenant.id}/keys")
    assert len(keys) == before + (action == "New key")
    assert sum(len(key["secrets"]) for key in keys) == 2, "made once"
    chromium.press("Done")
    chromium.console()


def test_two_keys_of_one_name_are_told_apart(world: World, chromium: Browser) -> None:
    tenants = [world.tenant(), world.tenant()]
    publics = [world.admin.rows(f"/tenants/{tenant.id}/keys")[0]["public_id"] for tenant in tenants]
    chromium.sign_in(world.server.admin_key, "keys")
    for tenant, public in zip(tenants, publics, strict=True):
        chromium.press(f"Revoke the key main, tg_{public}, of {tenant.name}")
        chromium.shows(f"Revoke main (tg_{public}_…) of {tenant.name}?")
        chromium.press("Cancel")


def test_what_is_typed_stays_and_back_works(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "audit")
    field = chromium.field("What")
    field.send_keys("key.cre")
    chromium.driver.execute_async_script("""
        const done = arguments[0];
        document.dispatchEvent(new Event('visibilitychange')); setTimeout(done, 500);""")
    assert field.get_property("value") == "key.cre", "a look in between wiped it"
    field.send_keys("ate", Keys.TAB)  # leaving the field applies it
    chromium.until(lambda: "action=key.create" in chromium.script("return location.hash"), "the filter")
    chromium.until(lambda: set(chromium.texts("tbody td .chip")) == {"key.create"}, "the rows")
    chromium.driver.back()
    chromium.until(lambda: len(set(chromium.texts("tbody td .chip"))) > 1, "all rows again")


def test_a_wrong_address_is_only_not_found(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    chromium.console()
    chromium.script("location.hash = '#/tenants/%'")
    chromium.shows("no such tenant", "To the page Tenants")
    assert not [button for button in chromium.texts("main button") if button == "Try again"]
    chromium.press("To the page Tenants")
    chromium.settled()
    assert chromium.texts("h1") == ["Tenants"]
    assert chromium.script("return document.activeElement.localName") == "h1"
    chromium.press("New tenant")
    chromium.until(lambda: chromium.all("dialog[open]"), "the dialog")
    chromium.driver.back()
    chromium.until(lambda: not chromium.all("dialog[open]"), "the end of the dialog of another page")
    assert not [text for text in chromium.console() if "URIError" in text]


def test_a_pool_may_be_called_like_anything(world: World, chromium: Browser) -> None:
    world.admin.pool("__proto__")
    world.admin.backend("__proto__", "odd", world.backend.base_url())
    chromium.sign_in(world.server.admin_key, "pools")
    chromium.shows("__proto__")
    chromium.script(
        "[...document.querySelectorAll('section')].find(e => e.innerText.includes('__proto__'))"
        ".querySelector('.sort').click()"
    )
    assert chromium.script("return Object.keys(Object.prototype).length + ('sort' in {}) + ('descending' in {})") == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_gateway_that_is_busy_is_asked_less_often(world: World, chromium: Browser, status: int) -> None:
    chromium.sign_in(world.server.admin_key, "pools")
    chromium.script(REFUSE, status)
    chromium.shows("Not answered, trying again")
    times = chromium.until(
        lambda: (lambda asked: asked if len(asked) >= 3 else None)(chromium.script("return window.__asked")),
        "another look",
        12,
    )
    assert times[2] - times[0] > 3500, times  # two calls a look; every 2 s if nothing were wrong
    chromium.script("window.__status = 0; document.dispatchEvent(new Event('visibilitychange'))")
    chromium.until(lambda: chromium.texts("#connection") == ["Live"], "the figures")
    chromium.console()


def test_rows_stay_where_they_are_under_the_pointer(world: World, chromium: Browser) -> None:
    few = [world.tenant(), world.tenant()]
    chromium.sign_in(world.server.admin_key, "tenants")
    chromium.press("This month")  # the most expensive first
    chromium.until(lambda: chromium.all("th[aria-sort='descending']"), "the order")
    before = chromium.texts("main tbody th")
    last = few[0] if before.index(few[0].name) > before.index(few[1].name) else few[1]
    chromium.script(
        "[...document.querySelectorAll('main tbody th a')].find(e => e.innerText === arguments[0]).focus()", last.name
    )
    for _ in range(20):
        call(world, last.key)
    chromium.until(
        lambda: chromium.script(
            "return [...document.querySelectorAll('main tbody tr')].find(e => e.innerText.startsWith(arguments[0]))"
            ".querySelector('td:last-child data').value !== '0'",
            last.name,
        ),
        "the cost",
        15,
    )
    assert chromium.texts("main tbody th") == before
    assert chromium.script("return document.activeElement.innerText") == last.name
    chromium.script("document.activeElement.blur()")
    chromium.until(lambda: chromium.texts("main tbody th") != before, "the order as it is now", 15)


def test_exact_amounts_come_by_a_button(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key, "spend")
    chromium.press("Exact amounts")
    shown, cells = chromium.script("""
        return [[...document.querySelectorAll('main .cards data.money')].map(e => [e.innerText, e.value]),
                [...document.querySelectorAll('figure td')].map(e => e.textContent)];""")
    assert shown and all(Fraction(text.replace(",", "").strip("$")) == Fraction(exact) for text, exact in shown)
    assert any(len(cell) > 7 for cell in cells), cells
    chromium.press("Exact amounts")


def test_amounts_below_nothing_read_so(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    shown = chromium.driver.execute_async_script("""
        const done = arguments[0];
        import('/dashboard/money.js').then(money => done(['-0.000123', '-1.5', '-1234.567', '-0.000000000001']
            .map(text => [money.exact(money.pico(text)), money.rounded(money.pico(text))])));""")
    assert shown == [["-0.000123", "−$0.00012"], ["-1.5", "−$1.50"], ["-1234.567", "−$1,234.57"],
                     ["-0.000000000001", "−$0.000000000001"]]


def test_a_key_with_dots_in_it_is_refused_as_a_key(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    chromium.press("Sign out")
    chromium.field("Admin key").send_keys("tga_abc…\n")
    chromium.shows("The key is not good")


def test_the_last_minute_is_a_minute_also_after_a_while_elsewhere(world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    found = chromium.driver.execute_async_script("""
        const done = arguments[0];
        import('/dashboard/traffic.js').then(({ ago, duration, isBroken, joined }) => {
            const at = seconds => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
            const sample = seconds => ({ at: at(seconds) });
            const many = [0, 2, 4].map(sample);
            const long = Array.from({ length: 500 }, (_, index) => sample(index * 10));
            done([isBroken([], sample(0)), isBroken(many, sample(6)), isBroken(many, sample(2404)),
                  joined(long, sample(5000)).length, ago(joined(long, sample(5000)), 60).at === at(4940),
                  ...[0.0005, 0.0123, 0.46, 0.9999, 1.5, 460].map(duration)]);
        });""")
    assert found[:5] == [True, False, True, 361, True]
    assert found[5:] == ["500 µs", "12 ms", "460 ms", "1000 ms", "1.5 s", "460 s"]


def test_calls_told_apart_by_meter_are_not_counted_twice(world: World, chromium: Browser) -> None:
    tenant = world.tenant()
    call(world, tenant.key)
    chromium.sign_in(world.server.admin_key, f"spend?by=meter&tenant={tenant.id}")
    rows = chromium.script(
        "return [...document.querySelectorAll('.cards tbody [data-label=Requests]')].map(e => e.innerText)"
    )
    assert len(rows) >= 2 and set(rows) == {"–"}
    assert chromium.script("return document.querySelector('tfoot [data-label=Requests]').innerText") == "1"


def test_a_download_goes_to_the_disk_as_it_comes_and_can_be_stopped(world: World, chromium: Browser) -> None:
    tenant = world.tenant()
    call(world, tenant.key)
    chromium.sign_in(world.server.admin_key, "periods")
    month = chromium.texts("tbody th")[0]
    chromium.script("""
        window.__parts = []; window.__end = null;
        window.showSaveFilePicker = async ({ suggestedName }) => ({ createWritable: async () => new WritableStream({
            write: part => { window.__parts.push(part.length); window.__name = suggestedName; return window.__slow; },
            close: () => { window.__end = 'closed'; }, abort: () => { window.__end = 'aborted'; } }) });""")
    chromium.press(f"Download {month}")
    chromium.submit("Download")
    assert chromium.script("return [window.__end, window.__name]") == ["closed", f"{month}.csv"]
    assert sum(chromium.script("return window.__parts")) > 0
    chromium.script("window.__end = null; window.__parts = []; window.__slow = new Promise(() => {})")
    chromium.press(f"Download {month}")
    chromium.press("Download")
    chromium.until(lambda: chromium.script("return window.__parts.length"), "the first piece")
    chromium.press("Cancel")
    chromium.until(lambda: not chromium.all("dialog[open]"), "the end")
    assert chromium.script("return window.__end") != "closed"
