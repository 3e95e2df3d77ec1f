"""Changes of the Admin API that are repeated, killed half-way and written down: made once, and the log says so."""

from __future__ import annotations

import asyncio
import http.client
import sqlite3
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from urllib.parse import quote

import pytest

from support.admin import Admin, Reply
from support.backend import FakeBackend
from support.client import call, chat
from support.options import Run
from support.oracle import pico
from support.processes import note
from support.tollgate import Gateway, gateway
from support.world import World

ROUNDS = 20


@pytest.fixture(scope="module")
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


def usual_seconds(admin: Admin) -> float:
    """How long a change takes that nothing disturbs: the median of some."""
    seconds = []
    for number in range(9):
        started = time.monotonic()
        admin.tenant(f"undisturbed-{number}")
        seconds.append(time.monotonic() - started)
    return statistics.median(seconds)


def delays(usual: float) -> list[float]:
    """Seconds until each kill: from at once, before the request is there, to long after its change is on disk.

    Close together at first, because some changes are much faster than the usual one.
    """
    return [4 * usual * (number / (ROUNDS - 1)) ** 2 for number in range(ROUNDS)]


def cut_off(server: Gateway, wait: Callable[[], None], send: Callable[[], Reply],
            killed: Callable[[], object] = lambda: None) -> None:
    """Send a change, kill -9 the server when the wait is over, and start it again."""
    def attempt() -> None:
        try:
            send()
        except (OSError, http.client.HTTPException):
            pass

    thread = threading.Thread(target=attempt)
    thread.start()
    wait()
    server.kill()
    killed()
    thread.join()
    server.start()


