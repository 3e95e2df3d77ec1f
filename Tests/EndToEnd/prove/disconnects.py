"""Clients that are gone at a random byte of their request or of their answer: `size` of them, and all is given back.

Each call that reached a backend must be settled, once, at a cost that follows from what the backend logged, and nothing
else may have cost anything: see `booked.py`. In the end each tenant may have as many calls at once as before. Half of
the backends are called over TLS, that is through libcurl.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from support.backend import BackendCall, FakeBackend, fake_backend, trusted_backend
from support.client import Answer, call, chat, encode, request_bytes
from support.options import Run
from support.resets import reset_on_close
from support.tollgate import gateway
from support.world import INPUT_USD, MAX_OUTPUT, OUTPUT_USD, Tenant, World

from . import memory
from .booked import must_be_booked
from .bystander import bystander, no_disk
from .held import Watch, still_held
from .programme import Outcome, Programme

AT_ONCE = 64
SLOTS = 2 * AT_ONCE  # calls that each tenant may have at once
SLOT_LATENCY = 10_000  # milliseconds: longer than it takes until all of them are there
GONE_LIMIT = 10.0
UPSTREAM_LIMIT = 1.0  # seconds until the backend of a client that is gone is left too, where that is asked for
TOKENS = 40
PAIRS = 5
TURN = 4.0  # seconds of quiet, at least


@dataclass
class Leavers:
    """Clients of one tenant, whose calls go to a backend that is left, or read to the end, when they are gone."""

    world: World
    backend: FakeBackend
    dice: random.Random
    name: str  # of their pool and model
    aborts: bool
    ends: Counter[str] = field(default_factory=Counter)
    gone: dict[str, float] = field(default_factory=dict)  # when, by the call's marker
    tenant: Tenant = field(init=False)

    def __post_init__(self) -> None:
        admin = self.world.admin
        admin.pool(self.name)
        admin.backend(self.name, f"fake-{self.name}", self.backend.base_url(),
                      on_disconnect="abort" if self.aborts else "drain")
        admin.model(self.name, [self.name], MAX_OUTPUT)
        admin.price(self.name, INPUT_USD, OUTPUT_USD)
        self.tenant = self.world.tenant("1000000", (self.name,))
        admin.quotas(f"tenants/{self.tenant.id}", concurrency=SLOTS)

    async def one(self) -> None:
        dice, stream = self.dice, self.dice.random() < 0.5
        marker = f"{self.tenant.id}/{self.ends.total()}-{len(self.gone)}-{dice.randrange(1 << 40)}"
        # Where it is to be left at once, the answer would take long enough to see that it was.
        latency = dice.randrange(60) if dice.random() < 0.5 or not self.aborts else dice.randrange(3000, 6000)
        body = chat(marker, knobs=f"latency={latency},out={TOKENS}", max_tokens=TOKENS, stream=stream, model=self.name)
        fields = {"authorization": f"Bearer {self.tenant.key}", "x-request-id": marker}
        data = request_bytes("POST", "/v1/chat/completions", fields, encode(body), self.world.server.data,
                             close=dice.random() < 0.5)
        reader, writer = await asyncio.open_connection(*self.world.server.data)
        try:
            where = await self.until_it_leaves(reader, writer, data)
        finally:
            if self.aborts:
                reset_on_close(writer)  # an end without that may be a half-close, which is no disconnect
            self.gone[marker] = time.time()
            writer.transport.abort()
        self.ends[where] += 1

    async def until_it_leaves(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> str:
        """Where it left: in the request, in the answer, or before it."""
        dice = self.dice
        if dice.random() < 0.4:
            writer.write(data[:dice.randrange(len(data))])
            await writer.drain()
            await asyncio.sleep(dice.uniform(0, 0.02))
            return "in the request"
        writer.write(data)
        left = dice.randrange(1, 2500)
        try:
            async with asyncio.timeout(dice.uniform(0.01, 0.3)):
                while left > 0 and (piece := await reader.read(left)):
                    left -= len(piece)
        except TimeoutError:
            return "while waiting"
        return "in the answer"

    def calls(self) -> list[BackendCall]:
        return [call for call in self.backend.calls() if call.marker in self.gone]

    async def every_slot(self) -> list[str]:
        """As many calls at once as the tenant may have are served, and of one more one is not."""
        async def one(number: int) -> Answer:
            marker = f"{self.tenant.id}/slot-{number}"
            body = chat(marker, knobs=f"latency={SLOT_LATENCY},out={TOKENS}", max_tokens=TOKENS, model=self.name)
            return await call(self.world.server.data, self.tenant.key, body, headers={"x-request-id": marker})

        answers = await asyncio.gather(*(one(number) for number in range(SLOTS + 1)))
        told = Counter("served" if answer.done else answer.failure.get("code", answer.error) for answer in answers)
        as_before = told == {"served": SLOTS, "rate_limit_exceeded": 1}
        return [] if as_before else [f"{self.name}: {len(answers)} calls at once were told {dict(told)}"]


async def all_of_them(kinds: list[Leavers], size: int) -> None:
    """`size` clients, as many of each kind, in no order: connections take turns on the gateway's loops."""
    gate = asyncio.Semaphore(AT_ONCE)
    turns = [kinds[number % len(kinds)] for number in range(size)]
    kinds[0].dice.shuffle(turns)

    async def guarded(leavers: Leavers) -> None:
        async with gate:
            await leavers.one()

    await asyncio.gather(*map(guarded, turns))


