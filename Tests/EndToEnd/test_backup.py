"""Backups made beside a running gateway add up, and come back with one command."""

from __future__ import annotations

import base64
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.processes import note
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

OLD = "tollgate-20200101T000000Z.db"


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


def entries(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as link:
        assert link.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        [count] = link.execute("SELECT COUNT(*) FROM ledger").fetchone()
    return int(count)


def command(server: Gateway, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return server.run(*arguments, "--config", str(server.config), env=env)


def backup(server: Gateway, folder: Path) -> Path:
    done = command(server, "backup", "--directory", str(folder))
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def wait_for(seen: Callable[[], bool], what: str, limit: float = 20) -> None:
    end = time.monotonic() + limit
    while not seen():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def calls_until(world: World, tenant: Tenant, over: threading.Event) -> None:
    while not over.is_set():
        assert world.call(tenant).status == 200


def test_a_copy_made_under_load_holds_what_was_settled_before(
    server: Gateway, backend: FakeBackend, tmp_path: Path
) -> None:
    world = World.lay(server, backend)
    tenant = world.tenant("1000")
    over = threading.Event()
    callers = [threading.Thread(target=calls_until, args=(world, tenant, over)) for _ in range(4)]
    for caller in callers:
        caller.start()
    try:
        wait_for(lambda: entries(server.database) > 50, "no calls were settled")
        for number in range(3):
            before = entries(server.database)
            made = backup(server, tmp_path / str(number))
            after = entries(server.database)
            assert before <= entries(made) <= after and after > before, "nothing was written meanwhile"
            assert made.stat().st_mode & 0o777 == 0o600 and made.parent.stat().st_mode & 0o777 == 0o700
            assert [file.name for file in made.parent.iterdir()] == [made.name]
    finally:
        over.set()
        for caller in callers:
            caller.join()
    note(f"backup under load: {before} to {after} entries while the last was made")


def test_the_gateway_makes_them_itself_and_keeps_the_newest(
    run: Run, backend: FakeBackend, tmp_path: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    with gateway(run.binary) as server:
        World.lay(server, backend)
        server.stop()
        for name in (OLD, "tollgate-20210101T000000Z.db", "tollgate-20210101T000000Z.db.partial-4194305", "mine.txt"):
            (folder / name).write_text("old")
        with server.config.open("a") as config:
            config.write(f"backup: {{ directory: {folder}, every: 1h, keep: 2 }}\n")
        server.start()
        newest = server.metric("tollgate_backup_newest_timestamp_seconds")
        wait_for(lambda: not (folder / OLD).exists(), "no backup was made")
        names = sorted(file.name for file in folder.iterdir())
        assert names[0] == "mine.txt" and names[1] == "tollgate-20210101T000000Z.db" and len(names) == 3
        assert re.fullmatch(r"tollgate-\d{8}T\d{6}Z\.db", names[2])
        wait_for(lambda: server.metric("tollgate_backup_newest_timestamp_seconds") > max(newest, time.time() - 60),
                 "the metric stands still")
        assert server.metric("tollgate_backup_failures_total") == 0
        assert entries(folder / names[2]) == 0
        server.stop()
        server.start()
        time.sleep(1.5)
        assert len(list(folder.iterdir())) == 3, "another was made though the newest is young"
        server.stop()
        server.start()
        now = int(time.time())
        (folder / time.strftime("tollgate-%Y%m%dT%H%M%SZ.db", time.gmtime(now))).write_text("another process made it")
        wait_for(lambda: server.metric("tollgate_backup_newest_timestamp_seconds") == now, "the folder is not seen")
        assert server.metric("tollgate_backup_interval_seconds") == 3600


def test_a_folder_that_cannot_be_written_is_said_and_counted(run: Run, backend: FakeBackend, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with gateway(run.binary, f"backup: {{ directory: {tmp_path}/file/backups }}\n") as server:
        world = World.lay(server, backend)
        wait_for(lambda: server.metric("tollgate_backup_failures_total") == 1, "the failure is not counted")
        assert server.said("backup failed") and server.metric("tollgate_backup_newest_timestamp_seconds") == 0
        world.assert_good_call(world.tenant())


def test_what_does_not_add_up_is_no_backup_and_removes_none(
    server: Gateway, backend: FakeBackend, tmp_path: Path
) -> None:
    world = World.lay(server, backend)
    world.assert_good_call(world.tenant())
    (tmp_path / OLD).write_text("old")
    with closing(sqlite3.connect(server.database, timeout=10)) as link:
        link.execute("UPDATE usage_day SET requests = requests + 1")
        link.commit()
    configured = tmp_path / "with-backup.yaml"
    server.outputs.append(tmp_path)
    configured.write_text(server.config.read_text() + f"backup: {{ directory: {tmp_path}, keep: 1 }}\n")
    done = subprocess.run([str(server.binary), "backup", "--config", str(configured)], env=server.env, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 1 and "does not add up" in done.stderr and "usage_day" in done.stderr, done
    assert (tmp_path / OLD).exists() and len(list(tmp_path.glob("*.suspect"))) == 1
    assert not list(tmp_path.glob("*.partial*"))
    with closing(sqlite3.connect(server.database, timeout=10)) as link:
        link.execute("UPDATE usage_day SET requests = requests - 1")
        link.commit()


def test_a_restore_brings_back_what_was_and_keeps_what_is(
    server: Gateway, backend: FakeBackend, tmp_path: Path
) -> None:
    world = World.lay(server, backend)
    before = world.tenant()
    world.assert_good_call(before)
    spent = server.admin.rows(f"/budgets?tenant_id={before.id}&expand=state")
    made = backup(server, tmp_path)
    after = world.tenant()
    world.assert_good_call(after)
    world.assert_good_call(before)

    refused = command(server, "restore", str(made))
    assert refused.returncode == 5 and "another tollgate runs on this database" in refused.stderr, refused
    server.kill()
    holds = server.database.with_name(server.database.name + ".holds")
    assert holds.exists()
    done = command(server, "restore", str(made))
    assert done.returncode == 0, done.stderr
    assert not holds.exists() and "newest entry: 20" in done.stdout
    kept = Path(done.stdout.split("what was there: ")[1].strip())
    assert entries(kept) == 3 and entries(server.database) == 1
    server.verify()

    server.start()
    assert server.admin.rows(f"/budgets?tenant_id={before.id}&expand=state") == spent
    assert world.call(after).status == 401
    world.assert_good_call(before)


def test_a_restore_names_what_is_wrong_and_changes_nothing(
    server: Gateway, backend: FakeBackend, tmp_path: Path
) -> None:
    world = World.lay(server, backend)
    world.assert_good_call(world.tenant())
    made = backup(server, tmp_path / "good")
    server.stop()
    held = server.database.read_bytes()

    def damaged(name: str, sql: str) -> Path:
        copy = tmp_path / f"{name}.db"
        shutil.copy(made, copy)
        with closing(sqlite3.connect(copy)) as link:
            link.execute(sql)
            link.commit()
        return copy

    text = tmp_path / "text.db"
    text.write_text("no database at all")
    cases = [
        (tmp_path / "none.db", "there is no such database", {}),
        (text, "not a database", {}),
        (damaged("newer", "INSERT INTO grdb_migrations VALUES ('from-the-future')"), "newer version", {}),
        (damaged("sums", "UPDATE accounts SET posted_pico = posted_pico + 1"), "does not add up", {}),
        (made, "master_key: it is not the one",
         {"TOLLGATE_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode()}),
        (made, "master_key:", {"TOLLGATE_MASTER_KEY": "short"}),
        (made, "cannot be opened: ", {"TOLLGATE__STORAGE": f"sqlite://{tmp_path}/none/tollgate.db"}),
    ]
    for file, words, env in cases:
        done = command(server, "restore", str(file), env={**server.env, **env})
        assert done.returncode == 1 and words in done.stderr, (file, done)
        assert server.database.read_bytes() == held
        assert not list(server.folder.glob("*.restoring")) and not list(server.folder.glob("*.before-*"))
    server.start()


def test_a_bar_shows_how_far_it_is_on_a_terminal_only(server: Gateway, backend: FakeBackend, tmp_path: Path) -> None:
    world = World.lay(server, backend)
    world.assert_good_call(world.tenant())
    made = backup(server, tmp_path / "first")
    server.stop()
    for arguments in (["backup", "--directory", str(tmp_path / "second")], ["restore", str(made)]):
        screen, terminal = os.openpty()
        done = subprocess.run([str(server.binary), *arguments, "--config", str(server.config)], env=server.env,
                              stdout=subprocess.PIPE, stderr=terminal, timeout=60)
        os.close(terminal)
        shown = os.read(screen, 1 << 16)
        os.close(screen)
        assert done.returncode == 0 and re.search(rb"\[#+-*\] \d+/\d+", shown), shown
        assert b"[#" not in done.stdout
    quiet = command(server, "backup", "--directory", str(tmp_path / "third"))
    assert quiet.returncode == 0 and not quiet.stderr, quiet
    server.start()


def test_a_backup_counts_though_an_older_one_stays(server: Gateway, backend: FakeBackend, tmp_path: Path) -> None:
    world = World.lay(server, backend)
    world.assert_good_call(world.tenant())
    stubborn = tmp_path / OLD
    stubborn.mkdir()
    (stubborn / "x").write_text("a folder with something in it is not removed")
    (tmp_path / "tollgate-20220101T000000Z.db").write_text("old too")
    configured = tmp_path / "with-backup.yaml"
    server.outputs.append(tmp_path)
    configured.write_text(server.config.read_text() + f"backup: {{ directory: {tmp_path}, keep_days: 30 }}\n")
    done = subprocess.run([str(server.binary), "backup", "--config", str(configured)], env=server.env, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0 and "could not be removed" in done.stderr, done
    made = Path(done.stdout.strip())
    assert entries(made) == 1 and stubborn.exists()
    assert sorted(file.name for file in tmp_path.glob("tollgate-*.db")) == [OLD, made.name]


@pytest.mark.parametrize("name", ["backup", "restore"])
def test_a_kill_leaves_no_half_file_in_the_place_of_a_whole_one(
    server: Gateway, backend: FakeBackend, tmp_path: Path, name: str
) -> None:
    world = World.lay(server, backend)
    world.assert_good_call(world.tenant())
    made = backup(server, tmp_path / "good")
    server.stop()
    folder = tmp_path / "killed"
    delay, killed, whole = 0.0, 0, 0
    while whole < 2:
        arguments = ["backup", "--directory", str(folder)] if name == "backup" else ["restore", str(made)]
        child = subprocess.Popen([str(server.binary), *arguments, "--config", str(server.config)], env=server.env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        delay += 0.006
        assert delay < 10, "it never ends"
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        ended = child.wait() == 0
        killed, whole = killed + (not ended), whole + ended
        assert entries(server.database) == 1
        for file in folder.glob("tollgate-*.db"):
            assert entries(file) == 1
    last = command(server, *arguments)
    assert last.returncode == 0, last.stderr
    assert not list(folder.glob("*.partial*")) and not list(server.folder.glob("*.restoring"))
    server.verify()
    server.start()
    assert killed > 2
    note(f"{name}: killed {killed} times, at the latest after {delay * 1000:.0f} ms")
