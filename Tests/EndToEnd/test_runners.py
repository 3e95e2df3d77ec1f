"""Side by side every test runs once, a failure anywhere fails the whole, and each runner has ports of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.processes import RUNNER

HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize(("third", "status", "last"), [
    ("assert True", 0, "6 passed, 0 failed"),
    ("assert 1 == 2", 1, "5 passed, 1 failed"),
    ("import os; os._exit(3)", 1, None),
])
def test_each_test_runs_once_and_a_failure_is_one(tmp_path: Path, third: str, status: int, last: str | None) -> None:
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--tg-binary')\n    parser.addoption('--tg-seed')\n")
    for number in range(3):
        body = third if number == 2 else "assert True"
        (tmp_path / f"test_{number}.py").write_text(
            f"import time\n\n\ndef test_first():\n    time.sleep(0.3)\n\n\ndef test_second():\n    {body}\n")
    # `run.py` with another folder of tests; its runners are started by the same few lines.
    started = tmp_path / "start.py"
    started.write_text(f"import sys\nsys.path.insert(0, {str(HERE)!r})\n"
                       f"import pathlib, run, runners\nrun.HERE = pathlib.Path({str(tmp_path)!r})\n"
                       "runners.RUN = pathlib.Path(__file__)\nsys.exit(run.main())\n")
    done = subprocess.run([sys.executable, str(started), "--binary", sys.executable, "--runners", "2", "--seed", "7"],
                          capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert done.returncode == status, done.stdout + done.stderr
    tests = [line.split(" ")[1:3] for line in lines if line.startswith(("PASS", "FAIL test")) and line.endswith(" s")]
    assert len(tests) == len({tuple(test) for test in tests}) and len(tests) == (6 if last else len(tests))
    if last:
        assert lines[0] == "seed 7" and lines[-1] == last


def test_each_runner_has_ports_of_its_own() -> None:
    code = "from support.processes import free_port; print(*(free_port() for _ in range(50)))"
    ranges = []
    for number in range(2):
        done = subprocess.run([sys.executable, "-c", code], cwd=HERE, env=os.environ | {RUNNER: str(number)},
                              capture_output=True, text=True, check=True)
        ports = [int(port) for port in done.stdout.split()]
        assert len(set(ports)) == 50
        ranges.append((min(ports), max(ports)))
    assert ranges[0][1] < ranges[1][0]
