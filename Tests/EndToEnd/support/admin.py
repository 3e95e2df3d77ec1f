"""A small client of the Admin API."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from . import canaries
from .client import Address


class AdminError(AssertionError):
    def __init__(self, method: str, path: str, reply: Reply) -> None:
        super().__init__(f"{method} {path} -> {reply.status} {reply.text[:1500]}")
        self.reply = reply


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text) if self.text else None

    @property
    def problem(self) -> dict[str, Any]:
        """The problem+json object of a refusal, its content type checked."""
        assert self.headers.get("content-type", "").startswith("application/problem+json"), self
        return dict(self.body)


class Admin:
    """Each method is one call on a connection of its own, so threads may share it; any failure raises."""

    def __init__(self, address: Address, credential: str) -> None:
        self.address = address
        self.credential = credential
        self.tls: ssl.SSLContext | None = None

    def connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection(*self.address, timeout=30, context=self.tls)
        return http.client.HTTPConnection(*self.address, timeout=30)

    def send(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None,
             root: str = "/admin/v1") -> Reply:
        """One request, any status. A `bytes` body is sent as it is."""
        connection = self.connection()
        all_headers = {"authorization": f"Bearer {self.credential}", **(headers or {})}
        data: bytes | None = None
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            all_headers.setdefault("content-type", "application/json")
        try:
            connection.request(method, f"{root}{path}", data, all_headers)
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            text = answer.read()
            canaries.heard(self.address[1], body, answer.status, text)
            return Reply(answer.status, fields, text.decode())
        finally:
            connection.close()

    def ok(self, method: str, path: str, body: object = None) -> Any:
        reply = self.send(method, path, body)
        if not 200 <= reply.status < 300:
            raise AdminError(method, path, reply)
        return reply.body

    def get(self, path: str) -> Any:
        return self.ok("GET", path)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        rows: list[dict[str, Any]] = []
        mark = "&" if "?" in path else "?"
        after = ""
        while True:
            page = self.get(f"{path}{mark}limit=1000{after}")
            rows += page["data"]
            if not page["has_more"]:
                return rows
            after = f"&after={quote(page['next'])}"

    # Routing and prices

    def pool(self, name: str, **fields: Any) -> dict[str, Any]:
        return dict(self.ok("POST", "/pools", {"name": name, "policy": "least_busy", **fields}))

    def backend(self, pool: str, name: str, base_url: str, **fields: Any) -> dict[str, Any]:
        body = {"name": name, "kind": "openai", "base_url": base_url, **fields}
        return dict(self.ok("POST", f"/pools/{quote(pool)}/backends", body))

    def model(self, name: str, pools: Iterable[str | dict[str, Any]], max_output_tokens: int = 1000,
              **fields: Any) -> dict[str, Any]:
        targets = [{"pool": pool} if isinstance(pool, str) else pool for pool in pools]
        body = {"targets": targets, "max_output_tokens": max_output_tokens, **fields}
        return dict(self.ok("PUT", f"/models/{quote(name)}", body))

    def price(self, model: str, input: str, output: str, effective_from: str = "2020-01-01T00:00:00Z",
              **per_million: str) -> dict[str, Any]:
        return self.price_of(model, {"input": input, "output": output, **per_million}, effective_from=effective_from)

    def price_of(self, model: str, per_million: dict[str, str] | None, per_unit: dict[str, str] | None = None,
                 effective_from: str = "2020-01-01T00:00:00Z", **fields: Any) -> dict[str, Any]:
        """A price by tokens, by units or both; `fields` are `tier`, `above_tokens` and the like."""
        units = {"per_unit": per_unit} if per_unit else {}
        body = {"model": model, "effective_from": effective_from, "per_million": per_million, **units, **fields}
        return dict(self.ok("POST", "/prices", body))

    # Tenants

    def tenant(self, name: str, pools: Iterable[str] = (), **fields: Any) -> str:
        """Create a tenant entitled to every model of these pools; returns its id."""
        tenant = str(self.ok("POST", "/tenants", {"name": name, **fields})["id"])
        pools = list(pools)
        if pools:
            self.entitle(tenant, {pool: ["*"] for pool in pools})
        return tenant

    def entitle(self, tenant: str, pools: dict[str, list[str]]) -> None:
        rows = [{"pool": pool, "models": models} for pool, models in pools.items()]
        self.ok("PUT", f"/tenants/{tenant}/entitlements", {"pools": rows})

    def key(self, tenant: str, name: str = "main", **fields: Any) -> dict[str, Any]:
        """Create a key; `["key"]` of the answer is the secret, shown this once."""
        return dict(self.ok("POST", f"/tenants/{tenant}/keys", {"name": name, **fields}))

    def quotas(self, subject: str, **limits: int | None) -> None:
        """`subject` is `tenants/ID` or `keys/ID`; limits not named are none."""
        names = ("rpm", "tpm", "rpd", "tpd", "concurrency")
        self.ok("PUT", f"/{subject}/quotas", {name: limits.get(name) for name in names})

    def budget(self, tenant: str, limit: str, window: str = "total", mode: str = "hard", **scope: Any) -> str:
        body = {"tenant_id": tenant, "limit": limit, "window": window, "mode": mode, **scope}
        return str(self.ok("POST", "/budgets", body)["id"])

    def budget_state(self, budget: str) -> dict[str, Any]:
        return dict(self.get(f"/budgets/{budget}/state"))

    def holds(self, state: str | None = None) -> list[dict[str, Any]]:
        return self.rows(f"/holds?state={state}" if state else "/holds")
