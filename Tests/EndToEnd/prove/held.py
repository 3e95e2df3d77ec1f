"""What a gateway holds: the most memory it had during an abuse, and that it gave everything back after it.

Every abuse is a `wave` of a `Watch`. Its peak is what the kernel counted meanwhile. After it connections, descriptors
and threads must be what they were, and memory too but for what is stated to be kept.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.backend import LoggingBackend
from support.client import Address
from support.oracle import pico
from support.tollgate import Gateway
from support.world import World

from . import memory
from .programme import Outcome

GIVEN_BACK_LIMIT = 20.0  # seconds
LATE_LIMIT = 75.0  # seconds for memory alone, which has a minute when some was given back beside what still stood
KEPT_LIMIT = 150.0  # seconds until connections to backends are closed that rest: 118, and a look
BYSTANDER = 2  # client connections of a bystander: one, and one that ends while the next is made
# What may be held after an abuse beyond what was held before it: a helper thread, a file that is being written.
SPARE = {"descriptors": 16, "threads": 2}
MIB = 1 << 20


@dataclass
class Figures:
    """What a process holds."""

    rss: int
    descriptors: int
    threads: int
    dispatched: int  # those of the threads that libdispatch makes and ends as it likes

    @staticmethod
    def of(server: Gateway) -> Figures:
        process = of_process(server)
        status = status_of(process)
        try:
            descriptors = len(os.listdir(process / "fd"))
        except PermissionError:  # the process is not dumpable: only root may look
            descriptors = int(server.metric("process_open_fds"))
        dispatched = sum("-qos" in name for name in thread_names(process))
        return Figures(int(status["VmRSS"].split()[0]) << 10, descriptors, int(status["Threads"]), dispatched)


def of_process(server: Gateway) -> Path:
    assert server.child
    return Path(f"/proc/{server.child.pid}")


def status_of(process: Path) -> dict[str, str]:
    fields = (line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return {name: text for name, text in fields}


def thread_names(process: Path) -> list[str]:
    names = []
    for task in (process / "task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            names.append((task / "comm").read_text())
    return names


def cpu_seconds(server: Gateway) -> float:
    """Processor time the gateway took so far."""
    fields = (of_process(server) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss(server: Gateway, forget: bool = False) -> int:
    """The most bytes of memory it ever had, or since they were last forgotten."""
    process = of_process(server)
    if forget:
        with suppress(PermissionError):  # then it is the peak of its whole life, which only asks for more
            (process / "clear_refs").write_text("5")
    return int(status_of(process)["VmHWM"].split()[0]) << 10


def sockets() -> Iterator[tuple[int, int, str, int]]:
    """Local and remote port, state and bytes that wait to be sent of each TCP connection of this machine."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, queues, *_ = line.split()
        yield (int(local.rpartition(":")[2], 16), int(remote.rpartition(":")[2], 16), state,
               int(queues.partition(":")[0], 16))


def open_sockets() -> Iterator[tuple[int, int]]:
    """Local and remote port of those connections that their process has not closed."""
    established, half_closed = "01", "08"
    return ((local, remote) for local, remote, state, _ in sockets() if state in (established, half_closed))


def client_connections(server: Gateway, address: Address | None = None) -> int:
    """Those of a listener, the data plane's by default, that the gateway has not closed yet."""
    port = (address or server.data)[1]
    return sum(local == port for local, _ in open_sockets())


def backend_connections(*backends: LoggingBackend) -> int:
    """Those the gateway keeps for later calls; it alone calls these backends."""
    ports = {int(backend.origin.rpartition(":")[2]) for backend in backends}
    return sum(remote in ports for _, remote in open_sockets())


def given_back(server: Gateway, seconds: float, kept: int = BYSTANDER) -> list[str]:
    """Every client connection must be gone, but the `kept` ones of a bystander."""
    deadline = time.monotonic() + seconds
    while (left := client_connections(server)) > kept:
        if time.monotonic() > deadline:
            return [f"{left} client connections are open {seconds:.0f} s later"]
        time.sleep(0.1)
    return []


def held_too_much(before: Figures, now: Figures, pooled: int, rss_limit: int) -> list[str]:
    """What is held beyond `before`, but for `pooled` connections to backends, the threads of libdispatch, which the
    Admin API is asked with meanwhile, and a little: see `SPARE`."""
    had = {"descriptors": before.descriptors, "threads": before.threads - before.dispatched}
    held = {"descriptors": now.descriptors - pooled, "threads": now.threads - now.dispatched}
    problems = [f"{name}: {had[name]} before, {count} after, {SPARE[name]} more may be"
                for name, count in held.items() if count > had[name] + SPARE[name]]
    if now.rss > rss_limit:
        problems.append(f"memory: {before.rss / MIB:.0f} MiB before, {now.rss / MIB:.0f} MiB after, "
                        f"{rss_limit / MIB:.0f} MiB may be")
    return problems


