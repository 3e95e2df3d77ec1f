"""What `make demo` lays out and calls in the background moves the dashboard, and reaches the small cap soon."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from types import ModuleType

from support.backend import FakeBackend
from support.browser import browser
from support.options import Run
from support.tollgate import gateway

ROOT = Path(__file__).resolve().parents[2]
SOON = 600  # seconds until the cap is reached at the demo's own pace
ANSWER = 1.5  # seconds that the model takes for one


def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo", ROOT / "deploy" / "demo" / "demo.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_demos_traffic_moves_the_spend_and_reaches_the_small_cap(
    run: Run, backend: FakeBackend, tmp_path: Path
) -> None:
    module = demo()
    state = (ROOT / "deploy" / "demo-state.yaml").read_text()
    address = backend.base_url("out=48")  # as much as is allowed: a model that chats
    assert "http://127.0.0.1:9001/v1" in state
    (tmp_path / "state.yaml").write_text(state.replace("http://127.0.0.1:9001/v1", address))
    with gateway(run.binary) as server, browser(server) as chromium:
        done = server.run("apply", "-f", str(tmp_path / "state.yaml"))
        assert done.returncode == 0, done.stdout + done.stderr
        ids = {row["name"]: row["id"] for row in server.admin.rows("/tenants")}
        keys = [server.admin.key(ids[name])["key"] for name in (module.TENANT, module.OTHER_TENANT)]
        host, port = server.data
        chromium.sign_in(server.admin_key)
        chromium.shows("$0.00")
        stopped = threading.Event()
        traffic = module.Traffic(f"http://{host}:{port}", keys, stopped, pause=(0.0, 0.01))
        traffic.start()
        try:
            chromium.until(
                lambda: sum(
                    count
                    for name, count in server.admin.get("/status")["traffic"]["outcomes"].items()
                    if name.startswith("denied_")
                ),
                "a refusal",
                30,
            )
        finally:
            stopped.set()
            traffic.join(10)
        rows = server.admin.rows(f"/requests?tenant_id={ids[module.OTHER_TENANT]}")
        seconds = len(rows) * 4 * (sum(module.Traffic.PAUSE) / 2 + ANSWER)
        assert 60 < seconds < SOON, f"{len(rows)} calls: {seconds:.0f} s"
        chromium.until(
            lambda: any(
                value != "0"
                for value in chromium.script(
                    "return [...document.querySelectorAll('.figures data.money')].map(e => e.value)"
                )
            ),
            "the spend",
            15,
        )
        chromium.shows(module.OTHER_TENANT, "refuses calls above")
