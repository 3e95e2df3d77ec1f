"""Whether each call that a backend logged is booked, once, at the cost that follows from what the backend logged.

A call's own name goes to the backend as its marker, and to the gateway as `x-request-id`: the gateway's log says which
request that was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from support import bookkeeping
from support.attempts import requests_by_name
from support.backend import BackendCall
from support.oracle import Entry, Hold, assert_exactly_once
from support.world import PRICE, Tenant, World

from .programme import Outcome


def books_wrong(world: World) -> list[str]:
    """What is wrong with the books as a whole, when nothing runs any more."""
    problems = bookkeeping.wrong(world.server.database)
    try:
        assert_exactly_once(*world.books.both())
        world.server.verify()
    except AssertionError as error:
        problems.append(str(error)[:1500])
    return problems


def must_be_booked(outcome: Outcome, world: World, tenants: Iterable[tuple[str, Tenant, bool]],
                   calls: list[BackendCall]) -> None:
    """Each of `tenants` has a name for the figures, and whether its backend is left when its clients are gone; all its
    calls are named after its id, and are among `calls`."""
    outcome.wrong(books_wrong(world))
    entries, holds = world.books.both()
    names = requests_by_name(world.server)
    for name, tenant, is_left in tenants:
        own = [call for call in calls if call.marker.startswith(f"{tenant.id}/")]
        booked = [entry for entry in entries if entry.tenant_id == tenant.id]
        wrong = booked_wrong(own, names, booked, [hold for hold in holds if hold.tenant_id == tenant.id], is_left)
        outcome.wrong(wrong[:5])
        outcome.must(len(wrong) <= 5, f"{name}: {len(wrong)} of {len(own)} calls are booked wrongly")
        outcome.must(bool(own), f"{name}: no call came to the backend")
        cost, bill = sum(entry.cost for entry in booked), sum(PRICE.cost(*call.billed) for call in own)
        outcome.figures[f"calls at the backend that is {name}, each booked once"] = (
            f"{len(own)}, for {cost / max(bill, 1):.3f} of what the backend bills")


def booked_wrong(calls: list[BackendCall], names: dict[str, list[str]], entries: list[Entry], holds: list[Hold],
                 is_left: bool) -> list[str]:
    """What is wrong with one tenant's books. What was reported is booked to the token; of an answer that was not read
    to its end (`is_left`) nobody knows what it cost, but it is not more than it may cost."""
    problems = [f"a hold of {hold.amount} is left" for hold in holds]
    of_request: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        of_request[entry.request_id].append(entry)
    called: set[str] = set()
    for call in calls:
        requests = names.get(call.marker, [])
        called.update(requests)
        found = [entry for request in requests for entry in of_request[request]]
        if [entry.kind for entry in found] != ["settle"]:
            problems.append(f"{call.marker}: {len(requests)} requests, {[entry.kind for entry in found]}")
            continue
        cost, bill = found[0].cost, PRICE.cost(*call.billed)
        most = PRICE.bound(call.arrived["body_bytes"], call.arrived["max_tokens"])
        if (not is_left or found[0].provenance == "reported") and cost != bill:
            problems.append(f"{call.marker}: {cost} are booked, the backend bills {bill}")
        elif not 0 < cost <= most:
            problems.append(f"{call.marker}: {cost} are booked for a call that was cut and may cost {most}")
    return problems + [f"{entry.kind} of {entry.cost} for a request that no backend saw" for entry in entries
                       if entry.request_id not in called and (entry.cost or entry.kind != "release")]
