"""The shape backend as the tests see it: the recipes it answers by, and its own log of every call."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from .backend import LoggingBackend


@dataclass(frozen=True)
class ShapeCall:
    """One call as the backend saw it; `outcome` is None while it goes on."""

    arrived: dict[str, Any]
    outcome: str | None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body, or the fields of the form."""
        return dict(self.arrived["body"])

    @property
    def path(self) -> str:
        return str(self.arrived["path"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.arrived["headers"])


class ShapeBackend(LoggingBackend):
    def __init__(self) -> None:
        super().__init__("shape_backend.py")
        self.url = f"{self.origin}/v1"

    def recipe(self, model: str, **fields: Any) -> None:
        """From now on calls of this model (by its name at the backend) are answered so."""
        address = urlsplit(self.origin)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)
        try:
            connection.request("PUT", f"/recipes/{quote(model)}", json.dumps(fields).encode())
            assert connection.getresponse().status == 204
        finally:
            connection.close()

    def calls(self, model: str | None = None) -> list[ShapeCall]:
        """The calls of this model, or all, in the order they arrived."""
        log = self.log()
        ends = {line["serial"]: line["outcome"] for line in log if line["event"] == "finished"}
        return [ShapeCall(line, ends.get(line["serial"])) for line in log
                if line["event"] == "arrived" and model in (None, line["model"])]


@contextmanager
def shape_backend() -> Iterator[ShapeBackend]:
    backend = ShapeBackend()
    try:
        yield backend
    finally:
        backend.close()
