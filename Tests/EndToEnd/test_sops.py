"""Every page of deploy/sop, its commands run as they stand there, with what they should bring about."""

from __future__ import annotations

import json
import re
import resource
import secrets
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.client import chat, fetch
from support.options import Run
from support.sop import FOLDER, Operator, blocks
from support.tollgate import Gateway
from support.traffic import traffic
from support.world import World

PAGES = {
    "client-key-leaked.md", "backend-key-rotation.md", "master-key-rotation.md", "restore.md", "month-close.md",
    "provider-invoice-mismatch.md", "disk-full.md", "upgrade-rollback.md",
}


class Installed(Gateway):
    """A gateway whose master key is a file, as an installation has it."""

    @property
    def env(self) -> dict[str, str]:
        return super().env | {"TOLLGATE__MASTER_KEY": f"{{ file: {self.folder}/master.key }}"}


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    server = Installed(run.binary)
    (server.folder / "master.key").touch(0o600)
    (server.folder / "master.key").write_text(server.master_key + "\n")
    server.launcher = ("/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh")
    try:
        server.start()
        yield server
        server.verify()
    finally:
        server.close()


@pytest.fixture
def world(server: Gateway, backend: FakeBackend) -> World:
    return World.lay(server, backend, api_key="sk-" + secrets.token_hex(20))


@pytest.fixture
def operator(server: Gateway, tmp_path: Path) -> Operator:
    backups = server.folder / "backups"
    server.config.write_text(server.config.read_text() + f"backup: {{ directory: {backups}, every: 8760h, keep: 3 }}\n")
    return Operator(server, tmp_path, {
        "CONFIG": str(server.config), "DATABASE": str(server.database), "BACKUPS": str(backups),
        "FOLDER": str(server.folder), "DATA": server.url, "TOLLGATE_ADMIN_KEY": server.admin_key,
        "MASTER_KEY": str(server.folder / "master.key"), "REHEARSAL": str(tmp_path / "rehearsal"),
        "MONTH": last_month(), "FILES": str(tmp_path / "files"),
    })


