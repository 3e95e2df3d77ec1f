"""Runs the rounds and keeps what each measurement saw."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from .load import Load, Numbers, StreamShape, Target
from .machine import PinnedProcess


@dataclass(frozen=True)
class Plan:
    rounds: int
    seconds: float
    warm_seconds: float
    connections: tuple[int, ...]
    shapes: tuple[StreamShape, ...]


@dataclass(frozen=True)
class Measurement:
    round: int
    gateway: str
    load: str
    numbers: Numbers


@dataclass
class Results:
    measurements: list[Measurement] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def values(self, gateway: str, load: str, name: str) -> list[float]:
        """One value a round, in order."""
        return [m.numbers[name] for m in self.measurements if (m.gateway, m.load) == (gateway, load)]

    def median(self, gateway: str, load: str, name: str) -> float:
        return statistics.median(self.values(gateway, load, name))

    def ratio(self, gateway: str, against: str, load: str, name: str) -> float:
        """The median of the rounds' ratios: both sides of one ratio ran within the same minute."""
        pairs = zip(self.values(gateway, load, name), self.values(against, load, name), strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    def as_dict(self) -> dict[str, Any]:
        return {"facts": self.facts, "measurements": [asdict(m) for m in self.measurements]}


def plain_load(connections: int) -> str:
    return f"c={connections}"


@dataclass(frozen=True)
class Subject:
    """A gateway under test. Without a process (straight to the backend) only latency is known."""

    target: Target
    process: PinnedProcess | None


@dataclass(frozen=True)
class Bench:
    plan: Plan
    load: Load
    results: Results

    def run_rounds(self, direct: Subject, gateways: list[Subject]) -> None:
        for number in range(1, self.plan.rounds + 1):
            # First to measure in one round is last in the next, so that no side always follows the other.
            order = gateways if number % 2 else gateways[::-1]
            self._plain(number, direct, (1,))
            for subject in order:
                self._plain(number, subject, self.plan.connections)
            for shape in self.plan.shapes:
                for subject in order:
                    self._stream(number, subject, shape)

    def _plain(self, number: int, subject: Subject, all_connections: tuple[int, ...]) -> None:
        port = subject.target.plain_port
        self.load.plain(port, 64, self.plan.warm_seconds)
        for connections in all_connections:
            def run(connections: int = connections) -> Numbers:
                return self.load.plain(port, connections, self.plan.seconds)
            self._note(number, subject, plain_load(connections), self._costed(subject, "requests", run))

    def _stream(self, number: int, subject: Subject, shape: StreamShape) -> None:
        def run() -> Numbers:
            return self.load.streams(subject.target.stream_port, shape)
        self._note(number, subject, shape.title, self._costed(subject, "chunks", run))

    def _costed(self, subject: Subject, unit: str, run: Callable[[], Numbers]) -> Numbers:
        """Adds what the gateway's process spent: `cpu_us` for each unit, its split, and how busy its core was."""
        process = subject.process
        if process is None:
            return run()
        ticks_before, cpu_before, begin = process.cpu_ticks(), process.cpu_ns(), time.monotonic()
        numbers = run()
        elapsed, cpu, ticks = time.monotonic() - begin, process.cpu_ns() - cpu_before, process.cpu_ticks()
        user, system = (after - before for after, before in zip(ticks, ticks_before, strict=True))
        cpu_us = cpu / 1000 / numbers[unit]
        return {**numbers, "cpu_us": cpu_us, "user_us": cpu_us * user / max(1, user + system),
                "busy": cpu / 1e9 / elapsed, "per_second": numbers[unit] / numbers["seconds"]}

    def _note(self, number: int, subject: Subject, load: str, numbers: Numbers) -> None:
        self.results.measurements.append(Measurement(number, subject.target.name, load, numbers))
        shown = ", ".join(f"{name} {value:.1f}" for name, value in _headline(numbers))
        print(f"round {number}  {subject.target.name:<9} {load:<36} {shown}", file=sys.stderr, flush=True)


def _headline(numbers: Numbers) -> Iterator[tuple[str, float]]:
    for name in ("cpu_us", "per_second", "p50_us", "p99_us", "delay_p50_us", "delay_p99_us"):
        if name in numbers:
            yield name, numbers[name]
