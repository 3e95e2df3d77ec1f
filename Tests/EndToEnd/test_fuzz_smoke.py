"""The step that fuzzes fails when nothing was fuzzed; builder and fuzzer are stand-ins, the script is the real one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support.processes import ROOT

SWIFT = """#!/bin/sh
case "$*" in *--show-bin-path*) echo "$STAND_INS";; esac
"""
# Those that are fuzzed without `ADMIN=1`; that no target is missing is what
# test_what_is_proved_is_every_target_with_a_corpus asks, by the folders of Fuzz/Corpus.
TARGETS = len(re.findall(r"^targets=\((.*)\)$", (ROOT / "scripts" / "fuzz-smoke.sh").read_text(), re.M)[0].split())
DONE = "#1234\tDONE   cov: 56 ft: 78 corp: 3/7b lim: 21 exec/s: 0 rss: 34Mb"
FUZZ = f"""#!/bin/sh
[ "$FUZZ_TARGET" = "$BAD_TARGET" ] && {{ printf '%b\\n' "$BAD_SAYS"; exit "$BAD_STATUS"; }}
echo "{DONE}"
echo "stat::number_of_executed_units: 1234"
"""
# The symbols of a module's objects; one of them is missing where a test says so.
NM = """#!/bin/sh
for symbol in __sanitizer_cov_8bit_counters_init __asan_init; do
    case "$*" in *"/$BARE_MODULE.build/"*) [ "$symbol" = "$BARE_OF" ] && continue;; esac
    echo "                 U $symbol"
done
"""


def smoke(folder: Path, bad: str = "", says: str = "", status: int = 0,
          **settings: str) -> subprocess.CompletedProcess[str]:
    tools = folder / "tools"
    tools.mkdir()
    for name, text in (("swift", SWIFT), ("nm", NM), ("fuzz", FUZZ), ("fuzz-admin", FUZZ)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "fuzz-smoke.sh", folder / "scripts")
    env = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "STAND_INS": str(tools), "BAD_TARGET": bad,
                        "BAD_SAYS": says, "BAD_STATUS": str(status), "BARE_MODULE": "", "BARE_OF": ""} | settings
    return subprocess.run([folder / "scripts" / "fuzz-smoke.sh"], env=env, check=False, capture_output=True, text=True,
                          timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "Fuzz" / "Corpus", tmp_path / "Fuzz" / "Corpus")
    return tmp_path


def test_what_ran_passes(folder: Path) -> None:
    done = smoke(folder)
    assert done.returncode == 0, done
    assert [line for line in done.stdout.splitlines() if "FAILED" in line] == []
    assert done.stdout.count(": ok, 1234 runs, 56 edges") == TARGETS


def test_what_is_proved_is_every_target_with_a_corpus(folder: Path) -> None:
    done = smoke(folder, RUNS="1", ASAN="1", ADMIN="1")
    assert done.returncode == 0, done
    told = re.findall(r"^fuzz (\w+): ok, 1234 runs, 56 edges$", done.stdout, re.M)
    assert sorted(told) == sorted(path.name for path in (folder / "Fuzz" / "Corpus").iterdir()), done.stdout


@pytest.mark.parametrize("target", ["head", "prices"])
def test_a_target_that_fails_fails_the_run(folder: Path, target: str) -> None:
    done = smoke(folder, target, "stat::number_of_executed_units: 7", 77, RUNS="1", ADMIN="1")
    assert done.returncode != 0 and f"fuzz {target}: FAILED after 7 runs" in done.stdout, done


@pytest.mark.parametrize("says", [
    f"{DONE}\\nstat::number_of_executed_units: 0", "nothing at all", "stat::number_of_executed_units: 7",
    "WARNING: no interesting inputs were found so far. Is the code instrumented for coverage?\\n"
    f"{DONE}\\nstat::number_of_executed_units: 7",
])
def test_a_target_without_a_run_or_without_coverage_fails(folder: Path, says: str) -> None:
    done = smoke(folder, "usage", says)
    assert done.returncode != 0 and "fuzz usage: FAILED" in done.stdout, done
    assert done.stdout.count(": ok, ") == TARGETS - 1


@pytest.mark.parametrize("is_there", [True, False])
def test_a_target_without_a_corpus_fails(folder: Path, is_there: bool) -> None:
    shutil.rmtree(folder / "Fuzz" / "Corpus" / "key")
    if is_there:
        (folder / "Fuzz" / "Corpus" / "key").mkdir()
    done = smoke(folder)
    assert done.returncode != 0 and "fuzz key: FAILED" in done.stdout, done
    assert done.stdout.count(": ok, ") == TARGETS - 1


@pytest.mark.parametrize("module", ["Proxy", "TollgateFiles"])
@pytest.mark.parametrize("symbol", ["__sanitizer_cov_8bit_counters_init", "__asan_init"])
def test_code_without_either_instrumentation_is_not_run(folder: Path, module: str, symbol: str) -> None:
    done = smoke(folder, ASAN="1", ADMIN="1", RUNS="1", BARE_MODULE=module, BARE_OF=symbol)
    assert done.returncode != 0 and f"fuzz: FAILED; {module} was built without {symbol}" in done.stdout, done
    assert ": ok, " not in done.stdout
