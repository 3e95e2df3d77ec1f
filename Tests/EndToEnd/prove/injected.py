"""System calls of the gateway that end it (crash points) or fail (I/O errors), injected from outside by strace.

Each trial names one: `before the 3rd pwrite64 of the WAL`, `EIO from the 2nd fdatasync of the WAL`. What was injected
is counted for each, by the signal that ended the gateway or by strace's own record: a trial in which nothing happened
proves nothing, and at the full size each must have happened.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support import bookkeeping
from support.backend import FakeBackend, fake_backend
from support.options import Run
from support.tollgate import Gateway
from support.world import World
from test_kill import Load, gateway_to_kill

from .dying import End, Turn, all_turns, started
from .programme import Outcome, Programme

BATCH = 40  # trials on one gateway; its whole ledger is read after each
SURE = 10  # trials of each, from which on each must have been met
LOG = "log"
RUNNING, LONG, BACKUP, FIRST = "running", "running for long", "a backup is due", "first start"
LONG_SECONDS = 2.5  # a backup is made a second after the start when there is none; the WAL grows until a checkpoint


@dataclass(frozen=True)
class Point:
    """What is met: system calls, what is added to the database's path (None: whatever they are called on), when."""

    name: str
    calls: str
    suffix: str | None
    last: int  # the last call a trial names: strace counts for each thread, and a trial is short
    stage: str = RUNNING
    errors: tuple[str, ...] = ()
    must_end: bool = False  # after a failed sync nobody knows what the disk has


POINTS = (
    Point("write of the WAL", "pwrite64", "-wal", 40),
    Point("sync of the WAL", "fdatasync", "-wal", 15),
    Point("migrating: write of the WAL", "pwrite64", "-wal", 400, FIRST),
    Point("naming a backup", "rename,renameat,renameat2", None, 1, BACKUP),
    Point("opening the WAL", "openat", "-wal", 2),
    Point("write of the database (checkpoint)", "pwrite64", "", 3, LONG),
    Point("sync of the database (checkpoint)", "fdatasync", "", 1, LONG),
    Point("migrating: write of the database", "pwrite64", "", 1, FIRST),
    Point("migrating: sync of the WAL", "fdatasync", "-wal", 1, FIRST),
    Point("migrating: opening the database", "openat", "", 3, FIRST),
    Point("opening the database", "openat", "", 3),
    Point("reading the database", "pread64", "", 10),
    Point("locking the database", "fcntl", "-shm", 40),
    Point("mapping the file of holds", "mmap", ".holds", 1),
    Point("opening the file of holds", "openat", ".holds", 1),
    Point("growing or emptying the file of holds", "ftruncate,fallocate", ".holds", 1),
    Point("reading the file of holds", "pread64", ".holds", 1),
    Point("opening any file", "openat", None, 10),
    Point("removing a file", "unlink,unlinkat", None, 2, BACKUP),
    Point("sync of a backup", "fsync", None, 2, BACKUP),
    Point("any sync", "fdatasync,fsync", None, 15),
    Point("any write at an offset", "pwrite64", None, 60),
    Point("taking a client's connection", "accept4", None, 10),
    Point("reading from a client", "read,recvfrom", None, 60),
    Point("writing to a client", "write,writev", None, 60),
    Point("sending upstream", "sendto", None, 20),
    Point("connecting upstream", "connect", None, 3),
    Point("opening a socket", "socket", None, 5),
    Point("closing a descriptor", "close", None, 20),
    Point("ending a connection's half", "shutdown", None, 10),
    Point("registering a descriptor", "epoll_ctl", None, 60),
    Point("mapping memory", "mmap", None, 20),
)
# A file system's errors, for the calls on files; the network's failures are the fault matrix's.
FAILURES = (
    Point("sync of the WAL", "fdatasync", "-wal", 15, errors=("EIO", "ENOSPC"), must_end=True),
    Point("write of the WAL", "pwrite64", "-wal", 40, errors=("EIO", "ENOSPC", "EROFS")),
    Point("migrating: write of the WAL", "pwrite64", "-wal", 400, FIRST, ("EIO", "ENOSPC")),
    Point("naming a backup", "rename,renameat,renameat2", None, 1, BACKUP, ("EIO", "EROFS")),
    Point("opening the WAL", "openat", "-wal", 2, errors=("EIO", "EMFILE", "EROFS")),
    Point("write of the database", "pwrite64", "", 3, LONG, ("EIO", "ENOSPC", "EROFS")),
    Point("sync of the database", "fdatasync", "", 1, LONG, ("EIO",)),
    Point("migrating: sync of the WAL", "fdatasync", "-wal", 1, FIRST, ("EIO",), must_end=True),
    Point("opening the database", "openat", "", 3, errors=("EIO", "EACCES")),
    Point("reading the database", "pread64", "", 10, errors=("EIO",)),
    Point("growing or emptying the file of holds", "ftruncate,fallocate", ".holds", 1, errors=("EIO", "ENOSPC")),
    Point("opening the file of holds", "openat", ".holds", 1, errors=("EIO", "EACCES")),
    Point("mapping the file of holds", "mmap", ".holds", 1, errors=("ENOMEM",)),
    Point("any sync", "fdatasync,fsync", None, 15, errors=("EIO",)),
    Point("sync of a backup", "fsync", None, 2, BACKUP, ("EIO", "ENOSPC")),
    Point("any write at an offset", "pwrite64", None, 60, errors=("EIO", "ENOSPC")),
    Point("writing the log", "write", LOG, 5, errors=("EIO", "ENOSPC")),
)
Plan = tuple[tuple[Point, str], ...]
CRASH_PLAN: Plan = tuple((point, "") for point in POINTS)
ERROR_PLAN: Plan = tuple((point, error) for point in FAILURES for error in point.errors)


