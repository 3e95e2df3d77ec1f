"""A month of ledger entries, made up and written straight into the database of a stopped gateway.

Nothing here asks the product what a call costs: amounts are integers of a picodollar, worked out from the price texts. The
roll-ups are filled from the entries by SQL, so that `tollgate verify` has something to compare.
"""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from .tollgate import Gateway

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
COLUMNS = ("input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output", "output_reasoning")
MULTIPLIERS = ("1", "1.25", "0.8", "1", "1.000001")
DAY = 86_400_000_000
QUARTER = 900_000_000
MODELS: dict[str, tuple[dict[str, str] | None, dict[str, str] | None]] = {
    "chat-large": ({"input": "2.50", "output": "10", "input_cache_read": "1.25", "output_reasoning": "12"}, None),
    "chat-small": ({"input": "0.15", "output": "0.60"}, None),
    "org/embed": ({"input": "0.00013", "output": "0"}, None),
    "pictures": (None, {"image": "0.040000000001", "request": "0.002"}),
}


def half_even(amount: Fraction) -> int:
    return round(amount)


def request_id(microseconds: int, dice: random.Random) -> str:
    number = (microseconds // 1000) << 80 | dice.getrandbits(80)
    return "req_" + "".join(ALPHABET[number >> (5 * place) & 31] for place in range(25, -1, -1))


def last_month(months: int = 1) -> tuple[datetime, datetime]:
    """The first instants of a past month and of the one after it."""
    end = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = end
    for _ in range(months):
        end, start = start, (start - timedelta(days=1)).replace(day=1)
    return start, end


def micros(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000


@dataclass
class Party:
    id: str
    name: str
    ppm: int
    keys: list[str] = field(default_factory=list)


@dataclass
class Month:
    """Who and what the entries name; the gateway must have been asked for all of it by its Admin API."""

    name: str
    start: int
    end: int
    corrected: str
    tenants: list[Party] = field(default_factory=list)
    backends: list[str] = field(default_factory=list)
    rates: dict[str, dict[str, int]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def lay_out(server: Gateway, tenants: int = 5, months: int = 1) -> Month:
    """Tenants, keys, a pool with two backends, four models and their prices, by the Admin API."""
    admin = server.admin
    start, end = last_month(months)
    month = Month(start.strftime("%Y-%m"), micros(start), micros(end), last_month(months + 1)[0].strftime("%Y-%m"))
    admin.pool("fast")
    for name in ("alpha", "beta"):
        month.backends.append(admin.backend("fast", name, "http://127.0.0.1:9/v1")["id"])
    for model, (tokens, units) in MODELS.items():
        admin.model(model, ["fast"])
        month.versions[model] = admin.price_of(model, tokens, units)["id"]
        rates = {name: int(Fraction(text) * 10**6) for name, text in (tokens or {}).items()}
        month.rates[model] = rates | {name: int(Fraction(text) * 10**12) for name, text in (units or {}).items()}
    for place in range(tenants):
        ppm = int(Fraction(MULTIPLIERS[place % len(MULTIPLIERS)]) * 10**6)
        name = f"tenant-{place}"
        tags = {"cost_center": str(place % 2), "external_reference": f"C-{place}"}
        tenant = admin.tenant(name, ["fast"], tags=tags, price_multiplier=MULTIPLIERS[place % len(MULTIPLIERS)])
        party = Party(tenant, name, ppm)
        for key in ("web", "batch"):
            party.keys.append(admin.key(tenant, key, tags={"team": key})["id"])
        month.tenants.append(party)
    return month


def usage(model: str, dice: random.Random) -> dict[str, int]:
    if model == "pictures":
        return {"image": dice.randint(1, 4), "request": 1}
    if model == "org/embed":
        return {"input": dice.randint(1, 8000)}
    counts = {"input": dice.randint(1, 5000), "output": dice.randint(1, 1000)}
    if dice.random() < 0.4:
        counts["input_cache_read"] = dice.randint(1, 20_000)
    if model == "chat-large" and dice.random() < 0.3:
        counts["output_reasoning"] = dice.randint(1, 3000)
    return counts


def cost(rates: dict[str, int], counts: dict[str, int], ppm: int) -> tuple[int, int]:
    """At the tenant's and at list price. A cache read without a price is an input token."""
    own = listed = 0
    for meter, units in counts.items():
        parent = {"input_cache_read": "input", "output_reasoning": "output"}.get(meter, meter)
        rate = rates.get(meter, rates.get(parent, 0))
        listed += units * rate
        own += units * half_even(Fraction(rate * ppm, 10**6))
    return own, listed


def entries(month: Month, count: int, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    """Rows of the ledger in the order they ended: mostly settles; some kinds of every other sort."""
    step = (month.end - month.start) / count
    for number in range(count):
        # The first and the last instant of the month are in it.
        admitted = {0: month.start, count - 1: month.end - 1}.get(number, month.start + int(step * (number + dice.random())))
        admitted = min(admitted, month.end - 1)
        tenant = dice.choice(month.tenants)
        model = dice.choice(list(MODELS))
        counts = usage(model, dice)
        priced, listed = cost(month.rates[model], counts, tenant.ppm)
        named = (request_id(admitted, dice), 1)
        where = (tenant.id, dice.choice(tenant.keys), model, "fast", dice.choice(month.backends))
        when = (admitted, admitted + dice.randint(1000, 60_000_000), month.name)
        upstream = priced // 2 if dice.random() < 0.9 else None
        kind = dice.random()
        provenance = "estimated" if kind < 0.05 else "partial" if kind < 0.06 else "reported"
        version = month.versions[model]

        def row(kind: str, priced: int, listed: int, counts: dict[str, int], **fields: Any) -> tuple[Any, ...]:
            others = {name: units for name, units in counts.items() if name not in COLUMNS}
            return (
                *named, kind, *where, *when, fields.get("version", version), tenant.ppm, listed, priced,
                fields.get("upstream", upstream), *(counts.get(column, 0) for column in COLUMNS),
                json.dumps(others, separators=(",", ":")) if others else None, fields.get("provenance", provenance),
                fields.get("outcome", "answered"), fields.get("status", 200), 1, fields.get("corrects"),
            )

        if kind < 0.90:
            yield row("settle", priced, listed, counts)
        elif kind < 0.93:
            held = priced // 3
            yield row("settle", held, listed, counts)
            yield row("excess", priced - held, 0, {}, upstream=None)
        elif kind < 0.96:
            yield row("release", 0, 0, {}, provenance="none", outcome="not_sent", status=0, upstream=None)
        elif kind < 0.98:
            charged = dice.randint(0, 10**10)
            yield row("resolve", charged, charged, {}, provenance="none", outcome="unanswered", status=0)
        else:
            yield row("settle", 0, 0, counts, version=None, upstream=None)


def corrections(month: Month, count: int, dice: random.Random) -> Iterator[tuple[Any, ...]]:
    """Entries of this month that correct the one before: made by hand, or calls whose end came late."""
    for number in range(count):
        tenant = dice.choice(month.tenants)
        model = dice.choice(list(MODELS))
        booked = dice.randint(month.start, month.end - 1)
        late = number % 2 == 0
        named = month.start - dice.randint(1, 5 * DAY) if late else booked
        amount = dice.randint(1, 10**11) if late else dice.randint(-(10**12), 10**12)
        name = request_id(named, dice) if late else "cor_" + request_id(booked, dice)[4:]
        yield (
            name, 1, "resolve" if late else "correction", tenant.id, tenant.keys[0] if late else "", model if late else "",
            "fast" if late else "", month.backends[0] if late else "", booked, booked, month.name,
            month.versions[model] if late else None, tenant.ppm, amount, amount, None, *(0,) * len(COLUMNS), None, "none",
            "unanswered", 0, 0, month.corrected,
        )


INSERT = f"""
    INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model, pool, backend_id,
        admitted_at, ended_at, period, price_version, multiplier_ppm, list_cost, cost, upstream_cost, {', '.join(COLUMNS)},
        other_meters, provenance, outcome, status, stream, corrects_period)
    VALUES (?1, 'n1', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,
        ?23, ?24, ?25, ?26, ?27, ?28, ?29)
"""


def fill(server: Gateway, month: Month, count: int, dice: random.Random, corrected: int = 40) -> None:
    """Writes the entries; the gateway must be stopped."""
    with closing(sqlite3.connect(server.database)) as db:
        db.execute("PRAGMA synchronous = OFF")
        [last] = db.execute("SELECT COALESCE(MAX(seq), 0) FROM ledger").fetchone()
        rows = (row for source in (entries(month, count, dice), corrections(month, corrected, dice)) for row in source)
        db.executemany(INSERT, ((last + 1 + place, *row) for place, row in enumerate(rows)))
        # The month that is corrected waits to be closed: only its name is needed.
        db.execute(
            "INSERT OR IGNORE INTO periods (period, status, requested_at, requested_by, due_at)"
            " VALUES (?, 'closing', ?, 'bootstrap', ?)", (month.corrected, month.start, 1 << 61))
        db.execute("""
            INSERT INTO corrections
                (id, corrects_period, tenant_id, model, pool, amount, reason, created_at, created_by)
            SELECT request_id, corrects_period, tenant_id, model, pool, cost, 'a price that was wrong', admitted_at, 'bootstrap'
            FROM ledger WHERE kind = 'correction' AND seq > ?
        """, (last,))
        roll_up(db)
        db.commit()


def roll_up(db: sqlite3.Connection) -> None:
    """Fills the roll-ups anew from the entries; those behind the ledger are left to the gateway."""
    everyone = "tenant_id, key_id, model, pool, backend_id"
    fill_roll_up(db, "usage_quarter", QUARTER, everyone)
    fill_roll_up(db, "usage_day", DAY, everyone)
    for table in ("usage_total", "usage_total_meters", "usage_month", "usage_month_meters", "usage_total_costs"):
        db.execute(f"DELETE FROM {table}")
    db.execute("UPDATE usage_folded SET seq = 0")


def fill_roll_up(db: sqlite3.Connection, table: str, span: int, values: str) -> None:
    names = "tenant_id, key_id, model, pool, backend_id"
    bucket = f"admitted_at - admitted_at % {span}"
    sums = ", ".join(f"SUM({column})" for column in COLUMNS)
    db.execute(f"DELETE FROM {table}")
    db.execute(f"DELETE FROM {table}_meters")
    db.execute(f"""
        INSERT INTO {table} (bucket_start, {names}, requests, {', '.join(COLUMNS)}, cost_micro, cost_pico)
        SELECT {bucket}, {values}, SUM(kind IN ('settle', 'resolve')), {sums},
            SUM(cost / 1000000) + SUM(cost % 1000000) / 1000000, SUM(cost % 1000000) % 1000000
        FROM ledger WHERE kind IN ('settle', 'resolve') OR cost != 0 GROUP BY 1, 2, 3, 4, 5, 6
    """)
    db.execute(f"""
        INSERT INTO {table}_meters (bucket_start, {names}, meter, units)
        SELECT {bucket}, {values}, each.key, SUM(each.value) FROM ledger, json_each(other_meters) AS each
        WHERE other_meters IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7
    """)


def credit(server: Gateway, tenant: Party, amount: int, kind: str, at: int, name: str) -> None:
    """A credit with a past date; the gateway must be stopped."""
    with closing(sqlite3.connect(server.database)) as db:
        db.execute(
            "INSERT INTO credits (id, tenant_id, amount_micro, amount_pico, kind, note, created_at, created_by)"
            " VALUES (?, ?, ?, ?, ?, NULL, ?, 'bootstrap')",
            (f"crd_{name}", tenant.id, amount // 10**6, amount % 10**6, kind, at))
        db.commit()
