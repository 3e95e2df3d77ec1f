"""A smoke of every line of the scorecard: each programme of `prove/`, as little as shows that it works and can fail.

Programmes whose smoke is a test of its own already name it; `make prove` runs all at full length.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from prove.programme import Outcome, Programme
from prove.programmes import PROGRAMMES
from support.options import Run
from support.processes import ROOT, note

HERE = Path(__file__).resolve().parent
BY_TESTS = [programme for programme in PROGRAMMES if programme.smoke_is]


@pytest.mark.parametrize("programme", [programme for programme in PROGRAMMES if programme.smoke], ids=lambda p: p.name)
def test_smoke(run: Run, programme: Programme) -> None:
    if programme.needs_root and os.geteuid() != 0:
        note(f"{programme.name}: left out, it mounts a file system, which needs root")
        return
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
    """Swift is a stand-in, the script is the real one."""
    (tmp_path / "scripts").mkdir()
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