@dataclass(frozen=True)
class Trial:
    """One call of one point; `error` is empty where it ends the gateway, `trace` is strace's record."""

    point: Point
    error: str
    number: int
    lasting: str
    seconds: float
    trace: Path

    @property
    def kind(self) -> str:
        return f"{self.error} from {self.point.name}" if self.error else self.point.name

    @property
    def name(self) -> str:
        return f"{self.kind}, call {self.number}{self.lasting}"

    def launcher(self, server: Gateway) -> tuple[str, ...]:
        """Runs the gateway under strace, which stays outside (-D): the process that is waited for is the gateway."""
        named = server.log if self.point.suffix == LOG else f"{server.database}{self.point.suffix}"
        path = () if self.point.suffix is None else ("-P", str(named))
        action = f"error={self.error}:when={self.number}{self.lasting}" if self.error else (
            f"signal=SIGKILL:when={self.number}")
        # Quicker, but signals are then not injected.
        quick = ("--seccomp-bpf",) if self.error else ()
        return ("strace", "-D", "-f", *quick, "-qq", "-s", "0", "-o", str(self.trace), *path,
                "-e", f"trace={self.point.calls}", "-e", f"inject={self.point.calls}:{action}")

    def met(self, end: End) -> bool:
        """Whether what was to be injected was."""
        return "(INJECTED)" in self.trace.read_text(errors="replace") if self.error else end.killed

    def wrong(self, end: End) -> list[str]:
        """What is wrong with how the gateway ended: only a failure that it may end of, and then as it ends itself."""
        if end.status is None:
            return ["went on after it"] if self.point.must_end and self.met(end) else []
        if end.killed and not self.error:
            return []
        may_end = self.error and self.met(end) and self.point.stage != BACKUP and self.point.suffix != LOG
        return end.wrong if may_end else [f"ended with {end.status} without a reason: {end.said[-1500:]}"]


def trials(dice: random.Random, plan: Plan, start: int, size: int, folder: Path) -> list[Trial]:
    made = []
    for place, (point, error) in enumerate(itertools.islice(itertools.cycle(plan), start, start + size), start):
        seconds = LONG_SECONDS if point.stage in (LONG, BACKUP) else dice.uniform(0.3, 0.9)
        made.append(Trial(point, error, dice.randint(1, point.last), dice.choice(("", "+")) if error else "", seconds,
                          folder / str(place)))
    return made


def backups(server: Gateway) -> Path:
    return server.folder / "backups"


