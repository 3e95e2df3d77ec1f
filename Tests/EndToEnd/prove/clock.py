"""The gateway's wall clock, which libfaketime sets: what it showed at each instant, and which jumps must be told."""

from __future__ import annotations

import glob
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from support.faketime import sweep

PAUSE = 10.0  # seconds between two looks of the gateway at its clocks
ALLOWANCE = 300  # seconds that a jump may have without being told
SLACK = 0.3  # seconds that a look may be early or late
JUMPED = "the wall clock jumped"


@dataclass(frozen=True)
class Change:
    """The offset that the clock had from then on; it was set between two instants of the true clock."""

    began: float
    ended: float
    offset: int


@dataclass
class History:
    changes: list[Change] = field(default_factory=list)

    def offsets(self, start: float, end: float) -> list[int]:
        """Those in force at any time between two instants."""
        ends = [change.ended for change in self.changes[1:]] + [float("inf")]
        return [change.offset for change, over in zip(self.changes, ends, strict=True)
                if change.began <= end and start <= over]

    def spans(self, start: float, end: float) -> list[tuple[int, int]]:
        """What the clock may have shown between two instants, in microseconds."""
        ends = [change.ended for change in self.changes[1:]] + [float("inf")]
        return [(int((max(start, change.began) + change.offset) * 1e6), int((min(end, over) + change.offset) * 1e6))
                for change, over in zip(self.changes, ends, strict=True) if change.began <= end and start <= over]

    def moved(self, start: float, end: float) -> list[int]:
        """By how much the clock may have jumped between two looks, which may be a little early or late."""
        return [after - before for after in self.offsets(end - SLACK, end + SLACK)
                for before in self.offsets(start - SLACK, start + SLACK)]


@dataclass
class Clock(History):
    """Sets the wall clock of a gateway; its monotonic clock is left alone."""

    file: Path = Path()

    @property
    def offset(self) -> int:
        return self.changes[-1].offset

    def now(self) -> int:
        """What the gateway takes for now, in microseconds."""
        return int((time.time() + self.offset) * 1e6)

    def set(self, offset: int) -> None:
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{offset:+d}\n")
        began = time.time()
        fresh.replace(self.file)
        self.changes.append(Change(began, time.time(), offset))

    def launcher(self) -> tuple[str, ...]:
        sweep()
        [library] = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        # The shell between: the first process under libfaketime loses its arguments.
        return ("env", f"LD_PRELOAD={library}", f"FAKETIME_TIMESTAMP_FILE={self.file}", "FAKETIME_NO_CACHE=1",
                "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1",
                "/bin/sh", "-c", 'exec "$@"', "sh")


# What the log says of jumps


@dataclass(frozen=True)
class Told:
    """A line about a jump: when it was there by the true clock, by how many seconds, and the line's own time."""

    at: float
    seconds: int
    shown: float


@dataclass
class Ear:
    """Lines about jumps as they come."""

    log: Path
    told: list[Told] = field(default_factory=list)
    over: bool = False

    def listen(self) -> None:
        with open(self.log, "rb") as log:
            rest = b""
            while not self.over:
                *lines, rest = (rest + log.read()).split(b"\n")
                for line in (json.loads(line) for line in lines if JUMPED.encode() in line):
                    shown = datetime.fromisoformat(line["time"]).timestamp()
                    self.told.append(Told(time.time(), int(line["seconds"]), shown))
                time.sleep(0.02)


@contextmanager
def ear(log: Path) -> Iterator[Ear]:
    listener = Ear(log)
    thread = threading.Thread(target=listener.listen, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.over = True
        thread.join(5)


@dataclass
class Verdict:
    problems: list[str] = field(default_factory=list)
    small: int = 0  # looks that met a jump too small to be told, and none was


def judge(history: History, told: list[Told], end: float) -> Verdict:
    """Each look of the gateway up to `end` told a jump if it met one of more than five minutes, and else nothing.

    The looks are found from the lines: the gateway looks every ten seconds, so all other looks are whole tens of
    seconds from one. What it met between two looks is one jump.
    """
    verdict = Verdict()
    if not told:
        verdict.problems.append("no jump was told")
        return verdict
    looks = [line_at(history, line) for line in told]
    for line, at in zip(told, looks, strict=True):
        if at is None:
            verdict.problems.append(f"{line} has a time that the clock never showed")
        elif not any(abs(moved - line.seconds) <= 2 and abs(line.seconds) >= ALLOWANCE
                     for moved in history.moved(at - PAUSE, at)):
            verdict.problems.append(f"a jump of {line.seconds} s was told, it was {history.moved(at - PAUSE, at)} s")
    if None in looks:
        return verdict
    known = [at for at in looks if at is not None]
    for earlier, later in zip(known, known[1:], strict=False):
        steps = round((later - earlier) / PAUSE)
        if steps < 1 or abs(later - earlier - steps * PAUSE) > SLACK * (1 + steps):
            verdict.problems.append(f"jumps were told {later - earlier:.1f} s apart")
    before = int((known[0] - history.changes[0].ended + SLACK) / PAUSE)
    looked = [known[0] - step * PAUSE for step in range(1, before)]
    for at, stop in zip(known, [*known[1:], end + PAUSE], strict=True):
        looked += [at + step * PAUSE for step in range(1, round((stop - at) / PAUSE))]
    for at in looked:
        moved = history.moved(at - PAUSE, at)
        if all(abs(seconds) > ALLOWANCE for seconds in moved):
            verdict.problems.append(f"a jump of {moved} s was not told")
        verdict.small += all(0 < abs(seconds) <= ALLOWANCE for seconds in moved)
    return verdict


def line_at(history: History, line: Told) -> float | None:
    """When the gateway looked, by the true clock: the line's own time less an offset that was in force then."""
    instants = [line.shown - offset for offset in history.offsets(line.at - 2, line.at)]
    return min(instants, key=lambda instant: abs(line.at - instant)) if any(
        abs(line.at - instant) <= 2 for instant in instants) else None
