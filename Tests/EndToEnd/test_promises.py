"""A smoke of every line of the scorecard: each programme of `prove/`, as little as shows that it works and can fail.

Programmes whose smoke is a test of its own already name it; `make prove` runs all at full length.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from prove.dying import End
from prove.http_cases import CASES
from prove.injected import CRASH_PLAN, CRASHES, ERROR_PLAN, ERRORS_LINE, FAILURES, POINTS, Score, Trial
from prove.programme import Outcome, Programme
from prove.programmes import PROGRAMMES
from prove.raw_http import RAW_HTTP
from support.options import Run
from support.processes import NEEDS_ROOT, ROOT, note

HERE = Path(__file__).resolve().parent
BY_TESTS = [programme for programme in PROGRAMMES if programme.smoke_is]


@pytest.mark.parametrize("programme", [programme for programme in PROGRAMMES if programme.smoke], ids=lambda p: p.name)
def test_smoke(run: Run, programme: Programme) -> None:
    if programme.needs_root and os.geteuid() != 0:
        pytest.skip(f"{NEEDS_ROOT}: it mounts a file system")
    # What is new is found by `make prove`; here the same choices each time show that the line works.
    outcome = programme.run(dataclasses.replace(run, seed=1), programme.smoke)
    note(f"{programme.name}: {outcome.count} done; {outcome.figures}")
    assert not outcome.failures, "\n".join([f"{len(outcome.failures)} failures:", *outcome.failures[:5]])
    assert outcome.count


@pytest.mark.parametrize("programme", BY_TESTS, ids=lambda p: p.name)
def test_every_other_line_has_its_smoke_elsewhere(programme: Programme) -> None:
    assert not programme.smoke
    assert (HERE / f"{programme.smoke_is}.py").is_file() and importlib.util.find_spec(programme.smoke_is)


SWIFT = """#!/bin/sh
case "$1" in test) printf '%s\\n' "$SAYS"; exit "$ENDS";; esac
"""


@pytest.mark.parametrize(("says", "ends", "good"), [
    ("Test run with 7 tests in 2 suites passed after 1 seconds.", "0", True),
    ("WARNING: ThreadSanitizer: data race\nTest run with 7 tests in 2 suites passed after 1 seconds.", "0", False),
    ("Test run with 7 tests in 2 suites passed after 1 seconds.", "66", False),
    ("nothing", "0", False),
])
def test_a_race_fails_the_thread_sanitizer_step(tmp_path: Path, says: str, ends: str, good: bool) -> None:
    """`swift` is a stand-in; the script is the real one, and so is the race that it tries itself on."""
    (tmp_path / "scripts").mkdir()
    shutil.copytree(ROOT / "Tests" / "ThreadSanitizer", tmp_path / "Tests" / "ThreadSanitizer")
    (tmp_path / "tools").mkdir()
    for name in ("tsan.sh", "strict.sh"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    (tmp_path / "tools" / "swift").write_text(SWIFT)
    (tmp_path / "tools" / "swift").chmod(0o755)
    env = os.environ | {"PATH": f"{tmp_path / 'tools'}:{os.environ['PATH']}", "SAYS": says, "ENDS": ends}
    done = subprocess.run([str(tmp_path / "scripts" / "tsan.sh")], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == good, done.stdout + done.stderr
    assert ("tsan: ok, 7 tests, 0 reports" in done.stdout) == good


def test_what_goes_wrong_is_counted() -> None:
    outcome = Outcome()
    outcome.tried()
    outcome.tried("one")
    outcome.tried(["two", "three"])
    outcome.must(True, "never")
    outcome.must(False, "four")
    assert (outcome.count, outcome.failures) == (3, ["one", "two", "three", "four"])


def score(met: int, wanted: int) -> Outcome:
    """Ten trials of one point, which so many of them met."""
    outcome, point = Outcome(), POINTS[0]
    counted = Score()
    for number in range(10):
        trial, end = Trial(point, "", number, "", 0, Path()), End(-signal.SIGKILL if number < met else None, "")
        assert counted.note(trial, end) == (number < met, [])
    counted.judge(outcome, Counter({point.name: wanted, POINTS[1].name: 0}))
    return outcome


def test_a_point_that_was_met_too_seldom_fails() -> None:
    assert not score(met=10, wanted=10).failures
    assert not score(met=4, wanted=4).failures
    assert score(met=9, wanted=10).failures == [f"met only 9 of 10 times: {POINTS[0].name}"]


def test_at_full_length_each_point_is_wanted_twenty_times() -> None:
    for programme, plan in ((CRASHES, CRASH_PLAN), (ERRORS_LINE, ERROR_PLAN)):
        assert programme.full == 20 * len(plan) >= 600


def test_at_full_length_there_are_hundreds_of_cases_of_raw_http() -> None:
    names = {(case.group, case.name) for case in CASES}
    assert len(names) == len(CASES) >= 400 and RAW_HTTP.full >= len(CASES)
    groups = Counter(case.group for case in CASES)
    assert min(groups["smuggling"], groups["malformed"]) >= 150, groups


@pytest.mark.parametrize(("status", "said", "good"), [
    (None, "", True),
    (1, '"message":"the ledger cannot be trusted any more"', True),
    (74, '"message":"the ledger cannot be trusted any more"', False),
    (-signal.SIGBUS, "", False),
    (1, '"message":"refused to start"', True),
    (1, "", False),
    (0, "", False),
    (-signal.SIGILL, '"message":"the ledger cannot be trusted any more"', False),
    (-signal.SIGKILL, "", False),
])
def test_only_a_stated_end_is_one(status: int | None, said: str, good: bool) -> None:
    assert (End(status, said).wrong == []) == good


@pytest.mark.parametrize(("point", "lasting", "may_go_on", "must_refuse"), [
    ("write of the WAL", "+", True, True),
    ("write of the WAL", "", True, False),
    ("sync of the WAL", "", False, False),
])
def test_what_goes_on_with_a_failing_disk_must_refuse(
        tmp_path: Path, point: str, lasting: str, may_go_on: bool, must_refuse: bool) -> None:
    trace = tmp_path / "trace"
    trace.write_text("pwrite64(7) = -1 EIO (INJECTED)\n")
    [failing] = [failure for failure in FAILURES if failure.name == point]
    trial = Trial(failing, "EIO", 1, lasting, 0, trace)
    assert ((trial.wrong(End(None, "")) == []), trial.must_refuse) == (may_go_on, must_refuse)


def test_a_programme_that_needs_root_is_named_without_it(tmp_path: Path) -> None:
    """The reporter of `run.py`, once as root and once as nobody."""
    (tmp_path / "test_rooted.py").write_text(
        f"import pytest\n\n\ndef test_disk():\n    pytest.skip('{NEEDS_ROOT}: it mounts')\n\n\n"
        "def test_other():\n    pytest.skip('tired')\n")
    code = ("import os, sys\nos.geteuid = lambda: int(sys.argv[1])\nimport pytest, run\n"
            "reporter = run.Reporter()\n"
            f"pytest.main([{str(tmp_path)!r}, '-p', 'no:terminal', '-p', 'no:cacheprovider'], plugins=[reporter])\n"
            "print(reporter.passed, reporter.failed, len(reporter.not_run))")
    for user, said in (("0", "0 2 0"), ("1", "0 1 1")):
        done = subprocess.run([sys.executable, "-c", code, user], cwd=HERE, capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == said, done.stdout + done.stderr
