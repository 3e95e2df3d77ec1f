"""Months that close once: by the command line, under kill -9, and for ever."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from support.month import DAY, roll_up
from support.options import Run
from support.oracle import PICO
from support.processes import note
from support.tollgate import Gateway, gateway

ROWS, FULL_ROWS = 4_000, 400_000
COLUMNS = (
    "seq", "node_id", "node_seq", "request_id", "attempt", "kind", "tenant_id", "key_id", "model", "pool", "backend_id",
    "admitted_at", "ended_at", "period", "price_version", "multiplier_ppm", "list_cost", "cost", "upstream_cost",
    "input", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h", "output", "output_reasoning",
    "other_meters", "provenance", "outcome", "status", "stream", "corrects_period", "emergency",
)


def past_months(count: int) -> list[str]:
    """The latest months that have ended, the earliest first."""
    now = datetime.now(timezone.utc)
    number = now.year * 12 + now.month - 1
    return [f"{(number - back) // 12}-{(number - back) % 12 + 1:02d}" for back in range(count, 0, -1)]


def start_of(month: str) -> int:
    year, number = map(int, month.split("-"))
    return int(datetime(year, number, 1, tzinfo=timezone.utc).timestamp()) * 1_000_000


def fill(server: Gateway, months: list[str], rows: int, dice: random.Random) -> dict[str, int]:
    """Entries of past months, put into a stopped gateway's database with their roll-ups; the cost of each month."""
    tenant = server.admin.tenant("research")
    key = server.admin.key(tenant, "one")["id"]
    assert server.stop() == 0
    costs: dict[str, int] = {}
    with sqlite3.connect(server.database) as database:
        seq = 0
        for month in months:
            start = start_of(month)
            lines = []
            for _ in range(rows):
                seq += 1
                admitted = start + dice.randrange(28 * DAY)
                cost = dice.randrange(10**9)
                lines.append((
                    seq, "n1", seq, f"req_{seq:026d}", 1, "settle", tenant, key, f"m{seq % 3}", "fast", "be_1",
                    admitted, admitted + 500_000, month, None, 1_000_000, cost, cost, None, cost % 1000, 0, 0, 0, 7, 0,
                    None, "reported", "answered", 200, 0, None, 0))
                costs[month] = costs.get(month, 0) + cost
            database.executemany(f"INSERT INTO ledger ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                                 lines)
        roll_up(database)
    server.start()
    return costs


def rows_of(server: Gateway, sql: str, *arguments: object) -> list[Any]:
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        return database.execute(sql, arguments).fetchall()


def chain_head(server: Gateway, month: str, before: str) -> str:
    """The chain as its description says, by other means: each hash is over the one before and the row."""
    head = hashlib.sha256(b"tollgate ledger 1\n" + before.encode()).digest()
    sql = f"SELECT {', '.join(COLUMNS)} FROM ledger WHERE period = ? ORDER BY seq"
    for row in rows_of(server, sql, month):
        record = b"".join(
            b"-\n" if field is None else b"%d:%s\n" % (len(str(field).encode()), str(field).encode()) for field in row)
        head = hashlib.sha256(head + record).digest()
    return head.hex()


def test_a_month_is_closed_corrected_and_shown_by_the_command_line(run: Run) -> None:
    month = past_months(1)[0]
    with gateway(run.binary) as server:
        cost = fill(server, [month], 50, run.dice("cli"))[month]
        current = datetime.now(timezone.utc).strftime("%Y-%m")
        early = server.run("period", "close", current)
        assert early.returncode == 5 and "period_not_ended" in early.stderr, early
        closed = server.run("period", "close", month, "--grace", "0s", "--wait", "--output", "json")
        assert closed.returncode == 0, closed
        shown = json.loads(closed.stdout)
        assert shown["status"] == "closed" and shown["entries"] == 50
        assert Fraction(shown["cost"]) == Fraction(cost, PICO)
        assert shown["chain_head"] == chain_head(server, month, "")
        corrected = server.run(
            "period", "correct", month, "--tenant", "research", "--amount=-0.000001", "--reason", "cache tokens")
        assert corrected.returncode == 0 and "cache tokens" in corrected.stdout, corrected
        assert server.run("period", "correct", current, "--tenant", "research", "--amount", "1",
                          "--reason", "x").returncode == 5
        listed = server.run("period", "list")
        lines = listed.stdout.splitlines()
        assert lines[1].startswith(current) and "open" in lines[1], listed
        assert lines[2].startswith(month) and "closed" in lines[2], listed
        assert "cache tokens" in server.run("period", "show", month).stdout
        after = json.loads(server.run("period", "show", month, "--output", "json").stdout)
        assert after["chain_head"] == shown["chain_head"] and after["cost"] == shown["cost"]
        entry = rows_of(server, "SELECT kind, period, corrects_period, cost FROM ledger WHERE corrects_period NOT NULL")
        assert entry == [("correction", current, month, -1_000_000)]
        server.verify()


def test_a_kill_in_the_middle_of_a_close_leaves_all_of_it_or_nothing(run: Run) -> None:
    """The first close runs undisturbed and says how long one takes; the others are killed somewhere within.

    How long is an upper bound only: a kill that came too late makes the next ones come sooner.
    """
    dice = run.dice("kill-close")
    months = past_months(8)
    rows = FULL_ROWS if run.full else ROWS
    server = Gateway(run.binary)
    try:
        server.start()
        costs = fill(server, months, rows, dice)
        began = time.monotonic()
        ask(server, months[0])
        wait_until_closed(server, months[0])
        length = time.monotonic() - began
        latest = length * 1.2
        kills = open_after = 0
        for month in months[1:]:
            ask(server, month)
            for _ in range(20 if run.full else 3):
                if open_after >= 3 and not run.full:
                    break
                time.sleep(dice.uniform(0, latest))
                server.kill()
                kills += 1
                is_closed = check(server, month)
                open_after += not is_closed
                server.verify()
                server.start()
                if is_closed:
                    latest /= 2
                    break
            wait_until_closed(server, month)
        note(f"close of {rows} entries {length:.2f} s; {kills} kills, {open_after} of them before it was closed")
        assert open_after >= 3, "too few kills came in the middle"
        before = ""
        for month in months:
            period = server.admin.get(f"/periods/{month}")
            assert Fraction(period["cost"]) == Fraction(costs[month], PICO)
            assert period["chain_head"] == chain_head(server, month, before)
            before = period["chain_head"]
        server.verify()
        damage(server, months[3])
    finally:
        server.close()


def ask(server: Gateway, month: str) -> None:
    answer = server.admin.send("POST", f"/periods/{month}/close", {"grace": "0s"})
    assert answer.status == 200, answer


def wait_until_closed(server: Gateway, month: str) -> None:
    deadline = time.monotonic() + 60
    while server.admin.get(f"/periods/{month}")["status"] != "closed":
        assert time.monotonic() < deadline, f"{month} does not close:\n{server.output[-2000:]}"
        time.sleep(0.02)


def check(server: Gateway, month: str) -> bool:
    """What a dead gateway left of a close: whether it is closed, and then whole."""
    [(status, head)] = rows_of(server, "SELECT status, chain_head FROM periods WHERE period = ?", month)
    [(facts,)] = rows_of(server, "SELECT COUNT(*) FROM period_facts WHERE period = ?", month)
    [(audits,)] = rows_of(
        server, "SELECT COUNT(*) FROM audit_log WHERE action = 'period.closed' AND subject = ?", month)
    if status == "closed":
        assert head and facts >= 3 and audits == 1, (status, head, facts, audits)
        return True
    # Facts are written in parts before the transaction that closes; the next attempt starts from them.
    assert (head, audits) == (None, 0) and (facts == 0 or status == "closing"), (status, head, facts, audits)
    return False


def damage(server: Gateway, month: str) -> None:
    """One changed byte of one entry is found."""
    assert server.stop() == 0
    with sqlite3.connect(server.database) as database:
        database.execute("DROP TRIGGER ledger_no_update")
        database.execute("UPDATE ledger SET request_id = replace(request_id, '0', '1') WHERE seq = "
                         "(SELECT MIN(seq) + 5 FROM ledger WHERE period = ?)", (month,))
    done = server.run("verify", "--config", str(server.config))
    assert done.returncode == 1 and f"period {month}: its entries are not those" in done.stdout, done


@pytest.fixture
def plain(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as server:
        yield server


def test_a_bill_is_reconciled_day_by_day(plain: Gateway, tmp_path: Path) -> None:
    month = past_months(1)[0]
    plain.admin.pool("fast")
    backend = plain.admin.backend("fast", "there", "https://api.openai.com/v1", api_key="sk-e2e")["id"]
    tenant = plain.admin.tenant("research")
    key = plain.admin.key(tenant, "one")["id"]
    assert plain.stop() == 0
    start = start_of(month)
    with sqlite3.connect(plain.database) as database:
        for seq, (day, upstream, cache) in enumerate([(0, 2 * 10**10, 0), (1, 10**10, 900), (2, None, 0)], 1):
            admitted = start + day * DAY + 1
            database.execute(
                f"INSERT INTO ledger ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})",
                (seq, "n1", seq, f"req_{seq:026d}", 1, "settle", tenant, key, "gpt-4o-mini", "fast", backend, admitted,
                 admitted, month, None, 1_000_000, 0, 0, upstream, 10, cache, 0, 0, 7, 0, None, "reported", "answered",
                 200, 0, None, 0))
        roll_up(database)
    plain.start()
    bill = {"object": "page", "data": [
        {"start_time": start // 10**6 + day * 86_400, "results": [
            {"amount": {"value": value, "currency": "usd"}, "line_item": "gpt-4o-mini-2024-07-18, input"}]}
        for day, value in enumerate([0.02, 0.015, 0.001])]}
    file = tmp_path / "costs.json"
    file.write_text(json.dumps(bill))
    done = plain.run("reconcile", "--provider", "openai", "--file", str(file))
    assert done.returncode == 1, done
    lines = [line.split(None, 5) for line in done.stdout.splitlines()[1:-1]]
    assert [line[1:] for line in lines] == [
        ["gpt-4o-mini", "0.02", "0.02", "1.0000", "-"],
        ["gpt-4o-mini", "0.01", "0.015", "0.6666", "cache tokens"],
        ["gpt-4o-mini", "0", "0.001", "0.0000", "calls without an upstream price"]], done.stdout
    assert done.stdout.splitlines()[-1].split() == ["TOTAL", "0.03", "0.036"]
