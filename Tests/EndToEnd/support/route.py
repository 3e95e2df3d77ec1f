"""One model of its own with the pools behind it, and a tenant that may use them: what a routing test lays out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .client import Answer, chat, fetch
from .oracle import Entry
from .processes import free_port
from .world import INPUT_USD, OUTPUT_USD, Tenant, World

# Emergency passthrough has tests of its own; elsewhere it would only blur whose attempt is whose.
CALM = "routing: { emergency_attempts: 0 }\n"
Spec = str | dict[str, Any]  # a base URL, or the backend's fields with `base_url` among them


def calm(more: str) -> str:
    """CALM with another entry of `routing`."""
    return CALM.replace(" }", f", {more} }}")


@dataclass
class Route:
    world: World
    model: str
    pools: list[str]
    tenant: Tenant
    ids: dict[str, str] = field(default_factory=dict)  # role -> backend id

    @staticmethod
    def lay(world: World, *pools: Mapping[str, Spec], limit: str | None = "1000", pool_fields: Any = None,
            tenant: Tenant | None = None, **backend_fields: Any) -> Route:
        """The pools are the model's targets in order; their backends are named `<pool>-<role>`."""
        names = [world.fresh("pool") for _ in pools]
        for name in names:
            world.admin.pool(name, **(pool_fields or {}))
        model = world.fresh("model")
        world.admin.model(model, names, max_output_tokens=1000)
        world.admin.price(model, INPUT_USD, OUTPUT_USD)
        route = Route(world, model, names, tenant or world.tenant(limit, tuple(names)))
        for name, backends in zip(names, pools, strict=True):
            for role, spec in backends.items():
                route.add(role, spec, name, **backend_fields)
        return route

    def add(self, role: str, spec: Spec, pool: str | None = None, **fields: Any) -> None:
        fields |= {"base_url": spec} if isinstance(spec, str) else spec
        pool = pool or self.pools[0]
        self.ids[role] = self.world.admin.backend(pool, f"{pool}-{role}", **fields)["id"]

    # Calls

    def call(self, marker: str = "", tenant: Tenant | None = None, **fields: Any) -> Answer:
        return fetch(self.world.server.data, (tenant or self.tenant).key, self.body(marker, **fields))

    def body(self, marker: str = "", **fields: Any) -> dict[str, Any]:
        return chat(marker or self.world.fresh("call"), model=self.model, **fields)

    def calls(self, count: int, at_once: int = 16, **fields: Any) -> list[Answer]:
        """So many calls from so many threads."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(lambda _: self.call(**fields), range(count)))

    def served_by(self, answer: Answer) -> str:
        """The role of the backend that answered."""
        return answer.headers["x-tollgate-backend"].rpartition("-")[2]

    def attempts(self, answer: Answer) -> list[Entry]:
        """The ledger's rows of a request, one an attempt."""
        rows = [row for row in self.world.books.of_request(answer.request_id) if row.kind in ("settle", "release")]
        return sorted(rows, key=lambda row: row.attempt)

    # What the operator sees and does

    def status(self, role: str) -> dict[str, Any]:
        """The backend as `/admin/v1/status` shows it."""
        pools = self.world.admin.get("/status")["pools"]
        [found] = [backend for pool in pools for backend in pool["backends"] if backend["id"] == self.ids[role]]
        return dict(found)

    def cooling(self, role: str) -> dict[str, Any] | None:
        """`until` and `reason` of the backend's cooldown, None without one."""
        return self.status(role)["cooling"]

    def cools_for(self, role: str) -> float:
        """Seconds until the cooldown's end, 0 without one."""
        cooling = self.cooling(role)
        return datetime.fromisoformat(cooling["until"]).timestamp() - time.time() if cooling else 0.0

    def patch(self, role: str, **fields: Any) -> None:
        self.world.admin.ok("PATCH", f"/backends/{self.ids[role]}", fields)

    def order(self, role: str, verb: str) -> Any:
        """POST `drain`, `undrain` or `probe`."""
        return self.world.admin.ok("POST", f"/backends/{self.ids[role]}/{verb}")


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    """The first true value of `condition`."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return value


def dead_url() -> str:
    """Nobody listens there."""
    return f"http://127.0.0.1:{free_port()}/v1"
