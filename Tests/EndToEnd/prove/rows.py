"""Mutated rows of one tenant in the database: nobody else fails, the gateway never ends, and nothing fails open.

The tenant's cap is spent, so no call of it may be answered, unless the row as it is now says so by Python's own
reading. The Admin API is asked for everything that reads such rows.
"""

from __future__ import annotations

import http.client
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.backend import fake_backend
from support.options import Run
from support.oracle import pico, usd
from support.tollgate import gateway
from support.world import Tenant, World

from .dying import End, started
from .programme import Outcome, Programme
from .stored import Stored

ODD_VALUES: tuple[object, ...] = (
    None, "", "\x00", "x" * 100_000, "Mars/Phobos", "2026-02-30T25:00:00Z", "[", "{}", '{"a":', "[1,2]", "null",
    "'; --", -1, 0, 1, 2**31, 2**63 - 1, -(2**63), 10**18, 1.5, b"", b"\xff\x00\xfe", b"\x00" * 5000, "💥", "NaN",
)
# Tried first, from the last on, as they once kept the gateway from starting, ended it, or let the tenant spend.
KNOWN_ODD: tuple[tuple[str, str, object], ...] = (
    ("budgets", "mode", ""), ("budgets", "window", "[1,2]"), ("budgets", "alert_amounts", "["),
    ("tenants", "on_insufficient", "["), ("tenants", "tags", "null"), ("api_keys", "models", "["),
    ("api_keys", "allowed_ips", "1"), ("api_keys", "id", "NaN"), ("key_secrets", "key_id", "["),
    ("ledger", "seq", 2**63 - 1), ("ledger", "admitted_at", -(2**63)), ("audit_log", "seq", 2**63 - 1),
    ("tenants", "price_multiplier_ppm", -1), ("budgets", "limit_pico", 10**18), ("accounts", "posted_pico", -(10**18)),
)


@dataclass(frozen=True)
class Place:
    """A value of a row, which is found by its rowid or, in a table without any, by its primary key."""

    table: str
    column: str
    key: tuple[tuple[str, Any], ...]

    @property
    def where(self) -> tuple[str, tuple[Any, ...]]:
        return " AND ".join(f'"{name}" IS ?' for name, _ in self.key), tuple(value for _, value in self.key)

    def row(self, database: Path) -> dict[str, Any]:
        """The row as it is; nothing if what was mutated is what it is found by."""
        condition, values = self.where
        with closing(sqlite3.connect(database)) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute(f'SELECT * FROM "{self.table}" WHERE {condition}', values).fetchone()
        return dict(row) if row else {}


def rows_of(database: Path, names: set[str]) -> list[Place]:
    """Every value in a row that holds one of the names: the tenant's, its key's, its budgets'."""
    found = []
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            facts = connection.execute(f"PRAGMA table_info('{table}')").fetchall()
            columns = [fact["name"] for fact in facts]
            try:
                rows = connection.execute(f'SELECT rowid AS found_by, * FROM "{table}"').fetchall()
                by = {"rowid": "found_by"}
            except sqlite3.OperationalError:
                rows = connection.execute(f'SELECT * FROM "{table}"').fetchall()
                by = {fact["name"]: fact["name"] for fact in facts if fact["pk"]}
            for row in rows:
                if names & {value for value in tuple(row) if isinstance(value, str)}:
                    key = tuple((name, row[column]) for name, column in by.items())
                    found += [Place(table, column, key) for column in columns]
    return found


def mutate(database: Path, place: Place, value: object) -> bool:
    """Whether SQLite took the value; the strict tables' types hold against everybody."""
    condition, values = place.where
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        try:
            connection.execute(f'UPDATE "{place.table}" SET "{place.column}" = ? WHERE {condition}', (value, *values))
            connection.commit()
        except sqlite3.Error:
            return False
    return True


@dataclass
class Odd:
    """The tenant whose rows are mutated: its first budget is spent to the last picodollar."""

    tenant: Tenant
    budgets: set[str]
    posted: int


def lay(world: World) -> tuple[Odd, list[Tenant]]:
    """One tenant with a row of every kind, and two others."""
    odd, *others = [world.tenant("1000", tags={"team": "a"}, time_zone="Europe/Berlin") for _ in range(3)]
    for tenant in (odd, *others):
        world.admin.quotas(f"tenants/{tenant.id}", rpm=100_000, tpd=10**9)
        world.admin.quotas(f"keys/{tenant.key_id}", rpm=100_000, concurrency=50)
        world.admin.budget(tenant.id, "100", window="month", model="fake", alerts_at=[0.5, 0.8])
        world.admin.budget(tenant.id, "100", window="day", mode="soft")
        world.assert_good_call(tenant)
    posted = pico(world.admin.budget_state(str(odd.budget))["posted"])
    world.admin.ok("PATCH", f"/budgets/{odd.budget}", {"limit": usd(posted)})
    refused = world.call(odd, max_tokens=5)
    assert refused.failure["code"] == "insufficient_quota", refused
    budgets = {row["id"] for row in world.admin.rows(f"/budgets?tenant_id={odd.id}")}
    assert len(budgets) == 3, budgets
    return Odd(odd, budgets, posted), others


