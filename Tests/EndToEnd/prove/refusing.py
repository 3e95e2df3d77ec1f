"""What a gateway still does while its ledger cannot be written: it refuses calls, and goes on with all else."""

from __future__ import annotations

import http.client
import time

from support.world import Tenant
from test_kill import Load

NOTICED_LIMIT = 2.0  # seconds after the disk takes no more; how full it is is looked at once a second
PROBES = 3
UNPAID = "called upstream without a ledger"


def refused(load: Load, tenant: Tenant, number: int) -> list[str]:
    """Without a ledger no call goes upstream and the gateway is not ready; health, metrics and reading go on."""
    world, problems = load.world, list[str]()
    answer = load.ask(tenant, number)
    if answer.status != 503 or answer.failure["code"] != "ledger_unavailable":
        problems.append(f"answered {answer.status} {answer.error} {answer.body[:200]!r} without a ledger")
    if any(seen.marker == str(number) for seen in world.backend.calls()):
        problems.append(UNPAID)
    for address, path, wanted in ((world.server.data, "/readyz", 503), (world.server.data, "/healthz", 200),
                                  (world.server.metrics_address, "/metrics", 200)):
        status, _ = world.server.plain_get(address, path)
        if status != wanted:
            problems.append(f"{path} answered {status} without a ledger")
    try:
        if world.admin.send("GET", "/tenants?limit=1").status != 200:
            problems.append("the Admin API does not read any more")
    except (OSError, http.client.HTTPException) as error:
        problems.append(f"the Admin API does not answer: {error!r}")
    return problems


def all_refused(load: Load, tenant: Tenant) -> list[str]:
    """Once `/readyz` says that it refuses, which must be soon."""
    server, started = load.world.server, time.monotonic()
    while server.ready(server.data):
        if time.monotonic() - started > NOTICED_LIMIT:
            return ["/readyz is 200 although the disk takes no more"]
        time.sleep(0.02)
    return [problem for _ in range(PROBES) for problem in refused(load, tenant, next(load.numbers))]
