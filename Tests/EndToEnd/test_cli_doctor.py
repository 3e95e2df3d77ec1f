"""`doctor` passes a sound installation, finds each fault, and says what mends it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from support.backend import FakeBackend
from support.options import Run
from support.state_file import audit_rows
from support.tollgate import Gateway, gateway
from support.world import World


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
        found = doctor(server, 0, TOLLGATE_ADMIN_KEY="wX7kP2mQ9sT4vB6nC8dF1gH3jK5lR0zY")["admin credential"]
        assert found["state"] == "warn"
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
