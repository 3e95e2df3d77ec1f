"""A month is closed in the dashboard, and what is downloaded there is what the page says."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from support.backend import FakeBackend
from support.browser import Browser, browser
from support.client import chat, fetch
from support.options import Run
from support.oracle import usd
from support.showroom import leave, travel
from support.tollgate import Gateway
from support.world import World

PICTURES = Path(__file__).resolve().parent / ".screenshots"


@pytest.fixture(scope="module")
def past(run: Run, backend: FakeBackend) -> Iterator[World]:
    """A gateway whose two tenants called last month, and once this month."""
    server = Gateway(run.binary)
    try:
        travel(server, datetime.now(UTC).day + 2)
        world = World.lay(server, backend)
        tenants = [world.tenant("10"), world.tenant("10")]
        for number in range(7):
            tenant = tenants[number % 2]
            assert fetch(
                server.data, tenant.key, chat(world.fresh("past"), max_tokens=30 + number, knobs=f"out={30 + number}")
            ).done
        travel(server, 0)
        assert fetch(server.data, tenants[0].key, chat(world.fresh("now"), max_tokens=5)).done
        yield world
        server.verify()
    finally:
        leave(server)
        server.close()


@pytest.fixture(scope="module")
def chromium(past: World) -> Iterator[Browser]:
    with browser(past.server) as chromium:
        yield chromium


def row(chromium: Browser, month: str) -> list[str]:
    cells = chromium.script(
        """
        const row = [...document.querySelectorAll('tbody tr')].find(e => e.innerText.startsWith(arguments[0]));
        const text = cell => cell.querySelector('data.money')?.getAttribute('value')
            ?? cell.querySelector('.chip')?.innerText ?? cell.innerText;
        return row ? [...row.children].map(text) : null;
    """,
        month,
    )
    assert cells, f"no row of {month}: {chromium.text[:2000]}"
    return list(cells)


def downloaded(chromium: Browser, pattern: str) -> str:
    path = chromium.until(
        lambda: next((path for path in chromium.downloads.glob(pattern) if path.stat().st_size), None), pattern
    )
    return str(path)


def test_a_month_is_closed_and_its_export_sums_to_what_the_page_says(past: World, chromium: Browser) -> None:
    chromium.sign_in(past.server.admin_key, "periods")
    months = chromium.texts("tbody th")
    this, last = months[0], months[1]
    entries = past.books.entries()
    month_of = [datetime.fromtimestamp(entry.admitted_at / 1e6, UTC).strftime("%Y-%m") for entry in entries]
    total = usd(sum(entry.cost for entry, month in zip(entries, month_of, strict=True) if month == last))
    assert row(chromium, last)[1:3] == ["open", total]
    assert not chromium.all(f"button[aria-label='Close {this}']"), "a month that runs cannot be closed"

    chromium.press(f"Close {last}")
    chromium.shows("A closed month never changes")
    PICTURES.mkdir(exist_ok=True)
    chromium.driver.save_screenshot(str(PICTURES / "dialog-of-closing.png"))
    exact = chromium.script(
        "return [...document.querySelectorAll('dialog[open] data.money')].map(e => e.getAttribute('value'))"
    )
    assert exact[0] == total and sum(map(Fraction, exact[1:])) == Fraction(total)
    chromium.fill(grace="not at all")
    chromium.submit(f"Close {last}")
    chromium.until(lambda: row(chromium, last)[1] == "closed", "the close", 20)
    assert row(chromium, last)[2] == total
    checksum = chromium.script("return document.querySelector('td code.checksum').title")
    assert checksum == past.admin.get(f"/periods/{last}")["manifest_sha256"]

    chromium.press(f"Download {last}")
    chromium.submit("Download")
    with open(downloaded(chromium, "*.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(Fraction(line["cost"]) for line in rows) == Fraction(total)

    chromium.press(f"Manifest of {last}")
    chromium.submit("Download")
    with open(downloaded(chromium, "*manifest*.json")) as file:
        manifest = json.load(file)
    assert manifest["status"] == "closed"
    chromium.go("audit")
    chromium.shows("period.close")
    assert not chromium.console() and not chromium.reports()


@pytest.mark.parametrize("index", range(10))
def test_every_format_is_downloaded(past: World, chromium: Browser, index: int) -> None:
    chromium.sign_in(past.server.admin_key, "periods")
    [month] = chromium.until(lambda: chromium.texts("tbody th")[1:2], "the closed month")
    question = {
        0: "format=csv", 1: "format=csv&profile=excel", 2: "format=csv&profile=excel&decimal=comma", 3: "format=xlsx",
        4: "format=focus-1.2", 5: "format=focus-1.4&file=cost-and-usage", 6: "format=focus-1.4&file=billing-period",
        7: "format=focus-1.4&file=invoice-detail", 8: "format=jsonl", 9: "format=statement",
    }[index]
    # A file of the same name would be written over, and nothing new be seen.
    for path in chromium.downloads.iterdir():
        path.unlink()
    chromium.press(f"Download {month}")
    options = "dialog[open] [name='format'] option"
    [option] = chromium.until(lambda: chromium.texts(options)[index:index + 1], "the formats")
    chromium.fill(format=option)
    chromium.submit("Download")
    [file] = chromium.until(
        lambda: [file for file in chromium.downloads.iterdir() if file.suffix != ".crdownload"], option
    )
    # The month is closed: the same question gives the same bytes, so the file can be of no other format.
    with urlopen(
        Request(
            f"{chromium.base}/admin/v1/exports/{month}?{question}",
            headers={"authorization": f"Bearer {past.server.admin_key}"},
        )
    ) as answer:
        assert file.read_bytes() == answer.read(), option


def test_finance_closes_and_downloads_and_a_viewer_only_looks(past: World, chromium: Browser) -> None:
    for role in ("finance", "viewer"):
        key = past.admin.ok("POST", "/admin-keys", {"name": role, "role": role})["key"]
        chromium.sign_in(key, "periods")
        buttons = set(chromium.texts("tbody button"))
        assert buttons == ({"Download", "Manifest"} if role == "finance" else set())


def test_a_price_list_is_imported_after_a_look_at_the_differences(
    past: World, chromium: Browser, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.json"
    entry = {
        "litellm_provider": "openai",
        "mode": "chat",
        "input_cost_per_token": 2e-06,
        "output_cost_per_token": 4e-06,
    }
    prices.write_text(json.dumps({"fake": entry, "another": entry}))
    chromium.sign_in(past.server.admin_key, "models")
    chromium.press("Import prices")
    chromium.one("dialog[open] [name='file']").send_keys(str(prices))
    chromium.press("Show differences")
    chromium.shows("1 difference", "fake", "$1", "$2", "+100.0 %")
    assert len(past.admin.get("/prices/history?model=fake")["data"]) == 1, "a look changes nothing"
    chromium.press("Import")
    chromium.shows("take them with yes=true")
    chromium.one("dialog[open] [name='yes']").click()
    chromium.submit("Import")
    chromium.until(lambda: "$2.00" in chromium.texts("tbody .rates .figure-text"), "the new price")
    assert len(past.admin.get("/prices/history?model=fake")["data"]) == 2
    assert past.admin.get("/prices?model=another")["data"] == []
    chromium.console()
