"""The checks of the line hostile-admin: each is given what it must not let pass."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from prove.hostile_judges import Watch, answer_wrong, body_wrong, rows_wrong, stored_wrong
from prove.hostile_organization import OPERATIONS
from prove.hostile_reports import log_wrong, metrics_wrong, page_wrong, table_wrong
from prove.hostile_requests import Operation, Request
from prove.hostile_values import FORGED, INJECTED, NO_JSON, Hostile, Members, Raw
from support.client import Answer


def asked(place: str, target: bytes = b"/admin/v1/tenants", **query: str) -> Request:
    operation = Operation("POST", "/admin/v1/tenants", {}, {}, {}, None, "application/json", {})
    return Request(operation, place, Hostile("SQL", "' OR 1=1"), {}, target, query=query)


def answered(status: int, body: object, **fields: str) -> Answer:
    kind = "application/json" if status < 400 else "application/problem+json"
    headers = {"content-type": kind, "x-content-type-options": "nosniff", **fields}
    return Answer(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode(), complete=True)


def refused(status: int, pointer: str, code: str = "invalid_request") -> dict[str, Any]:
    return {"status": status, "code": code, "detail": f"{pointer} is wrong", "errors": [{"pointer": pointer}]}


@pytest.mark.parametrize(("place", "answer", "good"), [
    ("/name", answered(400, refused(400, "/name")), True),
    ("/queue/max", answered(400, refused(400, "/queue")), True),
    ("?limit", answered(400, refused(400, "?limit")), True),
    ("/name", answered(201, {}), True),
    ("/name", answered(400, {**refused(400, "/limit"), "detail": "/limit needs \"name\": too"}), True),
    ("/name", answered(400, refused(400, "/limit")), False),
    ("?limit", answered(400, refused(400, "/name")), False),
    ("/name", answered(400, b""), False),
    ("/name", answered(400, refused(404, "/name")), False),
    ("/name", answered(400, refused(400, "/name"), **{"content-type": "application/json"}), False),
    ("/name", answered(500, refused(500, "/name", "internal_error")), False),
    ("/name", answered(302, {}), False),
    ("/name", answered(201, {}, **{INJECTED: "yes"}), False),
    ("/name", answered(201, {}, **{"x-content-type-options": ""}), False),
    ("/name", answered(201, {"key": "the credential"}), False),
    ("Authorization", answered(200, {}), False),
    ("/name", Answer(error="no end within 60 s"), False),
    ("/name", Answer(200, body=b"{", error="cut off"), False),
])
def test_an_answer_to_a_hostile_admin_is_judged(place: str, answer: Answer, good: bool) -> None:
    assert (list(answer_wrong(asked(place), answer, "the credential")) == []) == good


def error(status: int, parameter: str | None, code: str = "invalid_request", kind: str = "application/json") -> Answer:
    told = {"message": f"{parameter} is wrong", "type": "invalid_request_error", "param": parameter, "code": code}
    return answered(status, {"error": told}, **{"content-type": kind})


@pytest.mark.parametrize(("place", "answer", "good"), [
    ("/name", error(400, "name"), True),
    ("/notification_channel/type", error(400, "notification_channel.recipients"), True),
    ("/name", error(400, None), True),
    ("?limit", error(400, "limit"), True),
    ("{project}", error(404, None, "not_found"), True),
    ("/name", error(400, "currency"), False),
    ("?limit", error(400, None), False),
    ("/name", answered(400, refused(400, "/name")), False),
    ("/name", error(400, "name", kind="application/problem+json"), False),
])
def test_an_answer_in_openais_shape_is_judged(place: str, answer: Answer, good: bool) -> None:
    request = asked(place)
    request.operation = next(one for one in OPERATIONS if one.name == "POST /v1/organization/projects")
    assert (list(answer_wrong(request, answer, "the credential")) == []) == good


def test_only_a_head_that_is_none_may_be_refused_without_a_word() -> None:
    bare = Answer(400, {}, b"", complete=True)
    assert not list(answer_wrong(asked("{tenant}", b"/admin/v1/tenants/a\x00b"), bare, "x"))
    assert list(answer_wrong(asked("{tenant}", b"/admin/v1/tenants/a%00b"), bare, "x"))


SCHEMA = {"properties": {"name": {"type": "string", "maxLength": 9}, "limit": {"type": "string", "pattern": "^[0-9]+$"},
                         "tags": {"type": "object"}}}


@pytest.mark.parametrize(("sent", "found", "good"), [
    ({"name": "' OR 1=1"}, {"name": "' OR 1=1", "id": "x"}, True),
    ({"limit": "1.00", "rpm": Raw("100")}, {"limit": "1", "rpm": 100}, True),
    ({"alerts_at": [Raw("1.0"), "0.5", 1]}, {"alerts_at": [0.5, 1]}, True),
    ({"alerts_at": [Raw("0.8"), "0.5"]}, {"alerts_at": [0.5]}, False),
    ({"name": "1.00"}, {"name": "1"}, False),
    ({"name": "a\u202eb"}, {"name": "ab"}, False),
    ({"name": "a\r\nb"}, {"name": "a"}, False),
    ({"name": "a"}, {}, False),
    ({"rpm": Raw("9223372036854775808")}, {"rpm": 9223372036854775807}, False),
    ({"rpm": Raw("1.5")}, {"rpm": 1}, False),
    ({"rpm": Raw(NO_JSON[3])}, {"rpm": 1}, False),
    ({"rpm": True}, {"rpm": 1}, False),
    ({"tags": {"a": "b"}}, {"tags": {}}, False),
    ({"models": ["a", "b"]}, {"models": ["a"]}, False),
    (Members([("name", "a"), ("name", "b")]), {"name": "a"}, False),
])
def test_what_is_stored_otherwise_than_it_was_sent_is_found(sent: Any, found: Any, good: bool) -> None:
    assert (list(stored_wrong(sent, found, SCHEMA)) == []) == good


@pytest.mark.parametrize("body", [
    b"", b"{", b'{"a":NaN}', b'{"a":1,"a":1}', b'{"a":"\xff"}', b"{}{}", b"\xef\xbb\xbf{}",
])
def test_an_accepted_body_that_is_no_json_is_found(body: bytes) -> None:
    assert list(body_wrong(body))
    assert not list(body_wrong(b' {"a":"b"}')) and not list(body_wrong(b'{"a":' + b"9" * 500_000 + b"}"))


def test_a_filter_that_finds_others_is_found() -> None:
    request = asked("?tenant_id", tenant_id="' OR 1=1")
    assert list(rows_wrong(request, answered(200, {"data": [{"tenant_id": "ten_other"}]})))
    assert list(rows_wrong(request, answered(200, {"data": [{"results": [{"requests": 1}]}]})))
    assert not list(rows_wrong(request, answered(200, {"data": [{"results": []}]})))


NOTED = "INSERT INTO audit_log VALUES ('me')"


@pytest.mark.parametrize(("statement", "changed", "found"), [
    ("INSERT INTO ledger VALUES (1)", False, ""),
    (f"UPDATE tenants SET name = 'c' WHERE id = 'odd'; {NOTED}", True, ""),
    ("UPDATE tenants SET name = 'c' WHERE id = 'odd'", True, "['tenants'] changed without an audit entry"),
    ("UPDATE tenants SET name = 'c' WHERE id = 'odd'", False, "changed without a change"),
    (f"UPDATE tenants SET name = 'c'; {NOTED}", True, "rows of others changed"),
    (f"DELETE FROM tenants; {NOTED}", True, "rows of others changed"),
    ("CREATE TABLE x (y)", True, "the schema changed"),
    (NOTED, False, "1 audit entries of nothing"),
    (NOTED, True, ""),
    ("INSERT INTO settings VALUES (1)", False, "settings changed without a change"),
    ("UPDATE periods SET due_at = 2", False, "periods"),
    ("UPDATE periods SET status = 'closed'", False, ""),
    ("INSERT INTO audit_log VALUES ('system')", False, ""),
    ("INSERT INTO audit_log VALUES ('another')", True, "audit entries of others"),
    ("INSERT INTO accounts VALUES ('good', 2)", False, ""),
    ("INSERT INTO accounts VALUES ('odd', 2)", False, "accounts changed without a change"),
])
def test_a_change_beside_the_answer_is_found(tmp_path: Path, statement: str, changed: bool, found: str) -> None:
    with closing(sqlite3.connect(tmp_path / "db", isolation_level=None)) as database:
        database.executescript("CREATE TABLE tenants (id, name);"
                               "INSERT INTO tenants VALUES ('good', 'a'), ('odd', 'b');"
                               "CREATE TABLE ledger (cost); CREATE TABLE audit_log (actor);"
                               "CREATE TABLE settings (value); CREATE TABLE accounts (tenant_id, posted);"
                               "CREATE TABLE periods (period, status, requested_at, requested_by, due_at);"
                               "INSERT INTO periods VALUES ('2026-10', 'closing', 1, 'me', 1);")
        watch = Watch(tmp_path / "db", "me", {"odd"}, "good")
        assert not list(watch.wrong(False))
        database.executescript(f"BEGIN; {statement}; COMMIT;")
        problems = list(watch.wrong(changed))
        assert bool(problems) == bool(found) and all(found in problem for problem in problems), problems
        assert not list(watch.wrong(False))


def test_a_file_beside_the_database_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as database:
        database.execute("CREATE TABLE audit_log (actor)")
    (tmp_path / "tollgate.yaml").write_text("a")
    watch = Watch(tmp_path / "db", "me", set())
    assert not list(watch.wrong(False))
    (tmp_path / "left").touch()
    assert any("left" in problem for problem in watch.wrong(True))
    os.utime(tmp_path / "tollgate.yaml", ns=(1, 1))
    assert any("tollgate.yaml" in problem for problem in watch.wrong(True))


def test_reports_that_a_name_got_into_are_found(tmp_path: Path) -> None:
    assert not list(table_wrong("x", b"tenant,cost\r\na,-1\r\n"))
    assert len(list(table_wrong("x", b"tenant,cost\r\n=1+1,-1\r\na\r\n"))) == 2
    assert list(table_wrong("x", b"tenant,cost\r\n"))
    log = tmp_path / "log"
    log.write_bytes(b'{"message":"a","name":"b\\nc"}\n')
    assert not list(log_wrong(log))
    forged = json.dumps({"message": FORGED}).encode() + b"\n"
    for line in (forged, b"ERROR\n", b'{"a":1,"a":2}\n', b"[1]\n", b'{"a":"\x1b"}\n'):
        log.write_bytes(line)
        assert list(log_wrong(log)), line
    assert not list(metrics_wrong('# TYPE a gauge\na{b="c"} 1\n'))
    assert list(metrics_wrong('# TYPE a gauge\na{b="c"} 1\nforged 1\n'))


@pytest.mark.parametrize(("name", "bad"), [
    ("javascript:alert(1)", False), ("&lt;script&gt;", False), ("]]&gt;", False), ("&#34;&gt;&lt;svg&gt;", False),
    ("<script>alert(1)</script>", True), ("<img src=x onerror=alert(1)>", True), ("<!-- -->", True), ("<!--", True),
    ("<a href='data:text/html,x'>x</a>", True), ("<p onclick=alert(1)>", True), ("<?x?>", True), ("<b>", True),
])
def test_a_name_in_a_statement_is_text(name: str, bad: bool) -> None:
    assert bool(list(page_wrong(f'<!DOCTYPE html><html lang="en"><body><td class="n">{name}</td>'))) == bad
