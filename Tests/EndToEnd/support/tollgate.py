"""A real `tollgate serve` on free loopback ports, with everything it writes in one temporary directory."""

from __future__ import annotations

import base64
import http.client
import os
import re
import secrets
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from . import canaries
from .admin import Admin
from .client import Address
from .processes import Child, free_port

START_LIMIT = 20.0


class Gateway:
    """Starts stopped; `start`, `kill` and `stop` may alternate on the same data and the same ports."""

    def __init__(self, binary: Path, extra_config: str = "") -> None:
        self.binary = binary
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-e2e-")
        self.folder = Path(self.directory.name)
        self.database = self.folder / "tollgate.db"
        self.config = self.folder / "tollgate.yaml"
        self.log = self.folder / "gateway.log"
        self.data: Address = ("127.0.0.1", free_port())
        self.admin_address: Address = ("127.0.0.1", free_port())
        self.metrics_address: Address = ("127.0.0.1", free_port())
        self.admin_key = "e2e-" + secrets.token_urlsafe(36)
        self.master_key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.admin = Admin(self.admin_address, self.admin_key)
        self.canaries = canaries.Canaries()
        for address in (self.data, self.admin_address):
            canaries.REGISTRY[address[1]] = self.canaries
        self.canaries.add("the admin credential", self.admin_key)
        self.canaries.add_master_key("the master key", self.master_key)
        self.outputs: list[Path] = []  # folders beside its own that commands wrote to
        self.child: Child | None = None
        self.launcher: tuple[str, ...] = ()  # put before the command line of `serve`; must `exec` what follows
        self.pass_fds: tuple[int, ...] = ()  # what the launcher inherits
        self.tls: ssl.SSLContext | None = None  # for the data plane and the Admin API
        self.config.write_text(self.config_text() + extra_config)

    def config_text(self) -> str:
        return (
            f"listen: 127.0.0.1:{self.data[1]}\n"
            f"admin_listen: 127.0.0.1:{self.admin_address[1]}\n"
            f"metrics_listen: 127.0.0.1:{self.metrics_address[1]}\n"
            f"storage: sqlite://{self.database}\n"
            "master_key: { env: TOLLGATE_MASTER_KEY }\n"
            "admin_key: { env: TOLLGATE_ADMIN_KEY }\n"
        )

    def use_tls(self, certificate: Path, key: Path, trust: ssl.SSLContext) -> None:
        """Write the settings for TLS, and meet the gateway's listeners with it from now on."""
        self.config.write_text(
            self.config.read_text() + f"tls: {{ cert: {{ file: {certificate} }}, key: {{ file: {key} }} }}\n")
        self.tls = self.admin.tls = trust

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.data[1]}"

    @property
    def env(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE")}
        return kept | {
            "TOLLGATE_MASTER_KEY": self.master_key,
            "TOLLGATE_ADMIN_KEY": self.admin_key,
            "TOLLGATE_ADMIN_URL": f"http://127.0.0.1:{self.admin_address[1]}",
        }

    def start(self) -> float:
        """Start and wait until all three ports answer; returns the seconds until the data plane was ready."""
        started = time.monotonic()
        command = [*self.launcher, str(self.binary), "serve", "--config", str(self.config)]
        self.child = Child(command, self.log, self.env, self.pass_fds)
        seconds = 0.0
        while time.monotonic() - started < START_LIMIT:
            if not seconds and self.ready(self.data):
                seconds = time.monotonic() - started
            if seconds and self.ready(self.admin_address) and self.ready(self.metrics_address, "/metrics"):
                return seconds
            if not self.child.running():
                raise AssertionError(f"tollgate serve ended at start:\n{self.output[-4000:]}")
            time.sleep(0.005)
        self.child.kill()
        raise AssertionError(f"not ready after {START_LIMIT} s:\n{self.output[-4000:]}")

    def ready(self, address: Address, path: str = "/readyz") -> bool:
        return self.plain_get(address, path)[0] == 200

    def plain_get(self, address: Address, path: str) -> tuple[int, str]:
        """Status (0: nobody there) and body of an unauthenticated GET."""
        connection = http.client.HTTPConnection(*address, timeout=5)
        if self.tls and address != self.metrics_address:
            connection = http.client.HTTPSConnection(*address, timeout=5, context=self.tls)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def said(self, text: str, count: int = 1, seconds: float = 5) -> bool:
        """Whether the text is in the log so often, soon: lines are written by a thread of their own."""
        end = time.monotonic() + seconds
        while self.output.count(text) < count:
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def running(self) -> bool:
        return self.child is not None and self.child.running()

    def kill(self) -> None:
        """kill -9, no goodbye."""
        assert self.child
        self.child.kill()

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM and wait; returns the exit code."""
        assert self.child
        return self.child.terminate(seconds)

    def close(self) -> None:
        """Ends it, after a search of all that it wrote and tells for the secrets that went through it."""
        finds: list[str] = []
        try:
            finds, _ = canaries.search(self)
        finally:
            for address in (self.data, self.admin_address):
                canaries.REGISTRY.pop(address[1], None)
            if self.running():
                self.kill()
            self.directory.cleanup()
        assert not finds, f"secrets got out: {canaries.dump(finds)}"

    def run(self, *arguments: str, env: dict[str, str] | None = None, timeout: float = 60,
            cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run another command of the binary with this gateway's environment; what it prints holds no secret."""
        done = subprocess.run(
            [str(self.binary), *arguments], check=False, capture_output=True, text=True, timeout=timeout,
            cwd=cwd, env=self.env if env is None else env, stdin=subprocess.DEVNULL,
        )
        self.outputs += [(cwd or Path()) / place for option, place in pairwise(arguments) if option == "--directory"]
        self.canaries.printed(done.stdout, done.stderr)
        return done

    def places(self) -> list[Path]:
        """The folders it wrote to: its own, and those that its settings and commands name."""
        text = self.config.read_text() if self.config.exists() else ""
        named = {Path(place) for place in re.findall(r"\bdirectory: *([^\s,}]+)", text)}
        return [self.folder, *(named | set(self.outputs))]

    def verify(self) -> None:
        """`tollgate verify` must find nothing."""
        done = self.run("verify", "--config", str(self.config), timeout=900)
        assert done.returncode == 0, f"verify exited {done.returncode}:\n{done.stdout}{done.stderr}"

    # Metrics

    def metrics_text(self) -> str:
        status, text = self.plain_get(self.metrics_address, "/metrics")
        assert status == 200, f"/metrics answered {status}"
        return text

    def metric(self, name: str, **labels: str) -> float:
        """The sum of all samples of this name whose labels include these."""
        return sum(
            value for sample, found, value in parse_metrics(self.metrics_text())
            if sample == name and labels.items() <= found.items()
        )


SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: -?[0-9]+)?$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')


def parse_metrics(text: str) -> list[tuple[str, dict[str, str], float]]:
    """A strict reader of the Prometheus text format; anything it cannot read is an error."""
    samples: list[tuple[str, dict[str, str], float]] = []
    for line in text.splitlines():
        if not line or line.startswith("# "):
            continue
        match = SAMPLE.match(line)
        assert match, f"not a metrics line: {line!r}"
        name, inside, value = match.group(1), match.group(2) or "", match.group(3)
        labels: dict[str, str] = {}
        position = 0
        while position < len(inside):
            label = LABEL.match(inside, position)
            assert label, f"bad labels: {line!r}"
            labels[label.group(1)] = label.group(2)
            position = label.end()
        samples.append((name, labels, float(value)))
    return samples


@contextmanager
def gateway(binary: Path, extra_config: str = "", launcher: tuple[str, ...] = ()) -> Iterator[Gateway]:
    """A started gateway; on the way out it must still run, verify clean and leave nothing behind."""
    server = Gateway(binary, extra_config)
    server.launcher = launcher
    try:
        server.start()
        yield server
        assert server.running(), f"tollgate serve died:\n{server.output[-4000:]}"
        server.verify()
    finally:
        server.close()
