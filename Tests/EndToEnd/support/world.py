"""A gateway laid out for a test: one pool `fast` on the fake backend, one priced model `fake`."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .admin import Admin
from .backend import FakeBackend
from .client import Answer, chat, fetch
from .oracle import Books, Price
from .tollgate import Gateway

INPUT_USD, OUTPUT_USD = "1", "4"
PRICE = Price.per_million(INPUT_USD, OUTPUT_USD)
MAX_OUTPUT = 1000
NUMBERS = itertools.count(1)  # of the whole run: worlds may share a backend, and so its log


@dataclass(frozen=True)
class Tenant:
    id: str
    name: str
    key_id: str
    key: str
    budget: str | None


class World:
    def __init__(self, server: Gateway, backend: FakeBackend) -> None:
        self.server = server
        self.backend = backend
        self.admin: Admin = server.admin
        self.books = Books(server.database)

    @staticmethod
    def lay(server: Gateway, backend: FakeBackend, **backend_fields: Any) -> World:
        world = World(server, backend)
        world.admin.pool("fast")
        world.admin.backend("fast", "fake-a", backend.base_url(), **backend_fields)
        world.admin.model("fake", ["fast"], MAX_OUTPUT)
        world.admin.price("fake", INPUT_USD, OUTPUT_USD)
        return world

    def fresh(self, prefix: str) -> str:
        """A name used once."""
        return f"{prefix}-{next(NUMBERS)}"

    def tenant(self, limit: str | None = "10", pools: tuple[str, ...] = ("fast",), mode: str = "hard",
               **fields: Any) -> Tenant:
        """A tenant with one key and, unless `limit` is None, one total budget."""
        admin, name = self.admin, self.fresh("tenant")
        tenant = admin.tenant(name, pools, **fields)
        budget = admin.budget(tenant, limit, mode=mode) if limit is not None else None
        key = admin.key(tenant)
        return Tenant(tenant, name, key["id"], key["key"], budget)

    def call(self, tenant: Tenant, marker: str = "", **fields: Any) -> Answer:
        """A chat call of this tenant; `knobs=` and body fields as in `chat`."""
        body = chat(marker or self.fresh("call"), **fields)
        return fetch(self.server.data, tenant.key, body, tls=self.server.tls)

    def asked_today(self, tenant: Tenant, limit: int) -> int:
        """The requests of a tenant that were let in, by what is left of its daily quota of `limit`."""
        answer = fetch(self.server.data, tenant.key, path="/v1/balance", tls=self.server.tls)
        [quota] = [quota for quota in answer.json()["quotas"] if quota["limit_type"] == "rpd"]
        return limit - int(quota["remaining"])

    def in_background(self, tenant: Tenant, marker: str, **fields: Any) -> Future[Answer]:
        """Start a call and return once the backend has it."""
        pool = ThreadPoolExecutor(1)
        future = pool.submit(fetch, self.server.data, tenant.key, chat(marker, **fields), tls=self.server.tls)
        pool.shutdown(wait=False)
        deadline = time.monotonic() + 10
        while not any(seen.marker == marker for seen in self.backend.calls()):
            assert time.monotonic() < deadline and not future.done(), f"{marker} never reached the backend: {future}"
            time.sleep(0.01)
        return future

    def assert_good_call(self, tenant: Tenant, price: Price = PRICE) -> Answer:
        """A call that must work, be in the backend's log, and cost exactly tokens x price in the ledger."""
        marker = self.fresh("good")
        answer = self.call(tenant, marker, max_tokens=20)
        assert answer.done, f"{answer.status} {answer.body[:500]!r} {answer.error}"
        prompt, completion = self.backend.call(marker).billed
        entry = self.books.settled(answer.request_id)
        assert (entry.input + entry.input_cache_read, entry.output) == (prompt, completion)
        assert entry.cost == price.cost(prompt, completion)
        return answer