async def every_slot(kinds: list[Leavers]) -> list[str]:
    return sum(await asyncio.gather(*(leavers.every_slot() for leavers in kinds)), [])


def run(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("disconnects")
    pairs = PAIRS if run.full else 2
    # Who is measured has a backend of its own: the others are busy with those who leave.
    with (no_disk(run.full), fake_backend() as backend, fake_backend() as busy,
          trusted_backend(True) as (secure, config), gateway(run.binary, config) as server):
        world = World.lay(server, backend)
        kinds = [Leavers(world, of, dice, f"{name}{over}", aborts=name == "left")
                 for of, over in ((busy, ""), (secure, "-tls")) for name in ("drained", "left")]
        with bystander(world, world.tenant("1000000"), busy, secure) as other:
            asyncio.run(all_of_them(kinds, min(size, 300)))  # what grows once has grown
            world.books.wait_until_no_holds(GONE_LIMIT)
            watch = Watch(outcome, server, (backend, busy, secure))
            for _ in range(pairs):
                with other.turn(False, "disconnects"):
                    time.sleep(TURN if run.full else 0.5)
                with watch.wave("disconnects", AT_ONCE, memory.CALL), other.turn(True, "disconnects"):
                    asyncio.run(all_of_them(kinds, size // pairs))
            watch.report()
        world.books.wait_until_no_holds(GONE_LIMIT)
        watch.must_give_back("disconnects", kept=0)
        outcome.must(not world.books.holds(), "a hold is left")
        outcome.wrong(still_held(world))
        outcome.wrong(asyncio.run(every_slot(kinds)))
        world.books.wait_until_no_holds(GONE_LIMIT)
        other.judge(outcome, latency=run.full)
        outcome.count = sum(leavers.ends.total() for leavers in kinds)
        outcome.figures["clients were gone"] = dict(sum((leavers.ends for leavers in kinds), Counter()))
        for leavers in kinds:
            if leavers.aborts:
                left_wrong(leavers, outcome)
        tenants = [(leavers.name, leavers.tenant, leavers.aborts) for leavers in kinds]
        must_be_booked(outcome, world, tenants, busy.calls() + secure.calls())
    return outcome


def left_wrong(left: Leavers, outcome: Outcome) -> None:
    """The backend is rid of each call soon after its client is gone."""
    late, cut = [], 0
    calls = left.calls()
    for call in calls:
        since = max(left.gone[call.marker], call.arrived["at"])
        seconds = call.finished["at"] - since if call.finished else None
        cut += call.hung_up
        if seconds is None or seconds > UPSTREAM_LIMIT:
            late.append(f"the backend was left {'never' if seconds is None else f'{seconds:.2f} s after its client'}")
    outcome.wrong(late[:5])
    outcome.must(len(late) <= 5, f"{len(late)} of {len(calls)} backends were left too late")
    outcome.must(cut > 0, "no call was cut at its backend")
    outcome.figures[f"calls at the backend that is {left.name}, and cut there"] = f"{len(calls)}, {cut}"


DISCONNECTS = Programme("disconnects", "clients gone at random bytes: every call booked once, all given back", run,
                        10_000, 400)
