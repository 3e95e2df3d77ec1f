"""Admin keys and roles in a real process: init's key, the command line, restart, the bootstrap credential."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
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
    rows = who["admin"].rows("/audit-log?action=role.refused")
    noted = {(row["subject"].replace("/admin/v1", ""), row["after"]["role"]) for row in rows}
    assert {("GET /admin-keys", "finance"), ("POST /tenants", "viewer"), ("POST /admin-keys", "finance")} <= noted
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


def begin(server: Gateway, key: str, path: str, body: bytes, kind: str = "application/json") -> socket.socket:
    """The head of a POST and the first bytes of its body."""
    connection = socket.create_connection(server.admin_address, timeout=20)
    head = (f"POST /admin/v1{path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n"
            f"content-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n")
    connection.sendall(head.encode() + body[:5])
    return connection


def finish(connection: socket.socket, body: bytes) -> int:
    connection.sendall(body[5:])
    with connection, connection.makefile("rb") as reader:
        return int(reader.readline().split()[1])


@pytest.mark.parametrize("ending", ["revoked", "expired", "bootstrap"])
def test_a_body_that_comes_after_the_end_of_its_credential_changes_nothing(server: Gateway, ending: str) -> None:
    root = server.admin
    if ending == "bootstrap":
        key, actor = root.credential, "bootstrap"
    else:
        first = issue(root, "admin")
        root = Admin(server.admin_address, first["key"])
        end = datetime.now(UTC) + timedelta(seconds=3)
        expiry = {"expires_at": end.strftime("%Y-%m-%dT%H:%M:%SZ")} if ending == "expired" else {}
        made = issue(root, "admin", **expiry)
        key, actor = made["key"], made["id"]
    bodies = [("/tenants", b'{"name":"late"}', "application/json"),
              ("/admin-keys", b'{"name":"late","role":"admin"}', "application/json"),
              ("/prices/import?format=litellm", b'{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6}}',
               "application/json"),
              ("/reconciliations?provider=csv", b"day,model,cost\n2026-10-01,m,1.5\n", "text/csv")]
    begun = [(begin(server, key, *call), call[1]) for call in bodies]
    time.sleep(0.3)
    if ending == "revoked":
        root.ok("DELETE", f"/admin-keys/{actor}")
    elif ending == "bootstrap":
        root = Admin(server.admin_address, issue(root, "admin")["key"])
    else:
        time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 0.1))
    rows = len(root.rows("/audit-log"))
    assert [finish(*call) for call in begun] == [401] * len(begun)
    assert len(root.rows("/audit-log")) == rows and root.rows("/tenants") == [] and root.rows("/prices") == []


def test_nothing_that_a_key_began_is_committed_after_the_answer_to_its_revocation(server: Gateway) -> None:
    root = Admin(server.admin_address, issue(server.admin, "admin")["key"])
    made = issue(root, "admin")
    stolen = Admin(server.admin_address, made["key"])
    assert stolen.send("GET", "/status").status == 200
    with ThreadPoolExecutor(64) as threads:
        calls = [threads.submit(stolen.send, "POST", "/admin-keys", {"name": f"more-{number}", "role": "admin"})
                 for number in range(60)]
        time.sleep(0.03)
        assert root.send("DELETE", f"/admin-keys/{made['id']}").status == 204
        left = {row["id"] for row in root.rows("/admin-keys")}
        statuses = [call.result().status for call in calls]
    assert set(statuses) <= {201, 401, 429, 503} and statuses.count(401) > 0, statuses
    assert {row["id"] for row in root.rows("/admin-keys")} == left, "a key was made after the answer"
    log = root.rows("/audit-log?order=asc")
    [revoked] = [row["seq"] for row in log if row["action"] == "admin_key.revoke"]
    assert [row for row in log if row["actor"] == made["id"] and row["seq"] > revoked] == []
    assert server.run("verify", "--config", str(server.config)).returncode == 0


def test_a_good_key_between_guesses_does_not_make_guessing_faster(server: Gateway) -> None:
    viewer = Admin(server.admin_address, issue(server.admin, "viewer")["key"])
    wrong = Admin(server.admin_address, "w" * 40)
    started = time.monotonic()
    for _ in range(9):
        assert wrong.send("GET", "/status").status == 401 and viewer.send("GET", "/status").status == 200
    assert time.monotonic() - started > 1.0


def test_guessing_is_slowed_and_a_good_key_is_not(server: Gateway) -> None:
    wrong = Admin(server.admin_address, "w" * 40)
    started = time.monotonic()
    for _ in range(9):
        assert wrong.send("GET", "/status").status == 401
    assert time.monotonic() - started > 1.0, "nine failures in a row were not slowed"
    started = time.monotonic()
    assert server.admin.send("GET", "/status").status == 200
    assert time.monotonic() - started < 0.5
