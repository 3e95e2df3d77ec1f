"""The tools around the Admin API: `import litellm`, `apply`, `doctor`, `completions`, and tables on a terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import sqlite3
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import World

GOLDENS = Path(__file__).parents[1] / "TollgateTests" / "Goldens"
CONFIG, KEYS = GOLDENS / "litellm-config.yaml", GOLDENS / "litellm-keys.json"
VARIABLES = {"OPENAI_API_KEY": "sk-e2e-openai-1", "ANTHROPIC_API_KEY": "sk-e2e-anthropic-2",
             "CHAT_API_KEY": "sk-e2e-chat-3"}


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


def audit_rows(server: Gateway) -> int:
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT COUNT(*) FROM audit_log").fetchone()[0])


def apply(server: Gateway, file: Path, *flags: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    done = server.run("apply", "-f", str(file), *flags, env=server.env | env)
    assert done.returncode == code, done
    return done


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

STATE = """\
pools:
  - name: fast
    policy: least_busy
    backends:
      - { name: one, kind: openai, base_url: "http://127.0.0.1:9/v1", api_key: { env: CHAT_API_KEY } }
models:
  - { name: m, targets: [ { pool: fast } ], max_output_tokens: 512 }
tenants:
  - name: research
    time_zone: Europe/Rome
    entitlements: [ { pool: fast } ]
    budgets: [ { limit: "25.00", window: month } ]
"""


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


# doctor


def doctor(server: Gateway, code: int, **env: str) -> dict[str, dict[str, Any]]:
    done = server.run("doctor", "--config", str(server.config), "--output", "json", env=server.env | env)
    assert done.returncode == code, done
    report = json.loads(done.stdout)
    assert report["ok"] is (code == 0)
    for finding in report["findings"]:
        assert (finding["fix"] is None) == (finding["state"] in ("ok", "n/a")), finding
    return {finding["check"]: finding for finding in report["findings"]}


def test_a_sound_installation_passes_running_stopped_and_killed(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        world.assert_good_call(world.tenant())
        rows = audit_rows(server)
        found = doctor(server, 0)
        for check in ("gateway", "master key", "admin credential", "database files", "database", "disk", "holds file",
                      "uncertain holds", "prices", "backend fast/fake-a"):
            assert found[check]["state"] == "ok", found[check]
        assert found["gateway"]["detail"].startswith("runs")
        assert found["backup"]["state"] == found["TLS"]["state"] == "n/a"
        assert audit_rows(server) == rows
        server.stop()
        assert doctor(server, 0)["gateway"]["detail"] == "does not run"
        server.start()
        world.in_background(world.tenant(), "cut-off", knobs="latency=4000")
        assert doctor(server, 0)["holds file"]["detail"] == "1 call in flight"
        server.kill()
        found = doctor(server, 0)
        assert found["holds file"]["state"] == "warn" and "1 call left open" in found["holds file"]["detail"]
        assert found["uncertain holds"]["state"] == "ok"
        server.start()
        found = doctor(server, 0)
        assert found["holds file"]["state"] == "ok" and found["uncertain holds"]["state"] == "warn"
        server.admin.ok("POST", "/holds/resolve", {"older_than": "0s", "release": True})
        assert doctor(server, 0)["uncertain holds"]["state"] == "ok"


def test_each_fault_is_found_and_gets_its_fix(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        world.tenant()
        admin = server.admin
        admin.model("unpriced", ["fast"])
        found = doctor(server, 1)["prices"]
        assert found["state"] == "fail" and "unpriced" in found["detail"] and "prices create" in found["fix"]
        admin.price("unpriced", "1", "1")
        admin.pool("dead")
        admin.backend("dead", "nobody", "http://127.0.0.1:9/v1")
        admin.model("lonely", ["dead"])
        admin.price("lonely", "1", "1")
        found = doctor(server, 1)["backend dead/nobody"]
        assert found["state"] == "fail" and "lonely" in found["detail"]
        admin.model("lonely", ["dead", "fast"])
        assert doctor(server, 0)["backend dead/nobody"]["state"] == "warn"
        other = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
        assert doctor(server, 1, TOLLGATE_MASTER_KEY=other)["master key"]["state"] == "fail"
        assert doctor(server, 1, TOLLGATE_ADMIN_KEY="short")["admin credential"]["state"] == "fail"
        assert doctor(server, 0, TOLLGATE_ADMIN_KEY="wX7kP2mQ9sT4vB6nC8dF1gH3jK5lR0zY")["admin credential"]["state"] == "warn"
        server.database.chmod(0o644)
        assert doctor(server, 1)["database files"]["fix"] == f"chmod 600 {server.database}"
        server.database.chmod(0o600)
        server.config.chmod(0o666)
        assert doctor(server, 1)["configuration"]["state"] == "fail"
        server.config.chmod(0o600)
        assert doctor(server, 0)["configuration"]["state"] == "ok"


def test_a_damaged_database_and_an_old_backup_are_found(run: Run, backend: FakeBackend, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    with gateway(run.binary) as server:
        World.lay(server, backend)
        # The gateway itself makes none: it was started without the section.
        server.config.write_text(server.config.read_text() + f"backup: {{ directory: {backups}, every: 1h }}\n")
        (backups / "backup.log").write_text("x")
        assert doctor(server, 1)["backup"]["state"] == "fail"
        made = server.run("backup", "--config", str(server.config))
        assert made.returncode == 0, made.stderr
        assert doctor(server, 0)["backup"]["state"] == "ok"
        Path(made.stdout.strip()).rename(backups / "tollgate-20200101T000000Z.db")
        assert doctor(server, 1)["backup"]["state"] == "fail"
        server.stop()
        with sqlite3.connect(server.database) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        good = server.database.read_bytes()
        half = len(good) // 8192 * 4096
        server.database.write_bytes(good[:half] + b"\xa5" * (len(good) - half))
        found = doctor(server, 1)["database"]
        assert found["state"] == "fail" and "backup" in found["fix"]
        server.database.write_bytes(b"no database at all")
        assert doctor(server, 1)["database"]["state"] == "fail"
        server.database.write_bytes(good)
        for change, state in (("DELETE FROM grdb_migrations WHERE identifier = 'billing-emergency'", "warn"),
                              ("INSERT INTO grdb_migrations VALUES ('billing-later')", "fail")):
            with sqlite3.connect(server.database) as database:
                database.execute(change)
            database.close()
            assert doctor(server, 1)["database"]["state"] == state
        server.database.write_bytes(good)
        server.start()


def test_a_wrong_configuration_is_one_failed_finding(run: Run) -> None:
    with gateway(run.binary) as server:
        text = server.config.read_text()
        server.config.write_text(text + "lissten: 1\n")
        found = doctor(server, 1)
        assert list(found) == ["configuration"] and "did you mean listen" in found["configuration"]["detail"]
        server.config.write_text(text)
        table = server.run("doctor", "--config", str(server.config))
        assert table.returncode == 0 and table.stdout.splitlines()[0].startswith("ok    configuration"), table


# completions


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_reads_its_completions(run: Run, shell: str) -> None:
    done = subprocess.run([str(run.binary), "completions", shell], capture_output=True, text=True, check=True)
    for word in ("tenants", "doctor", "completions", "prune"):
        assert word in done.stdout, word
    found = shutil.which(shell)
    if found is None:
        assert shell != "bash"
        return
    check = subprocess.run([found, "-n"], input=done.stdout, capture_output=True, text=True, check=False)
    assert check.returncode == 0 and not check.stderr, check


def test_bash_completes_a_command(run: Run) -> None:
    done = subprocess.run([str(run.binary), "completions", "bash"], capture_output=True, text=True, check=True)
    script = done.stdout + """
        COMP_WORDS=(tollgate ten); COMP_CWORD=1; COMP_LINE='tollgate ten'; COMP_POINT=12; COMP_TYPE=9
        _tollgate tollgate ten tollgate; echo "found: ${COMPREPLY[*]}"
        """
    shell = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=False)
    assert "found: tenants" in shell.stdout, shell


# tables on a terminal


def on_a_terminal(server: Gateway, width: int, *arguments: str) -> str:
    """What a command writes to a terminal of that width, both streams together."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    with subprocess.Popen([str(server.binary), *arguments], env=server.env, stdin=subprocess.DEVNULL, stdout=theirs,
                          stderr=theirs) as process:
        os.close(theirs)
        text = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            text += part
        assert process.wait(30) == 0, text
    os.close(ours)
    return text.decode().replace("\r\n", "\n")