def last_month() -> str:
    return (datetime.now(UTC).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")


def test_every_page_is_run_here_and_no_command_hides() -> None:
    assert {page.name for page in FOLDER.glob("*.md")} == PAGES
    for page in sorted(PAGES):
        text = (FOLDER / page).read_text()
        assert blocks(page), page
        assert set(re.findall(r"^```(.+)$", text, re.MULTILINE)) <= {"sh", "sh back"}, page
        for needed in ("You need:", "**It worked**", "**Back**"):
            assert needed in text, f"{page} does not say {needed!r}"
        assert max(len(line) for line in text.splitlines()) < 400 and len(text.splitlines()) < 130, page


def test_client_key_leaked(world: World, operator: Operator, tmp_path: Path) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    replacement = tmp_path / "new-client.key"
    operator.values |= {"TENANT": tenant.name, "LEAKED": tenant.key.rpartition("_")[0], "REPLACEMENT": str(replacement)}
    operator.follow("client-key-leaked.md")
    assert replacement.stat().st_mode & 0o077 == 0
    fresh = json.loads(replacement.read_text())["key"]
    assert world.call(tenant).status == 401
    assert fetch(world.server.data, fresh, chat()).done
    operator.follow("client-key-leaked.md", "sh back")
    assert not replacement.exists()


def test_backend_key_rotation(world: World, operator: Operator, tmp_path: Path) -> None:
    fresh, file = "sk-" + secrets.token_hex(20), tmp_path / "backend.new"
    file.touch(0o600)
    file.write_text(fresh)
    world.server.canaries.add("the backend's new key", fresh)
    operator.values |= {"BACKEND": "fast/fake-a", "NEW_KEY_FILE": str(file)}
    with traffic(world, 3) as calls:
        operator.follow("backend-key-rotation.md")
        calls.wait_for_more(10)
    assert not calls.failures(), calls.failures()[:3]
    marker = world.fresh("after")
    assert world.call(world.tenant(), marker).done
    assert world.backend.call(marker).arrived["headers"]["authorization"] == f"Bearer {fresh}"
    assert not file.exists()


def test_master_key_rotation_and_the_way_back(world: World, operator: Operator) -> None:
    server, tenant = world.server, world.tenant()
    key = server.folder / "master.key"
    first = key.read_text()
    # The way back, from the middle.
    finished = ("--finish", "tollgate backup", "rotation: finished", "systemctl restart")
    operator.follow("master-key-rotation.md", skip=lambda block: any(words in block for words in finished))
    assert key.read_text() != first
    operator.follow("master-key-rotation.md", "sh back")
    assert key.read_text() == first
    world.assert_good_call(tenant)
    # The whole way.
    operator.follow("master-key-rotation.md")
    assert operator.asked == ["restart tollgate"]
    server.canaries.add_master_key("the second master key", key.read_text().strip())
    world.assert_good_call(tenant)
    server.kill()
    second = key.read_text()
    key.write_text(first)
    with pytest.raises(AssertionError, match="master_key"):
        server.start()
    # A backup of before, by the lines at the page's end.
    (server.folder / "master.key.former").write_text(first)
    key.write_text(second)
    server.start()
    world.assert_good_call(tenant)


def test_a_backup_of_before_a_rotation_comes_back_as_the_page_says(
    world: World, operator: Operator, tmp_path: Path
) -> None:
    server, tenant = world.server, world.tenant()
    world.assert_good_call(tenant)
    values = operator.values
    made = server.run("backup", "--config", values["CONFIG"], "--directory", str(tmp_path / "early"))
    assert made.returncode == 0, made
    operator.follow("master-key-rotation.md")
    server.stop()
    text = (FOLDER / "master-key-rotation.md").read_text()
    commands = [command.replace("restore FILE", f"restore {made.stdout.strip()}")
                for command in re.findall(r"`((?:TOLLGATE__MASTER_KEY[^`]*|tollgate rotate-master-key[^`]*--offline"
                                          r" --finish))`", text)]
    assert len(commands) == 3, commands
    script = "\n".join(["set -eu", f"CONFIG={values['CONFIG']}", f"MASTER_KEY={values['MASTER_KEY']}", *commands])
    done = subprocess.run(["bash", "-c", script], env=server.env | {"PATH": f"{operator.bin}:{server.env['PATH']}"},
                          text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done
    server.start()
    world.assert_good_call(tenant)


def test_backup_and_restore(world: World, operator: Operator) -> None:
    server, before = world.server, world.tenant()
    world.assert_good_call(before)
    rehearsed = operator.follow("restore.md", skip=lambda block: "systemctl" in block or "$DATABASE" in block
                                or "doctor" in block)
    assert "clean" in rehearsed and not Path(operator.values["REHEARSAL"]).exists()
    after = world.tenant()
    world.assert_good_call(after)
    operator.follow("restore.md")
    assert operator.asked == [f"{verb} tollgate.socket tollgate.service" for verb in ("stop", "start")]
    world.assert_good_call(before)
    assert world.call(after).done, "the page's own backup had this tenant"
    lost = world.tenant()
    operator.follow("restore.md", skip=lambda block: "tollgate backup" in block or "REHEARSAL" in block
                    and "# yours" not in block)
    assert world.call(lost).status == 401
    operator.follow("restore.md", "sh back")
    world.assert_good_call(lost)
    assert server.running()


def test_month_close(world: World, operator: Operator) -> None:
    operator.follow("month-close.md")
    files = {file.suffix for file in Path(operator.values["FILES"]).rglob("*") if file.is_file()}
    assert {".csv", ".xlsx"} <= files, files
    assert world.admin.get(f"/periods/{last_month()}")["status"] == "closed"


def test_provider_invoice_mismatch(world: World, operator: Operator, tmp_path: Path) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    world.admin.ok("POST", f"/periods/{last_month()}/close", {"grace": "0s"})
    end = time.monotonic() + 15
    while world.admin.get(f"/periods/{last_month()}")["status"] != "closed":
        assert time.monotonic() < end
        time.sleep(0.1)
    bill = tmp_path / "bill.csv"
    bill.write_text(f"day,model,cost\n{datetime.now(UTC):%Y-%m-%d},fake,12.5\n")
    operator.values |= {"PROVIDER": "csv", "BILL": str(bill), "TENANT": tenant.name}
    said = operator.follow("provider-invoice-mismatch.md")
    assert "calls without an upstream price" in said
    operator.follow("provider-invoice-mismatch.md", "sh back")
    with closing(sqlite3.connect(f"file:{world.server.database}?mode=ro", uri=True)) as link:
        assert link.execute("SELECT COUNT(*) FROM corrections").fetchone() == (2,)


def test_disk_full(world: World, operator: Operator) -> None:
    server, tenant = world.server, world.tenant()
    world.assert_good_call(tenant)
    backups = Path(operator.values["BACKUPS"])
    for _ in range(2):
        assert server.run("backup", "--config", str(server.config)).returncode == 0
        time.sleep(1.1)  # they are named after their second
    old = sorted(backups.glob("tollgate-*.db"))[0]
    assert server.child
    pid, limits = server.child.pid, resource.prlimit(server.child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, limits[1]))

    def make_room() -> None:
        end = time.monotonic() + 30
        while old.exists() and time.monotonic() < end:
            time.sleep(0.02)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    assert world.admin.send("POST", "/tenants", {"name": "unwritten"}).status == 503
    assert world.call(tenant).status == 503
    room = threading.Thread(target=make_room)
    room.start()
    operator.follow("disk-full.md")
    room.join()
    assert not old.exists() and len(list(backups.glob("tollgate-*.db"))) == 1
    world.assert_good_call(tenant)


def test_upgrade_and_rollback(world: World, operator: Operator, tmp_path: Path) -> None:
    server, tenant = world.server, world.tenant()
    world.assert_good_call(tenant)
    old, new = server.binary, tmp_path / "tollgate-new"
    shutil.copy(old, new)
    moves = {"INSTALL_NEW": new, "INSTALL_OLD": old}
    for name, binary in moves.items():
        script = tmp_path / name.lower()
        script.write_text(f"#!/bin/bash\nset -e\nprintf '#!/bin/bash\\nexec {binary} \"$@\"\\n' > {operator.binary}.new\n"
                          f"chmod 755 {operator.binary}.new\nmv {operator.binary}.new {operator.binary}\n")
        script.chmod(0o755)
        operator.values[name] = str(script)
    server.binary = operator.binary  # whatever is installed is what starts
    operator.follow("upgrade-rollback.md")
    assert operator.asked == ["restart tollgate"] and "tollgate-new" in operator.binary.read_text()
    world.assert_good_call(tenant)
    # The new version has changed the schema, and the old one says so: the backup goes back with it.
    server.stop()
    with closing(sqlite3.connect(server.database)) as link:
        link.execute("INSERT INTO grdb_migrations VALUES ('from-the-future')")
        link.commit()
    refusing = server.run("serve", "--config", str(server.config), timeout=15)
    assert refusing.returncode == 1 and "newer version" in refusing.stderr, refusing
    operator.follow("upgrade-rollback.md", "sh back")
    assert str(old) in operator.binary.read_text()
    world.assert_good_call(tenant)
