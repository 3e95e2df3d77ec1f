"""Clients that are gone at a random byte of their request or of their answer: `size` of them, and all is given back."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from support.backend import BackendCall, FakeBackend, fake_backend
from support.client import chat, encode, request_bytes, reset_on_close
from support.options import Run
from support.oracle import assert_exactly_once
from support.tollgate import gateway
from support.world import INPUT_USD, MAX_OUTPUT, OUTPUT_USD, PRICE, Tenant, World

from .bystander import Figures, as_before, bystander, given_back
from .programme import Outcome, Programme

AT_ONCE = 64
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

    async def one(self) -> None:
        dice, stream = self.dice, self.dice.random() < 0.5
        marker = f"{self.tenant.id}/{self.ends.total()}-{len(self.gone)}-{dice.randrange(1 << 40)}"
        # Where it is to be left at once, the answer would take long enough to see that it was.
        latency = dice.randrange(60) if dice.random() < 0.5 or not self.aborts else dice.randrange(3000, 6000)
        body = chat(marker, knobs=f"latency={latency},out={TOKENS}", max_tokens=TOKENS, stream=stream, model=self.name)
        data = request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {self.tenant.key}"},
                             encode(body), self.world.server.data, close=dice.random() < 0.5)
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
        return [call for call in self.backend.calls() if call.marker.startswith(f"{self.tenant.id}/")]


async def all_of_them(kinds: list[Leavers], size: int) -> None:
    """`size` clients, as many of each kind."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def guarded(leavers: Leavers) -> None:
        async with gate:
            await leavers.one()

    await asyncio.gather(*(guarded(kinds[number % len(kinds)]) for number in range(size)))


def run(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("disconnects")
    pairs = PAIRS if run.full else 1
    # Who is measured has a backend of its own: this one is busy with those who leave.
    with fake_backend() as backend, fake_backend() as busy, gateway(run.binary) as server:
        world = World.lay(server, backend)
        drained = Leavers(world, busy, dice, "drained", aborts=False)
        left = Leavers(world, busy, dice, "left", aborts=True)
        with bystander(world, world.tenant("1000000"), busy) as other:
            asyncio.run(all_of_them([drained, left], min(size, 300)))  # what grows once has grown
            outcome.wrong(given_back(server, GONE_LIMIT))
            before = Figures.of(server)
            for _ in range(pairs):
                with other.turn(False, "disconnects"):
                    time.sleep(TURN if run.full else 0.5)
                with other.turn(True, "disconnects"):
                    asyncio.run(all_of_them([drained, left], size // pairs))
                outcome.wrong(given_back(server, GONE_LIMIT))
            outcome.wrong(as_before(server, GONE_LIMIT, before, backend, busy))
            outcome.figures["held before"], outcome.figures["held after"] = before, Figures.of(server)
        outcome.count = drained.ends.total() + left.ends.total()
        outcome.figures["clients were gone"] = dict(drained.ends + left.ends)
        outcome.wrong(given_back(server, GONE_LIMIT, kept=0))
        world.books.wait_until_no_holds(GONE_LIMIT)
        other.judge(outcome, latency=run.full)
        booked_wrong(drained, outcome)
        left_wrong(left, outcome)
    return outcome


def left_wrong(left: Leavers, outcome: Outcome) -> None:
    """The backend is rid of each call soon after its client is gone, and each is booked once, for not more than it may
    cost: nobody knows what an answer cost that was not read to its end."""
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
    outcome.figures["calls at a backend that is left, and cut there"] = f"{len(calls)}, {cut}"
    settled = [entry for entry in left.world.books.both()[0]
               if entry.kind == "settle" and entry.tenant_id == left.tenant.id]
    outcome.must(len(settled) == len(calls), f"{len(settled)} settled entries, {len(calls)} calls at the left backend")


def booked_wrong(drained: Leavers, outcome: Outcome) -> None:
    """Every call that reached the backend is in the ledger, once, at what the backend bills for it."""
    entries, holds = drained.world.books.both()
    assert_exactly_once(entries, holds)
    settled = [entry for entry in entries if entry.kind == "settle" and entry.tenant_id == drained.tenant.id]
    calls = drained.calls()
    outcome.must(len(settled) == len(calls), f"{len(settled)} settled entries, {len(calls)} calls at the backend")
    spent, billed = sum(entry.cost for entry in settled), sum(PRICE.cost(*call.billed) for call in calls)
    outcome.must(spent == billed, f"the ledger has {spent}, the backend bills {billed}")
    outcome.figures["calls at a backend read to the end, all booked"] = len(calls)


DISCONNECTS = Programme("disconnects", "clients gone at random bytes: every call booked once, all given back", run,
                        10_000, 400)
