"""An older database, and a gateway that is killed at a random instant while it brings it up to date: `size` kills.

The older one is made of today's: of the last migrations, those that also fill tables or rewrite rows are taken back.
After a kill each of them is done as a whole or not at all, and the next start does the rest: the same tables as ever,
the books and the audit chain add up, calls are served.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from support import bookkeeping
from support.backend import fake_backend
from support.options import Run
from support.processes import Child
from support.tollgate import Gateway, gateway
from support.world import World

from .programme import Outcome, Programme
from .stored import Stored

AUDIT_ENTRIES = 8_000  # each is hashed by a migration, which so takes long enough to be met
CALLS = 40
VERIFY_EACH = 10  # the books are added up after every kill, by `tollgate verify` too after some
SOON = 0.6  # of a start with migrations, after the first write: so soon comes every other kill, among quick migrations
MET_SHARE = 4  # one kill in so many must have come after the file was opened and before it was up to date
# What each migration made, to take it back: its own words, the other way round.
TAKEN_BACK = {
    "billing-usage-folds": """
        DROP TABLE usage_total_costs; DROP TABLE usage_folded;
        DROP TABLE usage_month; DROP TABLE usage_month_meters;""",
    "billing-usage-total": "DROP TABLE usage_total; DROP TABLE usage_total_meters;",
    "billing-usage-by-time": """
        DROP INDEX usage_quarter_by_time; DROP INDEX usage_quarter_meters_by_time;
        DROP INDEX usage_day_by_time; DROP INDEX usage_day_meters_by_time;""",
    "routing-history": "DROP TRIGGER backends_removed; DROP TABLE removed_backends; DROP TABLE upstream_names;",
    "tenancy-audit-chain": """
        DROP TRIGGER audit_log_no_update; ALTER TABLE audit_log DROP COLUMN hash;
        DROP INDEX audit_log_actor; DROP INDEX audit_log_action; DROP INDEX audit_log_request; DROP INDEX audit_log_at;
        CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
        BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;""",
}
MARKS = {  # a name that is there once the migration is
    "billing-usage-folds": "usage_folded", "billing-usage-total": "usage_total",
    "billing-usage-by-time": "usage_day_meters_by_time", "routing-history": "upstream_names",
    "tenancy-audit-chain": "audit_log_at",
}
LEAST_TO_MEET = 50  # kills, of which one must have come between two migrations
MORE_AUDIT = f"""
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {AUDIT_ENTRIES})
    INSERT INTO audit_log (id, at, actor, action, subject, before, after, request_id)
    SELECT 'audit-' || n, 1700000000000000 + n, 'key:old', 'tenant.changed', 'tenant-' || n, NULL,
        '{{"name":"old ' || n || '"}}', 'req-' || n FROM numbers"""


def grow_old(database: Path) -> None:
    """Makes it one of an earlier version, with a long audit log."""
    with closing(sqlite3.connect(database)) as connection:
        for name, words in TAKEN_BACK.items():
            connection.executescript(words)
            gone = connection.execute("DELETE FROM grdb_migrations WHERE identifier = ?", (name,)).rowcount
            assert gone == 1, f"there is no migration {name}"
        connection.execute(MORE_AUDIT)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def schema(database: Path) -> dict[str, str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows}


def half_done(database: Path) -> tuple[int, list[str]]:
    """How many of the migrations are done, and those that are in part."""
    with closing(sqlite3.connect(database)) as connection:
        problems = [f"integrity: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        done = {row[0] for row in connection.execute("SELECT identifier FROM grdb_migrations")} & TAKEN_BACK.keys()
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        if "tenancy-audit-chain" in done:
            bare = connection.execute("SELECT count(*) FROM audit_log WHERE length(hash) <> 32").fetchone()[0]
            problems += [f"{bare} audit entries without a hash"] if bare else []
    problems += [f"{name} is done in part" for name, mark in MARKS.items() if (name in done) != (mark in names)]
    return len(done), problems


def killed(server: Gateway, seconds: float, wrote: bool) -> None:
    """Starts it and kills it after so long, counted from its first write if `wrote`."""
    server.child = Child([str(server.binary), "serve", "--config", str(server.config)], server.log, server.env)
    end = time.monotonic() + 10
    while wrote and not has_written(server.database) and time.monotonic() < end:
        time.sleep(0.0005)
    time.sleep(seconds)
    server.kill()


def wal(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


def has_written(database: Path) -> bool:
    return wal(database).exists() and wal(database).stat().st_size > 0


def run(run: Run, size: int) -> Outcome:
    outcome, dice, done_of = Outcome(), run.dice("migrations"), Counter[int]()
    starts: list[float] = []
    met = 0
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("1000")
        for _ in range(CALLS):
            world.assert_good_call(tenant)
        server.stop()
        as_ever = schema(server.database)
        grow_old(server.database)
        assert half_done(server.database)[0] == 0
        stored = Stored(server)
        span = server.start()
        server.kill()
        for number in range(size):
            stored.restore()
            wrote = bool(number % 2)
            seconds = dice.uniform(0, SOON * span) if wrote else dice.uniform(0.02, span)
            killed(server, seconds, wrote)
            opened = wal(server.database).exists()
            done, problems = half_done(server.database)
            done_of[done] += 1
            met += opened and done < len(TAKEN_BACK)
            starts.append(server.start())
            world.assert_good_call(tenant)
            server.stop()
            problems += bookkeeping.wrong(server.database)
            problems += [f"another schema: {names}" for names in [odd(as_ever, schema(server.database))] if names]
            if number % VERIFY_EACH == 0:
                server.verify()
            name = f"kill {number}, {seconds:.3f} s after {'the first write' if wrote else 'the start'}"
            outcome.tried([f"{name}: {problem}" for problem in problems])
        server.start()
    between = sum(count for done, count in done_of.items() if 0 < done < len(TAKEN_BACK))
    outcome.figures["kills by migrations done, of " + str(len(TAKEN_BACK))] = dict(sorted(done_of.items()))
    outcome.figures["a whole start with migrations, and after the kills, ms"] = (
        f"{span * 1000:.0f}, median {statistics.median(starts) * 1000:.0f}")
    outcome.figures["kills while it was migrated, and between two migrations"] = (met, between)
    outcome.must(met * MET_SHARE >= size, f"only {met} of {size} kills met the migrations")
    outcome.must(size < LEAST_TO_MEET or between > 0, f"none of {size} kills came between two migrations")
    return outcome


def odd(wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


MIGRATIONS = Programme("migrations", "kills while an older database is brought up to date: then as ever", run, 200, 4)
