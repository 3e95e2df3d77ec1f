"""A gateway with a past: tenants that made calls over weeks, so that the dashboard has something to show.

The past is real: the gateway runs under `faketime` at each of its days and serves calls like any other.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .backend import FakeBackend
from .client import chat, fetch
from .faketime import days_ago
from .tollgate import Gateway
from .world import Tenant, World

PEOPLE = {  # tenant -> its limit a month, how many calls a day, and the length of an answer
    "research": ("25.00", 4, 700),
    "support-bot": ("4.00", 6, 300),
    "intern": ("0.004", 2, 60),
    "Déjà vu & Söhne GmbH": ("150.00", 1, 900),
}


def travel(server: Gateway, days: int) -> None:
    """Stops it, and starts it so many days ago; 0 is today."""
    leave(server)
    server.launcher = days_ago(days)
    server.start()


def leave(server: Gateway) -> None:
    """Ends it wherever it is: `faketime` stays its parent and passes no signal on."""
    if not server.running():
        return
    assert server.child
    pid = server.child.pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [str(pid)]:
        os.kill(int(child), signal.SIGTERM)
    server.child.process.wait(75)  # calls that run end first


@contextmanager
def showroom(binary: Path, backend: FakeBackend, seed: int, days: int = 12, extra_config: str = "") -> Iterator[World]:
    """A started gateway whose tenants called last month, which is closed, and on each of the last days.

    Two pools with a drained backend and one that cools, a spent cap, a raise, a revoked key, failed and repeated calls,
    money held for a call that runs, credits.
    """
    server = Gateway(binary, extra_config)
    try:
        travel(server, datetime.now(UTC).day + 2)  # last month
        world = World.lay(server, backend, max_concurrency=8)
        admin = world.admin
        admin.pool("frontier", policy="weighted")
        admin.backend("frontier", "fake-b", backend.base_url(), weight=3)
        refused = admin.backend("frontier", "fake-sick", "http://127.0.0.1:9/v1", weight=1)
        admin.ok("POST", f"/backends/{refused['id']}/drain")
        admin.model("fake-large", ["frontier", "fast"], 4000, context_window=128000)
        admin.price("fake-large", "2.50", "10", input_cache_read="1.25")
        tenants = [move_in(world, name, limit) for name, (limit, _, _) in PEOPLE.items()]
        call_of_the_day(world, tenants, random.Random(f"{seed} last month"))
        for day in range(days, 0, -1):
            travel(server, day)
            call_of_the_day(world, tenants, random.Random(f"{seed} {day}"))
        travel(server, 0)
        call_of_the_day(world, tenants, random.Random(f"{seed} today"))
        admin.ok("POST", f"/tenants/{tenants[1].id}/credits", {"amount": "50", "kind": "prepaid", "note": "PO 4711"})
        trouble(world, tenants)
        yield world
        assert server.running(), f"tollgate serve died:\n{server.output[-4000:]}"
        server.verify()
    finally:
        leave(server)
        server.close()


def trouble(world: World, tenants: list[Tenant]) -> None:
    """What goes on and goes wrong today."""
    admin, server = world.admin, world.server
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    admin.ok("POST", f"/budgets/{tenants[1].budget}/raises", {"limit": "9", "until": tomorrow})
    old = admin.key(tenants[0].id, "old laptop")
    admin.ok("DELETE", f"/keys/{old['id']}")
    admin.budget(tenants[0].id, "2", window="day", mode="soft")
    admin.budget(tenants[0].id, "0.01", window="day", mode="shadow", key_id=tenants[0].key_id)
    admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/hook", "events": ["backend.down"]})
    admin.ok("POST", "/admin-keys", {"name": "Ada", "role": "finance"})
    admin.backend("frontier", "fake-down", "http://127.0.0.1:9/v1", weight=50)
    for knobs in ("", "", "", "fault=500", "fault=400"):
        fetch(server.data, tenants[0].key, chat(world.fresh("odd"), model="fake-large", max_tokens=20, knobs=knobs))
    last = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    admin.ok("POST", f"/periods/{last}/close", {"grace": "0s"})
    slow = chat(world.fresh("slow"), max_tokens=900, knobs="latency=60000")
    threading.Thread(target=lambda: fetch(server.data, tenants[2].key, slow), daemon=True).start()
    threading.Thread(target=lambda: fetch(server.data, tenants[3].key, slow), daemon=True).start()


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
