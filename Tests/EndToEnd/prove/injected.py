"""System calls of the gateway that end it (crash points) or fail (I/O errors), injected from outside by strace.

Each trial names one: `before the 3rd pwrite64 of the WAL`, `EIO from the 2nd fdatasync of the WAL`. Whether it was met
is known by the signal that ended the gateway, or by strace's own record. A trial in which nothing happened proves
nothing: it does not count, and is played again with an earlier call, a few times. `size` trials must have met theirs.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import subprocess
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
from test_master_key import assert_calls_with_the_credential, key_settings, new_key, starts
from test_master_key import lay as lay_with_secrets

from .dying import End, Turn, all_turns, started
from .programme import Outcome, Programme

BATCH = 40  # trials on one gateway; its whole ledger is read after each
EACH = 20  # trials of each point or error that must have met it, at full length
ATTEMPTS = 5  # at most, until a trial meets what it names
LOG = "log"
HOLD_SYNC = "ledger: { hold_sync: full }\n"
RUNNING, LONG, BACKUP, FIRST = "running", "running for long", "a backup is due", "first start"
SYNCED, ROTATING = "holds are synced", "the master key is rotated"
# A backup is made a second after the start when there is none; the WAL grows until a checkpoint. Not every trial meets
# its call that soon: then the load goes on for a while.
LONG_SECONDS, LONGEST, LONGEST_LONG = 2.5, 3.0, 8.0
GRACE = 5.0  # seconds in which a gateway that must end of a failure has ended, on a busy machine too
REFUSING = 0.5  # seconds of load until one that goes on is asked whether it refuses


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
    must_refuse: bool = False  # as long as it fails, unless it ends


POINTS = (
    Point("write of the WAL", "pwrite64", "-wal", 40),
    Point("sync of the WAL", "fdatasync", "-wal", 15),
    Point("sync of the file of holds", "fdatasync", ".holds", 15, SYNCED),
    Point("sync of the WAL beside synced holds", "fdatasync", "-wal", 15, SYNCED),
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
    Point("emptying the file of holds", "ftruncate", ".holds", 1),
    Point("growing the file of holds", "pwrite64", ".holds", 1),
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
    Point("rotating the master key: write of the WAL", "pwrite64", "-wal", 28, ROTATING),
    Point("rotating the master key: sync of the WAL", "fdatasync", "-wal", 1, ROTATING),
)
# A file system's errors, for the calls on files; the network's failures are the fault matrix's.
FAILURES = (
    Point("sync of the WAL", "fdatasync", "-wal", 15, errors=("EIO", "ENOSPC"), must_end=True),
    Point("sync of the file of holds", "fdatasync", ".holds", 15, SYNCED, ("EIO",), must_end=True),
    Point("write of the WAL", "pwrite64", "-wal", 40, errors=("EIO", "ENOSPC", "EROFS"), must_refuse=True),
    Point("migrating: write of the WAL", "pwrite64", "-wal", 400, FIRST, ("EIO", "ENOSPC")),
    Point("naming a backup", "rename,renameat,renameat2", None, 1, BACKUP, ("EIO", "EROFS")),
    Point("opening the WAL", "openat", "-wal", 2, errors=("EIO", "EMFILE", "EROFS")),
    Point("write of the database", "pwrite64", "", 3, LONG, ("EIO", "ENOSPC", "EROFS")),
    Point("sync of the database", "fdatasync", "", 1, LONG, ("EIO",), must_end=True),
    Point("migrating: sync of the WAL", "fdatasync", "-wal", 1, FIRST, ("EIO",), must_end=True),
    Point("opening the database", "openat", "", 3, errors=("EIO", "EACCES")),
    Point("reading the database", "pread64", "", 10, errors=("EIO",)),
    Point("emptying the file of holds", "ftruncate", ".holds", 1, errors=("EIO", "ENOSPC")),
    Point("growing the file of holds", "pwrite64", ".holds", 1, errors=("EIO", "ENOSPC")),
    Point("opening the file of holds", "openat", ".holds", 1, errors=("EIO", "EACCES")),
    Point("mapping the file of holds", "mmap", ".holds", 1, errors=("ENOMEM",)),
    Point("any sync", "fdatasync,fsync", None, 15, errors=("EIO",)),
    Point("sync of a backup", "fsync", None, 2, BACKUP, ("EIO", "ENOSPC")),
    Point("any write at an offset", "pwrite64", None, 60, errors=("EIO", "ENOSPC"), must_refuse=True),
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

    @property
    def must_refuse(self) -> bool:
        return self.point.must_refuse and bool(self.lasting)

    def met(self, end: End) -> bool:
        """Whether what was to be injected was."""
        return self.injected() if self.error else end.killed

    def injected(self) -> bool:
        """Of an error; a signal is no part of the record, but then the gateway does not run any more."""
        return bool(self.error) and self.trace.exists() and "(INJECTED)" in self.trace.read_text(errors="replace")

    def turn(self, server: Gateway) -> Turn:
        long = self.point.stage in (LONG, BACKUP)
        prepare = no_backup if self.point.stage == BACKUP else (lambda server: None)
        grace = GRACE if self.point.must_end else REFUSING if self.must_refuse else 0
        return Turn(self.name, self.launcher(server), self.seconds, LONGEST_LONG if long else LONGEST, self.injected,
                    grace, prepare, self.must_refuse)

    def wrong(self, end: End) -> list[str]:
        """What is wrong with how the gateway ended: only a failure that it may end of, and then as it ends itself."""
        if end.status is None:
            return ["went on after it"] if self.point.must_end and self.met(end) else []
        if end.killed and not self.error:
            return []
        may_end = self.error and self.met(end) and self.point.stage != BACKUP and self.point.suffix != LOG
        return end.wrong if may_end else [f"ended with {end.status} without a reason: {end.said[-1500:]}"]


def trials(dice: random.Random, kinds: list[tuple[Point, str]], attempt: int, folder: Path) -> list[Trial]:
    """One of each kind; the later the attempt, the earlier the call it names."""
    made = []
    for place, (point, error) in enumerate(kinds):
        seconds = LONG_SECONDS if point.stage in (LONG, BACKUP) else dice.uniform(0.3, 0.9)
        made.append(Trial(point, error, dice.randint(1, max(1, point.last >> attempt)),
                          dice.choice(("", "+")) if error else "", seconds, folder / f"{attempt}-{place}"))
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


def rotation(run: Run, backend: FakeBackend, trial: Trial) -> tuple[End, list[str]]:
    """The command that rotates the master key is what is disturbed: afterwards the former key works, and the new one
    too if the database says that the rotation began, and else not."""
    server = Gateway(run.binary)
    try:
        server.start()
        world = lay_with_secrets(server, backend)
        server.stop()
        former = server.master_key
        path, fresh = new_key(server)
        command = (*trial.launcher(server), str(server.binary), "rotate-master-key", "--config", str(server.config),
                   "--offline", "--other-key-file", path)
        done = subprocess.run(command, env=server.env, capture_output=True, text=True, timeout=60, check=False)
        end = End(done.returncode or None, done.stdout + done.stderr)  # what ended well met nothing
        begun, problems = "master_key_former_check" in key_settings(server.database), []
        for key, works in ((former, True), (fresh, begun)):
            if starts(server, key) != works:
                problems.append(f"the {'former' if key == former else 'new'} key {'fails' if works else 'works'}")
            elif works:
                assert_calls_with_the_credential(world)
            server.kill()
        server.master_key = former
        problems += bookkeeping.wrong(server.database)
        server.verify()
        return end, problems
    finally:
        server.close()


# Stages whose trials have a gateway of their own.
ALONE = {FIRST: first_start, ROTATING: rotation}


class Score:
    """Of each point or error: trials that met it, of these the ones that ended the gateway, and those that did not."""

    def __init__(self) -> None:
        self.met, self.ended, self.missed = Counter[str](), Counter[str](), Counter[str]()

    def note(self, trial: Trial, end: End) -> tuple[bool, list[str]]:
        """Whether it was met, and what is wrong with how the gateway ended."""
        met = trial.met(end)
        (self.met if met else self.missed)[trial.kind] += 1
        self.ended[trial.kind] += met and end.status is not None
        return met, trial.wrong(end)

    def judge(self, outcome: Outcome, wanted: Counter[str]) -> None:
        """Each kind must have been met as often as is wanted of it."""
        outcome.figures["met, of these ended; besides, not met and played again"] = "".join(
            f"\n        {kind}: {self.met[kind]}, {self.ended[kind]}; {self.missed[kind]}" for kind in wanted)
        outcome.figures["met, ended; not met"] = (self.met.total(), self.ended.total(), self.missed.total())
        outcome.wrong([f"met only {self.met[kind]} of {number} times: {kind}" for kind, number in wanted.items()
                       if self.met[kind] < number])


def injected(run: Run, size: int, plan: Plan, errors: bool) -> Outcome:
    outcome, score, wanted = Outcome(), Score(), Counter[str]()
    whole = 0
    every = list(itertools.islice(itertools.cycle(plan), size))
    with tempfile.TemporaryDirectory(prefix="tollgate-traces-") as name:
        for start in range(0, size, BATCH):
            dice, folder = run.dice(f"injected {errors} {start}"), Path(name) / str(start)
            folder.mkdir()
            kinds = every[start:start + BATCH]
            wanted.update(Trial(point, error, 0, "", 0, folder).kind for point, error in kinds)
            # A gateway for each has a backend of its own: its log is held against the books.
            with fake_backend() as backend:
                one_by_one(run, backend, dice, [kind for kind in kinds if kind[0].stage in ALONE], folder, score,
                           outcome)
            for config in ("", HOLD_SYNC):
                those = [kind for kind in kinds if kind[0].stage not in ALONE
                         and (kind[0].stage == SYNCED) == bool(config)]
                with fake_backend() as backend:
                    whole += under_load(run, backend, dice, those, config, folder, score, outcome)
    score.judge(outcome, wanted)
    outcome.figures["whole answers"] = whole
    return outcome


def one_by_one(run: Run, backend: FakeBackend, dice: random.Random, kinds: list[tuple[Point, str]], folder: Path,
               score: Score, outcome: Outcome) -> None:
    for place, kind in enumerate(kinds):
        for attempt in range(ATTEMPTS):
            within = folder / f"first-{place}-{attempt}"
            within.mkdir()
            trial, = trials(dice, [kind], attempt, within)
            end, problems = ALONE[trial.point.stage](run, backend, trial)
            met, wrong = score.note(trial, end)
            problems = [f"{trial.name}: {problem}" for problem in wrong + problems]
            outcome.tried(problems) if met else outcome.wrong(problems)
            if met or problems:
                break


def under_load(run: Run, backend: FakeBackend, dice: random.Random, kinds: list[tuple[Point, str]], config: str,
               folder: Path, score: Score, outcome: Outcome) -> int:
    """A trial of each kind under load, on one gateway; returns how many answers clients got whole."""
    if not kinds:
        return 0
    with gateway_to_kill(run.binary, backend) as world:
        server = world.server
        server.config.write_text(server.config_text() + config + f"backup: {{ directory: {backups(server)} }}\n")
        load = Load(world, dice, may_break=any(error for _, error in kinds))
        for attempt in range(ATTEMPTS):
            if not kinds:
                break
            batch = trials(dice, kinds, attempt, folder)
            turns = [trial.turn(server) for trial in batch]
            of_turn = dict(zip(map(id, turns), batch, strict=True))
            missed: list[tuple[Point, str]] = []

            def note(turn: Turn, end: End) -> tuple[bool, list[str]]:
                trial = of_turn[id(turn)]
                met, wrong = score.note(trial, end)
                if not met:
                    missed.append((trial.point, trial.error))
                return met, wrong + backups_wrong(server)

            if not asyncio.run(all_turns(load, turns, outcome, note)):
                break
            kinds = missed
        return load.outcomes["whole"]


CRASHES = Programme("crash-points", f"{EACH} ends at each of {len(POINTS)} system calls: nothing lost, nothing doubled",
                    lambda run, size: injected(run, size, CRASH_PLAN, False), EACH * len(CRASH_PLAN), 6)
ERRORS_LINE = Programme("io-errors", f"{EACH} of each of {len(ERROR_PLAN)} failures of files: refused or ended",
                        lambda run, size: injected(run, size, ERROR_PLAN, True), EACH * len(ERROR_PLAN), 6)
