"""Hostile administration: a mutated configuration at every reload, and mutated rows of one tenant in the database.

The last good configuration is kept; only the tenant whose row is odd may fail, and the gateway never ends.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from support.backend import fake_backend
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from .dying import started
from .programme import Outcome, Programme

ODD_TEXT = (b"", b"\x00", b"\xff\xfe", b"!!binary", b"{", b"[", b"- ", b": ", b"\t", b"*a", b"&a ", b"1e999", b"null",
            b"~", b"9" * 300, b"-1", b"2026-02-30", b"'", b'"', b"|", b"%", b"\xc3\x28", b"a" * 5000, b"true",
            b"0x10", b"\n---\n")
ODD_VALUES: tuple[object, ...] = (
    None, "", "\x00", "x" * 100_000, "Mars/Phobos", "2026-02-30T25:00:00Z", "[", "{}", '{"a":', "[1,2]", "null",
    "'; --", -1, 0, 1, 2**31, 2**63 - 1, -(2**63), 10**18, 1.5, b"", b"\xff\x00\xfe", b"\x00" * 5000, "💥", "NaN",
)
# Tried first, as they once kept the gateway from starting.
KNOWN_ODD: tuple[tuple[str, str, object], ...] = (
    ("budgets", "mode", ""), ("budgets", "window", "[1,2]"), ("budgets", "alert_amounts", "["),
    ("tenants", "on_insufficient", "["), ("tenants", "tags", "null"), ("api_keys", "models", "["),
    ("api_keys", "allowed_ips", "1"), ("api_keys", "id", "NaN"), ("key_secrets", "key_id", "["),
)

# Configurations


def mutated(dice: random.Random, good: bytes) -> bytes:
    data = bytearray(good)
    for _ in range(dice.randint(1, 4)):
        place, kind = dice.randrange(len(data) + 1), dice.randrange(5)
        if kind == 0:
            data[place:place] = dice.choice(ODD_TEXT)
        elif kind == 1:
            del data[place:place + dice.randrange(1, 60)]
        elif kind == 2 and place < len(data):
            data[place] = dice.randrange(256)
        elif kind == 3:
            data[place:place] = bytes(data[dice.randrange(len(data) + 1):][:80])
        else:
            lines = bytes(data).split(b"\n")
            line = dice.randrange(len(lines))
            lines[line] = lines[line].partition(b":")[0] + b": " + dice.choice(ODD_TEXT)
            data = bytearray(b"\n".join(lines))
    return bytes(data)


def reload_with(server: Gateway, data: bytes) -> bool:
    """Whether the gateway said what it made of it."""
    told = server.output.count("configuration reloaded") + server.output.count("configuration kept")
    server.config.write_bytes(data)
    assert server.child
    os.kill(server.child.pid, signal.SIGHUP)
    deadline = time.monotonic() + 5
    while server.running() and time.monotonic() < deadline:
        if server.output.count("configuration reloaded") + server.output.count("configuration kept") > told:
            return True
        time.sleep(0.005)
    return False


def configurations(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("configurations")
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("1000")
        good = server.config.read_bytes()
        for number in range(size):
            data = mutated(dice, good)
            told = reload_with(server, data)
            problems = []
            if not server.running():
                problems.append(f"ended of {data!r}")
            elif server.plain_get(server.data, "/readyz")[0] != 200:
                problems.append(f"not ready after {data!r}")
            # A log that a mutation made silent does not say so; a good reload makes it speak again.
            if not told and not problems and b"level" not in data:
                problems.append(f"nothing was said of {data!r}")
            outcome.tried(problems)
            if not server.running():
                return outcome
            if number % 20 == 0:
                server.config.write_bytes(good)
                outcome.must(reload_with(server, good), "a good configuration was not taken any more")
                world.assert_good_call(tenant)
        outcome.figures["kept, taken over"] = (server.output.count("configuration kept"),
                                               server.output.count("configuration reloaded"))
        server.config.write_bytes(good)
    return outcome


# Rows


class Stored:
    """The files of a stopped gateway, to start from again and again."""

    def __init__(self, server: Gateway) -> None:
        self.server = server
        self.kept = server.folder / "kept"
        self.kept.mkdir()
        for file in server.folder.glob("tollgate.db*"):
            shutil.copy(file, self.kept / file.name)

    def restore(self) -> None:
        for file in self.server.folder.glob("tollgate.db*"):
            file.unlink()
        for file in self.kept.iterdir():
            shutil.copy(file, self.server.folder / file.name)


def rows_of(database: Path, tenant: Tenant) -> list[tuple[str, str, int]]:
    """Table, column and rowid of every value in a row that names the tenant or its key."""
    found = []
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info('{table}')")]
            try:
                rows = connection.execute(f"SELECT rowid, * FROM \"{table}\"").fetchall()
            except sqlite3.OperationalError:
                continue  # without row ids
            for rowid, *values in rows:
                if {tenant.id, tenant.key_id} & {value for value in values if isinstance(value, str)}:
                    found += [(table, column, rowid) for column in columns]
    return found


def mutate(database: Path, place: tuple[str, str, int], value: object) -> bool:
    """Whether SQLite took the value; the strict tables' types hold against everybody."""
    table, column, rowid = place
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        for name, in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        try:
            connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (value, rowid))
            connection.commit()
        except sqlite3.Error:
            return False
    return True


