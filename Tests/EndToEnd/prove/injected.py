"""System calls of the gateway that end it (crash points) or fail (I/O errors), injected from outside by strace.

Each trial names one: `before the 3rd pwrite64 of the WAL`, `EIO from the 2nd fdatasync of the WAL`.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from pathlib import Path

from support.backend import fake_backend
from support.options import Run
from test_kill import Load, gateway_to_kill

from .dying import Turn, all_turns
from .programme import Outcome, Programme

BATCH = 40  # trials on one gateway; its whole ledger is read after each

# Name, system calls, what is added to the database's path (None: whatever they are called on), and the last one a trial
# names: strace counts for each thread, and a trial is short.
POINTS: tuple[tuple[str, str, str | None, int], ...] = (
    ("write of the WAL", "pwrite64", "-wal", 40),
    ("sync of the WAL", "fdatasync", "-wal", 15),
    ("opening the WAL", "openat", "-wal", 2),
    ("write of the database (checkpoint, migration)", "pwrite64", "", 3),
    ("sync of the database (checkpoint)", "fdatasync", "", 2),
    ("opening the database", "openat", "", 3),
    ("reading the database", "pread64", "", 10),
    ("locking the database", "fcntl", "", 30),
    ("mapping the file of holds", "mmap", ".holds", 1),
    ("opening the file of holds", "openat", ".holds", 1),
    ("growing or emptying the file of holds", "ftruncate,fallocate", ".holds", 2),
    ("reading the file of holds", "pread64", ".holds", 1),
    ("opening any file", "openat", None, 10),
    ("removing a file", "unlink,unlinkat", None, 1),
    ("any sync", "fdatasync,fsync", None, 15),
    ("any write at an offset", "pwrite64", None, 60),
    ("taking a client's connection", "accept4", None, 10),
    ("reading from a client", "read,recvfrom", None, 60),
    ("writing to a client", "write,writev", None, 60),
    ("sending upstream", "sendto", None, 20),
    ("connecting upstream", "connect", None, 3),
    ("opening a socket", "socket", None, 5),
    ("closing a descriptor", "close", None, 20),
    ("ending a connection's half", "shutdown", None, 10),
    ("registering a descriptor", "epoll_ctl", None, 60),
    ("mapping memory", "mmap", None, 20),
)
# A file system's errors, for the calls on files; the network's failures are the fault matrix's.
ERRORS: tuple[tuple[str, str | None, int, tuple[str, ...]], ...] = (
    ("fdatasync", "-wal", 15, ("EIO", "ENOSPC")),
    ("pwrite64", "-wal", 40, ("EIO", "ENOSPC", "EROFS")),
    ("openat", "-wal", 2, ("EIO", "EMFILE", "EROFS")),
    ("pwrite64", "", 3, ("EIO", "ENOSPC", "EROFS")),
    ("fdatasync", "", 2, ("EIO",)),
    ("openat", "", 3, ("EIO", "EACCES")),
    ("pread64", "", 10, ("EIO",)),
    ("ftruncate,fallocate", ".holds", 2, ("EIO", "ENOSPC")),
    ("openat", ".holds", 1, ("EIO", "EACCES")),
    ("mmap", ".holds", 1, ("ENOMEM",)),
    ("fdatasync,fsync", None, 15, ("EIO",)),
    ("pwrite64", None, 60, ("EIO", "ENOSPC")),
)


def strace(database: Path, calls: str, suffix: str | None, action: str) -> tuple[str, ...]:
    """Runs the gateway under strace, which stays outside (-D): the process that is waited for is the gateway."""
    path = () if suffix is None else ("-P", f"{database}{suffix}")
    # Quicker, but signals are then not injected.
    quick = () if "signal" in action else ("--seccomp-bpf",)
    return ("strace", "-D", "-f", *quick, "-qq", "-o", "/dev/null", *path, "-e", f"trace={calls}",
            "-e", f"inject={calls}:{action}")


def crash_turns(dice: random.Random, size: int, database: Path, start: int) -> list[Turn]:
    turns = []
    for name, calls, suffix, last in itertools.islice(itertools.cycle(POINTS), start, start + size):
        number = dice.randint(1, last)
        turns.append(Turn(f"before call {number} of: {name}",
                          strace(database, calls, suffix, f"signal=SIGKILL:when={number}"), dice.uniform(0.3, 0.9)))
    return turns


def error_turns(dice: random.Random, size: int, database: Path, start: int) -> list[Turn]:
    plan = [(calls, suffix, last, error) for calls, suffix, last, errors in ERRORS for error in errors]
    turns = []
    for calls, suffix, last, error in itertools.islice(itertools.cycle(plan), start, start + size):
        number, lasting = dice.randint(1, last), dice.choice(("", "+"))
        what = "anything" if suffix is None else f"database{suffix}"
        turns.append(Turn(f"{error} from call {number}{lasting} of {calls} on {what}",
                          strace(database, calls, suffix, f"error={error}:when={number}{lasting}"),
                          dice.uniform(0.3, 0.9)))
    return turns


def injected(run: Run, size: int, errors: bool) -> Outcome:
    outcome, ends = Outcome(), Counter[str]()
    whole = 0

    def note(turn: Turn, died: bool) -> None:
        ends["ended" if died else "went on"] += 1

    for start in range(0, size, BATCH):
        dice = run.dice(f"injected {errors} {start}")
        with fake_backend() as backend, gateway_to_kill(run.binary, backend) as world:
            load = Load(world, dice, may_break=errors)
            make = error_turns if errors else crash_turns
            turns = make(dice, min(BATCH, size - start), world.server.database, start)
            asyncio.run(all_turns(load, turns, outcome, note))
            whole += load.outcomes["whole"]
    outcome.figures["gateway"] = dict(ends)
    outcome.figures["whole answers"] = whole
    outcome.must(ends["ended"] > size // 4 or errors, f"only {ends['ended']} of {size} trials ended the gateway")
    return outcome


CRASHES = Programme("crash-points", f"ends at {len(POINTS)} named system calls: nothing lost, nothing doubled",
                    lambda run, size: injected(run, size, False), 20 * len(POINTS), 6)
ERRORS_LINE = Programme("io-errors", "failed system calls on files: refused or ended, never acknowledged",
                        lambda run, size: injected(run, size, True), 600, 6)