def cut_off_before(server: Gateway, send: Callable[[], Reply]) -> None:
    """The same while another process keeps the server from committing, so the kill comes first for certain."""
    with closing(sqlite3.connect(server.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        cut_off(server, partial(time.sleep, 0.2), send, killed=other.rollback)


def cut_off_after(server: Gateway, send: Callable[[], Reply], sql: str, *values: str) -> None:
    """The same once the change is on disk: when the question has an answer there."""
    def wait() -> None:
        with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as other:
            deadline = time.monotonic() + 20
            while not other.execute(sql, values).fetchone():
                assert time.monotonic() < deadline, "the change was never committed"

    cut_off(server, wait, send)


def test_a_change_killed_before_its_answer_is_whole_or_not_there(run: Run) -> None:
    """Each round a POST is cut off by kill -9; sent again with its key it is there once, and so is its audit row."""
    with gateway(run.binary) as server:
        replays, others = 0, 9
        for number, seconds in enumerate(delays(usual_seconds(server.admin))):
            name, headers = f"killed-{number}", {"idempotency-key": f"round-{number}"}
            send = partial(server.admin.send, "POST", "/tenants", {"name": name}, headers)
            match number:
                case 0: cut_off_before(server, send)
                case 1: cut_off_after(server, send, "SELECT 1 FROM tenants WHERE name = ?", name)
                case _: cut_off(server, partial(time.sleep, seconds), send)
            there = name in [tenant["name"] for tenant in server.admin.rows("/tenants")]
            again = send()
            assert again.status == 201, again
            assert (again.headers.get("idempotency-replayed") == "true") == there, (there, again)
            assert number > 1 or there == bool(number), "the kill fell on the other side of the commit"
            replays += there
            log = server.admin.rows(f"/audit-log?subject={again.body['id']}")
            assert [row["action"] for row in log] == ["tenant.create"], log
        note(f"{ROUNDS} changes killed, {replays} of them after the commit")
        assert len(server.admin.rows("/tenants")) == ROUNDS + others
        server.verify()


def test_a_hold_resolved_while_the_server_is_killed_is_charged_once(run: Run, backend: FakeBackend) -> None:
    """Money: what was charged before the kill is not charged again, and what was not is still held."""
    with gateway(run.binary) as server:
        world = World.lay(server, backend, on_disconnect="drain")
        tenant = world.tenant("1000")

        async def crash() -> None:
            calls = [asyncio.create_task(call(server.data, tenant.key, chat(
                f"left-{number}", model="fake", knobs="latency=9000", max_tokens=10))) for number in range(ROUNDS)]
            while len(world.books.holds()) < ROUNDS:
                await asyncio.sleep(0.01)
            server.kill()
            await asyncio.gather(*calls)

        asyncio.run(crash())
        server.start()
        holds = [hold["id"] for hold in server.admin.holds("uncertain")]
        assert len(holds) == ROUNDS
        replays = 0
        for number, (hold, seconds) in enumerate(zip(holds, delays(usual_seconds(server.admin)), strict=True)):
            send = partial(server.admin.send, "POST", f"/holds/{hold}/resolve", {"charge": "0.000001"},
                           {"idempotency-key": hold})
            match number:
                case 0: cut_off_before(server, send)
                case 1: cut_off_after(server, send, "SELECT 1 FROM ledger WHERE kind = 'resolve' AND request_id = ?",
                                      hold.split(".")[0])
                case _: cut_off(server, partial(time.sleep, seconds), send)
            resolved = hold not in [left["id"] for left in server.admin.holds("uncertain")]
            again = send()
            assert again.status == 200, again
            assert (again.headers.get("idempotency-replayed") == "true") == resolved, (resolved, again)
            assert number > 1 or resolved == bool(number), "the kill fell on the other side of the commit"
            replays += resolved
            log = server.admin.rows(f"/audit-log?subject={quote(hold)}")
            assert [row["action"] for row in log] == ["hold.resolve"], log
        note(f"{ROUNDS} resolutions killed, {replays} of them after the commit")
        assert not world.books.holds()
        resolutions = [entry.cost for entry in world.books.entries() if entry.kind == "resolve"]
        assert resolutions == [pico("0.000001")] * ROUNDS
        server.verify()


def test_a_repeated_key_creation_shows_no_secret(server: Gateway) -> None:
    tenant = server.admin.tenant("replayed")
    send = lambda: server.admin.send(  # noqa: E731
        "POST", f"/tenants/{tenant}/keys", {"name": "k"}, {"idempotency-key": "k-1"})
    first, second = send(), send()
    assert first.status == second.status == 201
    assert first.body["key"].startswith("tg_") and second.body["key"] is None
    assert {**first.body, "key": None} == second.body
    for file in server.folder.glob("tollgate.db*"):
        assert first.body["key"].split("_")[2].encode() not in file.read_bytes(), file
    other = server.admin.send("POST", f"/tenants/{tenant}/keys", {"name": "other"}, {"idempotency-key": "k-1"})
    assert other.status == 409 and other.problem["code"] == "idempotency_mismatch", other


def test_200_changes_of_one_budget_at_once(server: Gateway) -> None:
    tenant = server.admin.tenant("raced")
    budget = server.admin.budget(tenant, "1")
    path = f"/budgets/{budget}"
    tag = server.admin.send("GET", path).headers["etag"]

    def change(number: int, headers: dict[str, str]) -> int:
        return server.admin.send("PATCH", path, {"limit": str(number + 2)}, headers).status

    with ThreadPoolExecutor(32) as pool:
        matched = list(pool.map(lambda number: change(number, {"if-match": tag}), range(200)))
        free = list(pool.map(lambda number: change(number, {}), range(200, 400)))
    assert sorted(set(matched)) == [200, 412] and matched.count(200) == 1
    assert set(free) == {200}
    rows = server.admin.rows(f"/audit-log?subject={budget}&action=budget.update&order=asc")
    assert len(rows) == 201
    for earlier, later in zip(rows, rows[1:]):
        assert earlier["after"] == later["before"], "a change was judged by a state that was gone"
    assert server.admin.get(path) == rows[-1]["after"] | {"raises": []}


def test_verify_finds_a_rewritten_log(run: Run) -> None:

    server = Gateway(run.binary)
    try:
        server.start()
        for name in ("a", "b", "c"):
            server.admin.tenant(name)
        server.stop()
        server.verify()
        with sqlite3.connect(server.database) as database:
            database.execute("DROP TRIGGER audit_log_no_update")
            database.execute("UPDATE audit_log SET actor = 'nobody' WHERE seq = 2")
        done = server.run("verify", "--config", str(server.config))
        assert done.returncode == 1 and "entry 2" in done.stdout, done
    finally:
        server.close()


def test_finance_reads_its_own_entries(server: Gateway) -> None:
    made = server.admin.ok("POST", "/admin-keys", {"name": "books", "role": "finance"})
    finance = Admin(server.admin_address, made["key"])
    assert finance.rows("/audit-log") == []
    assert finance.send("POST", "/pools", {"name": "mine"}).status == 403
    assert [row["action"] for row in finance.rows("/audit-log")] == ["role.refused"]
    assert len(server.admin.rows("/audit-log")) > 1
