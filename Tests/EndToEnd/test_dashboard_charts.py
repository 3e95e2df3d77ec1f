"""Chart.js from this machine, else from the content network, else tables alone; never a copy with another hash."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from support.backend import FakeBackend
from support.browser import Browser, browser
from support.client import chat, fetch
from support.network import CHART, HOST, content_network
from support.options import Run
from support.tollgate import gateway
from support.world import World

INSTALLED = Path("/usr/share/javascript/chart.js/chart.min.js")


def settings(chart_file: Path, cdn: bool) -> str:
    return f"dashboard: {{ chart_file: {chart_file}, cdn_fallback: {str(cdn).lower()} }}\n"


def spend_page(world: World, chromium: Browser) -> None:
    """The page of a gateway on which one call was made."""
    tenant = world.tenant()
    assert fetch(world.server.data, tenant.key, chat(world.fresh("chart"), max_tokens=5)).done
    chromium.sign_in(world.server.admin_key, "spend")
    chromium.shows("Sums")


def bars(chromium: Browser) -> bool:
    """Whether something is drawn on the canvas, and the table is folded."""
    return bool(
        chromium.script("""
        const canvas = document.querySelector('canvas');
        if (!canvas || !window.Chart || canvas.clientHeight < 100) return false;
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return pixels.some(value => value !== 0) && !document.querySelector('figure details').open;
    """)
    )


def tables_alone(chromium: Browser) -> None:
    """No canvas to see, the data table open, and no word of ours about something broken."""
    assert chromium.script("return window.Chart === undefined")
    box, is_open, cells = chromium.script("""
        return [document.querySelector('.canvas-box').clientHeight, document.querySelector('figure details').open,
                [...document.querySelectorAll('figure tbody td')].map(e => e.innerText)];
    """)
    assert box == 0 and is_open
    assert any(cell not in ("–", "$0.00") for cell in cells), cells


def test_the_installed_file_is_served_and_draws(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server, browser(server) as chromium:
        spend_page(World.lay(server, backend), chromium)
        chromium.until(lambda: bars(chromium), "the bars")
        assert not [request for request in chromium.requests() if HOST in request["url"]]
        assert not chromium.console() and not chromium.reports()


def test_without_it_the_content_network_is_asked_under_the_same_hash(run: Run, backend: FakeBackend) -> None:
    with (
        gateway(run.binary, settings(Path("/nowhere.js"), True)) as server,
        content_network(INSTALLED.read_bytes()) as network,
        browser(server, *network.browser_arguments) as chromium,
    ):
        spend_page(World.lay(server, backend), chromium)
        chromium.until(lambda: bars(chromium), "the bars")
        assert set(network.asked) == {CHART}
        script = chromium.one(f"script[src*='{HOST}']")
        digest = base64.b64encode(hashlib.sha384(INSTALLED.read_bytes()).digest()).decode()
        assert script.get_attribute("integrity") == f"sha384-{digest}"
        assert script.get_attribute("crossorigin") == "anonymous"
        assert not chromium.reports()
        assert not network.told


def test_a_copy_of_the_content_network_with_another_hash_is_refused(run: Run, backend: FakeBackend) -> None:
    with (
        gateway(run.binary, settings(Path("/nowhere.js"), True)) as server,
        content_network(INSTALLED.read_bytes() + b"window.__ran = 99;") as network,
        browser(server, *network.browser_arguments) as chromium,
    ):
        spend_page(World.lay(server, backend), chromium)
        tables_alone(chromium)
        assert network.asked and chromium.script("return window.__ran") == 0
        assert any("integrity" in message for message in chromium.console())


def test_a_corrupted_local_file_is_refused_and_the_tables_stay(run: Run, backend: FakeBackend, tmp_path: Path) -> None:
    corrupted = tmp_path / "chart.min.js"
    corrupted.write_bytes(INSTALLED.read_bytes().replace(b"Chart.js", b"Chart!js", 1))
    with gateway(run.binary, settings(corrupted, True)) as server, browser(server) as chromium:
        spend_page(World.lay(server, backend), chromium)  # the content network cannot be reached either
        tables_alone(chromium)
        messages = chromium.console()
        assert any("integrity" in message and "chart.min.js" in message for message in messages)
        assert not chromium.reports()


def test_without_permission_the_content_network_is_never_asked(run: Run, backend: FakeBackend) -> None:
    with (
        gateway(run.binary, settings(Path("/nowhere.js"), False)) as server,
        content_network(INSTALLED.read_bytes()) as network,
        browser(server, *network.browser_arguments) as chromium,
    ):
        spend_page(World.lay(server, backend), chromium)
        tables_alone(chromium)
        for page in ("overview", "tenants", "requests"):
            chromium.go(page)
        assert not network.asked and not chromium.reports()
