"""The books added up again from the ledger's entries, and the audit log's chain hashed again; all in Python.

`wrong` is what is not as it must be: the file, sequences and months of entries, the account of every budget in every
window, every roll-up, the chain. It reads one instant of the database, beside a running gateway or after it died.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from .oracle import METER_COLUMNS

QUARTER, DAY = 900_000_000, 86_400_000_000
SHOWN = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENTRY = ("seq", "request_id", "attempt", "kind", "admitted_at", "period", "tenant_id", "key_id", "model", "pool",
         "backend_id", "cost", "other_meters", *METER_COLUMNS)
NAMES = ("tenant_id", "key_id", "model", "pool", "backend_id")
SUMS = ("requests", *METER_COLUMNS)
CHAINED = ("seq", "id", "at", "actor", "action", "subject", "before", "after", "request_id")
# Of an attempt only one of these may be there.
ENDS = ("settle", "release", "resolve")
REQUESTS = ("settle", "resolve")


def wrong(database: Path) -> list[str]:
    """Every difference, in words; of each kind only the first few."""
    try:
        return differences_of(database)
    except sqlite3.DatabaseError as error:
        return [f"the database cannot be read: {error}"]


def differences_of(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10, isolation_level=None)) as db:
        db.row_factory = sqlite3.Row
        db.execute("BEGIN")
        pages = [f"integrity: {row[0]}" for row in db.execute("PRAGMA integrity_check") if row[0] != "ok"]
        if pages:
            return pages[:SHOWN]
        entries = db.execute(f"SELECT {', '.join(ENTRY)} FROM ledger ORDER BY seq").fetchall()
        return [*foreign_keys(db), *entries_wrong(entries), *accounts_wrong(db, entries), *roll_ups_wrong(db, entries),
                *chain_wrong(db)]


def assert_right(database: Path) -> None:
    problems = wrong(database)
    assert not problems, "the books do not add up:\n" + "\n".join(problems)


def instant(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def foreign_keys(db: sqlite3.Connection) -> list[str]:
    return [f"a row of {row[0]} refers to nothing" for row in db.execute("PRAGMA foreign_key_check")][:SHOWN]


def entries_wrong(entries: list[sqlite3.Row]) -> list[str]:
    problems = []
    if [entry["seq"] for entry in entries] != list(range(1, len(entries) + 1)):
        problems.append(f"the sequence of {len(entries)} entries has gaps")
    problems += [f"entry {entry['seq']} is in {entry['period']}" for entry in entries
                 if entry["period"] != instant(entry["admitted_at"]).strftime("%Y-%m")][:SHOWN]
    ends = Counter((entry["request_id"], entry["attempt"]) for entry in entries if entry["kind"] in ENDS)
    problems += [f"attempt {name} ended {times} times" for name, times in ends.items() if times > 1][:SHOWN]
    return problems


# Accounts


@lru_cache(maxsize=4096)
def window_start(zone: str, window: str, quarter: int) -> int:
    """The start, in microseconds, of the calendar window in a zone that a quarter of an hour falls in."""
    if window == "total":
        return 0
    day = instant(quarter).astimezone(ZoneInfo(zone)).date()
    if window == "week":
        day -= timedelta(days=day.weekday())
    return midnight(zone, day.replace(day=1) if window == "month" else day)


def midnight(zone: str, day: date) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    return (start.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def accounts_wrong(db: sqlite3.Connection, entries: list[sqlite3.Row]) -> list[str]:
    """What each budget's account has posted, window by window, is the sum of the entries the budget is about."""
    zones = {row[0]: row[1] for row in db.execute("SELECT id, time_zone FROM tenants")}
    stored: dict[str, dict[int, int]] = defaultdict(dict)
    for budget, start, micro, rest in db.execute(
            "SELECT budget_id, window_start, posted_micro, posted_pico FROM accounts"):
        stored[budget][start] = micro * 10**6 + rest
    spent: dict[str, dict[tuple[str, str, str, int], int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        quarter = entry["admitted_at"] // QUARTER * QUARTER
        spent[entry["tenant_id"]][entry["key_id"], entry["model"], entry["pool"], quarter] += entry["cost"]
    problems = []
    for budget, tenant, window, *scope in db.execute("SELECT id, tenant_id, window, key_id, model, pool FROM budgets"):
        if tenant not in zones:
            continue  # a row that refers to nothing
        if not stored[budget]:
            problems.append(f"budget {budget} has no account")
            continue
        sums: dict[int, int] = defaultdict(int)
        for (*named, quarter), cost in spent[tenant].items():
            if quarter >= min(stored[budget]) and all(want in (None, has)
                                                      for want, has in zip(scope, named, strict=True)):
                sums[window_start(zones[tenant], window, quarter)] += cost
        problems += [f"budget {budget}: posted {stored[budget].get(start, 0)} since {instant(start)}, its entries say "
                     f"{sums.get(start, 0)}" for start in sorted(stored[budget].keys() | sums.keys())
                     if stored[budget].get(start, 0) != sums.get(start, 0)]
    return problems[:SHOWN]


# Roll-ups


def month(microseconds: int) -> int:
    start = instant(microseconds).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (start - EPOCH) // timedelta(microseconds=1)


Key = tuple[int | str, ...]
SPANS: tuple[tuple[str, Callable[[int], int], tuple[str, ...], bool], ...] = (
    # Table, the start of its span, whom it tells apart, whether it may be behind the ledger.
    ("usage_quarter", lambda at: at // QUARTER * QUARTER, NAMES, False),
    ("usage_day", lambda at: at // DAY * DAY, NAMES, False),
    ("usage_total", lambda at: at // QUARTER * QUARTER, NAMES[2:], True),
    ("usage_month", month, (NAMES[0], *NAMES[2:]), True),
)


def roll_ups_wrong(db: sqlite3.Connection, entries: list[sqlite3.Row]) -> list[str]:
    [folded] = db.execute("SELECT seq FROM usage_folded").fetchone()
    problems = [f"roll-ups up to entry {folded} of {len(entries)}"] if folded > len(entries) else []
    for table, start, told, behind in SPANS:
        counted = [entry for entry in entries if counts(entry) and not (behind and entry["seq"] > folded)]
        sums, meters = added_up(counted, start, told)
        problems += differences(table, dict(stored_sums(db, table)), sums)
        problems += differences(f"{table}_meters", dict(stored_meters(db, f"{table}_meters")), meters)
    return problems


def counts(entry: sqlite3.Row) -> bool:
    return bool(entry["kind"] in REQUESTS or entry["cost"] or entry["other_meters"] is not None
                or any(entry[column] for column in METER_COLUMNS))


def added_up(entries: list[sqlite3.Row], start: Callable[[int], int],
             told: tuple[str, ...]) -> tuple[dict[Key, list[int]], dict[Key, int]]:
    """Requests, tokens and cost by span and names; and the meters without a column."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0] * (len(SUMS) + 1))
    meters: dict[Key, int] = defaultdict(int)
    for entry in entries:
        key = (start(entry["admitted_at"]), *(entry[name] if name in told else "" for name in NAMES))
        line = sums[key]
        figures = (entry["kind"] in REQUESTS, *(entry[column] for column in METER_COLUMNS), entry["cost"])
        for place, figure in enumerate(figures):
            line[place] += figure
        for meter, units in json.loads(entry["other_meters"] or "{}").items():
            meters[*key, meter] += units
    return sums, meters


def stored_sums(db: sqlite3.Connection, table: str) -> Iterator[tuple[Key, list[int]]]:
    for row in db.execute(f"SELECT bucket_start, {', '.join((*NAMES, *SUMS))}, cost_micro, cost_pico FROM {table}"):
        yield tuple(row[:6]), [*row[6:-2], row["cost_micro"] * 10**6 + row["cost_pico"]]


def stored_meters(db: sqlite3.Connection, table: str) -> Iterator[tuple[Key, int]]:
    for row in db.execute(f"SELECT bucket_start, {', '.join(NAMES)}, meter, units FROM {table}"):
        yield tuple(row[:7]), row["units"]


def differences(table: str, stored: dict[Key, object], counted: dict[Key, object]) -> list[str]:
    return [f"{table} {key}: {stored.get(key, 'missing')}, the entries say {counted.get(key, 'nothing')}"
            for key in stored.keys() | counted.keys() if stored.get(key) != counted.get(key)][:SHOWN]


# The audit log


def chain_wrong(db: sqlite3.Connection) -> list[str]:
    """The first entry whose hash is not of its fields and the hash before it."""
    previous = bytes(32)
    for number, row in enumerate(db.execute(f"SELECT {', '.join(CHAINED)}, hash FROM audit_log ORDER BY seq"), 1):
        if row["seq"] != number:
            return [f"audit log: entry {number} is missing"]
        text = b"tollgate audit 1\n" + previous
        for field in (row[name] for name in CHAINED):
            data = str(field).encode()
            text += b"-\n" if field is None else b"%d:%b\n" % (len(data), data)
        previous = hashlib.sha256(text).digest()
        if row["hash"] != previous:
            return [f"audit log: entry {number} ({row['action']}) or one before it was changed"]
    return []
