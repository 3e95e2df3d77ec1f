"""A well-behaved tenant beside what others do: every one of its calls must work, and be about as fast as before.

It calls from a process of its own, so that the load is not made where the latency is measured. Turns with and without
the abuse alternate, several of each for each kind of abuse, and each kind has a verdict of its own: the lower quartiles
of both kinds of turn are compared. A machine that is shared loses a core for 8 to 100 ms now and then, so a disturbed
turn says nothing; what the abuse does, it does in every turn. A call counts in the turn it began in, however late it
ended, and no call of the whole time may fail. A gateway that stops shows as one late call of hundreds, which is in no
quartile and no p99: so the latest of all calls beside an abuse is judged as well. A run too short for a p99 is judged by
the middle of its calls.

A tenth more is allowed, or 2 ms, whichever is more: quiet turns, where nothing at all happens, differ by as much among
themselves, and the figures say by how much. Beside a crowd that is served it may be twice as long.

Nothing is on a disk meanwhile: each call waits for a sync, and one of a hundred takes 10 to 500 ms on a shared disk
with nothing else going on, abuse or not. The abuse is of connections and processors.

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
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support.backend import FakeBackend
from support.client import Address, chat
from support.processes import Child
from support.world import Tenant, World

from .cores import move, shared_out
from .programme import Outcome

PAUSE = 0.004  # seconds between two calls
ALLOWED_SHARE, ALLOWED_SECONDS = 0.10, 0.002  # of the p99, and seconds
LONGEST = 1.0  # seconds that the latest call of all turns may take more than the latest of quiet ones
SMOKE_TIMES, SMOKE_SECONDS = 10, 0.05  # how often as long as in quiet turns the median may be, and seconds more
LEAST_CALLS, LEAST_TURNS = 100, 3  # of a turn, and of turns of each sort, for a p99 that says something
CALL_LIMIT = 20.0  # seconds
MEMORY = "/dev/shm"
# Whatever abuses shares its cores with the bystander's backend. With a niceness it would still end its slice while the
# backend waits, some milliseconds; one of the idle class is put aside at once.
POLITE, USUAL = os.SCHED_IDLE, os.SCHED_OTHER


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

    def judge(self, outcome: Outcome, latency: bool = True, shares: Mapping[str, float] | None = None) -> None:
        """`latency` only where the run is long enough to say something; `shares` is how much longer calls may take
        beside kinds of abuse that have a bound of their own."""
        calls = self.calls()
        wrong = [text for _, _, text in calls if text]
        outcome.wrong([f"a bystander's call: {text}" for text in wrong[:5]])
        outcome.must(len(wrong) <= 5, f"{len(wrong)} of {len(calls)} of the bystander's calls failed")
        outcome.must(any(turn.abused for turn in self.turns), "the bystander saw no abuse")
        verdicts = [self.verdict(kind, calls, outcome, latency, (shares or {}).get(kind, ALLOWED_SHARE))
                    for kind in dict.fromkeys(t.kind for t in self.turns)]
        outcome.figures[f"bystander's p99 ({len(calls)} calls; a tenth or 2 ms more unless a bound is stated)"] = (
            "\n        " + "\n        ".join(verdicts))

    def verdict(self, kind: str, calls: list[tuple[float, float, str]], outcome: Outcome, latency: bool,
                share: float) -> str:
        p99: dict[bool, list[float]] = {False: [], True: []}
        every: dict[bool, list[float]] = {False: [], True: []}
        for turn in (turn for turn in self.turns if turn.kind == kind):
            seconds = sorted(seconds for at, seconds, _ in calls if turn.began <= at <= turn.ended)
            least = LEAST_CALLS if latency else 1
            outcome.must(len(seconds) >= least,
                         f"{kind}: only {len(seconds)} calls of the bystander in a turn, {least} are wanted")
            if seconds:
                p99[turn.abused].append(seconds[len(seconds) * 99 // 100])
                every[turn.abused] += seconds
        turns = min(len(p99[False]), len(p99[True]))
        outcome.must(turns >= LEAST_TURNS or not latency,
                     f"{kind}: {turns} turns of each sort, {LEAST_TURNS} are wanted")
        if not turns:
            return f"{kind}: nothing to compare"
        usual, middle = (statistics.median(every[abused]) for abused in (False, True))
        outcome.must(latency or middle <= usual * SMOKE_TIMES + SMOKE_SECONDS, f"{kind}: half of the bystander's calls "
                     f"took {middle * 1000:.2f} ms and more, {usual * 1000:.2f} ms without")
        latest = max(every[True])
        outcome.must(not latency or latest <= max(every[False]) + LONGEST,
                     f"{kind}: a call of the bystander took {latest:.2f} s")
        quiet, loud = lower_quartile(p99[False]), lower_quartile(p99[True])
        noise = max(p99[False]) - min(p99[False])
        allowed = allowed_p99(quiet, share)
        outcome.must(loud <= allowed or not latency, f"{kind}: the bystander's p99 went from {quiet * 1000:.2f} ms to "
                     f"{loud * 1000:.2f} ms, at most {allowed * 1000:.2f} ms is allowed")
        return (f"{kind}: {quiet * 1000:.2f} ms without (they differ by {noise * 1000:.2f}), {loud * 1000:.2f} ms "
                f"with ({loud / quiet - 1:+.0%}), at most {allowed * 1000:.2f} ({allowed / quiet - 1:+.0%}); "
                f"{turns} turns each; the latest call {latest * 1000:.0f} ms, {max(every[False]) * 1000:.0f} without")


def lower_quartile(values: list[float]) -> float:
    return sorted(values)[len(values) // 4]


def allowed_p99(quiet: float, share: float) -> float:
    """Of turns with an abuse, where those without have a p99 of `quiet`."""
    return quiet + max(quiet * share, ALLOWED_SECONDS)


@contextmanager
def no_disk(full: bool) -> Iterator[None]:
    """What is made from here on is in memory; where no latency is judged, on the disk as ever."""
    before = tempfile.tempdir
    tempfile.tempdir = MEMORY if full else before
    try:
        yield
    finally:
        tempfile.tempdir = before


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
