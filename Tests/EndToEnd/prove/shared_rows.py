"""Mutated rows that belong to nobody alone: routing, prices, ledger, roll-ups, closed months, what operators do.

Each in a start of its own. The gateway may refuse to start, and then its log names the row; or it starts, and then only
what uses the row may fail: a tenant of another pool, with another model and price, is served as ever, a tenant without
anything to spend is not, the Admin API answers or names the row, no export leaves an entry out, an admin key that only
looks changes nothing, one that is revoked is refused, and nothing ends it.
"""

from __future__ import annotations

import http.client
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from support.admin import Reply
from support.backend import FakeBackend, fake_backend
from support.options import Run
from support.showroom import travel
from support.tollgate import gateway
from support.world import MAX_OUTPUT, Tenant, World

from .damage import ODD_VALUES, Place, about_everybody, length, mutate, named, rows_of, since, span, told_wrong
from .dying import End, started
from .laid import (
    COOLING,
    METERED,
    books_rows,
    close_last_month,
    in_last_month,
    last_month,
    once,
    operators_rows,
    own_rows,
    raised_for_everybody,
    routing_rows,
)
from .programme import Outcome, Programme
from .rows import Odd, others_wrong, own_wrong, spent
from .stored import Stored

APART = "apart"
TABLES = ("pools", "backends", "models", "model_targets", "upstream_names", "removed_backends", "backend_cooldowns",
          "prices", "price_imports", "price_import_parts", "ledger", "usage_quarter", "usage_day", "usage_month",
          "usage_total", "usage_quarter_meters", "usage_day_meters", "usage_month_meters", "usage_total_meters",
          "usage_total_costs", "usage_folded", "periods", "period_facts", "export_manifests", "corrections",
          "reconciliations", "organization_alerts", "organization_alerts_raised", "admin_keys", "idempotency_keys",
          "webhooks", "webhook_deliveries", "audit_log", "settings")
FOLD_SECONDS = 20.0  # until the roll-ups that follow the ledger are there
# Tried first: the start once ended of them, as if a service had failed or by a trap, or what was asked for failed without
# a word, or a month that is closed was open again, or its files lacked entries.
KNOWN_ODD: tuple[tuple[str, str, object], ...] = (
    ("settings", "value", b""), ("prices", "kind", ""), ("organization_alerts", "recipients", "{}"),
    ("idempotency_keys", "body", ""), ("idempotency_keys", "status", 2**63 - 1),
    ("webhook_deliveries", "attempts", 2**63 - 1), ("usage_total_meters", "meter", "null"),
    ("reconciliations", "lines", "{}"),
    ("backends", "probe_path", "1"), ("backends", "sealed_key", b""), ("periods", "format_version", None),
    ("periods", "closed_at", None), ("periods", "status", ""), ("admin_keys", "role", "null"),
    ("usage_quarter_meters", "meter", 1), ("periods", "last_seq", 1),
)
# What may keep the gateway from starting, as it would else bill wrongly, or take entries into a month that is closed.
MAY_REFUSE = ("prices", "periods", "settings")
# A price may have become none at all, and then a call costs nothing.
MAY_BE_FREE = ("prices",)


@dataclass
class Laid:
    """Whose rows are mutated, and who has nothing to do with them."""

    world: World
    user: Tenant
    poor: Odd
    apart: Tenant
    backend: str  # of `fast`
    viewer: str  # a secret that only looks
    revoked: str  # a secret that nothing may be done with
    hook: str
    names_apart: set[str]


def lay(world: World, backend: FakeBackend) -> Laid:
    """Two pools with a backend, a model and a price each; the rows of one of them are mutated."""
    admin = world.admin
    admin.pool(APART)
    elsewhere = admin.backend(APART, "fake-apart", backend.base_url())
    admin.model(APART, [APART], MAX_OUTPUT)
    admin.price(APART, "1", "4")
    routing_rows(world, backend)
    user, poor = world.tenant("1000", ("fast", COOLING)), world.tenant("1000")
    apart = world.tenant("1000", (APART,))
    user_calls(world, user)
    world.assert_good_call(poor)
    assert world.call(apart, model=APART, max_tokens=5).done
    travel(world.server, 0)
    close_last_month(world)
    own_rows(world, user)
    books_rows(world)
    viewer, revoked, hook = operators_rows(world)
    user_calls(world, user)
    answer = world.call(user, model=COOLING, max_tokens=5, knobs="fault=429,retry=86400")
    assert answer.status == 503, answer
    mine, = (row for row in admin.rows("/pools/fast/backends"))
    laid = Laid(world, user, spent(world, poor), apart, mine["id"], viewer, revoked, hook,
                {APART, elsewhere["id"], apart.id, apart.key_id, str(apart.budget)})
    deadline = time.monotonic() + FOLD_SECONDS
    while not rolled_up(world.server.database):
        assert time.monotonic() < deadline, "the roll-ups do not follow"
        time.sleep(0.2)
    world.server.stop()
    raised_for_everybody(world.server.database)
    return laid


def user_calls(world: World, user: Tenant) -> None:
    for model in ("fake", METERED):
        assert world.call(user, model=model, max_tokens=5).done


