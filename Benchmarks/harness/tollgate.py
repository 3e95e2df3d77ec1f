"""Tollgate as an operator would run it: its own database, set up through the Admin API, everything on."""

import base64
import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .load import MODEL_PLAIN, MODEL_STREAM, request_body
from .machine import BenchmarkError, PinnedProcess

CONFIGURATION = """\
listen: 127.0.0.1:{data}
admin_listen: 127.0.0.1:{admin}
metrics_listen: 127.0.0.1:{metrics}
storage: sqlite://{database}
master_key: {{ env: TOLLGATE_MASTER_KEY }}
admin_key: {{ env: TOLLGATE_ADMIN_KEY }}
log: {{ level: {level} }}
"""

# High enough never to refuse, but each is counted on every request.
QUOTAS = {
    "rpm": 60_000_000, "tpm": 60_000_000_000, "rpd": 1_000_000_000, "tpd": 1_000_000_000_000, "concurrency": 20_000,
}


@dataclass(frozen=True)
class Ports:
    data: int
    admin: int
    metrics: int


class Tollgate:
    """One installation in one directory; `start` may be called again after `stop`."""

    def __init__(self, binary: Path, core: int, directory: Path, ports: Ports, level: str = "warning"):
        directory.mkdir(parents=True)
        self.binary, self.core, self.ports, self.directory = binary, core, ports, directory
        self.configuration = directory / "tollgate.yaml"
        self.configuration.write_text(CONFIGURATION.format(
            data=ports.data, admin=ports.admin, metrics=ports.metrics, database=directory / "tollgate.db",
            level=level))
        self.admin_key = secrets.token_urlsafe(32)
        self.environment = {
            "TOLLGATE_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(), "TOLLGATE_ADMIN_KEY": self.admin_key,
        }
        self.tenant = self.budget = ""
        self.process: PinnedProcess | None = None

    def start(self) -> PinnedProcess:
        command = [str(self.binary), "serve", "--config", str(self.configuration)]
        self.process = PinnedProcess("tollgate", self.core, command, self.directory / "output.log", self.environment)
        return self.process

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def wait_until_ready(self) -> None:
        if not self.process:
            raise BenchmarkError("tollgate was not started")
        for port in (self.ports.data, self.ports.admin):
            self.process.wait_for_port(port)

    def set_up(self, plain_backend: int, stream_backend: int, keys: int) -> list[str]:
        """Pools, models, prices, one tenant with quotas and a hard budget, and its keys, which are returned."""
        for name, model, port in (("plain", MODEL_PLAIN, plain_backend), ("stream", MODEL_STREAM, stream_backend)):
            self.call("POST", "/pools", {"name": name, "policy": "least_busy"})
            self.call("POST", f"/pools/{name}/backends", {
                "name": f"{name}-a", "kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1",
                "api_key": "sk-benchmark-only", "max_concurrency": 10_000,
            })
            self.call("PUT", f"/models/{model}", {"targets": [{"pool": name}], "max_output_tokens": 512})
            self.call("POST", "/prices", {
                "model": model, "effective_from": "2024-01-01T00:00:00Z",
                "per_million": {"input": "0.15", "output": "0.60"},
            })
        self.tenant = self.call("POST", "/tenants", {"name": "bench"})["id"]
        self.call("PUT", f"/tenants/{self.tenant}/entitlements", {
            "pools": [{"pool": "plain", "models": ["*"]}, {"pool": "stream", "models": ["*"]}]})
        self.call("PUT", f"/tenants/{self.tenant}/quotas", QUOTAS)
        self.budget = self.call("POST", "/budgets", {
            "tenant_id": self.tenant, "limit": "10000000.00", "window": "month", "mode": "hard",
            "alerts_at": [0.5, 0.8, 1]})["id"]
        issued = [self.call("POST", f"/tenants/{self.tenant}/keys", {"name": f"bench-{n}"}) for n in range(keys)]
        self.call("PUT", f"/keys/{issued[0]['id']}/quotas", QUOTAS)
        return [key["key"] for key in issued]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.admin}/admin/v1{path}", method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.admin_key}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return json.loads(response.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise BenchmarkError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error

    def ask(self, key: str) -> bool:
        """One plain request; true when it was served."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.ports.data}/v1/chat/completions", data=request_body(), method="POST",
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status == 200
        except OSError:
            return False

    def time_to_first_request(self, key: str, patience: float = 30) -> float:
        """Starts the stopped process; seconds until it has served its first request, with a cold key."""
        begin = time.monotonic()
        process = self.start()
        while not self.ask(key):
            if process.process.poll() is not None or time.monotonic() - begin > patience:
                raise BenchmarkError(f"tollgate served nothing after its start:\n{process.log_tail()}")
            time.sleep(0.001)
        return time.monotonic() - begin

    def drained_budget(self, patience: float = 10) -> dict[str, Any]:
        """The budget's state once no hold is left on it, or as it is when patience ends."""
        deadline = time.monotonic() + patience
        while True:
            state = self.call("GET", f"/budgets/{self.budget}/state")
            if float(state["held"]) == 0 or time.monotonic() > deadline:
                return state
            time.sleep(0.1)

    def verify(self) -> bool:
        command = [str(self.binary), "verify", "--config", str(self.configuration)]
        finished = subprocess.run(command, env={**os.environ, **self.environment}, capture_output=True, text=True)
        if finished.returncode != 0:
            print(finished.stdout + finished.stderr)
        return finished.returncode == 0
