"""What callers notice while a backup of the ledger is made.

    python Benchmarks/backup.py --binary .build/release/tollgate [--entries 300000]

Fills a fresh gateway with a made-up month. Then calls go through the data plane at a steady pace, without and with one
backup after the other, in turn: the ratio of their p99 is what a backup costs callers. The backups are those of
`tollgate backup`, on the gateway's core; the gateway's own are made by the same code in a thread of the same rank.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callers import caller, pin
from support.month import fill
from support.tollgate import Gateway


@contextmanager
def backups(server: Gateway) -> Iterator[None]:
    """One after the other on the gateway's core, in its session, so that the system weighs them against its threads."""
    folder = server.folder / "copies"
    loop = 'while "$0" backup --config "$1" --directory "$2"; do rm -rf "$2"; done'
    child = subprocess.Popen(
        ["taskset", "-c", "0", "sh", "-c", loop, str(server.binary), str(server.config), str(folder)],
        env=server.env, stdout=subprocess.DEVNULL, process_group=0)
    try:
        yield
        assert child.poll() is None, "a backup failed"
    finally:
        os.killpg(child.pid, 15)
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=300_000)
    options = parser.parse_args()
    with caller(options.binary, lambda server, month: fill(server, month, options.entries, random.Random(1))) as (tenant, _):
        pin(tenant.server)
        print(f"{options.entries} entries, {tenant.server.database.stat().st_size / 1e6:.0f} MB")
        tenant.compare("backups", lambda: backups(tenant.server))


if __name__ == "__main__":
    main()
