"""A well-behaved tenant beside what others do: every one of its calls must work, and be about as fast as before.

It calls from a process of its own, so that the load is not made where the latency is measured. Turns with and without
the abuse alternate, several of each for each kind of abuse, and each kind has a verdict of its own: the medians of both
kinds of turn are compared, for this machine is shared and one disturbed turn says nothing. A call counts in the turn it
began in, however late it ended, and no call of the whole time may fail.

The gateway and the bystander have one core, the abusers and the backends the others. The promise is about the gateway:
that an attacker on the same machine takes its processor time is the kernel's doing, and no gateway can mend it. What
the abuse makes the gateway do is on the bystander's core, and counts.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.backend import FakeBackend
from support.client import Address, chat
from support.processes import Child
from support.tollgate import Gateway
from support.world import Tenant, World

from .cores import move, shared_out
from .programme import Outcome

PAUSE = 0.004  # seconds between two calls
ALLOWED_SHARE, ALLOWED_SECONDS = 1.10, 0.002
LEAST_CALLS, LEAST_TURNS = 100, 3  # of a turn, and of turns of each sort, for a p99 that says something
CALL_LIMIT = 20.0  # seconds
# What may be held after an abuse beyond what was held before it: a helper thread, what the allocator keeps.
SPARE = {"descriptors": 16, "threads": 2, "rss": 48 << 20}
# Whatever abuses shares its cores with the bystander's backend. With a niceness it would still end its slice while the
# backend waits, some milliseconds; one of the idle class is put aside at once.
POLITE, USUAL = os.SCHED_IDLE, os.SCHED_OTHER


@dataclass
class Figures:
    """What a process holds."""

    rss: int
    descriptors: int
    threads: int
    dispatched: int  # those of the threads that libdispatch makes and ends as it likes

    @staticmethod
    def of(server: Gateway) -> Figures:
        assert server.child
        process = Path(f"/proc/{server.child.pid}")
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        try:
            descriptors = len(os.listdir(process / "fd"))
        except PermissionError:  # the process is not dumpable: only root may look
            descriptors = int(server.metric("process_open_fds"))
        dispatched = sum("-qos" in name for name in thread_names(process))
        return Figures(int(status["VmRSS"].split()[0]) << 10, descriptors, int(status["Threads"]), dispatched)


def thread_names(process: Path) -> list[str]:
    names = []
    for task in (process / "task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            names.append((task / "comm").read_text())
    return names


def cpu_seconds(server: Gateway) -> float:
    """Processor time the gateway took so far."""
    assert server.child
    fields = Path(f"/proc/{server.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss(server: Gateway, forget: bool = False) -> int:
    """The most bytes of memory it ever had, or since they were last forgotten."""
    assert server.child
    process = Path(f"/proc/{server.child.pid}")
    if forget:
        with suppress(PermissionError):  # then it is the peak of its whole life, which only asks for more
            (process / "clear_refs").write_text("5")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) << 10


def open_sockets() -> Iterator[tuple[int, int]]:
    """Local and remote port of each TCP connection of this machine that its process has not closed."""
    established, half_closed = "01", "08"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if state in (established, half_closed):
            yield int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16)


def client_connections(server: Gateway, address: Address | None = None) -> int:
    """Those of a listener, the data plane's by default, that the gateway has not closed yet."""
    port = (address or server.data)[1]
    return sum(local == port for local, _ in open_sockets())


def backend_connections(*backends: FakeBackend) -> int:
    """Those the gateway keeps for later calls; it alone calls these backends."""
    ports = {int(backend.origin.rpartition(":")[2]) for backend in backends}
    return sum(remote in ports for _, remote in open_sockets())


def given_back(server: Gateway, seconds: float, kept: int = 2) -> list[str]:
    """Every client connection must be gone, but the `kept` ones of a bystander."""
    deadline = time.monotonic() + seconds
    while (left := client_connections(server)) > kept:
        if time.monotonic() > deadline:
            return [f"{left} client connections are open {seconds:.0f} s later"]
        time.sleep(0.1)
    return []


def as_before(server: Gateway, seconds: float, before: Figures, *backends: FakeBackend) -> list[str]:
    """The gateway must soon hold no more than `before`, but the connections to `backends` that it keeps for later, the
    threads of libdispatch, which the Admin API is asked with meanwhile, and a little: see `SPARE`."""
    deadline = time.monotonic() + seconds
    while True:
        now, pooled = Figures.of(server), backend_connections(*backends)
        had = {"descriptors": before.descriptors, "threads": before.threads - before.dispatched, "rss": before.rss}
        held = {"descriptors": now.descriptors - pooled, "threads": now.threads - now.dispatched, "rss": now.rss}
        problems = [f"{name}: {had[name]} before, {count} after {seconds:.0f} s, {SPARE[name]} more may be"
                    for name, count in held.items() if count > had[name] + SPARE[name]]
        if not problems or time.monotonic() > deadline:
            return problems
        time.sleep(0.1)


