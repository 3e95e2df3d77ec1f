"""Several runs of the tests side by side: most tests wait more than they compute.

Each runner has a process of its own and takes the next file that no other one has taken, so that all end together.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, pairwise
from pathlib import Path

import pytest

from support.processes import RUNNER

RUN = Path(__file__).with_name("run.py")
TEST_LINE = re.compile(r"(PASS|FAIL|NOT RUN) ")
LAST_LINE = re.compile(r"(\d+) passed, (\d+) failed")


class Claims:
    """Runs what this process is the first to claim, file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed:
            return None  # files that cannot be collected end the run as they do without claims
        # What follows a test says which fixtures end with it: the next file is claimed with the last test of one.
        for item, following in pairwise(chain(self.mine(session.items), [None])):
            if item:
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return True

    def mine(self, items: Sequence[pytest.Item]) -> Iterator[pytest.Item]:
        for file, tests in groupby(items, lambda item: item.path):
            if self.claim(file.name):
                yield from tests

    def claim(self, name: str) -> bool:
        try:
            os.close(os.open(self.folder / name, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


class Runner(threading.Thread):
    """One process; what it says of a test is printed in one piece, and what it says at the end is kept."""

    def __init__(self, number: int, arguments: Sequence[str], printing: threading.Lock) -> None:
        super().__init__()
        self.arguments = arguments
        self.printing = printing
        self.environment = os.environ | {RUNNER: str(number)}
        self.status = 1
        self.last: list[str] = []

    def run(self) -> None:
        command = [sys.executable, str(RUN), *self.arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.environment) as child:
            assert child.stdout
            for line in child.stdout:
                if TEST_LINE.match(line):
                    self.say()
                self.last.append(line)
        self.status = child.returncode

    def say(self) -> None:
        with self.printing:
            sys.stdout.write("".join(self.last))
            sys.stdout.flush()
        self.last = []

    def counts(self) -> tuple[int, int]:
        """Passed and failed, as its last line has it; a runner that ended without one has failed."""
        if found := LAST_LINE.fullmatch(self.last[-1].strip()) if self.last else None:
            self.last.pop()
            return int(found[1]), int(found[2])
        return 0, 1


def side_by_side(number: int, arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="tollgate-claims-") as claims:
        printing = threading.Lock()
        runners = [Runner(place, [*arguments, "--runners", "1", "--claims", claims], printing)
                   for place in range(number)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
    counts = [runner.counts() for runner in runners]
    for runner in runners:
        runner.say()
    passed, failed = (sum(each) for each in zip(*counts, strict=True))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed and not any(runner.status for runner in runners) else 1
