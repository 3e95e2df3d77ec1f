"""A state file: `import litellm` makes one, `apply` shows each change and makes it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.options import Run
from support.state_file import STATE, VARIABLES, apply, audit_rows
from support.tollgate import Gateway, gateway

GOLDENS = Path(__file__).parents[1] / "TollgateTests" / "Goldens"
CONFIG, KEYS = GOLDENS / "litellm-config.yaml", GOLDENS / "litellm-keys.json"


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


# import litellm


def test_an_imported_configuration_is_applied_and_a_second_time_changes_nothing(
        server: Gateway, tmp_path: Path) -> None:
    done = server.run("import", "litellm", "--config", str(CONFIG), "--keys", str(KEYS), env={})
    assert done.returncode == 0, done
    assert "Not carried over" in done.stderr and "tollgate keys create --tenant research --name ci" in done.stderr
    for secret in ("sk-inline", "sk-azure", "sk-hidden", "sk-redis", "sk-master", "88dc28d0"):
        assert secret not in done.stdout + done.stderr, secret
    state = tmp_path / "state.yaml"
    state.write_text(done.stdout)
    before = audit_rows(server)
    apply(server, state, "--dry-run", **VARIABLES)
    assert audit_rows(server) == before
    apply(server, state, **VARIABLES)
    after = audit_rows(server)
    assert after > before
    second = apply(server, state, "--prune", **VARIABLES)
    assert second.stdout.splitlines()[-1] == "0 changes" and audit_rows(server) == after
    admin = server.admin
    assert {row["name"] for row in admin.rows("/tenants")} == {"research", "ops", "ada"}
    assert [target["pool"] for target in admin.get("/models/chat")["targets"]][0] == "chat"
    research = next(row["id"] for row in admin.rows("/tenants") if row["name"] == "research")
    budgets = {(row["mode"], row["window"], row["model"]): row["limit"] for row in admin.rows("/budgets")
               if row["tenant_id"] == research}
    assert budgets[("hard", "month", None)] == "250.5" and budgets[("soft", "month", None)] == "200"
    assert budgets[("hard", "day", "claude")] == "50"
    assert admin.get(f"/tenants/{research}/quotas")["concurrency"] == 40


def test_the_commands_of_an_import_issue_the_keys(server: Gateway, tmp_path: Path) -> None:
    done = server.run("import", "litellm", "--config", str(CONFIG), "--keys", str(KEYS), env={})
    state = tmp_path / "state.yaml"
    state.write_text(done.stdout)
    apply(server, state, **VARIABLES)
    directory = tmp_path / "bin"
    directory.mkdir()
    (directory / "tollgate").symlink_to(server.binary.resolve())
    env = server.env | {"PATH": f"{directory}:{os.environ['PATH']}"}
    key = ""
    commands = [line.strip() for line in done.stderr.splitlines() if line.strip().startswith("tollgate ")]
    assert sum(" keys create " in command for command in commands) == 2, commands
    for command in commands:
        shell = subprocess.run(
            ["bash", "-c", command.replace("KEY_ID", key) + " --output json"], env=env, capture_output=True, text=True,
            check=False)
        assert shell.returncode == 0, (command, shell.stderr)
        if " keys create " in command:
            key = json.loads(shell.stdout)["id"]


def test_a_file_that_is_no_litellm_configuration_is_refused(server: Gateway, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("pools: []\n")
    done = server.run("import", "litellm", "--config", str(other))
    assert done.returncode == 1 and not done.stdout and "model_list" in done.stderr, done
    other.write_text("model_list: [\n")
    done = server.run("import", "litellm", "--config", str(other))
    assert done.returncode == 1 and "other.yaml: line " in done.stderr, done


# apply


def test_apply_shows_every_field_and_a_dry_run_makes_no_audit_row(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(STATE)
    empty = audit_rows(server)
    dry = apply(server, file, "--dry-run", **VARIABLES).stdout
    assert audit_rows(server) == empty and server.admin.rows("/pools") == []
    made = apply(server, file, **VARIABLES).stdout
    assert "+ pool fast\n    policy: least_busy\n" in made and "    api_key: (given)\n" in made
    assert "sk-e2e" not in dry + made
    assert dry.replace(" (dry run: nothing was changed)", "") == made
    file.write_text(STATE.replace("512", "256").replace('"25.00"', '"30"'))
    rows = audit_rows(server)
    changed = apply(server, file, **VARIABLES).stdout
    assert "~ model m\n    max_output_tokens: 512 -> 256\n" in changed
    assert "    limit: 25 -> 30\n" in changed and "2 changes: 2 changed" in changed
    assert audit_rows(server) == rows + 2
    report = json.loads(apply(server, file, "--output", "json", **VARIABLES).stdout)
    assert report["changes"] == [] and report["unchanged"] == 6


def test_pruning_removes_what_the_file_does_not_name(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(STATE)
    apply(server, file, **VARIABLES)
    file.write_text(STATE.replace("name: research", "name: other"))
    plan = apply(server, file, "--prune", "--dry-run", **VARIABLES).stdout
    assert "- tenant research\n" in plan and "1 removed" in plan
    apply(server, file, **VARIABLES)
    assert {row["name"] for row in server.admin.rows("/tenants") if not row["archived_at"]} == {"research", "other"}
    apply(server, file, "--prune", **VARIABLES)
    assert [row["name"] for row in server.admin.rows("/tenants") if not row["archived_at"]] == ["other"]


def test_pruning_takes_a_tenant_with_the_model_and_pool_that_its_budgets_name(
        server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(STATE.replace('{ limit: "25.00", window: month }', '{ limit: "25.00", window: month, model: m }, '
                                  '{ limit: "20.00", window: month, pool: fast }'))
    apply(server, file, **VARIABLES)
    file.write_text("pools: []\nmodels: []\ntenants:\n  - name: other\n")
    apply(server, file, "--prune")
    assert server.admin.rows("/models") == [] and server.admin.rows("/pools") == []
    assert server.admin.rows("/budgets") == []
    assert apply(server, file, "--prune").stdout.splitlines()[-1] == "0 changes"


def test_a_failure_halfway_says_what_was_made_and_where_the_file_is_wrong(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(STATE.replace("Europe/Rome", "Mars/Olympus"))
    done = apply(server, file, code=1, **VARIABLES)
    assert done.stdout.startswith("+ pool fast\n") and "tenant" not in done.stdout
    for part in ("state.yaml: line 9: + tenant research", "time_zone", "made before it:\n  + pool fast",
                 "not tried:\n  ~ entitlements of research", "apply the file again"):
        assert part in done.stderr, done.stderr
    report = json.loads(apply(server, file, "--output", "json", code=1, **VARIABLES).stdout)
    assert report["changes"] == [] and report["failed"]["resource"] == "tenant research"
    file.write_text(STATE)
    assert "+ pool" not in apply(server, file, **VARIABLES).stdout
    assert apply(server, file, **VARIABLES).stdout.splitlines()[-1] == "0 changes"


def test_mistakes_in_a_file_name_line_field_and_fix(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    for old, new, expected in (
            ("policy: least_busy", "policy: fastest", "line 3: pools[0].policy must be one of "),
            ("max_output_tokens", "max_output_token",
             "line 7: models[0].max_output_token is unknown; did you mean max_output_tokens?"),
            ("{ pool: fast } ]\n    budgets", "{ pool: fsat } ]\n    budgets",
             "line 11: tenants[0].entitlements[0].pool")):
        assert old in STATE
        file.write_text(STATE.replace(old, new))
        assert expected in apply(server, file, code=1, **VARIABLES).stderr
    file.write_text(STATE)
    assert "CHAT_API_KEY is not set" in apply(server, file, code=1).stderr
