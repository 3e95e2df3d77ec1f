"""How long the close of a large month keeps others from writing.

    python Benchmarks/close.py --binary .build/release/tollgate [--keys 100000] [--versions 6000]

Fills a fresh gateway with a past month that has an entry for each of many keys, and with many price versions; then closes the
month while calls of another tenant go through the data plane one after the other. Each call waits twice for the writer (its
hold's room and its settle), so the slowest call shows the longest turn. Prints the seconds of the close, and the median, p99 and
slowest call before and during it.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.backend import fake_backend  # noqa: E402
from support.client import fetch  # noqa: E402
from support.month import INSERT, Month, entries, lay_out, roll_up  # noqa: E402
from support.tollgate import Gateway  # noqa: E402


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--keys", type=int, default=100_000)
    parser.add_argument("--versions", type=int, default=6000)
    options = parser.parse_args()
    with fake_backend() as backend:
        server = Gateway(options.binary.resolve())
        try:
            server.start()
            month = lay_out(server)
            server.admin.pool("calls")
            server.admin.backend("calls", "fake", backend.base_url())
            server.admin.model("fake", ["calls"])
            server.admin.price("fake", "0.1", "0.4")
            key = server.admin.key(server.admin.tenant("caller", ["calls"]))["key"]
            server.stop()
            fill(server, month, options.keys, options.versions)
            server.start()
            body = {"model": "fake", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}

            def calls(until: threading.Event, least: int) -> list[float]:
                times: list[float] = []
                while len(times) < least or not until.is_set():
                    started = time.perf_counter()
                    assert fetch(server.data, key, body).status == 200
                    times.append((time.perf_counter() - started) * 1000)
                return times

            done = threading.Event()
            done.set()
            quiet = calls(done, 2000)
            done.clear()
            seconds: list[float] = []

            def close() -> None:
                started = time.perf_counter()
                server.admin.ok("POST", f"/periods/{month.name}/close", {"grace": "0s"})
                while server.admin.get(f"/periods/{month.name}")["status"] != "closed":
                    time.sleep(0.05)
                seconds.append(time.perf_counter() - started)
                done.set()

            closer = threading.Thread(target=close)
            closer.start()
            loud = calls(done, 0)
            closer.join()
            print(f"{options.keys} keys, {options.versions} price versions: closed in {seconds[0]:.1f} s")
            for name, times in (("before", quiet), ("during", loud)):
                p99 = statistics.quantiles(times, n=100)[98]
                print(f"{name}: {len(times)} calls, median {statistics.median(times):.2f} ms, p99 {p99:.2f} ms, "
                      f"slowest {max(times):.1f} ms")
            server.verify()
        finally:
            server.close()


if __name__ == "__main__":
    main()
