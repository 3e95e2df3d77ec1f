"""The fault backend as the tests see it: its addresses, its switches, and its own log of every call."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .backend import LoggingBackend
from .certificates import Certificates


@dataclass(frozen=True)
class FaultCall:
    """One call as the fault backend saw it; `ended` is None while its play goes on."""

    arrived: dict[str, Any]
    ended: float | None

    @property
    def at(self) -> float:
        return float(self.arrived["at"])

    @property
    def user(self) -> str:
        return str(self.arrived["user"] or "")


class FaultBackend(LoggingBackend):
    def __init__(self, certificates: Certificates | None = None) -> None:
        options = ("--certificates", str(certificates.served)) if certificates else ()
        super().__init__("fault_backend.py", *options)
        lines = [line.split() for line in self.child.output.splitlines() if line.startswith("tls ")]
        self.secure = {name: f"https://{address}" for _, name, address in lines}

    def url(self, name: str, knobs: str = "", certificate: str | None = None) -> str:
        """A `base_url` whose calls are called `name`; with a certificate's name, over TLS with that one."""
        return f"{self.secure[certificate] if certificate else self.origin}{self.root(name, knobs)}/v1"

    def root(self, name: str, knobs: str = "") -> str:
        return f"/k/name={name}{',' if knobs else ''}{knobs}"

    def switch(self, name: str, knobs: str = "") -> None:
        """From now on these knobs override those of all calls and probes called `name`; turns start again."""
        address = urlsplit(self.origin)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        try:
            connection.request("PUT", f"/control/{name}/{knobs}")
            assert connection.getresponse().status == 204
        finally:
            connection.close()

    def calls(self, name: str | None = None) -> list[FaultCall]:
        """The calls called `name`, or all, in the order they arrived."""
        log = self.log()
        ends = {line["serial"]: line["at"] for line in log if line["event"] == "ended"}
        return [FaultCall(line, ends.get(line["serial"])) for line in log
                if line["event"] == "arrived" and name in (None, line["name"])]

    def probes(self, name: str) -> list[int]:
        """What the probes of `name` were answered, in order."""
        return [line["status"] for line in self.log() if line["event"] == "probe" and line["name"] == name]

    def followed(self) -> list[str]:
        """Requests for a redirect's target; there must never be any."""
        return [line["path"] for line in self.log() if line["event"] == "followed"]


@contextmanager
def fault_backend(certificates: Certificates | None = None) -> Iterator[FaultBackend]:
    backend = FaultBackend(certificates)
    try:
        yield backend
    finally:
        backend.close()
