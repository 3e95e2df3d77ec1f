"""The checker of the books finds what is wrong with them: each kind of damage is done once, by hand."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support import bookkeeping
from support.backend import FakeBackend
from support.options import Run
from support.tollgate import Gateway
from support.world import World

DAMAGE = {
    "an account": ("UPDATE accounts SET posted_pico = posted_pico + 1", "posted"),
    "an account that is gone": ("DELETE FROM accounts", "no account"),
    "a quarter of an hour": ("UPDATE usage_quarter SET output = output + 1", "usage_quarter ("),
    "a day": ("UPDATE usage_day SET cost_micro = cost_micro - 1", "usage_day ("),
    "a day that is gone": ("DELETE FROM usage_day", "missing"),
    "a further meter": ("INSERT INTO usage_day_meters VALUES (0, 't', 'k', 'm', 'p', 'b', 'image', 1)",
                        "usage_day_meters ("),
    "an entry that is gone": ("DELETE FROM ledger WHERE seq = 1", "gaps"),
    "an entry's cost": ("UPDATE ledger SET cost = cost + 1 WHERE seq = 2", "posted"),
    "an entry's month": ("UPDATE ledger SET period = '2020-01' WHERE seq = 2", "is in 2020-01"),
    "an audit entry": ("UPDATE audit_log SET actor = 'somebody' WHERE seq = 3", "audit log: entry 3"),
    "a hash": ("UPDATE audit_log SET hash = zeroblob(32) WHERE seq = 4", "audit log: entry 4"),
    "an audit entry that is gone": ("DELETE FROM audit_log WHERE seq = 2", "entry 2 is missing"),
    "a row that refers to nothing": ("UPDATE budgets SET tenant_id = 'nobody' WHERE rowid = 1", "refers to nothing"),
}


@pytest.fixture(scope="module")
def books(run: Run, backend: FakeBackend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The database of a gateway that answered a few calls of two tenants."""
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        for zone, window in (("Europe/Berlin", "month"), ("Asia/Kathmandu", "week")):
            tenant = world.tenant(time_zone=zone)
            world.admin.budget(tenant.id, "5", window=window, model="fake")
            for _ in range(3):
                world.assert_good_call(tenant)
        bookkeeping.assert_right(server.database)
        assert server.stop() == 0
        copy = tmp_path_factory.mktemp("books") / "tollgate.db"
        with closing(sqlite3.connect(server.database)) as db:
            db.execute("VACUUM INTO ?", (str(copy),))  # with what is in the log beside it
        yield copy
    finally:
        server.close()


def test_right_books_are_right(books: Path) -> None:
    assert bookkeeping.wrong(books) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(books: Path, tmp_path: Path, damage: str) -> None:
    statement, told = DAMAGE[damage]
    with closing(sqlite3.connect(shutil.copy(books, tmp_path / "tollgate.db"))) as db:
        for name, in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute(statement)
        db.commit()
    problems = bookkeeping.wrong(tmp_path / "tollgate.db")
    assert any(told in problem for problem in problems), problems


def test_a_broken_file_is_found(books: Path, tmp_path: Path) -> None:
    data = bytearray(books.read_bytes())
    middle = len(data) // 4096 // 2 * 4096
    data[middle:middle + 4096] = bytes(4096)
    (tmp_path / "tollgate.db").write_bytes(data)
    assert bookkeeping.wrong(tmp_path / "tollgate.db")
