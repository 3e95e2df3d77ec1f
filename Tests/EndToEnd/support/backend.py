"""The backends of the tests as the tests see them: their address, and the log they kept of every call."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .certificates import Certificates
from .processes import Child


@dataclass
class BackendCall:
    """One call as the backend saw it; `finished` is None while (or if) it never ended there."""

    arrived: dict[str, Any]
    finished: dict[str, Any] | None = None

    @property
    def marker(self) -> str:
        """The test's own name of the call: the body's `user` field up to the knobs."""
        return str(self.arrived.get("user") or "").partition(";")[0]

    @property
    def billed(self) -> tuple[int, int]:
        """Prompt and completion tokens this provider would bill."""
        return (self.finished["prompt"], self.finished["completion"]) if self.finished else (0, 0)

    @property
    def hung_up(self) -> bool:
        return bool(self.finished and self.finished["hung_up"])


class LoggingBackend:
    """A backend script running as its own process; it prints its address and logs JSON lines."""

    def __init__(self, script: str, *options: str) -> None:
        self.directory = tempfile.TemporaryDirectory(prefix="tollgate-backend-")
        folder = Path(self.directory.name)
        self.log_file = folder / "calls.jsonl"
        command = [sys.executable, str(Path(__file__).with_name(script)), "--log", str(self.log_file), *options]
        self.child = Child(command, folder / "output.log")
        try:
            self.origin = self.child.wait_for_line("listening on ", 20)
        except AssertionError:
            self.close()
            raise

    def log(self) -> list[dict[str, Any]]:
        data = self.log_file.read_bytes() if self.log_file.exists() else b""
        return [json.loads(line) for line in data.splitlines()]

    def close(self) -> None:
        output = self.child.output
        self.child.kill()
        self.directory.cleanup()
        assert "backend:" not in output, output[-2000:]


class FakeBackend(LoggingBackend):
    def __init__(self, certificates: Certificates | None = None) -> None:
        good = ("--certificate", str(certificates.served / "good.pem")) if certificates else ()
        super().__init__("fake_backend.py", *good)

    def base_url(self, knobs: str = "") -> str:
        """What a backend of Tollgate gets as `base_url`; the knobs apply to every call through it."""
        return f"{self.origin}/k/{knobs}/v1" if knobs else f"{self.origin}/v1"

    def calls(self) -> list[BackendCall]:
        calls: dict[int, BackendCall] = {}
        for entry in self.log():
            if entry["event"] == "arrived":
                calls[entry["serial"]] = BackendCall(entry)
            else:
                calls[entry["serial"]].finished = entry
        return list(calls.values())

    def call(self, marker: str) -> BackendCall:
        """The one call with this marker."""
        found = [call for call in self.calls() if call.marker == marker]
        assert len(found) == 1, f"the backend saw {len(found)} calls named {marker}"
        return found[0]


@contextmanager
def fake_backend(certificates: Certificates | None = None) -> Iterator[FakeBackend]:
    """Over TLS with certificates, whose authority the gateway must trust."""
    backend = FakeBackend(certificates)
    try:
        yield backend
    finally:
        backend.close()


@contextmanager
def trusted_backend(secure: bool) -> Iterator[tuple[FakeBackend, str]]:
    """A backend, and the configuration of a gateway that trusts it. A secure one is called through libcurl, any other
    without it."""
    with ExitStack() as stack:
        certificates = stack.enter_context(closing(Certificates())) if secure else None
        config = f"routing: {{ {certificates.config()} }}\n" if certificates else ""
        yield stack.enter_context(fake_backend(certificates)), config
