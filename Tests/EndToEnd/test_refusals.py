"""What `serve` refuses to start with: always exit code 1, and one critical line that says what to mend."""

from __future__ import annotations

import base64
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from support.certificates import Served
from support.options import Run
from support.tollgate import Gateway


@dataclass
class Case:
    """A gateway that ran once and was stopped, and what is done to it before it starts again."""

    server: Gateway
    env: dict[str, str]
    held: list[socket.socket] = field(default_factory=list)

    def append(self, text: str) -> None:
        self.server.config.write_text(self.server.config.read_text() + text)

    def replace(self, old: str, new: str) -> None:
        text = self.server.config.read_text()
        assert old in text
        self.server.config.write_text(text.replace(old, new))


def master(value: str | None) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.env.pop("TOLLGATE_MASTER_KEY")
        if value is not None:
            case.env["TOLLGATE_MASTER_KEY"] = value

    return change


def admin(value: str | None) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        case.env.pop("TOLLGATE_ADMIN_KEY")
        if value is not None:
            case.env["TOLLGATE_ADMIN_KEY"] = value

    return change


def secret_file(name: str, mode: int) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        path = case.server.folder / f"{name}.key"
        path.write_text(case.env[f"TOLLGATE_{name.upper()}"])
        path.chmod(mode)
        case.replace(f"{{ env: TOLLGATE_{name.upper()} }}", f"{{ file: {path} }}")

    return change


def from_the_future(case: Case) -> None:
    with closing(sqlite3.connect(case.server.database)) as connection, connection:
        connection.execute("INSERT INTO grdb_migrations (identifier) VALUES ('from-the-future')")


def damaged(case: Case) -> None:
    case.server.database.write_bytes(b"no database " * 1000)


def emptied(case: Case) -> None:
    case.server.database.write_bytes(b"")


def gone(case: Case) -> None:
    case.server.database.unlink()


def with_backups(change: Callable[[Case], None]) -> Callable[[Case], None]:
    """The same where backups were made; the older and the suspect one are not to be named."""
    def changed(case: Case) -> None:
        folder = case.server.folder / "backups"
        folder.mkdir(exist_ok=True)
        for name in ("20261125T220000Z.db", "20261126T220000Z.db", "20261127T220000Z.db.suspect"):
            (folder / f"tollgate-{name}").touch()
        case.append(f"backup: {{ directory: {folder} }}\n")
        change(case)

    return changed


def without_lock_file(case: Case) -> None:
    """As an earlier version left it, whose lock's file says nothing."""
    case.server.database.with_name("tollgate.db.lock").unlink()
    gone(case)


def no_database_folder(case: Case) -> None:
    case.replace(f"sqlite://{case.server.database}", "sqlite:///nonexistent/folder/tollgate.db")


def taken(index: int) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        server = case.server
        address = (server.data, server.admin_address, server.metrics_address)[index]
        case.held.append(socket.create_server(address))

    return change


def tls(damage: str) -> Callable[[Case], None]:
    def change(case: Case) -> None:
        served = Served()
        chain, key = case.server.folder / "chain.pem", case.server.folder / "key.pem"
        chain.write_bytes(served.chain.read_bytes())
        key.touch(mode=0o600)
        key.write_bytes(served.key.read_bytes())
        if damage == "no chain":
            chain.unlink()
        elif damage == "no key":
            key.unlink()
        elif damage == "another key":
            served.renew()
            key.write_bytes(served.key.read_bytes())
        elif damage == "open key":
            key.chmod(0o604)
        elif damage == "text":
            chain.write_text("certificate")
        else:
            key.write_text("key")
        served.close()
        case.append(f"tls: {{ cert: {{ file: {chain} }}, key: {{ file: {key} }} }}\n")

    return change


ANEW = (
    "storage {database}: the database that was here is empty or gone; tollgate restore puts a backup in its place, "
    "and without {database}.lock and {database}.holds a new one is made")
