"""How long listings and questions about usage take over a large installation.

    python Benchmarks/usage.py --binary .build/release/tollgate [--tenants 10000] [--keys 10] [--entries 5000000]

Fills the database of a fresh gateway with tenants, keys, budgets and 90 days of entries, as evenly as chance has it, and
the roll-ups of keys; waits until the gateway has folded the others; then asks each question 40 times, each time of somebody
else, through the Admin API, and prints the median and the 95th percentile in milliseconds.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.tollgate import Gateway  # noqa: E402

QUARTER, DAY = 900_000_000, 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01
DAYS, MODELS, ASKED = 90, 8, 40
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
REACH_MS = 100
ENTRY = """
    INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model, pool, backend_id,
        admitted_at, ended_at, period, multiplier_ppm, list_cost, cost, input, input_cache_read, input_cache_write_5m,
        input_cache_write_1h, output, output_reasoning, provenance, outcome, status, stream)
    VALUES (?, 'n', ?, ?, 1, 'settle', ?, ?, ?, 'fast', 'be_1', ?, ?, ?, 1000000, 9000007, 9000007, 1000, 0, 0, 0,
        100, 0, 'reported', 'answered', 200, 0)
    """


def request_id(microseconds: int, number: int) -> str:
    value = (microseconds // 1000) << 80 | number
    return "req_" + "".join(DIGITS[value >> shift & 31] for shift in range(125, -1, -5))


class Installation:
    def __init__(self, tenants: int, keys: int, entries: int) -> None:
        self.tenants = [f"ten_{number:026d}" for number in range(tenants)]
        self.keys = {tenant: [f"key_{tenant[4:]}{key:02d}" for key in range(keys)] for tenant in self.tenants}
        self.entries = entries

    def fill(self, database: Path) -> None:
        link = sqlite3.connect(database, isolation_level=None)
        for pragma in ("synchronous = OFF", "temp_store = MEMORY", "cache_size = -400000"):
            link.execute(f"PRAGMA {pragma}")
        link.execute("BEGIN")
        self.parties(link)
        link.executemany(ENTRY, self.rows())
        for table, span in (("usage_quarter", QUARTER), ("usage_day", DAY)):
            link.execute(f"""
                INSERT INTO {table}
                SELECT admitted_at - admitted_at % {span} AS start, tenant_id, key_id, model, pool, backend_id, COUNT(*),
                    SUM(input), 0, 0, 0, SUM(output), 0, SUM(cost) / 1000000, SUM(cost) % 1000000
                FROM ledger GROUP BY 1, 2, 3, 4, 5, 6""")
        link.execute("COMMIT")
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        link.close()

    def await_folds(self, database: Path) -> float:
        """Seconds until the roll-ups behind the ledger are up to its end."""
        begun = time.monotonic()
        link = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        while link.execute("SELECT seq FROM usage_folded").fetchone()[0] < self.entries:
            time.sleep(0.5)
        link.close()
        return time.monotonic() - begun

    def parties(self, link: sqlite3.Connection) -> None:
        link.executemany(
            "INSERT INTO tenants VALUES (?, ?, 'UTC', '{}', 1000000, 'refuse', 16, 2000, NULL, 0, ?, NULL)",
            ((tenant, f"tenant {tenant}", START) for tenant in self.tenants))
        every = [(key, tenant) for tenant, keys in self.keys.items() for key in keys]
        link.executemany(
            "INSERT INTO api_keys (id, tenant_id, name, created_at) VALUES (?, ?, 'key', ?)",
            ((key, tenant, START) for key, tenant in every))
        link.executemany(
            "INSERT INTO key_secrets (public_id, key_id, phc) VALUES (?, ?, '$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA')",
            ((f"{number:010d}", key) for number, (key, _) in enumerate(every)))
        link.executemany(
            "INSERT INTO budgets (id, tenant_id, limit_micro, limit_pico, window, mode, alerts_at, created_at) "
            "VALUES (?, ?, 1000000000, 0, 'month', 'hard', '0.8', ?)",
            ((f"bud_{tenant[4:]}", tenant, START) for tenant in self.tenants))
        link.executemany(
            "INSERT INTO audit_log (id, at, actor, action, subject, after, request_id) "
            "VALUES (?, ?, 'bootstrap', 'tenant.create', ?, '{\"name\":\"t\"}', 'r')",
            ((f"aud_{tenant[4:]}", START, tenant) for tenant in self.tenants))

    def rows(self) -> Iterator[tuple[object, ...]]:
        chance = random.Random(7)
        step = DAYS * DAY // self.entries
        for number in range(1, self.entries + 1):
            tenant = self.tenants[int(chance.random() * len(self.tenants))]
            keys, at = self.keys[tenant], START + number * step
            yield (number, number, request_id(at, number), tenant, keys[number % len(keys)], f"m{number // 3 % MODELS}",
                   at, at, time.strftime("%Y-%m", time.gmtime(at / 1e6)))


def measure(server: Gateway, name: str, path: Callable[[], str], root: str = "/admin/v1") -> bool:
    """Whether the 95th percentile is within reach."""
    times, size = [], 0
    for _ in range(ASKED):
        target = path()
        begun = time.monotonic()
        reply = server.admin.send("GET", target, root=root)
        times.append((time.monotonic() - begun) * 1000)
        assert reply.status == 200, reply
        size = max(size, len(reply.text))
    times.sort()
    p95 = times[int(len(times) * 0.95) - 1]
    print(f"| {name} | {statistics.median(times):.1f} | {p95:.1f} | {size / 1024:.0f} |", flush=True)
    return p95 <= REACH_MS


def questions(some: Callable[[], str], key: Callable[[], str]) -> list[tuple[str, Callable[[], str], str]]:
    month, year = "start=2026-02-01&end=2026-03-01", "start=2026-01-01&end=2027-01-01"
    rome, seconds = "time_zone=Europe/Rome", START // 1_000_000
    native: list[tuple[str, Callable[[], str]]] = [
        ("tenants, 100 a page, anywhere", lambda: f"/tenants?limit=100&after={some()}"),
        ("tenants, 1000 a page", lambda: f"/tenants?limit=1000&after={some()}"),
        ("keys of a tenant", lambda: f"/tenants/{some()}/keys"),
        ("a key", lambda: f"/keys/{key()}"),
        ("budgets, 100 a page, anywhere", lambda: f"/budgets?limit=100&after=bud_{some()[4:]}"),
        ("budgets of a tenant", lambda: f"/budgets?tenant_id={some()}"),
        ("audit log, 100 newest", lambda: "/audit-log?limit=100"),
        ("audit log of a tenant", lambda: f"/audit-log?subject={some()}"),
        ("requests, 100 newest", lambda: "/requests?limit=100"),
        ("requests of a tenant, 20,000 entries looked at", lambda: f"/requests?tenant_id={some()}"),
        ("a tenant's month by day and model", lambda: f"/usage?{month}&group_by=model&tenant_id={some()}"),
        ("a tenant's month by day and key, Rome", lambda: f"/usage?{month}&group_by=key&tenant_id={some()}&{rome}"),
        ("a tenant's year by month", lambda: f"/costs?{year}&bucket=month&tenant_id={some()}"),
        ("a month of all by day", lambda: f"/costs?{month}"),
        ("a month of all by day, Rome", lambda: f"/costs?{month}&{rome}"),
        ("a month of all by day and model", lambda: f"/usage?{month}&group_by=model"),
        ("a year of all by month, Rome", lambda: f"/costs?{year}&bucket=month&{rome}"),
        ("a month of all by tenant, 1000 groups", lambda: f"/costs?{month}&bucket=month&group_by=tenant"),
        ("a month by day and tenant, 1000 groups", lambda: f"/costs?{month}&group_by=tenant"),
        ("a month by tenant and model, 1000 groups", lambda: f"/costs?{month}&bucket=month&group_by=tenant,model"),
        ("a day of all by key, 1000 groups", lambda: "/usage?start=2026-02-03&end=2026-02-04&group_by=key"),
        ("a day of all by meter", lambda: "/costs?start=2026-02-03&end=2026-02-04&group_by=meter"),
        ("a month of all by model and meter", lambda: f"/costs?{month}&bucket=month&group_by=model,meter"),
        ("a month of all by tenant, Rome, 1000 groups", lambda: f"/costs?{month}&bucket=month&group_by=tenant&{rome}"),
        ("a day of a tenant by meter, from the day's entries",
         lambda: f"/costs?start=2026-02-03&end=2026-02-04&group_by=meter&tenant_id={some()}"),
    ]
    openai: list[tuple[str, Callable[[], str]]] = [
        ("OpenAI: projects, 100 a page", lambda: f"/projects?limit=100&after={some()}"),
        ("OpenAI: 31 days of completions", lambda: f"/usage/completions?start_time={seconds}&limit=31"),
        ("OpenAI: the same of a project by key",
         lambda: f"/usage/completions?start_time={seconds}&limit=31&group_by[]=api_key_id&project_ids[]={some()}"),
        ("OpenAI: 90 days of costs", lambda: f"/costs?start_time={seconds}&limit=90"),
        ("OpenAI: 31 days of costs by line item", lambda: f"/costs?start_time={seconds}&limit=31&group_by[]=line_item"),
    ]
    return [(*question, "/admin/v1") for question in native] + [
        (*question, "/v1/organization") for question in openai]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, type=Path)
    parser.add_argument("--tenants", type=int, default=10_000)
    parser.add_argument("--keys", type=int, default=10, help="of each tenant")
    parser.add_argument("--entries", type=int, default=5_000_000)
    options = parser.parse_args()
    server = Gateway(options.binary.resolve())
    try:
        server.start()
        server.stop()
        installation = Installation(options.tenants, options.keys, options.entries)
        begun = time.monotonic()
        installation.fill(server.database)
        filled, started = time.monotonic() - begun, server.start()
        folded = installation.await_folds(server.database)
        size = server.database.stat().st_size / 1e9
        print(f"{options.tenants:,} tenants, {options.tenants * options.keys:,} keys, {options.entries:,} entries in "
              f"{DAYS} days; {size:.1f} GB, filled in {filled:.0f} s, started in {started:.1f} s, "
              f"folded in {folded:.0f} s\n")
        print("| question | median ms | p95 ms | KiB |\n| --- | ---: | ---: | ---: |")
        chance = random.Random(11)
        some: Callable[[], Any] = lambda: chance.choice(installation.tenants)  # noqa: E731
        key: Callable[[], Any] = lambda: chance.choice(installation.keys[some()])  # noqa: E731
        slow = [name for name, path, root in questions(some, key) if not measure(server, name, path, root)]
        print(f"\nover {REACH_MS} ms: {', '.join(slow) or 'none'}")
    finally:
        server.close()


if __name__ == "__main__":
    main()
