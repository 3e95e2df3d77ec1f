"""Floods of wrong keys in five classes: refused alike, hashed as rarely as promised, and nobody else is slower.

The gateway's own count of hashes is not taken at its word: its processor time, as the kernel counts it, has no room for
more of them. What one costs is measured first, by keys that are good and cold.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass

from support.backend import fake_backend
from support.client import Answer, Address, read_answer
from support.keys import DIGITS, make_key
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import Tenant, World

from . import memory
from .bystander import Bystander, bystander, no_disk
from .held import Watch, cpu_seconds
from .programme import Outcome, Programme

COLD = "known id, cold"
# Of a cold id 64 secrets wait for a hash; the rest of these many connections are refused at once.
CONNECTIONS = {"not in the grammar": 40, "wrong checksum": 40, "unknown id": 40, "known id, warm": 40, COLD: 1_200}
KINDS = tuple(CONNECTIONS)
PIPELINED = 8
RATE = 5_500  # keys a second; with no pause the flood alone would fill this machine's cores
LEAST_RATE, LEAST_RATE_COLD = 5_000, 500  # what must be reached of it; where all wait for hashes, 5 s bound it
CPU_LIMIT = 0.001  # seconds of the gateway for a key that is not hashed; in a smoke a tick of its clock is as long
CPU_TIMES = 2  # what a key may cost of what one costs that is none by its grammar, and so is never hashed
HASHES_BESIDE = 2  # hashes at the same time wait for memory: each may cost so many times what one alone does
LEAST_HASH = 0.005  # seconds: one that costs less says nothing of whether keys were hashed
HASHED = 8  # good keys, to see what a hash costs
RUNS_A_SECOND = 5  # hashes of one id
PAIRS = 5
SECONDS = 3.0  # of a turn, at least: shorter ones say nothing of latency


def request(key: str) -> bytes:
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}").encode()


async def flood(address: Address, keys: list[str], connections: int) -> Counter[int]:
    """Each key once, several in flight on each connection, and the connections one after the other: 320 keys in one
    burst would keep every loop busy for ten milliseconds, at whatever rate. Who fell behind does not catch up, and keeps
    its place among the others: else those that were refused together would come back together."""
    period = PIPELINED * connections / RATE
    statuses: Counter[int] = Counter()
    waiting = iter(keys)

    async def client(number: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + number * PIPELINED / RATE
        await asyncio.sleep(due - loop.time())
        reader, writer = await asyncio.open_connection(*address)
        while some := list(itertools.islice(waiting, PIPELINED)):
            due += period * max(0, math.ceil((loop.time() - due) / period))
            await asyncio.sleep(due - loop.time())
            due += period
            writer.write(b"".join(request(key) for key in some))
            for _ in some:
                answer = Answer()
                async with asyncio.timeout(30):
                    await read_answer(reader, answer)
                statuses[answer.status] += 1
                if answer.headers.get("connection") == "close":
                    writer.close()
                    reader, writer = await asyncio.open_connection(*address)
                    break
        writer.close()

    await asyncio.gather(*(client(number) for number in range(connections)))
    return statuses


def wrong_keys(dice: random.Random, kind: str, number: int, warm: str, cold: str) -> list[str]:
    def secret() -> str:
        return f"{dice.randrange(10**40):043d}"

    def misspelt() -> str:
        """A key whose last letter, of the checksum, is another."""
        key = make_key(warm, secret())
        return key[:-1] + dice.choice([digit for digit in DIGITS if digit != key[-1]])

    makers = {
        "not in the grammar": lambda: dice.choice(("sk-", "tg_", "")) + secret() + "x" * dice.randrange(40),
        "wrong checksum": misspelt,
        "unknown id": lambda: make_key(f"{dice.randrange(10**9):010d}", secret()),
        "known id, warm": lambda: make_key(warm, secret()),
        COLD: lambda: make_key(cold, secret()),
    }
    return [makers[kind]() for _ in range(number)]


def run(run: Run, size: int) -> Outcome:
    """`size` keys, as many of each class."""
    outcome, dice = Outcome(), run.dice("floods")
    pairs = PAIRS if run.full else 2
    with no_disk(run.full), fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        warm, cold, good = world.tenant(), world.tenant(), world.tenant("1000000")
        hashed = [world.tenant() for _ in range(HASHED)]
        server.stop()
        server.start()
        world.assert_good_call(warm)
        world.assert_good_call(good)
        hash_seconds = seconds_of_a_hash(world, hashed)
        outcome.must(hash_seconds >= LEAST_HASH, f"a hash costs {hash_seconds * 1000:.1f} ms: it shows in no flood")
        outcome.figures["processor time of a hash, ms"] = round(hash_seconds * 1000, 1)
        ids = [tenant.key.split("_")[1] for tenant in (warm, cold)]
        with bystander(world, good) as other:
            watch = Watch(outcome, server, (backend,))
            plain: list[float] = []  # seconds of the gateway for a key of the first kind, by turn
            for kind in KINDS:
                for _ in range(pairs):
                    with other.turn(False, kind):
                        time.sleep(SECONDS if run.full else 0.5)
                    keys = wrong_keys(dice, kind, size // len(KINDS) // pairs, *ids)
                    with watch.wave(kind, CONNECTIONS[kind], memory.REQUEST, memory.KEY_CHECKS):
                        flooded = one_turn(server, other, kind, keys, run.full)
                    if kind == KINDS[0]:
                        plain.append(flooded.cpu / flooded.statuses.total())
                    limit = CPU_TIMES * statistics.median(plain) if run.full else CPU_LIMIT
                    flooded.judge(outcome, kind, hash_seconds, limit, run.full)
            watch.report()
        other.judge(outcome, latency=run.full)
        world.books.wait_until_no_holds()
        outcome.must(not world.books.holds(), "a hold is left")
    return outcome


def seconds_of_a_hash(world: World, tenants: list[Tenant]) -> float:
    """What the first call of a key costs more than its second: its one hash. The median, for calls cost a little."""
    def cost(tenant: Tenant) -> float:
        before = cpu_seconds(world.server)
        world.assert_good_call(tenant)
        return cpu_seconds(world.server) - before

    return statistics.median(cost(tenant) - cost(tenant) for tenant in tenants)


@dataclass(frozen=True)
class Flooded:
    """What a turn of a flood came to."""

    statuses: Counter[int]
    seconds: float
    cpu: float  # seconds of the gateway's, the bystander's calls included
    hashes: float  # as the gateway counts them

    def judge(self, outcome: Outcome, kind: str, hash_seconds: float, key_seconds: float, full: bool) -> None:
        """`key_seconds` of processor time are allowed for a key that is not hashed."""
        number, statuses = self.statuses.total(), self.statuses
        rate = number / self.seconds
        allowed = RUNS_A_SECOND * (self.seconds + 1) + 1 if kind == COLD else 0
        outcome.count += number
        outcome.must(self.hashes <= allowed, f"{kind}: {self.hashes:.0f} hashes, at most {allowed:.0f}")
        outcome.must(statuses.keys() <= {401, 429}, f"{kind}: {dict(statuses)}")
        outcome.must(statuses[429] == 0 or kind == COLD, f"{kind}: {dict(statuses)}")
        cpu_limit = number * key_seconds + allowed * hash_seconds * HASHES_BESIDE
        outcome.must(self.cpu <= cpu_limit, f"{kind}: {self.cpu:.2f} s of the gateway's processor time for {number} "
                     f"keys, at most {cpu_limit:.2f} s leave no room for more hashes")
        least = LEAST_RATE_COLD if kind == COLD else LEAST_RATE
        outcome.must(rate >= least or not full, f"{kind}: only {rate:,.0f} keys/s, {least:,} are wanted")
        outcome.figures[kind] = (f"{rate:,.0f}/s, {self.hashes:.0f} hashes, {self.cpu / number * 1e6:.0f} us of "
                                 f"processor time a key, {dict(statuses)}")


def one_turn(server: Gateway, other: Bystander, kind: str, keys: list[str], full: bool) -> Flooded:
    hashes, cpu, started = server.metric("tollgate_argon2_total"), cpu_seconds(server), time.monotonic()
    statuses: Counter[int] = Counter()
    with other.turn(True, kind):
        while not statuses or full and time.monotonic() - started < SECONDS:
            statuses += asyncio.run(flood(server.data, keys, CONNECTIONS[kind]))
        seconds = time.monotonic() - started
    return Flooded(statuses, seconds, cpu_seconds(server) - cpu, server.metric("tollgate_argon2_total") - hashes)


FLOODS = Programme("key-floods", "5,000 wrong keys/s of four classes, 500 of a cold id: no hash but 5/s", run, 120_000,
                   2_000)
