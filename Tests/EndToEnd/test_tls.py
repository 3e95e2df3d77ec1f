"""TLS on the data plane and the Admin API: the service of plain HTTP, from the handshake to the drain."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.certificates import Served
from support.client import chat, fetch
from support.options import Run
from support.tls_world import LIMITS, client, post, request_id, tls_world, trust
from support.tollgate import Gateway
from support.world import PRICE, World


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend, served: Served) -> Iterator[World]:
    with tls_world(run.binary, backend, served) as world:
        yield world


# The service


def test_both_planes_speak_tls_and_the_metrics_do_not(world: World) -> None:
    world.assert_good_call(world.tenant())
    for address in (world.server.data, world.server.admin_address):
        with socket.create_connection(address, timeout=5) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            answered = b""
            try:
                while data := plain.recv(4096):
                    answered += data
            except OSError:
                pass
            assert b"HTTP/1.1" not in answered
        context = trust(world)
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(address, timeout=5) as raw, \
                context.wrap_socket(raw, server_hostname=address[0]) as secure:
            assert secure.selected_alpn_protocol() == "http/1.1"
            assert secure.version() == "TLSv1.3"
    assert "tollgate_tls_certificate_end_timestamp_seconds" in world.server.metrics_text()


def test_the_command_line_trusts_the_authority_it_is_told(world: World, served: Served) -> None:
    host, port = world.server.admin_address
    env = world.server.env | {"TOLLGATE_ADMIN_URL": f"https://{host}:{port}"}
    refused = world.server.run("tenants", "list", env=env)
    assert refused.returncode == 1 and "certificate" in refused.stderr, refused
    done = world.server.run("tenants", "list", env=env | {"TOLLGATE_ADMIN_CA_FILE": str(served.authority_file)})
    assert done.returncode == 0, done


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2])
def test_the_oldest_version_is_1_2(world: World, served: Served, newest: ssl.TLSVersion) -> None:
    context = served.trust()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = newest
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    for address in (world.server.data, world.server.admin_address):
        with socket.create_connection(address, timeout=5) as raw:
            if newest == ssl.TLSVersion.TLSv1_2:
                with context.wrap_socket(raw, server_hostname=address[0]) as secure:
                    assert secure.version() == "TLSv1.2"
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    context.wrap_socket(raw, server_hostname=address[0])


def test_events_leave_one_by_one_and_the_end_after_the_settlement(world: World) -> None:
    tenant = world.tenant()
    body = chat(world.fresh("events"), knobs="latency=1000,chunks=10,in=9,out=7", stream=True)
    with client(world) as connection:
        connection.send(post(world, tenant, body))
        times: list[float] = []
        seen = b""
        while b"[DONE]" not in seen:
            seen += connection.read(until=b"data:")
            times.append(time.monotonic())
        entry = world.books.settled(request_id(seen))
        assert (entry.provenance, entry.cost) == ("reported", PRICE.cost(9, 7))
    # Gathered in a buffer they would come together, at the end.
    gaps = sorted(later - earlier for earlier, later in zip(times, times[1:], strict=False))
    assert len(times) >= 10 and gaps[len(gaps) // 2] > 0.06, times


def test_one_connection_serves_many_calls_and_large_bodies(world: World) -> None:
    tenant = world.tenant(limit="1000")
    with client(world) as connection:
        for number in range(30):
            text = "x" * (1 << 20) if number % 10 == 9 else "hello"
            connection.send(post(world, tenant, chat(world.fresh("again"), text=text, max_tokens=5)))
            answer = connection.read(until=b'"usage"')
            assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
            while not answer.rstrip().endswith(b"}"):
                answer += connection.read(until=b"}")


def test_a_client_that_asks_first_is_told_to_go_on(world: World) -> None:
    whole = post(world, world.tenant(), chat(world.fresh("expect")), expect="100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")
    with client(world) as connection:
        connection.send(head + b"\r\n\r\n")
        assert connection.read(until=b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        connection.send(body)
        assert connection.read(until=b"usage").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("ending", ["goodbye", "goodbye and end", "end"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_half_close_is_not_a_disconnect(world: World, stream: bool, ending: str) -> None:
    tenant = world.tenant()
    body = chat(world.fresh("half"), knobs="latency=500,in=9,out=7", stream=stream)
    with client(world) as connection:
        connection.send(post(world, tenant, body))
        if "goodbye" in ending:
            connection.say_goodbye()
        if "end" in ending:
            connection.shut()
        answer = connection.read()
    assert answer.startswith(b"HTTP/1.1 200") and (b"[DONE]" in answer if stream else b"usage" in answer), answer
    entry = world.books.settled(request_id(answer))
    assert (entry.provenance, entry.cost) == ("reported", PRICE.cost(9, 7))


def test_a_caller_that_hangs_up_ends_the_call(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("hung-up")
    body = chat(marker, knobs="latency=20000,chunks=100", stream=True)
    answer = fetch(world.server.data, tenant.key, body, tls=world.server.tls, hang_up_events=2)
    assert answer.hung_up
    deadline = time.monotonic() + 5
    while not world.backend.call(marker).hung_up:
        assert time.monotonic() < deadline, "the backend still generates"
        time.sleep(0.05)
    world.books.wait_until_no_holds()


def test_a_whole_answer_ends_with_a_goodbye(world: World) -> None:
    tenant, marker = world.tenant(), world.fresh("whole")
    with client(world) as connection:
        connection.send(post(world, tenant, chat(marker, knobs="latency=100", stream=False), connection="close"))
        assert b"usage" in connection.read()


def test_a_handshake_that_never_ends_is_cut(world: World) -> None:
    before = world.server.metric("tollgate_tls_handshake_failures_total")
    for address in (world.server.data, world.server.admin_address):
        with socket.create_connection(address, timeout=4) as silent, \
                socket.create_connection(address, timeout=4) as slow:
            slow.sendall(b"\x16\x03\x01\x02\x00\x01")
            for raw in (silent, slow):
                assert raw.recv(100) == b"", "still open"
    world.assert_good_call(world.tenant())
    assert world.server.metric("tollgate_tls_handshake_failures_total") == before + 4


def test_connections_are_counted_before_their_handshake(run: Run, backend: FakeBackend, served: Served) -> None:
    server = Gateway(run.binary, "limits: { max_connections: 3, header_timeout: 30s }\n")
    server.use_tls(served.chain, served.key, served.trust())
    held: list[socket.socket] = []
    try:
        server.start()
        for _ in range(3):
            held.append(socket.create_connection(server.data, timeout=5))
        time.sleep(0.2)
        with socket.create_connection(server.data, timeout=5) as late:
            try:
                assert late.recv(10) == b""
            except ConnectionError:
                pass
        held.pop().close()
        time.sleep(0.2)
        assert server.ready(server.data)
    finally:
        for raw in held:
            raw.close()
        server.close()


# The end


def test_sigterm_lets_streams_end(run: Run, backend: FakeBackend, served: Served) -> None:
    server = Gateway(run.binary, LIMITS)
    server.use_tls(served.chain, served.key, served.trust())
    try:
        server.start()
        world = World.lay(server, backend)
        tenant, marker = world.tenant(), world.fresh("drained")
        with client(world) as stream, client(world) as idle:
            stream.send(post(world, tenant, chat(marker, knobs="latency=1500,chunks=15", stream=True)))
            idle.send(post(world, tenant, chat(world.fresh("before"))))
            assert idle.read(until=b"usage").startswith(b"HTTP/1.1 200")
            seen = stream.read(until=b"data:")
            assert server.child
            os.kill(server.child.pid, signal.SIGTERM)
            assert idle.ended_within(2), "an idle connection was left open"
            seen += stream.read()
        assert b"[DONE]" in seen
        assert server.stop() == 0
        assert world.books.settled(request_id(seen)).provenance == "reported"
        server.verify()
        assert not world.books.holds()
    finally:
        server.close()


def test_a_stream_beyond_the_drain_is_cut_and_settled(run: Run, backend: FakeBackend, served: Served) -> None:
    server = Gateway(run.binary, "limits: { drain: 1s }\n")
    server.use_tls(served.chain, served.key, served.trust())
    try:
        server.start()
        world = World.lay(server, backend)
        tenant, marker = world.tenant(), world.fresh("cut")
        with client(world) as stream:
            stream.send(post(world, tenant, chat(marker, knobs="latency=20000,chunks=100", stream=True)))
            seen = stream.read(until=b"data:")
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 5
            # No goodbye: what came is not all.
            with pytest.raises(ssl.SSLError):
                while stream.read(until=b"data:"):
                    pass
        assert world.books.settled(request_id(seen)).provenance == "estimated"
        server.verify()
        assert not world.books.holds()
    finally:
        server.close()