def lay(world: World) -> tuple[Tenant, list[Tenant]]:
    """One tenant with a row of every kind, and two others."""
    odd, *others = [world.tenant("1000", tags={"team": "a"}, time_zone="Europe/Berlin") for _ in range(3)]
    for tenant in (odd, *others):
        world.admin.quotas(f"tenants/{tenant.id}", rpm=100_000, tpd=10**9)
        world.admin.quotas(f"keys/{tenant.key_id}", rpm=100_000, concurrency=50)
        world.admin.budget(tenant.id, "100", window="month", model="fake", alerts_at=[0.5, 0.8])
        world.admin.budget(tenant.id, "100", window="day", mode="soft")
        world.assert_good_call(tenant)
    return odd, others


def served_wrong(world: World, odd: Tenant, others: list[Tenant]) -> list[str]:
    problems = []
    for tenant in others:
        answer = world.call(tenant, max_tokens=5)
        if not answer.done:
            problems.append(f"another tenant was answered {answer.status} {answer.body[:200]!r} {answer.error}")
    answer = world.call(odd, max_tokens=5)
    if not answer.status or answer.status >= 500 and answer.status != 503:
        problems.append(f"its own tenant was answered {answer.status} {answer.error} {answer.body[:200]!r}")
    if not world.server.running():
        problems.append(f"the gateway ended: {world.server.output[-1500:]}")
    return problems


def rows(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("rows")
    own = 0
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        odd, others = lay(world)
        server.stop()
        stored = Stored(server)
        places = rows_of(server.database, odd)
        known = [(place, value) for *name, value in KNOWN_ODD for place in places if [*place[:2]] == name]
        while outcome.count < size:
            place, value = known.pop() if known else (dice.choice(places), dice.choice(ODD_VALUES))
            stored.restore()
            if not mutate(server.database, place, value):
                continue
            name = f"{place[0]}.{place[1]} = {repr(value)[:60]}"
            if not started(server):
                outcome.tried(f"{name}: refused to start: {server.output[-600:]}")
                continue
            problems = served_wrong(world, odd, others)
            own += not world.call(odd, max_tokens=5).done
            outcome.tried([f"{name}: {problem}" for problem in problems])
            server.kill()
        stored.restore()
        server.start()
    outcome.figures["values to mutate"] = len(places)
    outcome.figures["mutations after which the tenant itself was refused"] = own
    return outcome


CONFIGURATIONS = Programme("configs", "mutated configurations at reload: the last good one is kept", configurations,
                           1000, 60)
ROWS = Programme("rows", "mutated rows of one tenant: nobody else fails, the gateway never ends", rows, 1000, 12)