def may_be_served(odd: Odd, place: Place, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether the row as it is now, read by the letter, leaves the tenant something to spend."""
    if not after:
        return False
    table, column = place.table, place.column
    if table == "accounts" and before["budget_id"] == odd.tenant.budget and column.startswith("posted"):
        return abs(after["posted_pico"]) < 10**6 and after["posted_micro"] * 10**6 + after["posted_pico"] < odd.posted
    if table == "tenants":
        return after["id"] == odd.tenant.id and after["price_multiplier_ppm"] == 0
    if table == "budgets" and before["id"] == odd.tenant.budget:
        if column in ("tenant_id", "key_id", "model", "pool"):
            return True  # of somebody or something else now
        whole = 0 <= after["limit_pico"] < 10**6 and after["limit_micro"] >= 0
        return whole and after["limit_micro"] * 10**6 + after["limit_pico"] > odd.posted
    return False


def served_wrong(world: World, odd: Odd, others: list[Tenant], allowed: bool) -> tuple[bool, list[str]]:
    """Whether the odd tenant's call was refused, and what was wrong."""
    problems = []
    for tenant in others:
        answer = world.call(tenant, max_tokens=5)
        if not answer.done:
            problems.append(f"another tenant was answered {answer.status} {answer.body[:200]!r} {answer.error}")
    answer = world.call(odd.tenant, max_tokens=5)
    if not answer.status or answer.status >= 500 and answer.status != 503:
        problems.append(f"its own tenant was answered {answer.status} {answer.error} {answer.body[:200]!r}")
    if answer.status == 200 and not allowed:
        problems.append("a tenant without anything to spend was served")
    return answer.status != 200, problems


def questions(odd: Odd) -> list[str]:
    """Everything in the Admin API that reads rows of a tenant."""
    now = datetime.now(UTC)
    span = f"start={now - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}&end={now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    tenant, key, month = odd.tenant.id, odd.tenant.key_id, f"{now:%Y-%m}"
    return [
        "/tenants?limit=1000", f"/tenants/{tenant}", f"/tenants/{tenant}/keys", f"/tenants/{tenant}/entitlements",
        f"/tenants/{tenant}/quotas", f"/keys/{key}", f"/keys/{key}/quotas", "/budgets?limit=1000",
        f"/budgets/{odd.tenant.budget}/state", "/holds", f"/usage?{span}&bucket=hour&group_by=tenant,key",
        f"/costs?{span}&bucket=day&group_by=tenant&time_zone=Europe/Berlin", f"/requests?limit=100&tenant_id={tenant}",
        f"/exports/{month}?format=csv", f"/exports/{month}?format=jsonl", f"/exports/{month}/manifest",
        "/audit-log?limit=1000",
    ]


def told_wrong(world: World, odd: Odd, place: Place, seen: Counter[str]) -> list[str]:
    """Each is answered, or refused by a problem whose cause the log names by the row."""
    problems = []
    for path in questions(odd):
        said = len(world.server.output)
        try:
            reply = world.admin.send("GET", path)
        except (http.client.HTTPException, OSError) as error:
            seen["cut off"] += 1
            if not world.server.running():
                return [f"the gateway ended of {path}"]
            problems += [] if named(world, odd, place, said) else [f"{path} was cut off: {error!r}"]
            continue
        seen[f"{reply.status // 100}xx"] += 1
        if reply.status >= 500:
            if reply.problem["code"] != "internal_error" or not named(world, odd, place, said):
                problems.append(f"{path} was answered {reply.status} {reply.text[:300]}, and the log says "
                                f"{world.server.output[said:][-600:]!r}")
    return problems


def named(world: World, odd: Odd, place: Place, said: int) -> bool:
    """Whether the log told an operator, since then, where to look; lines are written by a thread of their own."""
    names = (odd.tenant.id, odd.tenant.key_id, str(odd.tenant.budget), place.table, place.column)
    end = time.monotonic() + 2
    while not any(name in line for line in world.server.output[said:].splitlines() if '"error"' in line or
                  '"critical"' in line for name in names):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def rows(run: Run, size: int) -> Outcome:
    outcome, dice, seen = Outcome(), run.dice("rows"), Counter[str]()
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        odd, others = lay(world)
        server.stop()
        stored = Stored(server)
        places = rows_of(server.database, {odd.tenant.id, odd.tenant.key_id, *odd.budgets})
        binding = [place for place in places if place.table in ("budgets", "accounts", "tenants")]
        known = [(place, value) for *name, value in KNOWN_ODD for place in places
                 if [place.table, place.column] == name]
        while outcome.count < size:
            chosen = dice.choice(binding if dice.random() < 0.5 else places)
            place, value = known.pop() if known else (chosen, dice.choice(ODD_VALUES))
            stored.restore()
            before = place.row(server.database)
            if not mutate(server.database, place, value):
                continue
            allowed = may_be_served(odd, place, before, place.row(server.database))
            name = f"{place.table}.{place.column} = {repr(value)[:60]}"
            said = len(server.output)
            if not started(server):
                outcome.tried(f"{name}: refused to start: {server.output[-600:]}")
                continue
            refused, problems = served_wrong(world, odd, others, allowed)
            problems += told_wrong(world, odd, place, seen)
            if not server.running():
                problems.append(f"the gateway ended: {End.of(server, said)}")
            seen["its own tenant was refused" if refused else "its own tenant was served"] += 1
            outcome.tried([f"{name}: {problem}" for problem in problems])
            server.kill()
        stored.restore()
        server.start()
    outcome.figures["values to mutate"] = len(places)
    outcome.figures["answers"] = dict(seen)
    return outcome


ROWS = Programme("rows", "mutated rows of one tenant: nobody else fails, the gateway never ends", rows, 1000, 12)
