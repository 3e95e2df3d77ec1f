"""How long a month of a million entries takes as each format, how much memory, and what callers notice of it.

    python Benchmarks/export.py --binary .build/release/tollgate [--entries 1000000] [--beside focus-1.2]

Fills a fresh gateway with a made-up month, downloads it once for each format, and prints seconds, size and the gateway's peak
RSS of each. Then calls go through the data plane at a steady pace, without and with downloads under way, in turn: the
ratio of their p99 is what a download costs callers.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from callers import caller, peak_rss, pin
from support.downloads import get
from support.month import fill
from support.tollgate import Gateway

FORMATS = ("focus-1.2", "csv", "jsonl", "xlsx", "statement")


@contextmanager
def downloads(server: Gateway, path: str) -> Iterator[None]:
    """One download after the other, by one curl that gives way: the callers' process shares its core."""
    host, port = server.admin_address
    url = f"http://{host}:{port}/admin/v1{path}#[1-1000000]"
    child = subprocess.Popen(
        ["nice", "-n", "19", "curl", "-sS", "--fail", "-o", "/dev/null", "-H", "@-", url], stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, start_new_session=True)
    assert child.stdin
    child.stdin.write(f"Authorization: Bearer {server.admin_key}\n".encode())
    child.stdin.close()
    try:
        yield
        assert child.poll() is None
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--beside", default="focus-1.2", help="the format that is downloaded beside calls")
    options = parser.parse_args()
    with caller(options.binary, lambda server, month: fill(server, month, options.entries, random.Random(1))) as (tenant, month):
        server = tenant.server
        pin(server)
        print(f"{options.entries} entries; RSS idle {peak_rss(server):.0f} MiB", flush=True)
        for format in (*FORMATS, "manifest"):
            path = f"/exports/{month.name}" + ("/manifest" if format == "manifest" else f"?format={format}")
            peak_rss(server, reset=True)
            started = time.perf_counter()
            answer = get(server, path)
            seconds = time.perf_counter() - started
            assert answer.status == 200, answer
            print(f"{format:10} {seconds:6.1f} s {len(answer.body) / 1e6:8.1f} MB  peak RSS {peak_rss(server):5.0f} MiB", flush=True)
        path = f"/exports/{month.name}?format={options.beside}"
        tenant.compare(f"downloads of {options.beside}", lambda: downloads(server, path))


if __name__ == "__main__":
    main()