def test_tables_fit_the_terminal(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("12.5", time_zone="Europe/Rome")
        world.assert_good_call(tenant)
        hook = world.admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/" + "long/" * 30})["id"]
        assert server.run("webhooks", "test", hook).returncode == 0
        assert server.run("budgets", "raise", tenant.budget or "", "--limit", "20", "--until", "2h").returncode == 0
        assert server.run("tenants", "credit", tenant.id, "--amount", "5", "--note", "word " * 40).returncode == 0
        commands = [[kind, "list"] for kind in ("tenants", "budgets", "pools", "models", "prices", "holds")]
        commands += [["backends", "list", "--pool", "fast"], ["keys", "list", "--tenant", tenant.name],
                     ["backends", "show", "fast/fake-a"], ["budgets", "show", tenant.budget or ""],
                     ["keys", "show", tenant.key_id], ["quotas", "show", "--tenant", tenant.name],
                     ["usage", "--group-by", "tenant,key,model"], ["costs", "--group-by", "tenant,model,pool"],
                     ["webhooks", "list"], ["webhooks", "deliveries", hook],
                     ["budgets", "raises", tenant.budget or ""], ["tenants", "credits", tenant.name]]
        for width in (80, 160):
            for command in commands:
                lines = on_a_terminal(server, width, *command).splitlines()
                assert all(len(line) <= width for line in lines), (width, command, lines)
        shown = server.run("budgets", "show", tenant.budget or "").stdout
        for name in ("posted", "held", "remaining", "resets_at", "limit"):
            assert f"\n{name} " in shown, shown
        assert "12.5 USD" in " ".join(shown.split())
        costs = on_a_terminal(server, 80, "usage", "--group-by", "tenant,key,model")
        assert "COST USD" in costs and "REQUESTS" in costs and "a wider terminal also shows:" in costs, costs
        listed = server.run("budgets", "list").stdout
        assert tenant.name in listed and "REMAINING USD" in listed
        keys = server.run("keys", "list", "--tenant", tenant.name).stdout.splitlines()
        assert "active" in keys[1].split() and ("ago" in keys[1] or "now" in keys[1]), keys


def test_progress_is_drawn_on_a_terminal_only(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "state.yaml"
    file.write_text(STATE.replace(', api_key: { env: CHAT_API_KEY }', ""))
    text = on_a_terminal(server, 80, "apply", "-f", str(file))
    assert "] 6/6" in text and "\x1b[K" in text and "+ pool fast" in text
    file.write_text(STATE.replace(', api_key: { env: CHAT_API_KEY }', "").replace("512", "5").replace("25.00", "5"))
    done = apply(server, file)
    assert "]" not in done.stdout + done.stderr and "\x1b" not in done.stdout + done.stderr
