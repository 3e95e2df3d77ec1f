"""What one connection may do, and what it may not do to others: order, patience, half-closes, floods of bad keys."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from support.backend import FakeBackend
from support.client import Answer, answers_to, call, chat, encode, fetch, read_answer, request_bytes
from support.keys import make_key
from support.options import Run
from support.processes import note
from support.tollgate import gateway
from support.world import PRICE, Tenant, World

CHAT = "/v1/chat/completions"
LIMITS = "limits: { header_timeout: 1s, idle_timeout: 1s }\n"


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, LIMITS) as server:
        yield World.lay(server, backend)


def post(world: World, tenant: Tenant, body: object, **headers: str) -> bytes:
    """A whole request on a connection that stays open."""
    fields = {"authorization": f"Bearer {tenant.key}", **headers}
    return request_bytes("POST", CHAT, fields, encode(body), world.server.data, close=False)


def test_pipelined_requests_are_answered_in_order(world: World) -> None:
    tenant = world.tenant()
    knobs = ("latency=400,out=1", "out=2", "latency=100,out=3", "out=4", "fault=400", "out=5")

    async def run() -> list[Answer]:
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(b"".join(
            post(world, tenant, chat(world.fresh("pipe"), knobs=text, stream=number == 2))
            for number, text in enumerate(knobs)
        ))
        answers = [Answer() for _ in knobs]
        async with asyncio.timeout(10):
            for answer in answers:
                await read_answer(reader, answer)
        writer.close()
        return answers

    answers = asyncio.run(run())
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 400, 200]
    booked = [[entry.output for entry in world.books.of_request(answer.request_id)] for answer in answers]
    assert booked == [[1], [2], [3], [4], [0], [5]]
    assert len({answer.request_id for answer in answers}) == len(answers)


def test_nothing_behind_a_refused_request_is_obeyed(world: World) -> None:
    """Also where all of it came in while a call was under way."""
    tenant = world.tenant()
    first, behind = world.fresh("pipe"), [world.fresh("behind") for _ in range(2)]
    no_host = b"GET /healthz HTTP/1.1\r\n\r\n"

    calls = [post(world, tenant, chat(marker)) for marker in behind]
    data = post(world, tenant, chat(first, knobs="latency=200")) + no_host + b"".join(calls)
    answers, rest = answers_to(world.server.data, data, 2)
    assert [answer.status for answer in answers] == [200, 400] and not rest
    world.assert_good_call(tenant)  # by now they would have come to the backend
    assert not [seen.marker for seen in world.backend.calls() if seen.marker in behind]


def test_a_client_that_reads_no_answers_gets_no_more_requests_in(world: World) -> None:
    """Answers to a pipelining client that never reads must not pile up in the gateway's memory."""
    request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 1000
    taken = 0
    with socket.create_connection(world.server.data) as client:
        client.settimeout(0.5)
        try:
            while taken < 64 << 20:
                taken += client.send(request)
        except OSError:
            pass  # it takes no more, or hung up
    assert taken < 32 << 20, f"{taken} bytes of requests were taken in"
    world.assert_good_call(world.tenant())


HEALTH = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize("end", ["open", "half-closed", "no HTTP", "half a request"])
def test_pipelined_requests_that_are_answered_at_once_are_all_answered(world: World, end: str) -> None:
    """More than the gateway answers one client before it looks at others again, with a call among them."""
    tenant = world.tenant()
    marker = world.fresh("among")
    data = HEALTH * 1000 + post(world, tenant, chat(marker, knobs="latency=50,out=3")) + HEALTH * 1000
    behind = {"no HTTP": b"\0\0\r\n\r\n", "half a request": HEALTH[:-4]}.get(end, b"")

    async def run() -> tuple[list[Answer], bytes]:
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(data + behind)
        if end in ("half-closed", "half a request"):
            writer.write_eof()
        answers = [Answer() for _ in range(2001)]
        async with asyncio.timeout(20):
            for answer in answers:
                await read_answer(reader, answer)
            rest = b"" if end == "open" else await reader.read()
        writer.close()
        return answers, rest

    answers, rest = asyncio.run(run())
    assert all(answer.done and answer.status == 200 for answer in answers)
    assert world.books.settled(answers[1000].request_id).output == 3
    assert rest.startswith(b"HTTP/1.1 400 ") if behind else rest == b""