def no_backup(server: Gateway) -> None:
    shutil.rmtree(backups(server), ignore_errors=True)


def backups_wrong(server: Gateway) -> list[str]:
    """What has a backup's name is a whole one."""
    return [f"{file.name}: {problem}" for file in backups(server).glob("*.db") for problem in bookkeeping.wrong(file)]


def first_start(run: Run, backend: FakeBackend, trial: Trial) -> tuple[End, list[str]]:
    """The first start of all is what is disturbed; the next one must find or make a whole database."""
    server = Gateway(run.binary)
    try:
        server.launcher = trial.launcher(server)
        if started(server):
            server.admin.ok("GET", "/tenants?limit=1")
        end = End.of(server)
        server.kill()
        server.launcher = ()
        server.start()
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        problems = bookkeeping.wrong(server.database)
        server.verify()
        return end, problems
    finally:
        server.close()


class Score:
    """Of each point or error: trials, those in which it was met, and those that ended the gateway."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tried, self.met, self.ended = Counter[str](), Counter[str](), Counter[str]()

    def note(self, trial: Trial, end: End) -> list[str]:
        self.tried[trial.kind] += 1
        self.met[trial.kind] += trial.met(end)
        self.ended[trial.kind] += end.status is not None
        return trial.wrong(end)

    def judge(self, outcome: Outcome, size: int) -> None:
        outcome.figures["met, ended of tried"] = "".join(
            f"\n        {kind}: {self.met[kind]}, {self.ended[kind]} of {self.tried[kind]}" for kind in self.tried)
        outcome.figures["met, ended"] = (self.met.total(), self.ended.total())
        outcome.must(self.met.total() > size // 3, f"only {self.met.total()} of {size} trials met what they name")
        if size >= SURE * len(self.plan):
            outcome.wrong([f"never met in {tried} trials: {kind}" for kind, tried in self.tried.items()
                           if not self.met[kind]])


def injected(run: Run, size: int, plan: Plan, errors: bool) -> Outcome:
    outcome, score = Outcome(), Score(plan)
    whole = 0
    with tempfile.TemporaryDirectory(prefix="tollgate-traces-") as folder:
        for start in range(0, size, BATCH):
            dice = run.dice(f"injected {errors} {start}")
            batch = trials(dice, plan, start, min(BATCH, size - start), Path(folder))
            with fake_backend() as backend:
                for trial in batch:
                    if trial.point.stage == FIRST:
                        end, problems = first_start(run, backend, trial)
                        outcome.tried([f"{trial.name}: {problem}" for problem in score.note(trial, end) + problems])
                whole += under_load(run, backend, dice, [trial for trial in batch if trial.point.stage != FIRST],
                                    score, outcome)
    score.judge(outcome, size)
    outcome.figures["whole answers"] = whole
    return outcome


def under_load(run: Run, backend: FakeBackend, dice: random.Random, batch: list[Trial], score: Score,
               outcome: Outcome) -> int:
    """Each trial under load, on one gateway; returns how many answers clients got whole."""
    with gateway_to_kill(run.binary, backend) as world:
        server = world.server
        server.config.write_text(server.config_text() + f"backup: {{ directory: {backups(server)} }}\n")
        load = Load(world, dice, may_break=any(trial.error for trial in batch))
        turns = [Turn(trial.name, trial.launcher(server), trial.seconds,
                      no_backup if trial.point.stage == BACKUP else lambda server: None) for trial in batch]
        of_turn = dict(zip(map(id, turns), batch, strict=True))
        asyncio.run(all_turns(load, turns, outcome, lambda turn, end: score.note(of_turn[id(turn)], end)
                              + backups_wrong(server)))
        return load.outcomes["whole"]


CRASHES = Programme("crash-points", f"ends at {len(POINTS)} named system calls: nothing lost, nothing doubled",
                    lambda run, size: injected(run, size, CRASH_PLAN, False), 20 * len(POINTS), 6)
ERRORS_LINE = Programme("io-errors", "failed system calls on files: refused or ended, never acknowledged",
                        lambda run, size: injected(run, size, ERROR_PLAN, True), 640, 6)
