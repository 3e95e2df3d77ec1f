"""A tenant that calls through the data plane while the gateway does something else; for the benchmarks beside this file."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from support.backend import fake_backend  # noqa: E402
from support.client import call, fetch  # noqa: E402
from support.month import Month, lay_out  # noqa: E402
from support.tollgate import Gateway  # noqa: E402

BODY = {"model": "fake", "max_tokens": 20, "messages": [{"role": "user", "content": "hello"}]}
RATE, SECONDS, ROUNDS, ATTEMPTS = 100, 6, 6, 24
# More of both cores than this taken by others, and a round says nothing.
FOREIGN = 0.05


@dataclass
class Caller:
    server: Gateway
    key: str

    def paced(self) -> list[float]:
        """Milliseconds of calls that start at a steady pace, whatever the ones before do."""
        return asyncio.run(self._paced())

    async def _paced(self) -> list[float]:
        calls = []
        started = time.perf_counter()
        for number in range(RATE * SECONDS):
            await asyncio.sleep(max(0.0, started + number / RATE - time.perf_counter()))
            calls.append(asyncio.create_task(call(self.server.data, self.key, BODY)))
        answers = await asyncio.gather(*calls)
        assert all(answer.done for answer in answers), "a call failed"
        return [answer.seconds * 1000 for answer in answers]

    def in_turn(self, until: threading.Event, least: int = 0) -> list[float]:
        """Milliseconds of calls one after the other."""
        times: list[float] = []
        while len(times) < least or not until.is_set():
            started = time.perf_counter()
            assert fetch(self.server.data, self.key, BODY).status == 200
            times.append((time.perf_counter() - started) * 1000)
        return times

    def compare(self, what: str, loud: Callable[[], AbstractContextManager[None]]) -> None:
        """Prints what callers notice of other work: rounds without and with it in turn, and the p99 of each side's calls."""
        self.paced()
        alone: list[float] = []
        beside: list[float] = []
        for _ in range(ATTEMPTS):
            others = foreign_seconds()
            started = time.perf_counter()
            quiet = self.paced()
            with loud():
                busy = self.paced()
                share = (foreign_seconds() - others) / (time.perf_counter() - started) / 2
            counts = share < FOREIGN
            print(f"p99 at {RATE} calls/s: {p99(quiet):.2f} ms, during {what} {p99(busy):.2f} ms"
                  + ("" if counts else f" (not counted: others took {share:.0%} of both cores)"), flush=True)
            if counts:
                alone += quiet
                beside += busy
            if len(alone) == RATE * SECONDS * ROUNDS:
                break
        assert alone, "no round was undisturbed"
        print(f"median {statistics.median(alone):.2f} ms, during {what} {statistics.median(beside):.2f} ms; "
              f"p99 {p99(alone):.2f} ms, during {what} {p99(beside):.2f} ms: x{p99(beside) / p99(alone):.2f}", flush=True)


def p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


@contextmanager
def caller(
    binary: Path, fill: Callable[[Gateway, Month], None], extra_config: Callable[[Gateway], str] = lambda _: ""
) -> Iterator[tuple[Caller, Month]]:
    """A gateway with a past month that `fill` writes while it is stopped, and a tenant that calls it."""
    with fake_backend() as backend:
        server = Gateway(binary.resolve())
        try:
            server.start()
            month = lay_out(server)
            server.admin.pool("calls")
            server.admin.backend("calls", "fake", backend.base_url())
            server.admin.model("fake", ["calls"])
            server.admin.price("fake", "0.1", "0.4")
            key = server.admin.key(server.admin.tenant("caller", ["calls"]))["key"]
            server.stop()
            fill(server, month)
            with server.config.open("a") as config:
                config.write(extra_config(server))
            server.start()
            yield Caller(server, key), month
            server.verify()
        finally:
            server.close()


def foreign_seconds() -> float:
    """Processor time that neither this process nor one that it started took."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    total = sum(ticks[:3]) + ticks[7]
    parents: dict[int, int] = {}
    taken: dict[int, int] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(file.parent.name)
        # A child that ended counts with its parent.
        parents[pid], taken[pid] = int(fields[1]), sum(int(field) for field in fields[11:15])

    def is_own(pid: int) -> bool:
        while pid > 1 and pid != os.getpid():
            pid = parents.get(pid, 0)
        return pid == os.getpid()

    return (total - sum(ticks for pid, ticks in taken.items() if is_own(pid))) / os.sysconf("SC_CLK_TCK")


def process(server: Gateway) -> int:
    assert server.child
    return server.child.pid


def pin(server: Gateway) -> None:
    """The gateway on one core, with all its threads; callers, downloads and the backend on the other."""
    subprocess.run(["taskset", "-acp", "0", str(process(server))], check=True, stdout=subprocess.DEVNULL)
    os.sched_setaffinity(0, {1})


def peak_rss(server: Gateway, reset: bool = False) -> float:
    """MiB since the last reset."""
    if reset:
        Path(f"/proc/{process(server)}/clear_refs").write_text("5")
    for line in Path(f"/proc/{process(server)}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmHWM")
