"""The Admin API's OpenAPI document: valid, and every call that schemathesis makes of it is answered as it says."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.options import Run
from support.tollgate import Gateway, gateway

HERE = Path(__file__).resolve().parent
PYTHON = HERE.parents[1] / ".venv-test-schemathesis" / "bin" / "python"
FULL_CASES = 5_000


@pytest.fixture(scope="module")
def server(run: Run) -> Iterator[Gateway]:
    """On the way out it must still run and verify clean."""
    with gateway(run.binary) as started:
        yield started


def tool(arguments: list[str], env: dict[str, str] | None = None, seconds: float = 60) -> str:
    """Run a module of the environment; its output, also when it fails."""
    done = subprocess.run([str(PYTHON), "-m", *arguments], capture_output=True, text=True, check=False,
                          timeout=seconds, env=env, cwd=HERE / "openapi")
    assert done.returncode == 0, f"{arguments[0]} exited {done.returncode}:\n{done.stdout[-12_000:]}{done.stderr[-3000:]}"
    return done.stdout


def test_the_document_is_valid_openapi_3_1(server: Gateway, tmp_path: Path) -> None:
    reply = server.admin.send("GET", "/openapi.json")
    assert reply.status == 200, reply
    assert reply.body["openapi"].startswith("3.1")
    document = tmp_path / "openapi.json"
    document.write_text(reply.text)
    tool(["openapi_spec_validator", str(document)])


def test_schemathesis_finds_nothing(server: Gateway, run: Run, tmp_path: Path) -> None:
    """All phases and checks. The key it calls with is an admin key: the bootstrap credential ends with the first one."""
    key = server.admin.ok("POST", "/admin-keys", {"name": "schemathesis", "role": "admin"})
    server.admin.credential = key["key"]
    url = f"http://127.0.0.1:{server.admin_address[1]}"
    document = tmp_path / "openapi.json"
    document.write_text(server.admin.send("GET", "/openapi.json").text)
    report = tmp_path / "report.ndjson"
    examples, workers = (60, 2) if run.full else (3, 2)
    env = os.environ | {"TOLLGATE_ADMIN_KEY": key["key"], "TOLLGATE_ADMIN_KEY_ID": key["id"]}
    output = tool(
        ["schemathesis.cli", "run", str(document), "--url", url, "--checks", "all", "--mode", "all",
         "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(examples), "--seed", str(run.seed),
         "--workers", str(workers), "--no-color", "--report", "ndjson", "--report-ndjson-path", str(report)],
        env, seconds=3600 if run.full else 600)
    cases = calls(report)
    print(f"     schemathesis: {cases} cases")
    assert not run.full or cases >= FULL_CASES, f"only {cases} cases\n{output[-3000:]}"
    assert cases > 500, output[-3000:]


def calls(report: Path) -> int:
    """How many requests the run made."""
    return sum(len(json.loads(line).get("ScenarioFinished", {}).get("recorder", {}).get("cases", {}))
               for line in report.read_text().splitlines())
