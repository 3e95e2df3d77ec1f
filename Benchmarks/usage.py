"""How long usage queries take over a large ledger.

    python Benchmarks/usage.py --binary .build/release/tollgate [--tenants 200] [--days 365]

Fills the roll-ups of a fresh gateway with `tenants` x 5 keys x 2 models, a tenth of them active in each quarter of an
hour, and the ledger with a million entries; then asks and prints the median of five answers in milliseconds.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.tollgate import Gateway  # noqa: E402

QUARTER, DAY = 900_000_000, 86_400_000_000
START = 1_767_225_600_000_000  # 2026-01-01
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
ENTRIES = 1_000_000


def request_id(microseconds: int, number: int) -> str:
    value = (microseconds // 1000) << 80 | number
    return "req_" + "".join(DIGITS[value >> shift & 31] for shift in range(125, -1, -5))


def quarters(tenants: list[str], days: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(7)
    callers = [(tenant, f"{tenant}k{key}", f"m{model}") for tenant in tenants for key in range(5) for model in range(2)]
    for start in range(START, START + days * DAY, QUARTER):
        for tenant, key, model in chance.sample(callers, len(callers) // 10):
            yield (start, tenant, key, model, "fast", "be_1", 3, 3000, 0, 0, 0, 300, 0, 150, 7)


def fill(database: Path, tenants: list[str], days: int) -> None:
    link = sqlite3.connect(database, isolation_level=None)
    link.execute("PRAGMA synchronous = OFF")
    link.execute("BEGIN")
    marks = ", ".join("?" * 15)
    daily: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0] * 9)
    for row in quarters(tenants, days):
        link.execute(f"INSERT INTO usage_quarter VALUES ({marks})", row)
        start = int(str(row[0]))
        sums = daily[(start - start % DAY, *row[1:6])]
        for place, value in enumerate(row[6:]):
            sums[place] += int(str(value))
    link.executemany(f"INSERT INTO usage_day VALUES ({marks})", ((*key, *sums) for key, sums in daily.items()))
    step = days * DAY // ENTRIES
    link.executemany(
        """
        INSERT INTO ledger (seq, node_id, node_seq, request_id, attempt, kind, tenant_id, key_id, model, pool,
            backend_id, admitted_at, ended_at, period, multiplier_ppm, list_cost, cost, input, input_cache_read,
            input_cache_write_5m, input_cache_write_1h, output, output_reasoning, provenance, outcome, status, stream)
        VALUES (?, 'n', ?, ?, 1, 'settle', ?, ?, 'm1', 'fast', 'be_1', ?, ?, '2026-01', 1000000, 9, 9, 1000, 0, 0, 0,
            100, 0, 'reported', 'answered', 200, 0)
        """,
        ((number, number, request_id(START + number * step, number), tenants[number % len(tenants)],
          f"{tenants[number % len(tenants)]}k{number % 5}", START + number * step, START + number * step)
         for number in range(1, ENTRIES + 1)))
    link.execute("COMMIT")
    link.close()


def measure(server: Gateway, name: str, path: str) -> None:
    times = []
    for _ in range(5):
        begun = time.monotonic()
        size = len(server.admin.send("GET", path).text)
        times.append((time.monotonic() - begun) * 1000)
    print(f"{name:<58} {statistics.median(times):8.1f} ms  {size / 1024:8.1f} KiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, type=Path)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    options = parser.parse_args()
    server = Gateway(options.binary.resolve())
    try:
        server.start()
        tenants = [server.admin.tenant(f"t{number}") for number in range(options.tenants)]
        server.stop()
        fill(server.database, tenants, options.days)
        server.start()
        rows = sqlite3.connect(server.database).execute("SELECT COUNT(*) FROM usage_quarter").fetchone()[0]
        print(f"{rows} rows of quarters of an hour, {ENTRIES} entries")
        month, year = "start=2026-03-01&end=2026-04-01", "start=2026-01-01&end=2027-01-01"
        rome = "time_zone=Europe/Rome"
        one = f"tenant_id={tenants[7]}"
        for name, path in [
            ("a month of one tenant by day and model, UTC", f"/usage?{month}&group_by=model&{one}"),
            ("a month of one tenant by day and model, Rome", f"/usage?{month}&group_by=model&{one}&{rome}"),
            ("a year of one tenant by month, Rome", f"/costs?{year}&bucket=month&{one}&{rome}"),
            ("a month of all by tenant, UTC, one bucket", f"/costs?{month}&bucket=month&group_by=tenant"),
            ("a month of all by tenant, Rome, one bucket", f"/costs?{month}&bucket=month&group_by=tenant&{rome}"),
            ("a month of all by day, Rome", f"/costs?{month}&{rome}"),
            ("a year of all by month, Rome", f"/costs?{year}&bucket=month&{rome}"),
            ("1000 groups of a month by day and key, UTC", f"/usage?{month}&group_by=key&limit=1000"),
            ("a month of all by meter, from the entries", f"/usage?{month}&bucket=month&group_by=meter"),
            ("100 newest requests", "/requests?limit=100"),
            ("requests nothing suits, 20,000 entries looked at", "/requests?status=418"),
        ]:
            measure(server, name, path)
    finally:
        server.close()


if __name__ == "__main__":
    main()
