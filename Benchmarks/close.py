"""How long the close of a large month, and an import of many prices, keep others from writing.

    python Benchmarks/close.py --binary .build/release/tollgate [--keys 100000] [--versions 6000] [--prices 2000]

Fills a fresh gateway with a past month that has an entry for each of many keys, and with many price versions; then closes the
month, and imports a price list, while calls of another tenant go through the data plane one after the other. Each call waits
twice for the writer (its hold's room and its settle), so the slowest call shows the longest turn. Prints the seconds of both, and
the median, p99 and slowest call before and during them.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from callers import Caller, caller, p99
from support.month import INSERT, Month, entries, roll_up
from support.tollgate import Gateway

LIST = "/prices/import?format=litellm"


def fill(server: Gateway, month: Month, keys: int, versions: int) -> None:
    """An entry for each key; versions of the models' upstream prices, all published before the month's end."""
    dice = random.Random(1)
    with closing(sqlite3.connect(server.database)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.executemany(
            "INSERT INTO api_keys (id, tenant_id, name, tags, created_at) VALUES (?, ?, ?, ?, ?)",
            ((f"key_{number:026}", month.tenants[number % 5].id, f"key {number}", json.dumps({"team": str(number)}),
              month.start) for number in range(keys)))
        [phc] = db.execute("SELECT phc FROM key_secrets LIMIT 1").fetchone()
        db.executemany(
            "INSERT INTO key_secrets (public_id, key_id, phc) VALUES (?, ?, ?)",
            ((f"{number:010}", f"key_{number:026}", phc) for number in range(keys)))
        rows = []
        for number, row in enumerate(entries(month, keys, dice)):
            rows.append((*row[:4], f"key_{number % keys:026}", *row[5:]))
        db.executemany(INSERT, ((1 + place, *row) for place, row in enumerate(rows)))
        db.executemany(
            "INSERT INTO prices (id, model, kind, input, output, effective_from, published_at)"
            " VALUES (?, 'chat-large', 'upstream', ?, 1000, ?, ?)",
            ((f"prc_{number:026}", number, month.start - number * 1_000_000, month.start) for number in range(versions)))
        roll_up(db)
        db.commit()


def beside(tenant: Caller, work: Callable[[], None]) -> tuple[float, list[float]]:
    """Seconds that the work took, and the calls meanwhile."""
    done = threading.Event()
    seconds: list[float] = []

    def run() -> None:
        try:
            started = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - started)
        finally:
            done.set()

    worker = threading.Thread(target=run)
    worker.start()
    times = tenant.in_turn(done)
    worker.join()
    return seconds[0], times


def tell(name: str, times: list[float]) -> None:
    print(f"{name}: {len(times)} calls, median {statistics.median(times):.2f} ms, p99 {p99(times):.2f} ms, "
          f"slowest {', '.join(f'{slow:.1f}' for slow in sorted(times)[-3:])} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--versions", type=int, default=6000)
    parser.add_argument("--prices", type=int, default=2000)
    options = parser.parse_args()
    with caller(options.binary, lambda server, month: fill(server, month, options.keys, options.versions)) as (tenant, month):
        admin = tenant.server.admin

        def close() -> None:
            admin.ok("POST", f"/periods/{month.name}/close", {"grace": "0s"})
            while admin.get(f"/periods/{month.name}")["status"] != "closed":
                time.sleep(0.05)

        def publish() -> None:
            prices = {f"model-{number}": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
                      for number in range(options.prices)}
            made = admin.ok("POST", LIST, prices)
            assert made["published"] == options.prices, made

        over = threading.Event()
        over.set()
        tell("before", tenant.in_turn(over, least=2000))
        seconds, times = beside(tenant, close)
        print(f"{options.keys} keys, {options.versions} price versions: closed in {seconds:.1f} s")
        tell("during the close", times)
        seconds, times = beside(tenant, publish)
        print(f"{options.prices} prices: imported in {seconds:.1f} s")
        tell("during the import", times)


if __name__ == "__main__":
    main()
