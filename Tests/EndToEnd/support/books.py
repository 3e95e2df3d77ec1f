"""A month's books: a gateway with a made-up month, and what its files must say."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from . import finance_oracle as oracle
from .downloads import download, get
from .month import DAY, Month, credit, fill, lay_out
from .options import Run
from .tollgate import Gateway, gateway

FEW, MILLION = 20_000, 1_000_000
BILLING = "billing: { issuer: Example AG, account: { id: acct_main, name: Main account } }\n"


@dataclass
class Books:
    server: Gateway
    month: Month
    ledger: oracle.Ledger

    def file(self, format: str, **query: Any) -> bytes:
        return download(self.server, self.month.name, format, **query)

    def manifest_bytes(self, **query: Any) -> bytes:
        tail = "&".join(f"{name}={value}" for name, value in query.items())
        answer = get(self.server, f"/exports/{self.month.name}/manifest?{tail}")
        assert answer.status == 200, answer
        return answer.body

    def manifest(self, **query: Any) -> dict[str, Any]:
        return dict(json.loads(self.manifest_bytes(**query)))

    def close(self) -> None:
        self.server.admin.ok("POST", f"/periods/{self.month.name}/close", {"grace": "0s"})
        for _ in range(600):
            if self.server.admin.get(f"/periods/{self.month.name}")["status"] == "closed":
                return
            threading.Event().wait(0.1)
        raise AssertionError("the month did not close")


@contextmanager
def opened_books(run: Run) -> Iterator[Books]:
    """A month of five tenants and four models with corrections, credits and several meters, not closed yet."""
    with gateway(run.binary, BILLING) as server:
        month = lay_out(server)
        server.stop()
        fill(server, month, MILLION if os.environ.get("TOLLGATE_MILLION") else FEW, run.dice("exports"))
        credit(server, month.tenants[0], 5 * 10**12 + 1, "prepaid", month.start + 3 * DAY, "a")
        credit(server, month.tenants[1], 10**9, "prepaid", month.start + 9 * DAY, "b")
        credit(server, month.tenants[2], 2 * 10**12, "goodwill", month.start + 9 * DAY + 5, "c")
        server.start()
        yield Books(server, month, oracle.Ledger(server.database, month.name))
