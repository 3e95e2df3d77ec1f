"""What a month's files must say, worked out from the database with exact rationals; shares no code with the product."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections import defaultdict
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

PICO = 10**12
TOKENS = ("input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output", "output_reasoning")
DAY = 86_400_000_000


class Ledger:
    """Sums of a month by what files tell apart."""

    def __init__(self, database: Path, period: str) -> None:
        self.cost: dict[str, int] = defaultdict(int)
        self.listed: dict[str, int] = defaultdict(int)
        self.requests: dict[str, int] = defaultdict(int)
        self.units: dict[tuple[int, str, str, str], int] = defaultdict(int)
        self.by_model: dict[tuple[int, str, str], int] = defaultdict(int)
        self.corrections: dict[str, int] = defaultdict(int)
        self.upstream = self.entries = self.unpriced = 0
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
            rows = db.execute(
                f"SELECT tenant_id, model, kind, admitted_at, cost, list_cost, upstream_cost, corrects_period,"
                f" other_meters, {', '.join(TOKENS)} FROM ledger WHERE period = ?", (period,))
            for tenant, model, kind, admitted, cost, listed, upstream, corrects, others, *tokens in rows:
                day = admitted // DAY
                self.entries += 1
                self.cost[tenant] += cost
                self.listed[tenant] += listed
                self.by_model[day, tenant, model] += cost
                self.requests[tenant] += kind in ("settle", "resolve")
                self.upstream += upstream or 0
                self.unpriced += upstream is None and kind in ("settle", "resolve")
                if corrects is not None:
                    self.corrections[tenant] += cost
                counts = dict(zip(TOKENS, tokens, strict=True)) | (json.loads(others) if others else {})
                for meter, units in counts.items():
                    if units:
                        self.units[day, tenant, model, meter] += units
            self.rolled = self.roll_up(db, period)

    def roll_up(self, db: sqlite3.Connection, period: str) -> dict[str, int]:
        """The same by the daily sums of the month's days."""
        sums: dict[str, int] = defaultdict(int)
        rows = db.execute("SELECT tenant_id, bucket_start, cost_micro, cost_pico FROM usage_day")
        for tenant, bucket, micro, rest in rows:
            [month] = db.execute("SELECT strftime('%Y-%m', ?, 'unixepoch')", (bucket // 10**6,)).fetchone()
            if month == period:
                sums[tenant] += micro * 10**6 + rest
        return sums

    @property
    def total(self) -> int:
        return sum(self.cost.values())


def pico(text: str) -> int:
    amount = Fraction(text) * PICO
    assert amount.denominator == 1, text
    return int(amount)


def table(data: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file; every line must have as many cells as the heading and end with CR LF."""
    text = data.decode("utf-8-sig")
    assert text.endswith("\r\n")
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    assert all(len(line) == len(lines[0]) for line in lines)
    return [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]


def check_csv(rows: list[dict[str, str]], ledger: Ledger) -> None:
    """Each tenant's cost, list cost and requests; each day's, model's and meter's units and cost; unit price x units."""
    sums = {name: defaultdict(int) for name in ("cost", "list_cost", "requests")}
    units: dict[tuple[int, str, str, str], int] = defaultdict(int)
    by_model: dict[tuple[int, str, str], int] = defaultdict(int)
    for row in rows:
        tenant = row["tenant_id"]
        day = day_number(row["date"])
        for name in ("cost", "list_cost"):
            sums[name][tenant] += pico(row[name])
        sums["requests"][tenant] += int(row["requests"])
        if row["kind"] == "usage":
            units[day, tenant, row["model"], row["meter"]] += int(row["units"])
            assert pico(row["unit_price"]) * int(row["units"]) == pico(row["cost"]), row
            assert pico(row["list_unit_price"]) * int(row["units"]) == pico(row["list_cost"]), row
        if row["kind"] in ("usage", "adjustment"):
            by_model[day, tenant, row["model"]] += pico(row["cost"])
    assert dict(units) == dict(ledger.units)
    assert nonzero(by_model) == nonzero(ledger.by_model)
    assert nonzero(sums["cost"]) == nonzero(ledger.cost)
    assert nonzero(sums["list_cost"]) == nonzero(ledger.listed)
    assert nonzero(sums["requests"]) == nonzero(ledger.requests)


def check_focus(rows: list[dict[str, str]], ledger: Ledger) -> None:
    """Usage and adjustments have the ledger's cost, to the last picodollar."""
    sums: dict[str, int] = defaultdict(int)
    listed: dict[str, int] = defaultdict(int)
    for row in rows:
        if row["ChargeCategory"] in ("Usage", "Adjustment"):
            sums[row["SubAccountId"]] += pico(row["EffectiveCost"])
            listed[row["SubAccountId"]] += pico(row["ListCost"])
    assert nonzero(sums) == nonzero(ledger.cost)
    assert nonzero(listed) == nonzero(ledger.listed)


def check_lines(data: bytes, ledger: Ledger) -> None:
    sums: dict[str, int] = defaultdict(int)
    units: dict[tuple[str, str], int] = defaultdict(int)
    lines = data.decode().splitlines()
    assert len(lines) == ledger.entries
    for line in lines:
        entry = json.loads(line)
        sums[entry["tenant_id"]] += pico(entry["cost"])
        for meter, count in entry["units"].items():
            units[entry["model"], meter] += count
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for (_, _, model, meter), count in ledger.units.items():
        expected[model, meter] += count
    assert nonzero(sums) == nonzero(ledger.cost)
    assert dict(units) == dict(expected)


def check_manifest(manifest: dict[str, Any], ledger: Ledger) -> None:
    assert manifest["entries"] == ledger.entries
    assert pico(manifest["total"]["cost"]) == ledger.total
    totals = {total["tenant_id"]: pico(total["cost"]) for total in manifest["totals"]}
    assert nonzero(totals) == nonzero(ledger.cost)
    corrected = {total["tenant_id"]: pico(total["corrections"]) for total in manifest["totals"]}
    assert nonzero(corrected) == nonzero(ledger.corrections)


def nonzero(sums: dict[Any, int]) -> dict[Any, int]:
    return {name: amount for name, amount in sums.items() if amount}


def day_number(text: str) -> int:
    from datetime import date

    return (date.fromisoformat(text) - date(1970, 1, 1)).days
