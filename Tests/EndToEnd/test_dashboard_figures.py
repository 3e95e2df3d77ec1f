"""The dashboard's figures: exact to the last digit, light and quick on the wire, and quick with ten thousand tenants."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from support.backend import FakeBackend
from support.browser import PAGES, Browser, browser
from support.client import chat, fetch
from support.options import Run
from support.oracle import usd
from support.processes import note
from support.tollgate import gateway
from support.world import World


@pytest.fixture(scope="module")
def chromium(world: World) -> Iterator[Browser]:
    with browser(world.server) as chromium:
        yield chromium


def test_amounts_are_exact_and_never_nothing_for_something(run: Run, world: World, chromium: Browser) -> None:
    chromium.sign_in(world.server.admin_key)
    choice = random.Random(run.seed)
    texts = [
        "0",
        "0.000000000001",
        "0.004",
        "0.01",
        "0.99",
        "0.999999",
        "1",
        "1.005",
        "999.995",
        "1234567.891",
        "12345678901234.5",
    ]
    texts += [usd(choice.randrange(10 ** choice.randint(1, 26))) for _ in range(500)]
    shown = chromium.driver.execute_async_script(
        """
        const done = arguments[arguments.length - 1];
        import('/dashboard/money.js').then(money => done([
            arguments[0].map(text => money.exact(money.pico(text))),
            arguments[0].map(text => money.rounded(money.pico(text))),
            money.exact(money.sum(arguments[0].map(money.pico)))]));
    """,
        texts,
    )
    exact, rounded, total = shown
    assert exact == texts
    assert Fraction(total) == sum(map(Fraction, texts))
    for text, short in zip(texts, rounded, strict=True):
        value, read = Fraction(text), Fraction(short.replace("$", "").replace(",", ""))
        assert (read == 0) == (value == 0), f"{text} is shown as {short}"
        assert abs(read - value) <= max(value / 20, Fraction(0)) if value < 1 else abs(read - value) <= Fraction(1, 200)


def called(world: World) -> None:
    assert fetch(world.server.data, world.tenant().key, chat(world.fresh("figure"), max_tokens=5)).done


def test_a_copied_amount_is_the_exact_one(world: World, chromium: Browser) -> None:
    called(world)
    chromium.sign_in(world.server.admin_key, "requests")
    copied, exact, title = chromium.script("""
        const amount = document.querySelector('tbody data.money');
        getSelection().selectAllChildren(amount);
        const event = new ClipboardEvent('copy',
            { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
        amount.dispatchEvent(event);
        return [event.clipboardData.getData('text/plain'), amount.getAttribute('value'), amount.title];
    """)
    assert copied == exact and exact in title


def test_times_are_utc_and_the_readers_own_on_hover(world: World, chromium: Browser) -> None:
    called(world)
    chromium.cdp("Emulation.setTimezoneOverride", timezoneId="Asia/Kolkata")
    chromium.sign_in(world.server.admin_key, "requests")
    text, title, instant = chromium.script(
        "const t = document.querySelector('tbody time'); return [t.innerText, t.title, t.dateTime]"
    )
    assert text == f"{instant[:10]} {instant[11:19]} UTC"
    assert "GMT+5:30" in title and "your time" in title
    chromium.cdp("Emulation.setTimezoneOverride", timezoneId="UTC")


def test_each_page_is_light_and_paints_at_once(world: World, chromium: Browser) -> None:
    tenant = world.tenant()
    weights, paints = {}, []
    # What is taken from a cache has no size.
    chromium.cdp("Network.enable")
    chromium.cdp("Network.setCacheDisabled", cacheDisabled=True)
    for page in (*PAGES, f"tenants/{tenant.id}"):
        chromium.sign_in(world.server.admin_key, page)
        chromium.driver.refresh()
        chromium.settled()
        paints.append(chromium.script("return performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        sizes = chromium.script("""
            return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
                .map(entry => [new URL(entry.name).pathname, entry.decodedBodySize]);
        """)
        own = [size for path, size in sizes if not path.endswith("chart.min.js") and not path.startswith("/admin/v1/")]
        assert len(own) > 10, sizes
        weights[page] = sum(own)
    chromium.cdp("Network.setCacheDisabled", cacheDisabled=False)
    note(f"heaviest page {max(weights.values())} bytes, first paint {sorted(paints)[len(paints) // 2]:.0f} ms (median)")
    assert max(weights.values()) < 150_000, weights
    assert sorted(paints)[len(paints) // 2] < 500, paints


def test_ten_thousand_tenants_are_found_at_once(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        first = world.admin.tenant("crowd 00000")
        world.admin.budget(first, "3")
        server.stop()
        crowd(server.database, first, 10_000)
        server.start()
        with browser(server) as chromium:
            chromium.sign_in(server.admin_key)
            started = time.monotonic()
            chromium.go("tenants")
            seconds = time.monotonic() - started
            assert seconds < 5, f"the list took {seconds:.1f} s"
            assert len(chromium.all("main tbody tr")) == 100
            chromium.field("Find among").send_keys("crowd 09999")
            chromium.until(lambda: chromium.texts("main tbody th") == ["crowd 09999"], "the one tenant", 2)
            amount = chromium.script(
                "return [...document.querySelectorAll('main tbody .gauge data.money')].at(-1).value"
            )
            assert amount == "3"
            for page in ("overview", "budgets", "keys", "spend", "requests"):
                started = time.monotonic()
                chromium.go(page)
                assert time.monotonic() - started < 5, page
            assert not chromium.console() and not chromium.reports()


def crowd(database: Path, first: str, number: int) -> None:
    """So many tenants like the first one, its budget included; making each by a call would take minutes."""
    with closing(sqlite3.connect(database)) as link:
        for table, whose in (("tenants", "id"), ("budgets", "tenant_id")):
            found = link.execute(f"SELECT * FROM {table} WHERE {whose} = ?", (first,))
            names = [column[0] for column in found.description]
            [row] = [dict(zip(names, values, strict=True)) for values in found]
            link.executemany(
                f"INSERT INTO {table} VALUES ({', '.join(f':{name}' for name in names)})",
                ({**row, **parts(table, place)} for place in range(1, number)),
            )
        link.commit()


def parts(table: str, place: int) -> dict[str, str]:
    """In what a copy differs."""
    tenant = f"tnt_crowd{place:05}"
    if table == "tenants":
        return {"id": tenant, "name": f"crowd {place:05}"}
    return {"id": f"bud_crowd{place:05}", "tenant_id": tenant}