def test_long_bodies_are_read_elsewhere_and_answered_in_order(world: World) -> None:
    """Of good ones and a bad one on one connection, and one whose client leaves meanwhile."""
    tenant = world.tenant()
    long = "a" * 300_000
    bodies = [encode(chat(world.fresh("long"), knobs=f"out={number}", text=long)) for number in (1, 2)]
    data = b"".join(
        request_bytes("POST", CHAT, {"authorization": f"Bearer {tenant.key}"}, body, world.server.data, close=False)
        for body in (bodies[0], bodies[1][:-1], bodies[1]))
    with socket.create_connection(world.server.data) as leaver:
        leaver.sendall(data[:data.index(b"POST ", 1)])
    answers, _ = answers_to(world.server.data, data, 3)
    assert [answer.status for answer in answers] == [200, 400, 200]
    assert [world.books.settled(answers[place].request_id).output for place in (0, 2)] == [1, 2]


def test_one_connection_serves_many_calls(world: World) -> None:
    tenant = world.tenant()

    async def run() -> None:
        reader, writer = await asyncio.open_connection(*world.server.data)
        async with asyncio.timeout(20):
            for number in range(100):
                writer.write(post(world, tenant, chat(world.fresh("again"), stream=number % 2 == 0)))
                answer = Answer()
                await read_answer(reader, answer)
                assert answer.done, (number, answer)
        writer.close()

    asyncio.run(run())
    world.books.wait_until_no_holds()
    entries = [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    assert len(entries) == 100 and all(entry.provenance == "reported" for entry in entries)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_half_close_is_not_a_disconnect(world: World, stream: bool) -> None:
    tenant = world.tenant()

    async def run() -> Answer:
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(post(world, tenant, chat(world.fresh("half"), knobs="latency=500,in=9,out=7", stream=stream)))
        writer.write_eof()
        answer = Answer()
        async with asyncio.timeout(10):
            await read_answer(reader, answer)
            assert await reader.read() == b"", "bytes after the answer"
        writer.close()
        return answer

    answer = asyncio.run(run())
    assert answer.done
    entry = world.books.settled(answer.request_id)
    assert (entry.provenance, entry.cost) == ("reported", PRICE.cost(9, 7))


def test_the_idle_limit_is_only_between_requests(world: World) -> None:
    tenant = world.tenant()
    for stream in (False, True):
        answer = world.call(tenant, knobs="latency=2500,chunks=1", stream=stream)
        assert answer.done and answer.seconds > 2.4, answer

    async def idle() -> float:
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(post(world, tenant, chat(world.fresh("idle"))))
        async with asyncio.timeout(10):
            await read_answer(reader, Answer())
            started = time.monotonic()
            assert await reader.read() == b""
        writer.close()
        return time.monotonic() - started

    assert 0.8 < asyncio.run(idle()) < 4


def test_slow_heads_are_cut_and_hurt_nobody(world: World) -> None:
    tenant = world.tenant()

    async def slow() -> float:
        started = time.monotonic()
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\n".encode())
        async with asyncio.timeout(15):
            reading = asyncio.create_task(reader.read())
            while not reading.done():
                await asyncio.wait([reading], timeout=0.2)
                if not reading.done():
                    writer.write(b"x-drip: 1\r\n")
            answer = await reading
        writer.close()
        assert not answer or b" 408 " in answer.split(b"\r\n", 1)[0], answer
        return time.monotonic() - started

    async def run() -> tuple[list[float], list[Answer]]:
        drips = [asyncio.create_task(slow()) for _ in range(300)]
        await asyncio.sleep(0.3)
        answers = [await call(world.server.data, tenant.key, chat(world.fresh("beside"))) for _ in range(20)]
        return await asyncio.gather(*drips), answers

    seconds, answers = asyncio.run(run())
    assert max(seconds) < 5, f"a head took {max(seconds):.1f} s and was still read"
    assert all(answer.done and answer.seconds < 1 for answer in answers), max(answer.seconds for answer in answers)


def test_expect_continue_is_answered(world: World) -> None:
    tenant = world.tenant()
    answer = fetch(world.server.data, tenant.key, chat(world.fresh("expect")), headers={"expect": "100-continue"})
    assert answer.done, answer


def test_a_refused_client_is_told_before_it_sends_its_body(world: World) -> None:
    async def run() -> Answer:
        reader, writer = await asyncio.open_connection(*world.server.data)
        head = {"authorization": "Bearer nonsense", "expect": "100-continue", "content-length": "1000"}
        writer.write(request_bytes("POST", CHAT, head, b"", world.server.data, close=False))
        answer = Answer()
        async with asyncio.timeout(5):
            await read_answer(reader, answer)
        writer.close()
        return answer

    assert asyncio.run(run()).status == 401


def test_an_upgrade_offer_is_ignored(world: World) -> None:
    """Some clients offer HTTP/2 with every plain request; they must get a plain answer."""
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2-settings": "AAMAAABkAAQBAAAAAAIAAAAA"}

    async def run() -> Answer:
        reader, writer = await asyncio.open_connection(*world.server.data)
        writer.write(post(world, world.tenant(), chat(world.fresh("upgrade")), **offer))
        answer = Answer()
        async with asyncio.timeout(10):
            await read_answer(reader, answer)
        writer.close()
        return answer

    answer = asyncio.run(run())
    assert answer.done, answer


def test_bad_keys_never_cost_a_hash(world: World) -> None:
    tenant = world.tenant()
    world.assert_good_call(tenant)
    wrong = [make_key(f"{number:010d}", "s" * 43) for number in range(100)]
    wrong += [tenant.key[:-1] + ("0" if tenant.key[-1] != "0" else "1"), "tg_", "x" * 200] * 20
    before = world.server.metric("tollgate_argon2_total")

    async def run() -> list[Answer]:
        return list(await asyncio.gather(*(call(world.server.data, key, chat()) for key in wrong)))

    assert {answer.status for answer in asyncio.run(run())} == {401}
    assert world.server.metric("tollgate_argon2_total") == before
    world.assert_good_call(tenant)


@pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
def test_a_flood_of_wrong_secrets_is_bounded_and_hurts_nobody(run: Run, backend: FakeBackend, cold: bool) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        victim, other = world.tenant(), world.tenant()
        if cold:
            assert server.stop() == 0
            server.start()
        flood_one_id(world, victim.key.split("_")[1], (other,) if cold else (victim, other))
        answer = world.call(victim)
        if answer.status == 429:
            assert answer.failure["code"] == "rate_limit_exceeded" and answer.headers["retry-after"] == "1"
            time.sleep(1.1)
        world.assert_good_call(victim)


def flood_one_id(world: World, public_id: str, bystanders: tuple[Tenant, ...]) -> None:
    before = world.server.metric("tollgate_argon2_total")
    started = time.monotonic()

    async def run() -> tuple[list[Answer], list[Answer]]:
        flood = [asyncio.create_task(call(world.server.data, make_key(public_id, f"{number:043d}"), chat()))
                 for number in range(100)]
        await asyncio.sleep(0.1)
        good = [await call(world.server.data, tenant.key, chat(world.fresh("beside")))
                for _ in range(10) for tenant in bystanders]
        return await asyncio.gather(*flood), good

    flood, good = asyncio.run(run())
    seconds = time.monotonic() - started
    assert all(answer.done and answer.seconds < 1 for answer in good), max(answer.seconds for answer in good)
    outcomes = Counter(answer.status for answer in flood)
    assert outcomes.keys() <= {401, 429}, outcomes
    for answer in flood:
        code = answer.failure["code"]
        assert code == ("invalid_api_key" if answer.status == 401 else "rate_limit_exceeded"), answer
    runs = world.server.metric("tollgate_argon2_total") - before
    assert runs <= 5 * seconds + 5 + len(bystanders), f"{runs} hashes in {seconds:.1f} s for one id"
    note(f"wrong secrets of one id: {dict(outcomes)}, {runs:.0f} hashes in {seconds:.1f} s")


def test_a_cold_key_is_hashed_once_for_all_who_wait(run: Run, backend: FakeBackend) -> None:
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        tenant = world.tenant()
        assert server.stop() == 0
        server.start()

        async def burst() -> list[Answer]:
            bodies = [chat(world.fresh("cold")) for _ in range(100)]
            return list(await asyncio.gather(*(call(server.data, tenant.key, body) for body in bodies)))

        assert all(answer.done for answer in asyncio.run(burst()))
        assert server.metric("tollgate_argon2_total") == 1


def test_who_fills_the_lines_of_some_cold_keys_keeps_no_other_cold_key_out(run: Run, backend: FakeBackend) -> None:
    """Twenty known ids, sixty secrets each: more than wait for a hash in all, and who is refused comes again."""
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        known = [world.tenant().key.split("_")[1] for _ in range(20)]
        others = [world.tenant() for _ in range(5)]
        assert server.stop() == 0
        server.start()

        async def burst() -> tuple[list[Answer], Counter[int]]:
            statuses: Counter[int] = Counter()

            async def guess(number: int) -> None:
                while True:
                    key = make_key(known[number % len(known)], f"{number:043d}")
                    statuses[(await call(server.data, key, chat())).status] += 1
                    await asyncio.sleep(0.3)

            flood = [asyncio.create_task(guess(number)) for number in range(1_200)]
            async with asyncio.timeout(20):
                while not statuses[429]:  # the lines are full
                    await asyncio.sleep(0.01)
            good = [await call(server.data, tenant.key, chat(world.fresh("cold"))) for tenant in others]
            for task in flood:
                task.cancel()
            await asyncio.gather(*flood, return_exceptions=True)
            return good, statuses

        good, statuses = asyncio.run(burst())
        assert all(answer.done for answer in good), good
        assert statuses.keys() <= {401, 429}, statuses
        note(f"cold keys beside full lines: {max(answer.seconds for answer in good):.2f} s at most, {dict(statuses)}")
