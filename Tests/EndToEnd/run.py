"""Run the end-to-end tests against a built `tollgate`.

    python run.py --binary PATH [--only NAME] [--seed N] [--full] [--runners N]

One line per test as it finishes, measurements in between, then what took longest and what failed once more, and as the
last line `N passed, N failed`. A test that is skipped has failed, unless it needs root and this is not root: those are
named before the last line and not counted. Exit code 1 if a test failed or none ran.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from runners import Claims, side_by_side
from support.processes import NEEDS_ROOT

DETAIL_LINES = 120
LONGEST = 12  # files named as the longest
HERE = Path(__file__).resolve().parent


class Reporter:
    """pytest's own terminal output is off; this prints what the Makefile and a person need."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.failures: list[str] = []
        self.not_run: list[str] = []
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.replace("::", " ").removesuffix(".py")
        self.seconds[name] += report.duration
        if report.failed:
            self.fail(name if report.when == "call" else f"{name} ({report.when})", report.longreprtext)
        elif report.when == "call":
            if report.skipped and NEEDS_ROOT in str(report.longrepr) and os.geteuid() != 0:
                self.not_run.append(name)
                print(f"NOT RUN {name}: it {NEEDS_ROOT}", flush=True)
            elif report.skipped:
                self.fail(name, f"skipped: {report.longrepr}")
            else:
                self.passed += 1
                print(f"PASS {name} {self.seconds[name]:.1f} s", flush=True)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.fail(f"collect {report.nodeid}", report.longreprtext)

    def fail(self, name: str, details: str) -> None:
        self.failed += 1
        lines = details.splitlines()
        told = [line for line in lines if line.startswith("E ")] or lines[-1:]
        self.failures.append(f"FAIL {name}: {' '.join([*told[:2], *told[2:][-1:]])}")
        print(f"FAIL {name} {self.seconds[name]:.1f} s", flush=True)
        for line in lines[-DETAIL_LINES:]:
            print(f"     {line}", flush=True)

    def summary(self) -> list[str]:
        """What took longest, file by file, and every failure in a line, for whoever sees the end of a log only."""
        files: Counter[str] = Counter()
        for name, seconds in self.seconds.items():
            files[name.split(" ")[0]] += seconds
        longest = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in files.most_common(LONGEST))
        return [f"{files.total():.0f} s of tests; longest: {longest}", *self.failures]


def main() -> int:
    parser = argparse.ArgumentParser(description="End-to-end tests of Tollgate")
    parser.add_argument("--binary", required=True, type=Path, help="the built tollgate")
    parser.add_argument("--only", default="", help="run the tests whose name contains this (pytest -k)")
    parser.add_argument("--seed", type=int, default=None, help="replay the random choices of a run")
    parser.add_argument("--full", action="store_true", help="the release run: far more trials and kills")
    parser.add_argument("--runners", type=int, default=1, help="so many files at the same time")
    parser.add_argument("--claims", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    binary = options.binary.resolve()
    if not binary.is_file():
        sys.exit(f"run.py: no binary at {binary}")
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    if not options.claims:
        print(f"seed {seed}", flush=True)
    if options.runners > 1:
        return side_by_side(options.runners, [*sys.argv[1:], "--seed", str(seed)])
    arguments = [
        str(HERE), "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:warnings", "-s", "--rootdir", str(HERE),
        "--tg-binary", str(binary), "--tg-seed", str(seed),
    ]
    if options.full:
        arguments.append("--tg-full")
    if options.only:
        arguments += ["-k", options.only]
    reporter = Reporter()
    code = pytest.main(arguments, plugins=[reporter, *([Claims(options.claims)] if options.claims else [])])
    print("\n".join(reporter.summary()), flush=True)
    if reporter.not_run:
        print(f"not run, they need root: {', '.join(reporter.not_run)}", flush=True)
    print(f"{reporter.passed} passed, {reporter.failed} failed", flush=True)
    if options.claims:
        return 0 if code in (0, pytest.ExitCode.NO_TESTS_COLLECTED) and not reporter.failed else 1
    return 0 if code == 0 and reporter.passed and not reporter.failed else 1


if __name__ == "__main__":
    sys.exit(main())
