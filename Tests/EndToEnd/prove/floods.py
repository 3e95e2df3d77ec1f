"""Floods of wrong keys in four classes: refused alike, hashed as rarely as promised, and nobody else is slower."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter

from support.backend import fake_backend
from support.client import Answer, Address, read_answer
from support.keys import make_key
from support.options import Run
from support.tollgate import gateway
from support.world import World

from .bystander import bystander
from .programme import Outcome, Programme

CONNECTIONS = 40
PIPELINED = 8
RATE = 5_000  # keys a second; with no pause the flood alone would fill this machine's cores
RUNS_A_SECOND = 5  # hashes of one id
PAIRS = 3
SECONDS = 3.0  # of a turn, at least: shorter ones say nothing of latency


def request(key: str) -> bytes:
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}").encode()


async def flood(address: Address, keys: list[str]) -> Counter[int]:
    """Each key once, several in flight on each connection."""
    statuses: Counter[int] = Counter()
    waiting = iter(keys)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(*address)
        loop = asyncio.get_running_loop()
        due = loop.time()
        while some := list(itertools.islice(waiting, PIPELINED)):
            await asyncio.sleep(max(0, due - loop.time()))
            due += PIPELINED * CONNECTIONS / RATE
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

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return statuses


def wrong_keys(dice: random.Random, kind: str, number: int, warm: str, cold: str) -> list[str]:
    def secret() -> str:
        return f"{dice.randrange(10**40):043d}"

    makers = {
        "not in the grammar": lambda: dice.choice(("sk-", "tg_", "")) + secret() + "x" * dice.randrange(40),
        "unknown id": lambda: make_key(f"{dice.randrange(10**9):010d}", secret()),
        "known id, warm": lambda: make_key(warm, secret()),
        "known id, cold": lambda: make_key(cold, secret()),
    }
    return [makers[kind]() for _ in range(number)]


def run(run: Run, size: int) -> Outcome:
    """`size` keys, a quarter of each class."""
    outcome, dice = Outcome(), run.dice("floods")
    pairs = PAIRS if run.full else 1
    with fake_backend() as backend, gateway(run.binary) as server:
        world = World.lay(server, backend)
        warm, cold, good = world.tenant(), world.tenant(), world.tenant("1000000")
        server.stop()
        server.start()
        world.assert_good_call(warm)
        world.assert_good_call(good)
        ids = [tenant.key.split("_")[1] for tenant in (warm, cold)]
        with bystander(server, good) as other:
            for kind in ("not in the grammar", "unknown id", "known id, warm", "known id, cold"):
                for _ in range(pairs):
                    with other.turn(False):
                        time.sleep(3 if run.full else 0.5)
                    keys = wrong_keys(dice, kind, size // 4 // pairs, *ids)
                    before, started = server.metric("tollgate_argon2_total"), time.monotonic()
                    statuses: Counter[int] = Counter()
                    with other.turn(True):
                        while not statuses or run.full and time.monotonic() - started < SECONDS:
                            statuses += asyncio.run(flood(server.data, keys))
                    seconds = time.monotonic() - started
                    hashes = server.metric("tollgate_argon2_total") - before
                    allowed = RUNS_A_SECOND * (seconds + 1) + 1 if kind == "known id, cold" else 0
                    outcome.count += statuses.total()
                    outcome.must(hashes <= allowed, f"{kind}: {hashes:.0f} hashes, at most {allowed:.0f}")
                    outcome.must(statuses.keys() <= {401, 429}, f"{kind}: {dict(statuses)}")
                    outcome.must(statuses[429] == 0 or kind == "known id, cold", f"{kind}: {dict(statuses)}")
                    outcome.figures[kind] = (f"{statuses.total() / seconds:,.0f}/s, {hashes:.0f} hashes, "
                                             f"{dict(statuses)}")
        other.judge(outcome, latency=run.full)
    return outcome


FLOODS = Programme("key-floods", "5,000 wrong keys/s of four classes: no hash but 5/s of a cold id", run, 120_000,
                   2_000)
