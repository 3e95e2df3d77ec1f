"""How much room a million requests take on disk, by table, and how large a backup of them is.

    python Benchmarks/size.py --binary .build/release/tollgate [--requests 1000000]

Fills a fresh gateway with a made-up month, lets it start and stop, and prints the size of its database by table.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.month import fill, lay_out  # noqa: E402
from support.tollgate import Gateway  # noqa: E402

BY_TABLE = """
    SELECT m.tbl_name, SUM(s.pgsize) FROM dbstat s JOIN sqlite_schema m ON m.name = s.name
    WHERE s.aggregate = TRUE GROUP BY m.tbl_name ORDER BY 2 DESC
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--requests", type=int, default=1_000_000)
    options = parser.parse_args()
    server = Gateway(options.binary.resolve())
    try:
        server.start()
        month = lay_out(server)
        server.stop()
        empty = server.database.stat().st_size
        fill(server, month, options.requests, random.Random(1))
        server.start()
        server.stop()
        with closing(sqlite3.connect(server.database)) as link:
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            tables = link.execute(BY_TABLE).fetchall()
        whole = server.database.stat().st_size
        print(f"{options.requests} requests: {(whole - empty) / 1e6:.0f} MB, {(whole - empty) / options.requests:.0f} bytes each")
        for name, size in tables:
            if size > whole / 1000:
                print(f"{name:28} {size / 1e6:8.1f} MB")
    finally:
        server.close()


if __name__ == "__main__":
    main()
