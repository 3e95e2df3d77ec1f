"""The master key is replaced while calls flow: nothing fails, a crash anywhere leaves a key that works, and it can be
taken back until it is finished."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.backend import FakeBackend
from support.options import Run
from support.processes import note
from support.tollgate import Gateway
from support.traffic import traffic
from support.world import World

API_KEY = "sk-" + secrets.token_hex(20)


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    server = Gateway(run.binary)
    try:
        server.start()
        yield server
        server.verify()
    finally:
        server.close()


def lay(server: Gateway, backend: FakeBackend) -> World:
    world = World.lay(server, backend, api_key=API_KEY)
    server.admin.ok("POST", "/webhooks", {"url": "http://127.0.0.1:9/"})
    return world


def rotate(server: Gateway, *arguments: str, key: str | None = None) -> subprocess.CompletedProcess[str]:
    env = server.env | ({"TOLLGATE_MASTER_KEY": key} if key else {})
    return server.run("rotate-master-key", "--config", str(server.config), "--output", "json", *arguments, env=env)


def ok(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done
    return dict(json.loads(done.stdout))


def new_key(server: Gateway, name: str = "next") -> tuple[str, str]:
    """A path for the other key, and the key in it, drawn here so that nothing depends on the command's drawing."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    path = server.folder / f"{name}.key"
    path.touch(0o600)
    path.write_text(key + "\n")
    server.canaries.add_master_key(f"the {name} master key", key)
    return str(path), key


def starts(server: Gateway, key: str) -> bool:
    """Whether the gateway starts with this key; then it serves, with the backend's credential."""
    server.master_key = key
    try:
        server.start()
        return True
    except AssertionError:
        assert "master_key" in server.output
        return False


def assert_calls_with_the_credential(world: World) -> None:
    tenant = world.tenant()
    answer = world.assert_good_call(tenant)
    marker = next(call for call in reversed(world.backend.calls()) if call.finished)
    assert answer.done and marker.arrived["headers"]["authorization"] == f"Bearer {API_KEY}"


