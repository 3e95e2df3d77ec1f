"""A real Prometheus on a free port, configured by the files in deploy/prometheus."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .client import Address
from .processes import ROOT, Child, free_port

FOLDER = ROOT / "deploy" / "prometheus"
TARGET, INTERVAL = '"127.0.0.1:9191"', "15s"


class Prometheus:
    """Scrapes one address every `interval` seconds, with the shipped rules loaded."""

    def __init__(self, target: Address, interval: int = 1) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-prometheus-")
        folder = Path(self.directory.name)
        text = (FOLDER / "prometheus.yml").read_text()
        assert text.count(TARGET) == 1 and text.count(INTERVAL) == 2, "the shipped configuration changed its shape"
        text = text.replace(TARGET, f'"{target[0]}:{target[1]}"').replace(INTERVAL, f"{interval}s")
        (folder / "prometheus.yml").write_text(text)
        shutil.copy(FOLDER / "tollgate.rules.yml", folder)
        self.origin = f"http://127.0.0.1:{free_port()}"
        self.child = Child(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={self.origin.removeprefix('http://')}"], folder / "log")

    def get(self, path: str, **parameters: str) -> Any:
        """The `data` of an answer of Prometheus' API."""
        url = f"{self.origin}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            body = json.load(answer)
        assert body["status"] == "success", body
        return body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        return list(self.get("query", query=expression)["result"])

    def wait_for_scrapes(self, count: int, seconds: float = 60) -> None:
        """Returns when the target was scraped `count` times."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert self.child.running(), self.child.output[-4000:]
            try:
                found = self.query("sum(count_over_time(up[10m]))")
            except OSError:
                found = []
            if found and float(found[0]["value"][1]) >= count:
                return
            time.sleep(0.2)
        raise AssertionError(f"not scraped {count} times:\n{self.child.output[-4000:]}")

    def close(self) -> None:
        self.child.kill()
        self.directory.cleanup()


@contextmanager
def prometheus(target: Address) -> Iterator[Prometheus]:
    server = Prometheus(target)
    try:
        yield server
    finally:
        server.close()
