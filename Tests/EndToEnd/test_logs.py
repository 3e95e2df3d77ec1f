"""The log: one line a request that agrees with the ledger and the backend's log, never content, never in the way."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.backend import FakeBackend
from support.client import Answer, call, chat, exchange, request_bytes
from support.options import Run
from support.oracle import usd
from support.processes import note
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

KNOWN = {
    "time", "level", "logger", "message", "request_id", "client_request_id", "tenant", "key", "route", "model", "pool",
    "backend", "stream", "attempts", "status", "outcome", "code", "provenance", "tokens", "cost", "overhead_us",
    "duration_us",
}


def lines(server: Gateway) -> list[dict[str, Any]]:
    """All lines, each of which must be JSON."""
    return [json.loads(line) for line in server.output.splitlines()]


def line_of(server: Gateway, request_id: str, message: str = "request ended") -> dict[str, Any]:
    """The one line of a request."""
    end = time.monotonic() + 5
    while True:
        found = [line for line in lines(server) if line.get("request_id") == request_id and line["message"] == message]
        if found:
            assert len(found) == 1, found
            return found[0]
        assert time.monotonic() < end, f"no line of {request_id}"
        time.sleep(0.01)


def assert_line(world: World, tenant: Tenant, answer: Answer, marker: str, **expected: Any) -> dict[str, Any]:
    """Who, what and how much, by the ledger's row and the backend's log."""
    line = line_of(world.server, answer.request_id)
    assert set(line) <= KNOWN and (line["level"], line["logger"]) == ("info", "tollgate")
    assert (line["tenant"], line["key"], line["route"]) == (tenant.id, tenant.key_id, "/v1/chat/completions")
    rows = [row for row in world.books.of_request(answer.request_id) if row.kind in ("settle", "release")]
    last = max(rows, key=lambda row: row.attempt)
    assert (line["model"], line["pool"], line["provenance"]) == (last.model, last.pool, last.provenance)
    assert line["backend"] == world.admin.get(f"/requests/{answer.request_id}")["attempts"][-1]["backend_name"]
    assert line["attempts"] == last.attempt
    tokens: dict[str, int] = {}
    for row in rows:
        for meter, count in row.meters.items():
            tokens[meter] = tokens.get(meter, 0) + count
    assert line["tokens"] == tokens
    assert line["cost"] == usd(sum(row.cost for row in rows))
    seen = [entry for entry in world.backend.calls() if entry.marker == marker]
    assert len(seen) == line["attempts"]
    if last.provenance == "reported":
        assert (tokens.get("input", 0), tokens.get("output", 0)) == seen[-1].billed
    assert {name: line.get(name) for name in expected} == expected
    assert 0 < line["duration_us"] < 60_000_000 and line.get("overhead_us", 0) <= line["duration_us"]
    return line


def test_settled_calls(world: World) -> None:
    tenant = world.tenant()
    for stream in (False, True):
        marker = world.fresh("logged")
        answer = world.call(tenant, marker, stream=stream, max_tokens=20)
        assert answer.done
        line = assert_line(world, tenant, answer, marker, stream=stream, status=200, outcome="ok", code=None)
        assert line["overhead_us"] > 0
    named = exchange(world.server.data, request_bytes(
        "POST", "/v1/chat/completions", {"authorization": f"Bearer {tenant.key}", "x-request-id": 'my "own" id'},
        json.dumps(chat(world.fresh("named"))).encode(), world.server.data))
    assert line_of(world.server, named.request_id)["client_request_id"] == 'my "own" id'


def test_refused_calls(world: World) -> None:
    tenant, poor = world.tenant(), world.tenant("0.0000001")
    unknown = "a-model-nobody-has"
    cases: list[tuple[Callable[[], Answer], dict[str, Any]]] = [
        (lambda: world.call(poor), {"tenant": poor.id, "key": poor.key_id, "outcome": "denied_budget", "status": 429,
                                    "code": "insufficient_quota", "model": "fake", "attempts": 0, "cost": "0"}),
        (lambda: world.call(tenant, model=unknown), {"tenant": tenant.id, "outcome": "denied_model", "status": 404,
                                                     "code": "model_not_found", "model": None}),
        (lambda: world.call(tenant, messages=7), {"tenant": tenant.id, "outcome": "bad_request", "status": 400}),
        (lambda: exchange(world.server.data, request_bytes("GET", "/v1/models", {}, None, world.server.data)),
         {"tenant": None, "key": None, "outcome": "denied_auth", "status": 401, "code": "invalid_api_key",
          "route": "/v1/models"}),
        (lambda: exchange(world.server.data, b"GET /nowhere HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n"),
         {"tenant": None, "outcome": "bad_request", "status": 400}),
    ]
    for ask, expected in cases:
        answer = ask()
        line = line_of(world.server, answer.request_id)
        assert {name: line.get(name) for name in expected} == expected, line
        assert set(line) <= KNOWN and unknown not in json.dumps(line)


def test_other_routes_and_no_health(world: World) -> None:
    tenant = world.tenant()
    answer = exchange(world.server.data, request_bytes(
        "GET", "/v1/balance", {"authorization": f"Bearer {tenant.key}"}, None, world.server.data))
    line = line_of(world.server, answer.request_id)
    assert (line["route"], line["tenant"], line["status"], line["outcome"]) == ("/v1/balance", tenant.id, 200, "ok")
    assert not [line for line in lines(world.server) if line.get("route") in ("/healthz", "/readyz")]


def test_cancelled_calls(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("cancelled")
    body = chat(marker, knobs="latency=3000,chunks=30", stream=True, max_tokens=500)
    answer = asyncio.run(call(world.server.data, tenant.key, body, hang_up_events=3))
    assert answer.hung_up
    end = time.monotonic() + 5
    while not world.books.of_request(answer.request_id):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert_line(world, tenant, answer, marker, outcome="client_gone", stream=True, status=200, provenance="estimated")


@pytest.mark.parametrize(("knobs", "expected"), [
    ("fault=500", {"outcome": "upstream_error", "status": 502, "code": "upstream_error", "attempts": 1}),
    ("fault=400", {"outcome": "client_error", "status": 400, "code": None, "attempts": 1}),
    ("fault=malformed", {"outcome": "upstream_error", "status": 502}),
])
def test_failed_calls(world: World, knobs: str, expected: dict[str, Any]) -> None:
    tenant, marker = world.tenant(), world.fresh("failed")
    answer = world.call(tenant, marker, knobs=knobs)
    assert answer.status == expected["status"], answer
    assert_line(world, tenant, answer, marker, **expected)
    world.admin.ok("PATCH", f"/backends/{world.admin.rows('/pools/fast/backends')[0]['id']}", {"weight": 1})


def test_time_at_a_backend_that_failed_is_not_the_gateways(world: World) -> None:
    """Half a second at the first backend, which fails, and no time at the second one."""
    name = world.fresh("slow-failure")
    world.admin.pool(name)
    world.admin.backend(name, name, world.backend.base_url("fault=500,latency=500"))
    world.admin.model(name, [{"pool": pool, "upstream_model": "fake"} for pool in (name, "fast")], 1000)
    world.admin.price(name, "1", "4")
    tenant = world.tenant(pools=(name, "fast"))
    answer = world.call(tenant, model=name, max_tokens=20)
    assert answer.done, answer
    line = line_of(world.server, answer.request_id)
    assert (line["attempts"], line["outcome"]) == (2, "ok")
    assert line["duration_us"] >= 500_000 and line["overhead_us"] <= line["duration_us"] - 500_000, line


def test_a_stream_that_breaks(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("broken")
    answer = world.call(tenant, marker, knobs="fault=cut", stream=True)
    assert answer.status == 200 and not answer.done
    assert_line(world, tenant, answer, marker, outcome="upstream_error", status=200, stream=True)


def test_calls_cut_off_by_the_end_of_the_process(run: Run, backend: FakeBackend) -> None:
    server = Gateway(run.binary)
    try:
        server.start()
        world = World.lay(server, backend)
        tenant, marker = world.tenant(), world.fresh("cut-off")
        world.in_background(tenant, marker, knobs="latency=5000")
        server.kill()
        server.start()
        [hold] = server.admin.rows("/holds?state=uncertain")
        [line] = [line for line in lines(server) if line.get("outcome") == "uncertain"]
        assert line["level"] == "warning"
        assert (line["tenant"], line["key"], line["model"], line["pool"]) == (tenant.id, tenant.key_id, "fake", "fast")
        assert hold["id"].startswith(line["request_id"]) and line["held"] == hold["amount"]
    finally:
        server.close()


def test_text_lines_and_a_level_that_changes(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary, "log: { format: text, level: info }\n") as server:
        world = World.lay(server, backend)
        tenant = world.tenant()

        def said(answer: Answer) -> bool:
            end = time.monotonic() + 1
            while answer.request_id not in server.output and time.monotonic() < end:
                time.sleep(0.01)
            return answer.request_id in server.output

        answer = world.call(tenant)
        assert said(answer)
        [line] = [line for line in server.output.splitlines() if answer.request_id in line]
        assert " info request ended " in line and f" tenant={tenant.id} " in line and "\\n" not in line
        assert server.child
        for level, is_said in (("warning", False), ("info", True)):
            server.config.write_text(server.config_text() + f"log: {{ format: text, level: {level} }}\n")
            seen, end = server.output.count("configuration reloaded"), time.monotonic() + 5
            os.kill(server.child.pid, signal.SIGHUP)
            while level == "info" and server.output.count("configuration reloaded") == seen:
                assert time.monotonic() < end
                time.sleep(0.02)
            time.sleep(0.3)
            assert said(world.call(tenant)) == is_said, level


def test_a_reload_names_what_waits_for_a_restart(run: Run) -> None:
    with gateway(run.binary) as server:
        assert server.child
        for count, changed in enumerate(("log: { level: debug }\n", "routing: { max_attempts: 2 }\n"), 1):
            server.config.write_text(server.config_text() + changed)
            os.kill(server.child.pid, signal.SIGHUP)
            assert server.said("configuration reloaded", count)
        told = [line for line in lines(server) if line["message"] == "configuration reloaded"]
        assert [line.get("needs_restart") for line in told] == [None, "routing"], told


def test_a_reload_reads_the_file_of_the_start_and_nothing_in_its_place(run: Run) -> None:
    """Its file is found where it stands, not named, and is away for a moment."""
    launcher = ("/bin/sh", "-c", 'cd "${4%/*}" && exec "$1" serve', "sh")  # of "$1" serve --config "$4"
    with gateway(run.binary, launcher=launcher) as server:
        assert server.child
        away = server.config.rename(server.folder / "away.yaml")
        os.kill(server.child.pid, signal.SIGHUP)
        assert server.said("configuration kept: the new one is wrong")
        assert server.metric("tollgate_reloads_total", outcome="refused") == 1
        away.rename(server.config)
        os.kill(server.child.pid, signal.SIGHUP)
        assert server.said("configuration reloaded")
        [told] = [line for line in lines(server) if line["message"] == "configuration reloaded"]
        assert "needs_restart" not in told, told


def test_a_reader_that_does_not_read_keeps_no_call_waiting(run: Run, backend: FakeBackend, tmp_path: Path) -> None:
    pipe = tmp_path / "stderr"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    server = Gateway(run.binary)
    server.launcher = ("bash", "-c", f'exec "$0" "$@" 2>{pipe}')
    try:
        server.start()
        world = World.lay(server, backend)
        tenant = world.tenant()
        batch = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n" * 500
        with socket.create_connection(server.data, timeout=30) as link:
            sent = 0
            while server.metric("tollgate_log_lines_dropped_total") == 0:
                assert sent < 60_000, "nothing is dropped: where do the lines go?"
                link.sendall(batch)
                answers = 0
                while answers < 500:
                    answers += link.recv(1 << 20).count(b"HTTP/1.1 401")
                sent += 500
        slowest = max(world.assert_good_call(tenant).seconds for _ in range(20))
        assert slowest < 2, f"a call waited {slowest:.2f} s"
        dropped = server.metric("tollgate_log_lines_dropped_total")
        note(f"{dropped:.0f} of {sent} lines dropped, slowest call beside it {slowest * 1000:.0f} ms")
        text = bytearray()
        end = time.monotonic() + 20
        while b"log lines were dropped" not in text:
            assert time.monotonic() < end
            try:
                text += os.read(reader, 1 << 20)
            except BlockingIOError:
                time.sleep(0.01)
        whole = bytes(text).split(b"\n")[:-1]
        assert all(isinstance(json.loads(line), dict) for line in whole)
        [said] = [json.loads(line) for line in whole if b"log lines were dropped" in line]
        assert 0 < int(said["count"]) <= server.metric("tollgate_log_lines_dropped_total")
    finally:
        server.close()
        os.close(reader)