CASES: dict[str, tuple[Callable[[Case], None], str]] = {
    "no master key": (
        master(None), "master_key: the environment variable TOLLGATE_MASTER_KEY is not set"),
    "an empty master key": (master(" "), "master_key: the environment variable TOLLGATE_MASTER_KEY is empty"),
    "a short master key": (
        master(base64.b64encode(os.urandom(31)).decode()), "master_key: the key is shorter than 32 bytes"),
    "a master key that is no base64": (master("!" * 44), "master_key: the key is not 32 bytes in base64"),
    "a sample master key": (
        master(base64.b64encode(bytes(32)).decode()),
        "master_key: the key looks copied or typed; draw a random one, as tollgate init does"),
    "another database's master key": (
        master(base64.b64encode(os.urandom(32)).decode()),
        "master_key: it is not the one this database was made with, or its table settings is damaged"),
    "a master key's file that others may read": (
        secret_file("master_key", 0o644),
        "master_key: the file {folder}/master_key.key is open to others (mode 0644); "
        "chmod 600 {folder}/master_key.key"),
    "an admin key's file that its group may write": (
        secret_file("admin_key", 0o660),
        "admin_key: the file {folder}/admin_key.key is open to others (mode 0660); chmod 600 {folder}/admin_key.key"),
    "no admin key": (admin(None), "admin_key: the environment variable TOLLGATE_ADMIN_KEY is not set"),
    "a short admin key": (admin("short"), "admin_key: the key is shorter than 32 characters"),
    "a sample admin key": (
        admin("changeme" * 5),
        "admin_key: the key looks copied or typed; draw at least 32 random printable characters, such as "
        "`openssl rand -hex 32`"),
    "a newer schema": (
        from_the_future, "storage {database}: a newer version of Tollgate has written this database"),
    "a damaged database": (damaged, "storage {database}: this is not a database, or it is damaged"),
    "a damaged database that has backups": (
        with_backups(damaged),
        "storage {database}: this is not a database, or it is damaged; "
        "tollgate restore {folder}/backups/tollgate-20261126T220000Z.db puts the newest backup in its place"),
    "an empty file where the database was": (emptied, ANEW),
    "a database that is gone": (gone, ANEW),
    "holds without their database": (without_lock_file, ANEW),
    "backups without their database": (
        with_backups(gone),
        "storage {database}: the database that was here is empty or gone; "
        "tollgate restore {folder}/backups/tollgate-20261126T220000Z.db puts the newest backup in its place"),
    "no folder for the database": (
        no_database_folder, "storage /nonexistent/folder/tollgate.db: the database cannot be opened: "),
    "a data port that is taken": (taken(0), "the data plane cannot listen on 127.0.0.1:{data}: "),
    "an admin port that is taken": (taken(1), "the admin plane cannot listen on 127.0.0.1:{admin}: "),
    "a metrics port that is taken": (taken(2), "the metrics plane cannot listen on 127.0.0.1:{metrics}: "),
    "no certificate": (tls("no chain"), "tls.cert: {folder}/chain.pem: cannot be read"),
    "no TLS key": (tls("no key"), "tls.key: the file {folder}/key.pem cannot be read"),
    "a certificate that is none": (tls("text"), "tls.cert: the file {folder}/chain.pem holds no certificate in PEM"),
    "a TLS key that is none": (
        tls("key text"), "tls.key: the file {folder}/key.pem holds no private key in PEM that needs no passphrase"),
    "a TLS key of another certificate": (
        tls("another key"),
        "tls.key: the key in {folder}/key.pem does not belong to the certificate in {folder}/chain.pem"),
    "a TLS key that others may read": (
        tls("open key"),
        "tls.key: the file {folder}/key.pem is open to others (mode 0604); chmod 600 {folder}/key.pem"),
}


@pytest.fixture(scope="module")
def ran(run: Run) -> Iterator[Gateway]:
    """A gateway that made its database and was stopped."""
    server = Gateway(run.binary)
    try:
        server.start()
        assert server.stop() == 0
        with closing(sqlite3.connect(server.database)) as connection:
            # All of it in one file, which is put back after each case.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield server
    finally:
        server.close()


def refusal(server: Gateway, env: dict[str, str]) -> str:
    """The reason in the one critical line; the process must have ended with 1."""
    done = server.run("serve", "--config", str(server.config), env=env, timeout=20)
    assert done.returncode == 1, done
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    critical = [line for line in lines if line["level"] == "critical"]
    assert [line["message"] for line in critical] == ["refused to start"], done.stderr
    return str(critical[0]["reason"])


@pytest.mark.parametrize("name", CASES)
def test_it_does_not_start_with(ran: Gateway, name: str) -> None:
    change, reason = CASES[name]
    config, database = ran.config.read_text(), ran.database.read_bytes()
    case = Case(ran, ran.env)
    try:
        change(case)
        found = refusal(ran, case.env)
        wanted = reason.format(
            folder=ran.folder, database=ran.database, data=ran.data[1], admin=ran.admin_address[1],
            metrics=ran.metrics_address[1])
        assert found.startswith(wanted) if wanted.endswith(": ") else found == wanted, found
    finally:
        for one in case.held:
            one.close()
        ran.config.write_text(config)
        for suffix in ("-wal", "-shm"):
            ran.database.with_name(ran.database.name + suffix).unlink(missing_ok=True)
        ran.database.write_bytes(database)


def test_the_first_start_says_that_it_made_a_database_and_the_next_does_not(run: Run) -> None:
    server = Gateway(run.binary)
    try:
        server.database.touch()  # as a package may leave it
        for _ in range(2):
            server.start()
            assert server.stop() == 0
            assert server.output.count("database made") == 1
    finally:
        server.close()


def test_a_second_instance_does_not_start(run: Run, ran: Gateway) -> None:
    second = Gateway(run.binary)
    ran.start()
    try:
        second.config.write_text(second.config.read_text().replace(str(second.database), str(ran.database)))
        assert refusal(second, ran.env) == f"storage {ran.database}: another tollgate runs on this database"
        assert ran.ready(ran.data), "the first one was disturbed"
    finally:
        second.close()
        assert ran.stop() == 0


def test_a_wrong_configuration_is_told_before_anything_is_logged(ran: Gateway) -> None:
    config = ran.config.read_text()
    try:
        ran.config.write_text(config + "limts: {}\n")
        done = ran.run("serve", "--config", str(ran.config), timeout=20)
        assert done.returncode == 1 and "limts is unknown; did you mean limits?" in done.stderr, done
        assert f"line {config.count(chr(10)) + 1}" in done.stderr
    finally:
        ran.config.write_text(config)
