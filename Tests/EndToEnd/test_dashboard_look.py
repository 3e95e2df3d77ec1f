"""How the dashboard looks: axe finds nothing on any page in either theme, and pictures of all are there to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.backend import FakeBackend
from support.browser import PAGES, Browser, browser
from support.options import Run
from support.showroom import showroom
from support.world import World

PICTURES = Path(__file__).resolve().parent / ".screenshots"
VIEWS = [*PAGES, "spend?view=lines&by=model"]


@pytest.fixture(scope="module")
def room(run: Run, backend: FakeBackend) -> Iterator[World]:
    with showroom(run.binary, backend, run.seed) as world:
        yield world


@pytest.fixture(scope="module")
def chromium(room: World) -> Iterator[Browser]:
    PICTURES.mkdir(exist_ok=True)
    with browser(room.server) as chromium:
        yield chromium


def pages(room: World) -> list[str]:
    tenant = room.admin.rows("/tenants")[0]["id"]
    request = room.admin.get("/requests?limit=1")["data"][0]["id"]
    return [*VIEWS, f"tenants/{tenant}", f"requests/{request}"]


def name(page: str) -> str:
    return page.partition("?view")[0].replace("/", "-").split("_")[0] + ("-lines" if "lines" in page else "")


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_page_is_clean_and_as_wide_as_the_screen(
    run: Run, room: World, chromium: Browser, width: int, theme: str
) -> None:
    """Each width and each theme once; with `--full` every width in every theme."""
    for shown in ("light", "dark") if run.full else (theme,):
        look(room, chromium, width, shown)


def look(room: World, chromium: Browser, width: int, theme: str) -> None:
    chromium.theme(theme)
    chromium.size(width)
    chromium.sign_in(room.server.admin_key)
    wrong = []
    for page in pages(room):
        chromium.go(page)
        wrong += [f"{page}: {found}" for found in chromium.axe()]
        too_wide = chromium.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if too_wide > 0:
            wrong.append(f"{page} is {too_wide} wider than {width}")
        chromium.screenshot(PICTURES / f"{name(page)}-{theme}-{width}.png")
    assert not wrong, "\n".join(wrong)
    assert not chromium.console() and not chromium.reports()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_in_dialogs_menu_and_errors_are_clean_too(room: World, chromium: Browser, theme: str) -> None:
    chromium.theme(theme)
    chromium.size(390)
    chromium.sign_in(room.server.admin_key, "budgets")

    def check(what: str) -> None:
        found = chromium.axe()
        assert not found, f"{what}, {theme}: {found}"
        chromium.driver.save_screenshot(str(PICTURES / f"{what}-{theme}.png"))

    chromium.press("Menu")
    check("menu")
    chromium.press("Menu")
    chromium.press("New budget")
    chromium.fill(limit="x")
    chromium.press("Create budget")
    chromium.shows("Limit must be")
    check("dialog-with-error")
    chromium.press("Cancel")
    chromium.go("periods")
    chromium.script("[...document.querySelectorAll('main tbody button')].find(e => e.innerText === 'Download').click()")
    check("dialog-of-downloads")
    chromium.press("Cancel")
    chromium.go("models")
    chromium.press("Prices of fake")
    check("dialog-of-prices")
    chromium.press("Done")
    chromium.script("location.hash = '#/tenants/ten_nobody'")
    chromium.shows("no such tenant")
    check("error")
    chromium.press("Sign out")
    chromium.field("Admin key")
    check("sign-in")
    chromium.console()
