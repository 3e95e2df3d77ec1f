"""A well-behaved tenant beside what others do: every one of its calls must work, and be about as fast as before.

It calls from a process of its own, so that the load is not made where the latency is measured. Turns with and without
the abuse alternate, and the medians of both kinds of turn are compared: this machine is shared.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.client import Address, chat
from support.processes import Child
from support.tollgate import Gateway
from support.world import Tenant

from .programme import Outcome

PAUSE = 0.004  # seconds between two calls
ALLOWED_SHARE, ALLOWED_SECONDS = 1.10, 0.002
POLITE = 15  # niceness of whatever abuses: it has the same two cores as the gateway


@dataclass
class Figures:
    """What a process holds."""

    rss: int
    descriptors: int
    threads: int

    @staticmethod
    def of(server: Gateway) -> Figures:
        assert server.child
        process = Path(f"/proc/{server.child.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        try:
            descriptors = len(os.listdir(process / "fd"))
        except PermissionError:  # the process is not dumpable: only root may look
            descriptors = int(server.metric("process_open_fds"))
        return Figures(int(status["VmRSS"].split()[0]) << 10, descriptors, int(status["Threads"]))


def client_connections(server: Gateway) -> int:
    """Those the gateway has not closed yet; the connections to backends that it keeps are not among them."""
    wanted = f":{server.data[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    established, half_closed = "01", "08"
    return sum(row[1].endswith(wanted) and row[3] in (established, half_closed) for row in rows)


def given_back(server: Gateway, seconds: float, kept: int = 2) -> list[str]:
    """Every client connection must be gone, but the `kept` ones of a bystander."""
    deadline = time.monotonic() + seconds
    while (left := client_connections(server)) > kept:
        if time.monotonic() > deadline:
            return [f"{left} client connections are open {seconds:.0f} s later"]
        time.sleep(0.1)
    return []


@dataclass
class Bystander:
    log: Path
    turns: dict[bool, list[tuple[float, float]]] = field(default_factory=lambda: {False: [], True: []})

    @contextmanager
    def turn(self, abused: bool) -> Iterator[None]:
        started = time.time()
        yield
        self.turns[abused].append((started, time.time()))

    def calls(self, between: tuple[float, float]) -> list[tuple[float, str]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("]")]
        return [(seconds, wrong) for at, seconds, wrong in lines if between[0] <= at and at + seconds <= between[1]]

    def judge(self, outcome: Outcome, latency: bool = True, share: float = ALLOWED_SHARE) -> None:
        """`latency` only where the run is long enough to say something; `share` is how much longer p99 may be."""
        p99: dict[bool, list[float]] = {False: [], True: []}
        count = 0
        for abused, turns in self.turns.items():
            for between in turns:
                calls = self.calls(between)
                count += len(calls)
                wrong = [text for _, text in calls if text]
                outcome.wrong([f"a bystander's call: {text}" for text in wrong[:3]])
                seconds = sorted(seconds for seconds, _ in calls)
                if len(seconds) >= 50:
                    p99[abused].append(seconds[len(seconds) * 99 // 100])
        outcome.must(count > 0, "the bystander made no call")
        if not (p99[False] and p99[True]):
            outcome.must(not latency, "the turns were too short to compare latencies")
            return
        quiet, loud = statistics.median(p99[False]), statistics.median(p99[True])
        outcome.figures["bystander's p99, ms"] = f"{quiet * 1000:.2f} without, {loud * 1000:.2f} with; {count} calls"
        if latency:
            outcome.must(loud <= max(quiet * share, quiet + ALLOWED_SECONDS),
                         f"the bystander's p99 went from {quiet * 1000:.2f} ms to {loud * 1000:.2f} ms")


@contextmanager
def bystander(server: Gateway, tenant: Tenant) -> Iterator[Bystander]:
    """Calls all the time; this process is polite from here on, and so is what it starts."""
    log = server.folder / "bystander.jsonl"
    child = Child([sys.executable, "-m", "prove.bystander", server.data[0], str(server.data[1]), str(log)],
                  server.folder / "bystander.log",
                  {**os.environ, "TENANT_KEY": tenant.key, "PYTHONPATH": str(Path(__file__).resolve().parents[1])})
    before = os.getpriority(os.PRIO_PROCESS, 0)
    os.setpriority(os.PRIO_PROCESS, 0, POLITE)
    try:
        deadline = time.monotonic() + 10
        while not log.exists() or not log.read_text():
            assert child.running() and time.monotonic() < deadline, child.output
            time.sleep(0.05)
        yield Bystander(log)
        assert child.running(), child.output
    finally:
        if os.geteuid() == 0:
            os.setpriority(os.PRIO_PROCESS, 0, before)
        child.kill()


def one_call(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> str:
    """What was wrong, or nothing."""
    connection.request("POST", "/v1/chat/completions", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    return "" if answer.status == 200 else f"{answer.status} {text[:200]!r}"


def main(address: Address, key: str, log: Path) -> None:
    body = json.dumps(chat("bystander", max_tokens=1)).encode()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    connection = http.client.HTTPConnection(*address, timeout=20)
    with open(log, "a", buffering=1) as sink:
        while os.getppid() != 1:
            started = time.time()
            try:
                wrong = one_call(connection, body, headers)
            except (OSError, http.client.HTTPException) as error:
                wrong = repr(error)
                connection.close()
            sink.write(json.dumps([started, time.time() - started, wrong]) + "\n")
            time.sleep(PAUSE)


if __name__ == "__main__":
    main((sys.argv[1], int(sys.argv[2])), os.environ["TENANT_KEY"], Path(sys.argv[3]))