@dataclass
class Watch:
    """Begins when the gateway is at rest, and has done each thing once that it does for good."""

    outcome: Outcome
    server: Gateway
    backends: tuple[LoggingBackend, ...]
    memory_limit: float = GIVEN_BACK_LIMIT
    first: Figures = field(init=False)
    left: dict[str, list[int]] = field(default_factory=dict)  # memory, after each wave of each kind
    peaks: dict[str, int] = field(default_factory=dict)
    allowances: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.first = Figures.of(self.server)
        self.outcome.must(self.first.rss <= memory.AT_REST, f"{self.first.rss / MIB:.0f} MiB of memory at rest, "
                          f"{memory.AT_REST / MIB:.0f} MiB are stated")

    @contextmanager
    def wave(self, name: str, connections: int, each: int, beside: int = 0) -> Iterator[None]:
        """One wave of so many connections at once, of `each` so many bytes, with some `beside` them."""
        with self.peak(name, connections, each, beside):
            yield
        self.must_give_back(name)

    @contextmanager
    def peak(self, name: str, connections: int, each: int, beside: int = 0) -> Iterator[None]:
        """A wave, or a part of one, that gives nothing back yet."""
        allowance = memory.AT_WORK + connections * each + beside
        before = Figures.of(self.server).rss
        peak_rss(self.server, forget=True)
        yield
        grown = peak_rss(self.server) - before
        self.peaks[name], self.allowances[name] = max(grown, self.peaks.get(name, 0)), allowance
        self.outcome.must(grown <= allowance, f"{name}: {grown / MIB:.1f} MiB more memory at its peak, "
                          f"at most {allowance / MIB:.1f} MiB are stated")

    def must_give_back(self, name: str, kept: int = BYSTANDER) -> None:
        problems = given_back(self.server, GIVEN_BACK_LIMIT, kept)
        problems += self.soon_held_as_before(self.first.rss + memory.KEPT)
        self.left.setdefault(name, []).append(Figures.of(self.server).rss)
        self.outcome.wrong([f"{name}: {problem}" for problem in problems])

    def soon_held_as_before(self, rss_limit: int) -> list[str]:
        began = time.monotonic()
        while True:
            now, pooled = Figures.of(self.server), backend_connections(*self.backends)
            problems = held_too_much(self.first, now, pooled, rss_limit)
            is_memory = len(problems) == 1 and now.rss > rss_limit
            if not problems or time.monotonic() - began > (self.memory_limit if is_memory else GIVEN_BACK_LIMIT):
                return problems
            time.sleep(0.1)

    def must_close_kept(self) -> None:
        """Connections to backends that no call needed for so long are closed too."""
        deadline = time.monotonic() + KEPT_LIMIT
        while (kept := backend_connections(*self.backends)) and time.monotonic() < deadline:
            time.sleep(1)
        self.outcome.must(not kept, f"{kept} connections to backends are kept after {KEPT_LIMIT:.0f} s without calls")
        self.outcome.wrong(self.soon_held_as_before(self.first.rss + memory.KEPT))

    def report(self) -> None:
        """The most of all waves, and what was left after each."""
        peaks = [f"{name} {peak / MIB:.1f} of {self.allowances[name] / MIB:.1f}" for name, peak in self.peaks.items()]
        self.outcome.figures["memory at its peak, MiB more, and how much is stated"] = "; ".join(peaks)
        kept = [" ".join([name, *(f"{(rss - self.first.rss) / MIB:.1f}" for rss in left)])
                for name, left in self.left.items()]
        self.outcome.figures[f"memory kept after each wave, MiB (of {memory.KEPT / MIB:.0f})"] = "; ".join(kept)
        self.outcome.figures["held before"], self.outcome.figures["held after"] = self.first, Figures.of(self.server)


def still_held(world: World) -> list[str]:
    """Budgets that hold something in the gateway's memory though no hold is on disk, at most five of them, and backends
    that are said to have calls."""
    with world.books.connect() as connection:
        budgets = [budget for budget, in connection.execute("SELECT id FROM budgets")]
    states = {budget: world.admin.budget_state(budget) for budget in budgets}
    held = [f"{budget} still holds {state['held']}" for budget, state in states.items() if pico(state["held"])]
    calls = re.findall(r"^(tollgate_backend_in_flight\{.*\}) (.*)$", world.server.metrics_text(), re.MULTILINE)
    held = held[:5] + [f"{backend} is {number}" for backend, number in calls if number != "0"]
    return held if budgets and calls else ["there is no budget, or no backend"]
