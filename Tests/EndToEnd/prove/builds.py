"""What other builds show: every parser under libFuzzer and AddressSanitizer, the Swift tests under ThreadSanitizer."""

from __future__ import annotations

import os
import re
import subprocess

from support.options import Run
from support.processes import ROOT

from .programme import Outcome, Programme

TIMEOUT = 12 * 3600  # seconds


def script(name: str, **settings: str) -> str:
    """What it said; its exit code is judged by what is in there."""
    done = subprocess.run([str(ROOT / "scripts" / name)], env={**os.environ, **settings}, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    return done.stdout + ("" if done.returncode == 0 else f"\n{name} exited {done.returncode}: FAILED")


def fuzz(run: Run, size: int) -> Outcome:
    """At least `size` runs of each target."""
    outcome = Outcome()
    said = script("fuzz-smoke.sh", RUNS=str(size), ASAN="1", ADMIN="1", SEED=str(run.seed % (1 << 31) + 1))
    told = re.findall(r"^fuzz (\w+): ok, (\d+) runs, (\d+) edges", said, re.M)
    runs = {target: int(count) for target, count, _ in told}
    outcome.count = sum(runs.values())
    outcome.figures["runs"] = runs
    outcome.figures["edges"] = {target: int(edges) for target, _, edges in told}
    outcome.must("FAILED" not in said, said[-4000:])
    wanted = {path.name for path in (ROOT / "Fuzz" / "Corpus").iterdir()}
    outcome.must(set(runs) == wanted, f"fuzzed {sorted(runs)}, not {sorted(wanted)}")
    outcome.wrong([f"{target}: {count} runs" for target, count in runs.items() if count < size])
    return outcome


def tsan(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    said = script("tsan.sh")
    if found := re.search(r"^tsan: ok, (\d+) tests, 0 reports", said, re.M):
        outcome.count = int(found.group(1))
    outcome.must(found is not None and "FAILED" not in said, said[-4000:])
    return outcome


FUZZ = Programme("fuzz", "a million runs of each parser, libFuzzer and AddressSanitizer: no trap, no leak", fuzz,
                 1_000_000, 0, smoke_is="test_fuzz_smoke",
                 judged_by=("scripts/fuzz-smoke.sh", "Fuzz/Package.swift", "Fuzz/fuzz.dict", "Fuzz/Corpus/*/*",
                            "Fuzz/Failures/*/*", "Fuzz/Sources/fuzz*/*.swift", "Fuzz/Sources/Fuzzing/*"))
TSAN = Programme("tsan", "the Swift tests under ThreadSanitizer: no report", tsan, 1, 0, smoke_is="test_promises",
                 judged_by=("scripts/tsan.sh", "Tests/*Tests/**/*.swift", "Tests/Support/**/*.swift",
                            "Tests/ThreadSanitizer/*"))