def key_settings(database: Path) -> dict[str, str]:
    """What the database says of the master key."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as link:
        return dict(link.execute("SELECT name, value FROM settings WHERE name LIKE 'master_key%'"))


def test_a_rotation_under_load_fails_no_call(server: Gateway, backend: FakeBackend) -> None:
    world = lay(server, backend)
    former = server.master_key
    path = str(server.folder / "made.key")
    with traffic(world, 6) as calls:
        begun = ok(rotate(server, "--other-key-file", path))
        assert begun == {"key_version": 2, "rotation": "unfinished", "configured_key": "present",
                         "backend_keys": 1, "webhook_secrets": 1}
        assert Path(path).stat().st_mode & 0o777 == 0o600
        assert ok(rotate(server, "--verify"))["configured_key"] == "former"
        early = rotate(server, "--finish")
        assert early.returncode == 5 and "former key" in early.stderr, early
        server.master_key = Path(path).read_text().strip()
        server.canaries.add_master_key("the made master key", server.master_key)
        assert ok(rotate(server, "--verify"))["configured_key"] == "present"
        assert ok(rotate(server, "--finish"))["rotation"] == "finished"
        assert ok(rotate(server, "--finish"))["rotation"] == "finished"  # once more is no harm
        calls.wait_for_more(60)
    assert not calls.failures(), calls.failures()[:3]
    note(f"{len(calls.answers)} calls during the rotation, none failed")
    seen = {call.arrived["headers"]["authorization"] for call in backend.calls()[-len(calls.answers):]}
    assert seen == {f"Bearer {API_KEY}"}
    hook = server.admin.rows("/webhooks")[0]["id"]
    delivery = server.admin.ok("POST", f"/webhooks/{hook}/test")
    assert "openFailed" not in json.dumps(delivery)
    assert rotate(server, "--verify", key=former).returncode == 1
    server.kill()
    assert not starts(server, former)
    assert starts(server, Path(path).read_text().strip())
    assert_calls_with_the_credential(world)


def test_until_its_end_both_keys_start_the_gateway_and_then_only_the_new_one(
    server: Gateway, backend: FakeBackend
) -> None:
    world = lay(server, backend)
    former = server.master_key
    path, fresh = new_key(server)
    ok(rotate(server, "--other-key-file", path))
    for key in (former, fresh, former):
        server.kill()
        assert starts(server, key)
        assert_calls_with_the_credential(world)
    assert "put the new one in the place of the former" in server.output
    # Started with the former key, it seals with the new one.
    server.admin.ok("PATCH", f"/backends/{server.admin.rows('/pools/fast/backends')[0]['id']}", {"api_key": API_KEY})
    assert ok(rotate(server, "--verify", key=fresh))["backend_keys"] == 1
    server.master_key = fresh
    ok(rotate(server, "--finish"))
    server.kill()
    assert not starts(server, former)
    assert starts(server, fresh)
    assert_calls_with_the_credential(world)
    settings = {name for (name,) in sqlite3.connect(server.database).execute("SELECT name FROM settings")}
    assert not [name for name in settings if "former" in name]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_rotation_is_taken_back(server: Gateway, backend: FakeBackend, swapped: bool) -> None:
    world = lay(server, backend)
    former = server.master_key
    path, fresh = new_key(server)
    other, _ = new_key(server, "other")
    (server.folder / "former.key").touch(0o600)
    (server.folder / "former.key").write_text(former)
    with traffic(world, 3) as calls:
        ok(rotate(server, "--other-key-file", path))
        twice = rotate(server, "--other-key-file", other, key=fresh)
        assert twice.returncode == 5 and "rotation" in twice.stderr, twice
        if swapped:  # the configuration names the new key already, and the gateway was started with it
            server.master_key = fresh
            path = str(server.folder / "former.key")
        back = ok(rotate(server, "--rollback", "--other-key-file", path))
        assert (back["key_version"], back["rotation"]) == (3, "unfinished")
        server.master_key = former
        assert ok(rotate(server, "--finish"))["rotation"] == "finished"
        calls.wait_for_more(10)
    assert not calls.failures(), calls.failures()[:3]
    again = rotate(server, "--rollback", "--other-key-file", str(server.folder / "next.key"))
    assert again.returncode == 5 and "no unfinished rotation" in again.stderr, again
    server.kill()
    assert not starts(server, fresh)
    assert starts(server, former)
    assert_calls_with_the_credential(world)


def test_a_kill_at_any_instant_of_a_rotation_leaves_a_key_that_works(server: Gateway, backend: FakeBackend) -> None:
    world = lay(server, backend)
    landed = {1: 0, 2: 0}
    for attempt in range(12):
        former = server.master_key
        path, fresh = new_key(server, f"next-{attempt}")
        command = [str(server.binary), "rotate-master-key", "--config", str(server.config), "--other-key-file", path]
        child = subprocess.Popen(command, env=server.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.004 * attempt)
        server.kill()
        child.wait(30)
        begun = "master_key_former_check" in key_settings(server.database)
        landed[2 if begun else 1] += 1
        assert starts(server, former), "the former key must work whatever happened"
        if begun:
            server.kill()
            assert starts(server, fresh)
            ok(rotate(server, "--finish"))
        world.assert_good_call(world.tenant())
    assert_calls_with_the_credential(world)
    note(f"killed before the commit {landed[1]} times, after it {landed[2]} times")


def test_without_a_gateway_and_with_backups_of_before(server: Gateway, backend: FakeBackend, tmp_path: Path) -> None:
    world = lay(server, backend)
    former = server.master_key

    def backup(name: str) -> str:
        done = server.run("backup", "--config", str(server.config), "--directory", str(tmp_path / name))
        assert done.returncode == 0, done
        return done.stdout.strip()

    def restore(file: str, key: str) -> subprocess.CompletedProcess[str]:
        return server.run("restore", file, "--config", str(server.config),
                          env=server.env | {"TOLLGATE_MASTER_KEY": key})

    before = backup("before")
    path, fresh = new_key(server)
    busy = rotate(server, "--offline", "--other-key-file", path)
    assert busy.returncode == 5 and "another tollgate runs" in busy.stderr, busy
    server.stop()
    assert ok(rotate(server, "--offline", "--other-key-file", path))["key_version"] == 2
    during = backup("during")
    server.master_key = fresh
    assert ok(rotate(server, "--offline", "--finish"))["rotation"] == "finished"

    refused = restore(before, fresh)
    assert refused.returncode == 1 and "it is not the one" in refused.stderr and "number 1" in refused.stderr, refused
    for file, key in ((during, fresh), (during, former), (before, former)):
        done = restore(file, key)
        assert done.returncode == 0, done
    # What was restored has the former key: rotated again, it takes the new one.
    server.master_key = former
    assert ok(rotate(server, "--offline", "--other-key-file", path))["key_version"] == 2
    server.master_key = fresh
    ok(rotate(server, "--offline", "--finish"))
    assert starts(server, fresh)
    assert_calls_with_the_credential(world)
    actions = [row["action"] for row in server.admin.rows("/audit-log")]
    assert "master_key.rotate" in actions and "master_key.finish" in actions


def test_what_makes_no_sense_is_said(server: Gateway, backend: FakeBackend) -> None:
    lay(server, backend)
    path, _ = new_key(server)
    usage = [["--verify", "--finish"], [], ["--rollback"], ["--verify", "--other-key-file", path]]
    for arguments in usage:
        assert rotate(server, *arguments).returncode == 2, arguments
    (server.folder / "bad.key").touch(0o600)
    (server.folder / "bad.key").write_text("c2hvcnQ=")
    assert "shorter than 32 bytes" in rotate(server, "--other-key-file", str(server.folder / "bad.key")).stderr
    foreign = rotate(server, "--other-key-file", path, key=base64.b64encode(secrets.token_bytes(32)).decode())
    assert foreign.returncode == 1 and "not the one" in foreign.stderr, foreign
    assert ok(rotate(server, "--verify"))["key_version"] == 1
