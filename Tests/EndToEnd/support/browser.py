"""A real Chromium that looks at the dashboard, with Debian's own driver; nothing is fetched from outside."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select

from .tollgate import Gateway

WATCH = """
window.__reports = [];
document.addEventListener('securitypolicyviolation', event => window.__reports.push(
    `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
window.__ran = 0;
// A picker of the system waits for a person; a test that wants one brings its own.
delete window.showSaveFilePicker;
window.alert = window.confirm = window.prompt = () => { window.__ran += 1; };
"""


Found = TypeVar("Found")

# Every page of the menu, by its address.
PAGES = ("overview", "spend", "tenants", "keys", "budgets", "pools", "models",
         "periods", "requests", "audit", "holds", "webhooks", "admin-keys")


class Browser:
    """Each method waits until what it speaks of is there, at most `patience` seconds."""

    patience = 10.0

    def __init__(self, base: str, *arguments: str) -> None:
        self.base = base
        self.folder = tempfile.TemporaryDirectory(prefix="tollgate-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        # No address but this machine's exists, unless an argument says where another one is.
        resolver = (
            []
            if any(text.startswith("--host-resolver-rules") for text in arguments)
            else ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        )
        for argument in (
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--disable-background-networking",
            "--no-first-run",
            f"--user-data-dir={self.folder.name}/profile",
            *resolver,
            *arguments,
        ):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_script_timeout(60)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(self.downloads))
        self.size(1280, 900)

    @property
    def downloads(self) -> Path:
        path = Path(self.folder.name) / "downloads"
        path.mkdir(exist_ok=True)
        return path

    def close(self) -> None:
        self.driver.quit()
        self.folder.cleanup()

    def cdp(self, command: str, **parameters: Any) -> dict[str, Any]:
        return dict(self.driver.execute_cdp_cmd(command, parameters) or {})

    def size(self, width: int, height: int = 900) -> None:
        self.cdp(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def theme(self, name: str) -> None:
        """What the system asks for: light or dark, and always less motion."""
        self.cdp(
            "Emulation.setEmulatedMedia",
            features=[
                {"name": "prefers-color-scheme", "value": name},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ],
        )

    # Where

    def sign_in(self, key: str, page: str = "overview") -> None:
        if not self.driver.current_url.startswith(self.base):
            self.driver.get(self.base)
        self.driver.execute_script("sessionStorage.clear(); location.hash = arguments[0]", f"#/{page}")
        self.driver.refresh()
        self.field("Admin key").send_keys(key + "\n")
        self.until(lambda: self.all("nav a"), "a menu")
        self.settled()

    def go(self, page: str) -> None:
        """To a page by its address, and wait until its figures are there."""
        self.script("location.hash = arguments[0]", f"#/{page}")
        self.until(lambda: self.script("return location.hash") == f"#/{page}", page)
        self.settled()

    def settled(self) -> None:
        def there() -> bool:
            return bool(
                self.script(
                    "return !!document.querySelector('main h1') && !document.querySelector('main .loading')"
                    " && !document.querySelector('main > .notice-bad')"
                )
            )

        self.until(there, "the page's figures")

    # What is there

    def script(self, text: str, *arguments: Any) -> Any:
        return self.driver.execute_script(text, *arguments)

    def all(self, selector: str) -> list[WebElement]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def one(self, selector: str) -> WebElement:
        return self.until(lambda: next(iter(self.all(selector)), None), selector)

    def texts(self, selector: str) -> list[str]:
        """All texts at once, so that a redraw in between does no harm."""
        return list(self.script("return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector))

    @property
    def text(self) -> str:
        return str(self.script("return document.body.innerText"))

    def shows(self, *words: str, seconds: float | None = None) -> None:
        def all_there() -> bool:
            text = self.text
            return all(word in text for word in words)

        self.until(all_there, f"the words {words}", seconds)

    def until(self, look: Callable[[], Found], what: str, seconds: float | None = None) -> Found:
        """The first thing found that is not empty; the page may redraw meanwhile."""
        deadline = time.monotonic() + (seconds or self.patience)
        while True:
            try:
                if found := look():
                    return found
            except (StaleElementReferenceException, WebDriverException):
                pass
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come in time; the page is\n{self.text[:3000]}\n{self.console()}")
            time.sleep(0.03)

    # What a person does

    def button(self, name: str, within: str = "") -> WebElement:
        """The button, or the link, with this accessible name; in an open dialog if there is one."""
        find = """
            const root = document.querySelector('dialog[open]') ?? document;
            const within = arguments[1] ? root.querySelector(arguments[1]) : root;
            return [...(within?.querySelectorAll('button, a') ?? [])].find(e =>
                (e.getAttribute('aria-label') ?? e.innerText).trim() === arguments[0]);
        """
        return self.until(lambda: self.script(find, name, within), f"the button {name!r}")

    def press(self, name: str, within: str = "") -> None:
        def pressed() -> bool:
            self.button(name, within).click()
            return True

        self.until(pressed, f"a press of {name!r}")

    def field(self, label: str) -> WebElement:
        """The field with this label; in an open dialog if there is one."""
        find = """
            const root = document.querySelector('dialog[open]') ?? document;
            const label = [...root.querySelectorAll('label')].find(e => e.innerText.trim().startsWith(arguments[0]));
            if (!label) return null;
            return label.htmlFor ? document.getElementById(label.htmlFor) : label.querySelector('input, select');
        """
        return self.until(lambda: self.script(find, label), f"the field {label!r}")

    def fill(self, **values: str) -> None:
        """Fields of the open dialog by their names."""
        for name, value in values.items():
            element = self.one(f"dialog[open] [name='{name}']")
            if element.tag_name == "select":
                Select(element).select_by_visible_text(value)
            elif element.get_attribute("type") == "datetime-local":
                self.script("arguments[0].value = arguments[1]", element, value)
            else:
                element.clear()
                element.send_keys(value)

    def submit(self, action: str) -> None:
        """The dialog's own button; the dialog must be gone then."""
        before = self.until(lambda: len(self.all("dialog[open]")), f"the dialog of {action!r}")
        self.press(action)
        self.until(
            lambda: len(self.all("dialog[open]")) != before or self.all("dialog[open] .secret"),
            f"the end of {action!r}",
        )

    def choose(self, label: str, option: str) -> None:
        Select(self.field(label)).select_by_visible_text(option)
        self.settled()

    # What the machine saw

    def console(self) -> list[str]:
        """Messages of the console since the last look, but those of failed loads that a test made fail on purpose."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]

    def reports(self) -> list[str]:
        """What the content policy stopped on this page."""
        return list(self.script("return window.__reports"))

    def requests(self) -> list[dict[str, Any]]:
        """Requests since the last look, as the network saw them."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path: Path) -> None:
        """The whole page, however long."""
        height = int(self.script("return Math.max(document.documentElement.scrollHeight, 700)"))
        width = int(self.script("return innerWidth"))
        self.size(width, min(height, 4000))
        time.sleep(0.15)
        self.driver.save_screenshot(str(path))
        self.size(width)

    def axe(self) -> list[str]:
        """What is wrong for people who see, hear or point otherwise, as axe-core finds it."""
        spec = find_spec("axe_playwright_python")
        assert spec and spec.submodule_search_locations
        source = (Path(next(iter(spec.submodule_search_locations))) / "axe.min.js").read_text()
        if not self.script("return !!window.axe"):
            self.cdp("Runtime.evaluate", expression=source)
        run = """
            const done = arguments[arguments.length - 1];
            axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
                .then(found => done(found.violations.map(v => `${v.id}: ${v.help}: ` +
                    v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | '))),
                    error => done([String(error)]));
        """
        return list(self.driver.execute_async_script(run))


@contextmanager
def browser(server: Gateway, *arguments: str) -> Iterator[Browser]:
    chromium = Browser(f"http://127.0.0.1:{server.admin_address[1]}", *arguments)
    try:
        yield chromium
    finally:
        chromium.close()
