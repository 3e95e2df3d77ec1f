"""One value of a row that is made odd, behind the gateway's back, and what must still be said about it."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from support.tollgate import Gateway
from support.world import World

from .laid import last_month

# What of a line of the log is not about its cause.
ASKED = {"level", "logger", "time", "request_id", "method", "path", "message"}
# What an odd row of anybody must not keep from being shown.
SHOWN = re.compile(r"/(tenants|budgets)\?")
# How an answer says of itself that something in it is not right.
LOUD = re.compile("damaged|unreadable|cannot be read")
ODD_VALUES: tuple[object, ...] = (
    None, "", "\x00", "x" * 100_000, "Mars/Phobos", "2026-02-30T25:00:00Z", "[", "{}", '{"a":', "[1,2]", "null",
    "'; --", -1, 0, 1, 2**31, 2**63 - 1, -(2**63), 10**18, 1.5, b"", b"\xff\x00\xfe", b"\x00" * 5000, "💥", "NaN",
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


def since(server: Gateway, said: int) -> str:
    """What its log got after its first `said` bytes."""
    with open(server.log, "rb") as log:
        log.seek(said)
        return log.read().decode(errors="replace")


def length(server: Gateway) -> int:
    return server.log.stat().st_size if server.log.exists() else 0


def named(server: Gateway, said: int, names: Iterable[str], seconds: float = 2) -> bool:
    """Whether the log told an operator, since then, where to look; lines are written by a thread of their own."""
    wanted, end = list(names), time.monotonic() + seconds
    while not any(names_row(line, wanted) for line in since(server, said).splitlines()):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def names_row(line: str, names: Iterable[str]) -> bool:
    """Whether a line of the log tells what went wrong by one of the names, as a word of its own. That it stands in what
    was asked for says nothing."""
    try:
        told = json.loads(line)
    except ValueError:
        return False
    if told.get("level") not in ("error", "critical"):
        return False
    words = " ".join(str(value) for name, value in told.items() if name not in ASKED)
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words) for name in names)


def span() -> str:
    now = datetime.now(UTC)
    return f"start={now - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}&end={now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


def about_everybody() -> list[str]:
    """Everything in the Admin API that reads rows of everybody."""
    month = f"{datetime.now(UTC):%Y-%m}"
    return ["/tenants?limit=1000", "/budgets?limit=1000", "/holds", f"/usage?{span()}&bucket=hour&group_by=tenant,key",
            "/requests?limit=1000", f"/exports/{month}?format=csv", f"/exports/{month}?format=jsonl",
            f"/exports/{month}/manifest", "/audit-log?limit=1000", "/periods", f"/periods/{last_month()}/corrections",
            f"/exports/{last_month()}?format=csv", f"/exports/{last_month()}?format=jsonl",
            f"/exports/{last_month()}/manifest"]


def told_wrong(world: World, paths: list[str], names: list[str], seen: Counter[str]) -> list[str]:
    """Each is answered, or where it may be refused by a problem whose cause the log names by the row; an export leaves
    nothing out."""
    problems: list[str] = []
    for path in paths:
        said = length(world.server)
        try:
            reply = world.admin.send("GET", path, root="" if path.startswith("/v1/") else "/admin/v1")
        except (http.client.HTTPException, OSError) as error:
            seen["cut off"] += 1
            if not world.server.running():
                return [f"the gateway ended of {path}"]
            if SHOWN.match(path) or not named(world.server, said, names):
                problems.append(f"{path} was cut off: {error!r}")
            continue
        seen[f"{reply.status // 100}xx"] += 1
        if reply.status >= 500:
            code = reply.body["error"]["code"] if path.startswith("/v1/") else reply.problem["code"]
            if code != "internal_error" or SHOWN.match(path) or not named(world.server, said, names):
                problems.append(f"{path} was answered {reply.status} {reply.text[:300]}, and the log says "
                                f"{since(world.server, said)[-600:]!r}")
        elif reply.status == 200:
            problems += left_out(world.server.database, path, reply.text)
    return problems


def left_out(database: Path, path: str, text: str) -> list[str]:
    """What a whole export keeps to itself: entries that it has not, without a word about them."""
    count = EXPORTS.get(path.rpartition("format=")[2]) if path.startswith("/exports/") else None
    if not count or LOUD.search(text):
        return []
    month = path.split("/")[2].split("?")[0]
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT cost FROM ledger WHERE period = ?", (month,)).fetchall()
    entries, cost = count(text)
    there = len(rows), Decimal(sum(cost for cost, in rows)).scaleb(-12)
    if entries in (None, there[0]) and cost in (None, there[1]):
        return []
    return [f"{path} has {entries} entries of {cost} USD, the ledger {there}, and the answer does not say so"]


def in_lines(text: str) -> tuple[int | None, Decimal | None]:
    return text.count("\n"), None


def in_table(text: str) -> tuple[int | None, Decimal | None]:
    """A row for each meter: entries are not told apart, their cost is."""
    return None, sum((Decimal(row["cost"]) for row in csv.DictReader(io.StringIO(text))), Decimal(0))


EXPORTS: dict[str, Callable[[str], tuple[int | None, Decimal | None]]] = {"jsonl": in_lines, "csv": in_table}