@dataclass(frozen=True)
class Turn:
    kind: str
    abused: bool
    began: float
    ended: float


@dataclass
class Bystander:
    log: Path
    turns: list[Turn] = field(default_factory=list)

    @contextmanager
    def turn(self, abused: bool, kind: str = "abuse") -> Iterator[None]:
        """Time of this `kind` of abuse, or of the quiet that it is compared with."""
        began = time.time()
        yield
        self.turns.append(Turn(kind, abused, began, time.time()))
        self.wait_until_later(self.turns[-1].ended)

    def wait_until_later(self, moment: float) -> None:
        """Until a call is over that began after it: calls come one after the other, so all before it are over too."""
        deadline = time.monotonic() + CALL_LIMIT * 2
        while self.calls(tail=True)[-1][0] <= moment:
            assert time.monotonic() < deadline, "a bystander's call does not end"
            time.sleep(0.01)

    def calls(self, tail: bool = False) -> list[tuple[float, float, str]]:
        """When each began, how long it took, and what was wrong with it; `tail`: the latest ones only."""
        with open(self.log, "rb") as log:
            log.seek(max(0, self.log.stat().st_size - 4096) if tail else 0)
            lines = log.read().splitlines(keepends=True)
        return [tuple(json.loads(line)) for line in lines if line.startswith(b"[") and line.endswith(b"]\n")]

    def judge(self, outcome: Outcome, latency: bool = True) -> None:
        """`latency` only where the run is long enough to say something."""
        calls = self.calls()
        wrong = [text for _, _, text in calls if text]
        outcome.wrong([f"a bystander's call: {text}" for text in wrong[:5]])
        outcome.must(len(wrong) <= 5, f"{len(wrong)} of {len(calls)} of the bystander's calls failed")
        outcome.must(any(turn.abused for turn in self.turns), "the bystander saw no abuse")
        verdicts = [self.verdict(kind, calls, outcome, latency) for kind in dict.fromkeys(t.kind for t in self.turns)]
        outcome.figures[f"bystander's p99 ({len(calls)} calls; +10 % or +2 ms, whichever is larger, is allowed)"] = (
            "\n        " + "\n        ".join(verdicts))

    def verdict(self, kind: str, calls: list[tuple[float, float, str]], outcome: Outcome, latency: bool) -> str:
        p99: dict[bool, list[float]] = {False: [], True: []}
        for turn in (turn for turn in self.turns if turn.kind == kind):
            seconds = sorted(seconds for at, seconds, _ in calls if turn.began <= at <= turn.ended)
            least = LEAST_CALLS if latency else 1
            outcome.must(len(seconds) >= least,
                         f"{kind}: only {len(seconds)} calls of the bystander in a turn, {least} are wanted")
            if seconds:
                p99[turn.abused].append(seconds[len(seconds) * 99 // 100])
        turns = min(len(p99[False]), len(p99[True]))
        outcome.must(turns >= LEAST_TURNS or not latency,
                     f"{kind}: {turns} turns of each sort, {LEAST_TURNS} are wanted")
        if not turns:
            return f"{kind}: nothing to compare"
        quiet, loud = statistics.median(p99[False]), statistics.median(p99[True])
        allowed = max(quiet * ALLOWED_SHARE, quiet + ALLOWED_SECONDS)
        outcome.must(loud <= allowed or not latency, f"{kind}: the bystander's p99 went from {quiet * 1000:.2f} ms to "
                     f"{loud * 1000:.2f} ms, at most {allowed * 1000:.2f} ms is allowed")
        return f"{kind}: {quiet * 1000:.2f} ms without, {loud * 1000:.2f} ms with, {turns} turns each"


@contextmanager
def bystander(world: World, tenant: Tenant, *noisy: FakeBackend) -> Iterator[Bystander]:
    """Calls all the time; this process is polite from here on, and so is what it starts. `noisy` backends serve the
    abusers, the world's own one serves the bystander."""
    server = world.server
    assert server.child
    log = server.folder / "bystander.jsonl"
    backends = [backend.child.pid for backend in (world.backend, *noisy)]
    with shared_out([server.child.pid], backends) as core:
        child = Child([sys.executable, "-m", "prove.bystander", server.data[0], str(server.data[1]), str(log)],
                      server.folder / "bystander.log",
                      {**os.environ, "TENANT_KEY": tenant.key, "PYTHONPATH": str(Path(__file__).resolve().parents[1])})
        try:
            move(child.pid, core)
            for process in (os.getpid(), *backends[1:]):
                os.sched_setscheduler(process, POLITE, os.sched_param(0))
            deadline = time.monotonic() + 10
            while not log.exists() or not log.read_text().endswith("\n"):
                assert child.running() and time.monotonic() < deadline, child.output
                time.sleep(0.05)
            yield Bystander(log)
            assert child.running(), child.output
        finally:
            if os.geteuid() == 0:
                os.sched_setscheduler(0, USUAL, os.sched_param(0))
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
    connection = http.client.HTTPConnection(*address, timeout=CALL_LIMIT)
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
