"""A gateway with a past: tenants that made calls over weeks, so that the dashboard has something to show.

The past is real: the gateway runs under `faketime` at each of its days and serves calls like any other.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .backend import FakeBackend
from .client import chat, fetch
from .tollgate import Gateway
from .world import Tenant, World

PEOPLE = {  # tenant -> its limit a month, how many calls a day, and the length of an answer
    "research": ("25.00", 4, 700),
    "support-bot": ("4.00", 6, 300),
    "intern": ("0.02", 2, 60),
    "Déjà vu & Söhne GmbH": ("150.00", 1, 900),
}


def travel(server: Gateway, days: int) -> None:
    """Stops it, and starts it so many days ago; 0 is today."""
    leave(server)
    server.launcher = ("faketime", "-f", f"-{days}d") if days else ()
    server.start()


def leave(server: Gateway) -> None:
    """Ends it wherever it is: `faketime` stays its parent and passes no signal on."""
    if not server.running():
        return
    assert server.child
    pid = server.child.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [str(pid)]:
        os.kill(int(child), signal.SIGTERM)
    server.child.process.wait(20)


@contextmanager
def showroom(binary: Path, backend: FakeBackend, seed: int, days: int = 12, extra_config: str = "") -> Iterator[World]:
    """A started gateway whose tenants called on each of the last days; two pools, one drained backend, credits."""
    server = Gateway(binary, extra_config)
    try:
        travel(server, days)
        world = World.lay(server, backend, max_concurrency=8)
        admin = world.admin
        admin.pool("frontier", policy="weighted")
        admin.backend("frontier", "fake-b", backend.base_url(), weight=3)
        refused = admin.backend("frontier", "fake-sick", "http://127.0.0.1:9/v1", weight=1)
        admin.ok("POST", f"/backends/{refused['id']}/drain")
        admin.model("fake-large", ["frontier", "fast"], 4000, context_window=128000)
        admin.price("fake-large", "2.50", "10", input_cache_read="1.25")
        tenants = [move_in(world, name, limit) for name, (limit, _, _) in PEOPLE.items()]
        for day in range(days, 0, -1):
            if day != days:
                travel(server, day)
            call_of_the_day(world, tenants, random.Random(f"{seed} {day}"))
        travel(server, 0)
        call_of_the_day(world, tenants, random.Random(f"{seed} today"))
        admin.ok("POST", f"/tenants/{tenants[1].id}/credits", {"amount": "50", "kind": "prepaid", "note": "PO 4711"})
        yield world
        assert server.running(), f"tollgate serve died:\n{server.output[-4000:]}"
        server.verify()
    finally:
        leave(server)
        server.close()


def move_in(world: World, name: str, limit: str) -> Tenant:
    admin = world.admin
    tenant = admin.tenant(name, ("fast", "frontier"), tags={"team": name.split("-")[0][:8]})
    budget = admin.budget(tenant, limit, window="month")
    key = admin.key(tenant, "production")
    return Tenant(tenant, name, key["id"], key["key"], budget)


def call_of_the_day(world: World, tenants: list[Tenant], choice: random.Random) -> None:
    for tenant in tenants:
        _, calls, length = PEOPLE[tenant.name]
        for _ in range(choice.randint(1, calls + 1)):
            model = choice.choice(["fake", "fake-large"])
            fetch(
                world.server.data,
                tenant.key,
                chat(
                    world.fresh("day"),
                    model=model,
                    max_tokens=length,
                    text="word " * choice.randint(10, 400),
                    stream=choice.random() < 0.5,
                ),
            )
