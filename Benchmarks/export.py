"""How long a month of a million entries takes as FOCUS 1.2, how much memory, and what callers notice of it.

    python Benchmarks/export.py --binary .build/release/tollgate [--entries 1000000]

Fills a fresh gateway with a made-up month, downloads it once for each format, and prints seconds, size and the gateway's peak
RSS of each. Then calls go through the data plane at a steady pace, without and with downloads under way, in turn: the
ratio of their p99 is what a download costs callers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.backend import fake_backend  # noqa: E402
from support.client import call  # noqa: E402
from support.downloads import get  # noqa: E402
from support.month import fill, lay_out  # noqa: E402
from support.tollgate import Gateway  # noqa: E402

FORMATS = ("focus-1.2", "csv", "jsonl", "xlsx", "statement")
RATE, SECONDS, ROUNDS = 100, 8, 3


def peak_rss(pid: int, reset: bool = False) -> float:
    """MiB since the last reset."""
    if reset:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")


async def paced(server: Gateway, key: str, body: dict[str, object]) -> float:
    """p99 in milliseconds of calls that start at a steady pace, whatever the ones before do."""
    calls = []
    started = time.perf_counter()
    for number in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
        calls.append(asyncio.create_task(call(server.data, key, body)))
    answers = await asyncio.gather(*calls)
    assert all(answer.done for answer in answers), "a call failed"
    return statistics.quantiles([answer.seconds * 1000 for answer in answers], n=100)[98]


def pin(pid: int) -> None:
    """The gateway on one core, with all its threads; callers, downloads and the backend on the other."""
    subprocess.run(["taskset", "-acp", "0", str(pid)], check=True, stdout=subprocess.DEVNULL)
    os.sched_setaffinity(0, {1})


@contextlib.contextmanager
def downloads(server: Gateway, path: str) -> Iterator[None]:
    """One download after the other by curl, which costs the callers' process nothing."""
    host, port = server.admin_address
    loop = 'while true; do curl -sS -o /dev/null -H "Authorization: Bearer $KEY" "$URL"; done'
    child = subprocess.Popen(["sh", "-c", loop], env={
        "PATH": os.environ["PATH"], "KEY": server.admin_key, "URL": f"http://{host}:{port}/admin/v1{path}"},
        start_new_session=True)
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
            fill(server, month, options.entries, random.Random(1))
            server.start()
            assert server.child
            pid = server.child.pid
            pin(pid)
            print(f"{options.entries} entries; RSS idle {peak_rss(pid):.0f} MiB")
            for format in (*FORMATS, "manifest"):
                path = f"/exports/{month.name}" + ("/manifest" if format == "manifest" else f"?format={format}")
                peak_rss(pid, reset=True)
                started = time.perf_counter()
                answer = get(server, path)
                seconds = time.perf_counter() - started
                assert answer.status == 200, answer
                print(f"{format:10} {seconds:6.1f} s {len(answer.body) / 1e6:8.1f} MB  peak RSS {peak_rss(pid):5.0f} MiB")
            body = {"model": "fake", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
            asyncio.run(paced(server, key, body))
            ratios = []
            for _ in range(ROUNDS):
                quiet = asyncio.run(paced(server, key, body))
                with downloads(server, f"/exports/{month.name}?format=focus-1.2"):
                    loud = asyncio.run(paced(server, key, body))
                ratios.append(loud / quiet)
                print(f"p99 at {RATE} calls/s: {quiet:.2f} ms, during downloads {loud:.2f} ms")
            print(f"p99 during downloads: x{statistics.median(ratios):.2f}")
            server.verify()
        finally:
            server.close()


if __name__ == "__main__":
    main()
