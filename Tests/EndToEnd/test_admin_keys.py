"""Admin keys and roles in a real process: init's key, the command line, restart, the bootstrap credential."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.admin import Admin
from support.options import Run
from support.processes import Child
from support.tollgate import Gateway, gateway


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


def serve(server: Gateway, env: dict[str, str]) -> None:
    """Start without any of the variables that name secrets."""
    server.child = Child([str(server.binary), "serve", "--config", str(server.config)], server.log, env)
    deadline = time.monotonic() + 20
    while not server.ready(server.data):
        assert server.child.running() and time.monotonic() < deadline, server.output[-2000:]
        time.sleep(0.02)


def issue(admin: Admin, role: str, **fields: object) -> dict[str, str]:
    return dict(admin.ok("POST", "/admin-keys", {"name": role, "role": role, **fields}))


def test_the_bootstrap_credential_ends_with_the_first_admin_key_and_comes_back(server: Gateway) -> None:
    bootstrap = server.admin
    made = issue(bootstrap, "admin")
    assert bootstrap.send("GET", "/status").status == 401
    server.kill()
    server.start()
    assert bootstrap.send("GET", "/status").status == 401, "a restart let the bootstrap credential in again"
    admin = Admin(server.admin_address, made["key"])
    assert admin.send("DELETE", f"/admin-keys/{made['id']}").status == 204
    assert admin.send("GET", "/status").status == 401
    assert bootstrap.send("GET", "/status").status == 200


def test_roles_reach_what_they_may(server: Gateway) -> None:
    keys = {role: issue(server.admin, role)["key"] for role in ("viewer", "finance", "admin")}
    who = {role: Admin(server.admin_address, key) for role, key in keys.items()}
    for path, allowed in [("/tenants", "avf"), ("/budgets", "avf"), ("/pools", "av"), ("/admin-keys", "a")]:
        for role, admin in who.items():
            reply = admin.send("GET", path)
            assert reply.status == (200 if role[0] in allowed else 403), (path, role, reply)
            if reply.status == 403:
                assert reply.problem["code"] == "role_not_allowed"
    for role in ("viewer", "finance"):
        assert who[role].send("POST", "/tenants", {"name": role}).status == 403
        assert who[role].send("POST", "/admin-keys", {"name": "mine", "role": role}).status == 403
    assert [tenant["name"] for tenant in who["admin"].rows("/tenants")] == []
    text = server.output + "".join(file.read_bytes().decode("latin1") for file in server.folder.glob("tollgate.db*"))
    for key in keys.values():
        assert key not in text and key.split("_")[2] not in text


def test_the_command_line_makes_lists_and_revokes(server: Gateway) -> None:
    made = json.loads(server.run("admin-keys", "create", "--name", "ops", "--role", "admin", "--output", "json").stdout)
    env = server.env | {"TOLLGATE_ADMIN_KEY": made["key"]}
    assert server.run("admin-keys", "list").returncode == 4, "the bootstrap credential still works"
    extra = server.run("admin-keys", "create", "--name", "eyes", "--role", "viewer", env=env)
    assert extra.returncode == 0 and "tga_" in extra.stdout, extra
    listed = server.run("admin-keys", "list", env=env)
    assert made["id"] in listed.stdout and "tga_" not in listed.stdout, listed
    assert server.run("admin-keys", "revoke", made["id"], env=env).returncode == 0
    assert server.run("admin-keys", "list", env=env).returncode == 4
    assert server.run("admin-keys", "create", "--name", "x", "--role", "owner").returncode == 2


def test_the_key_of_init_opens_the_gateway_and_can_be_recovered(run: Run, tmp_path: Path) -> None:
    server = Gateway(run.binary)
    try:
        env = {name: text for name, text in server.env.items() if not name.startswith("TOLLGATE")}
        done = server.run("init", env=env, cwd=tmp_path)
        assert done.returncode == 0, done
        [key] = [word for word in done.stdout.split() if word.startswith("tga_")]
        config = (tmp_path / "tollgate.yaml").read_text()
        for name, address in [("listen", server.data), ("admin_listen", server.admin_address),
                              ("metrics_listen", server.metrics_address)]:
            lines = [f"{name}: 127.0.0.1:{address[1]}" if line.startswith(f"{name}:") else line
                     for line in config.splitlines()]
            config = "\n".join(lines) + "\n"
        server.config.write_text(config.replace("tollgate.db", str(tmp_path / "tollgate.db")).replace(
            "master.key", str(tmp_path / "master.key")))
        serve(server, env)
        admin = Admin(server.admin_address, key)
        assert [row["name"] for row in admin.rows("/admin-keys")] == ["first"]
        refused = admin.send("DELETE", f"/admin-keys/{admin.rows('/admin-keys')[0]['id']}")
        assert refused.status == 409 and refused.problem["code"] == "last_admin_key", refused
        running = server.run("admin-keys", "recover", "--config", str(server.config), env=env)
        assert running.returncode == 1 and "another tollgate runs" in running.stderr, running
        assert server.stop() == 0
        recovered = server.run("admin-keys", "recover", "--config", str(server.config), env=env).stdout.strip()
        serve(server, env)
        assert len(Admin(server.admin_address, recovered).rows("/admin-keys")) == 2
    finally:
        server.close()


def test_guessing_is_slowed_and_a_good_key_is_not(server: Gateway) -> None:
    wrong = Admin(server.admin_address, "w" * 40)
    started = time.monotonic()
    for _ in range(9):
        assert wrong.send("GET", "/status").status == 401
    assert time.monotonic() - started > 1.0, "nine failures in a row were not slowed"
    started = time.monotonic()
    assert server.admin.send("GET", "/status").status == 200
    assert time.monotonic() - started < 0.5