def rolled_up(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        last, = connection.execute("SELECT MAX(seq) FROM ledger").fetchone()
        return connection.execute("SELECT seq FROM usage_folded").fetchone() == (last,)


def places_of(database: Path, laid: Laid) -> list[Place]:
    """Values of shared rows, but for those that the tenant apart needs."""
    with closing(sqlite3.connect(database)) as connection:
        texts = {value for table in TABLES for row in connection.execute(f'SELECT * FROM "{table}"')
                 for value in row if isinstance(value, str)}
    places = [place for place in rows_of(database, texts) if place.table in TABLES]
    places += [place for place in numbers_of(database, "usage_folded") if place not in places]
    return [place for place in places if not laid.names_apart & set(map(str, place.row(database).values()))]


def numbers_of(database: Path, table: str) -> list[Place]:
    """Of a table without any text."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return [Place(table, column, (("rowid", row["found_by"]),))
                for row in connection.execute(f'SELECT rowid AS found_by, * FROM "{table}"').fetchall()
                for column in row.keys() if column != "found_by"]


def names_of(place: Place, database: Path) -> list[str]:
    """By what the log may name the row: its table, what it is called."""
    row = place.row(database)
    called = [row.get(column) for column in ("id", "name", "model", "request_id", "key_id", "tenant_id")]
    return [place.table, *(text for text in called if isinstance(text, str) and len(text) > 2)]


def questions(laid: Laid) -> list[str]:
    return [*about_everybody(), "/pools", "/pools/fast", "/pools/fast/backends", f"/backends/{laid.backend}", "/models",
            "/models/fake", "/prices?limit=1000", "/prices/imports", "/status", "/whoami", "/reconciliations",
            "/admin-keys", "/webhooks", f"/webhooks/{laid.hook}", f"/webhooks/{laid.hook}/deliveries",
            "/v1/organization/spend_alerts", f"/periods/{last_month()}",
            f"/usage?{span()}&bucket=day&group_by=model", f"/requests?limit=100&tenant_id={laid.user.id}"]


def tried(laid: Laid, stored: Stored, place: Place, value: object, seen: Counter[str]) -> list[str] | None:
    """What was wrong with this value in this place; nothing if SQLite does not take it."""
    world, server = laid.world, laid.world.server
    stored.restore()
    names = names_of(place, server.database)
    if not mutate(server.database, place, value):
        return None
    said = length(server)
    if not started(server):
        seen["refused to start"] += 1
        seen[f"refused to start: {place.table}"] += 1
        end, words = End.of(server), since(server, said)
        refused = end.status == 1 and "refused to start" in words
        if not refused:
            return [f"ended with {end.status} at its start: {words[-600:]}"]
        if place.table not in MAY_REFUSE:
            return [f"kept the gateway from starting: {words[-600:]}"]
        return [] if named(server, said, names, 0.5) else [f"its refusal to start names no row: {words[-600:]}"]
    problems = others_wrong(world, [laid.apart], model=APART)
    answer = world.call(laid.user, max_tokens=5)
    seen[f"what uses it was answered {answer.status}"] += 1
    if not answer.status or answer.status == 500 and not named(server, said, names):
        problems.append(f"what uses it was answered {answer.status} {answer.error} {answer.body[:200]!r}")
    problems += own_wrong(world, laid.poor, place.table in MAY_BE_FREE, Counter())
    problems += told_wrong(world, questions(laid), names, seen)
    problems += rights_wrong(laid, place, names)
    if not server.running():
        problems.append(f"the gateway ended: {End.of(server)}")
    server.kill()
    return problems


def rights_wrong(laid: Laid, place: Place, names: list[str]) -> list[str]:
    """What a key may do that only looks or is revoked, and what is asked for twice under one name."""
    world, problems = laid.world, list[str]()
    is_live = place.table == "admin_keys" and place.row(world.server.database).get("revoked_at") is None
    looks, revoked = ({"authorization": f"Bearer {key}"} for key in (laid.viewer, laid.revoked))
    asked: dict[str, tuple[bool, Callable[[], Reply]]] = {
        "a change by an admin key that only looks": (
            False, lambda: world.admin.send("POST", "/pools", {"name": "taken", "policy": "least_busy"}, looks)),
        "an admin key that is revoked": (is_live, lambda: world.admin.send("GET", "/whoami", headers=revoked)),
        "a change that is asked for again": (True, lambda: once(world)),
    }
    for what, (may, ask) in asked.items():
        said = length(world.server)
        try:
            reply = ask()
        except (http.client.HTTPException, OSError) as error:
            return [*problems, f"{what} was cut off: {error!r}"]
        if reply.status < 300 and not may:
            problems.append(f"{what} was answered {reply.status}")
        if reply.status >= 500 and not named(world.server, said, names):
            problems.append(f"{what} was answered {reply.status}: {since(world.server, said)[-300:]}")
    return problems


def shared(run: Run, size: int) -> Outcome:
    outcome, dice, seen, touched = Outcome(), run.dice("shared-rows"), Counter[str](), Counter[str]()
    with fake_backend() as backend, gateway(run.binary, launcher=in_last_month()) as server:
        laid = lay(World.lay(server, backend), backend)
        stored = Stored(server)
        places = places_of(server.database, laid)
        missing = set(TABLES) - {place.table for place in places}
        assert not missing, f"no row to mutate in {missing}"
        known = [(dice.choice([place for place in places if [place.table, place.column] == name]), value)
                 for *name, value in KNOWN_ODD]
        while outcome.count < size:
            place, value = known.pop() if known else (drawn(dice, places), dice.choice(ODD_VALUES))
            problems = tried(laid, stored, place, value, seen)
            if problems is None:
                continue
            touched[place.table] += 1
            outcome.tried([f"{place.table}.{place.column} = {repr(value)[:60]}: {problem}" for problem in problems])
        stored.restore()
        server.start()
    outcome.figures["by table"] = dict(touched)
    outcome.figures["answers"] = dict(sorted(seen.items()))
    return outcome


def drawn(dice: random.Random, places: list[Place]) -> Place:
    """Each table as often as any other, however many rows it has."""
    table = dice.choice(TABLES)
    return dice.choice([place for place in places if place.table == table])


SHARED_ROWS = Programme("shared-rows", "mutated rows of pools, prices, books: only what uses them fails", shared, 2500,
                        16)
