"""Run the end-to-end tests against a built `tollgate`.

    python run.py --binary PATH [--only NAME] [--seed N] [--full]

One line per test as it finishes, measurements in between, and as the last line `N passed, N failed`. A test that is
skipped has failed, unless it needs root and this is not root: those are named before the last line and not counted.
Exit code 1 if a test failed or none ran.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from pathlib import Path

import pytest

from support.processes import NEEDS_ROOT

DETAIL_LINES = 120
HERE = Path(__file__).resolve().parent


class Reporter:
    """pytest's own terminal output is off; this prints what the Makefile and a person need."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.not_run: list[str] = []
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.replace("::", " ").removesuffix(".py")
        self.seconds[name] = self.seconds.get(name, 0) + report.duration
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
        print(f"FAIL {name} {self.seconds.get(name, 0):.1f} s", flush=True)
        for line in details.splitlines()[-DETAIL_LINES:]:
            print(f"     {line}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="End-to-end tests of Tollgate")
    parser.add_argument("--binary", required=True, type=Path, help="the built tollgate")
    parser.add_argument("--only", default="", help="run the tests whose name contains this (pytest -k)")
    parser.add_argument("--seed", type=int, default=None, help="replay the random choices of a run")
    parser.add_argument("--full", action="store_true", help="the release run: far more trials and kills")
    options = parser.parse_args()
    binary = options.binary.resolve()
    if not binary.is_file():
        sys.exit(f"run.py: no binary at {binary}")
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    arguments = [
        str(HERE), "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:warnings", "-s", "--rootdir", str(HERE),
        "--tg-binary", str(binary), "--tg-seed", str(seed),
    ]
    if options.full:
        arguments.append("--tg-full")
    if options.only:
        arguments += ["-k", options.only]
    reporter = Reporter()
    code = pytest.main(arguments, plugins=[reporter])
    if reporter.not_run:
        print(f"not run, they need root: {', '.join(reporter.not_run)}", flush=True)
    print(f"{reporter.passed} passed, {reporter.failed} failed", flush=True)
    return 0 if code == 0 and reporter.passed and not reporter.failed else 1


if __name__ == "__main__":
    sys.exit(main())
