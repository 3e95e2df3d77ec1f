"""What a reload changes under TLS: certificates renewed while calls run, limits, and nothing where a file is broken."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.certificates import Served
from support.client import Answer, call, chat, fetch
from support.options import Run
from support.tls_client import TLSClient
from support.tls_world import client, post, reload, tls_world, trust
from support.world import World


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend, served: Served) -> Iterator[World]:
    with tls_world(run.binary, backend, served) as world:
        yield world


def test_a_renewed_certificate_is_for_new_connections(world: World, served: Served) -> None:
    tenant, old = world.tenant(), served.serial
    marker = world.fresh("renewal")
    with client(world) as stream, client(world) as idle:
        stream.send(post(world, tenant, chat(marker, knobs="latency=1500,chunks=15", stream=True)))
        assert b"data:" in stream.read(until=b"data:")
        new = served.renew(days=60)
        reload(world, "configuration reloaded")
        with client(world) as fresh:
            assert fresh.serial == new
        with TLSClient(world.server.admin_address, trust(world)) as admin:
            assert admin.serial == new
        assert stream.serial == idle.serial == old
        assert b"[DONE]" in stream.read(until=b"[DONE]")
        idle.send(post(world, tenant, chat(world.fresh("idle"))))
        assert idle.read(until=b"usage").startswith(b"HTTP/1.1 200")
    end = world.server.metric("tollgate_tls_certificate_end_timestamp_seconds")
    assert abs(end - time.time() - 60 * 86_400) < 3600


def test_renewals_while_calls_run_fail_none(world: World, served: Served) -> None:
    tenant = world.tenant(limit="1000")
    over = threading.Event()
    seen: list[Answer] = []

    async def calls(number: int) -> None:
        while not over.is_set():
            body = chat(world.fresh("load"), knobs="latency=30", stream=number % 2 == 0, max_tokens=5)
            seen.append(await call(world.server.data, tenant.key, body, tls=world.server.tls))

    async def all_calls() -> None:
        await asyncio.gather(*(calls(number) for number in range(8)))

    thread = threading.Thread(target=lambda: asyncio.run(all_calls()))
    thread.start()
    try:
        for _ in range(3):
            time.sleep(0.3)
            served.renew()
            reload(world, "configuration reloaded")
    finally:
        over.set()
        thread.join(30)
    assert len(seen) > 30 and all(answer.done for answer in seen), [one for one in seen if not one.done][:3]


@pytest.mark.parametrize("damage", ["no key", "another key", "no certificate", "open key", "no file"])
def test_a_broken_certificate_changes_nothing(world: World, served: Served, damage: str) -> None:
    applied = world.server.metric("tollgate_reloads_total", outcome="applied")
    refused = world.server.metric("tollgate_reloads_total", outcome="refused")
    serial, chain, key = served.serial, served.chain.read_bytes(), served.key.read_bytes()
    named = served.chain if damage in ("no certificate", "no file") else served.key
    try:
        if damage == "no key":
            served.key.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        elif damage == "another key":
            served.renew()
            served.chain.write_bytes(chain)
        elif damage == "no certificate":
            served.chain.write_text("nothing")
        elif damage == "open key":
            served.key.chmod(0o644)
        else:
            served.chain.unlink()
        reload(world, "configuration kept")
        line = [line for line in world.server.output.splitlines() if "configuration kept" in line][-1]
        assert '"level":"error"' in line and str(named) in line, line
        with client(world) as connection:
            assert connection.serial == serial
    finally:
        served.chain.write_bytes(chain)
        served.key.write_bytes(key)
        served.key.chmod(0o600)
        served.serial = serial
    assert world.server.metric("tollgate_reloads_total", outcome="refused") == refused + 1
    reload(world, "configuration reloaded")
    assert world.server.metric("tollgate_reloads_total", outcome="applied") == applied + 1


def test_limits_are_reloaded_whole_or_not_at_all(world: World) -> None:
    tenant = world.tenant()
    text = world.server.config.read_text()
    large = chat(world.fresh("large"), text="x" * 4096, max_tokens=5)

    def status() -> int:
        return fetch(world.server.data, tenant.key, large, tls=world.server.tls).status

    try:
        assert status() == 200
        world.server.config.write_text(text.replace("drain: 20s", "drain: 20s, max_body: 2KiB"))
        reload(world, "configuration reloaded")
        assert status() == 413
        world.server.config.write_text(text.replace("drain: 20s", "drain: 20s, max_bodyy: 2KiB"))
        reload(world, "configuration kept")
        assert status() == 413
    finally:
        world.server.config.write_text(text)
        reload(world, "configuration reloaded")
    assert status() == 200


def test_tls_is_not_switched_off_by_a_reload(world: World) -> None:
    text = world.server.config.read_text()
    try:
        world.server.config.write_text("".join(
            line for line in text.splitlines(keepends=True) if not line.startswith("tls:")))
        reload(world, "configuration kept")
        world.assert_good_call(world.tenant())
    finally:
        world.server.config.write_text(text)
