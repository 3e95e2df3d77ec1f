"""The engine of what ends a gateway, or makes its disk fail, under load, again and again; the books are checked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from support import bookkeeping
from support.oracle import Entry
from support.tollgate import Gateway
from support.world import World
from test_kill import CLIENTS, Load, check_books, left_wrong

from .programme import Outcome
from .refusing import UNPAID, all_refused

MORE_SECONDS = 0.2  # of load until one looks again whether a turn met what it is about
QUIET_LIMIT = 40.0  # seconds in which every call must have ended
# How a gateway ends that must not go on, and what it says then; any other end is a fault of its own, a trap too.
STATUS = 1
LAST_WORDS = ("the ledger cannot be trusted any more", "refused to start", "stopped by an error")


@dataclass(frozen=True)
class Turn:
    """One trial: how the gateway is started, and how long the load goes on unless it dies before.

    As long as what it is about was not `met`, the load goes on, up to `longest` seconds.
    """

    name: str
    launcher: tuple[str, ...]
    seconds: float
    longest: float
    met: Callable[[], bool]
    grace: float = 0  # once it was met, to end of it
    prepare: Callable[[Gateway], None] = lambda server: None  # while it is stopped
    must_refuse: bool = False  # once it was met, if it still runs


@dataclass(frozen=True)
class End:
    """How a gateway was found: its exit status (negative: a signal's number; None: it runs), and what it said."""

    status: int | None
    said: str

    @staticmethod
    def of(server: Gateway, since: int = 0) -> End:
        """`since` is how long its log was when it started."""
        status = server.child.process.poll() if server.child else None
        return End(status, server.output[since:])

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL

    @property
    def wrong(self) -> list[str]:
        """Of a gateway that is gone: it must have ended itself as it says it does."""
        if self.status is None or self.status == STATUS and any(words in self.said for words in LAST_WORDS):
            return []
        return [f"ended with {self.status}, which is not how it ends itself: {self.said[-1500:]}"]


def started(server: Gateway) -> bool:
    """Starts it; false if it ended while it started, which what is injected may cause."""
    try:
        server.start()
    except AssertionError:
        if server.running():
            raise
        return False
    return True


@asynccontextmanager
async def clients(load: Load) -> AsyncIterator[asyncio.Event]:
    """Clients that call whenever the event is set."""
    gate = asyncio.Event()
    load.over = False
    tasks = [asyncio.create_task(load.client(gate)) for _ in range(CLIENTS)]
    try:
        yield gate
    finally:
        load.over = True
        gate.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def loaded(load: Load, gate: asyncio.Event, seconds: float) -> None:
    """Calls for so long, or until the gateway is gone."""
    server = load.world.server
    end = asyncio.get_running_loop().time() + seconds
    gate.set()
    while asyncio.get_running_loop().time() < end and server.running():
        await asyncio.sleep(0.01)
    gate.clear()


async def quiet(load: Load) -> None:
    async with asyncio.timeout(QUIET_LIMIT):
        while load.in_flight:
            await asyncio.sleep(0.01)


def books_wrong(load: Load, may_be_lost: bool = False) -> list[str]:
    """What is wrong with the books of a gateway that does not run; calls without a client's answer `may_be_lost`."""
    world = load.world
    problems = load.problems[:3]
    load.problems.clear()
    problems += bookkeeping.wrong(world.server.database)
    try:
        world.server.verify()
        entries, holds = world.books.both()
        check_books(load, entries, holds, world.backend.calls(), may_be_lost)
    except AssertionError as error:
        problems.append(str(error)[:1500])
    return problems


def start_wrong(world: World) -> list[str]:
    """Starts it, and says what is wrong with what it makes of the holds that are left."""
    before = world.books.holds()
    world.server.start()
    return left_wrong(before, world.books.holds())


async def one_turn(load: Load, gate: asyncio.Event, turn: Turn) -> tuple[End, list[str]]:
    """How the gateway was before it was killed, and what was wrong afterwards."""
    world, server = load.world, load.world.server
    await asyncio.to_thread(load.new_tenants)
    prober = await asyncio.to_thread(world.tenant, None) if turn.must_refuse else None
    server.stop()
    turn.prepare(server)
    server.launcher = turn.launcher
    said, refused = len(server.output), list[str]()
    if await asyncio.to_thread(started, server):
        end = asyncio.get_running_loop().time() + turn.longest
        await loaded(load, gate, turn.seconds)
        while server.running() and not turn.met() and asyncio.get_running_loop().time() < end:
            await loaded(load, gate, MORE_SECONDS)
        if turn.grace and turn.met():
            await loaded(load, gate, turn.grace)
        if prober and turn.met() and server.running():
            refused = await asyncio.to_thread(all_refused, load, prober)
    found = End.of(server, said)
    server.kill()
    await quiet(load)
    server.launcher = ()
    # Of one that ended meanwhile only how it ended counts, and what it did before.
    problems = refused if found.status is None else [one for one in refused if UNPAID in one]
    problems += await asyncio.to_thread(books_wrong, load)
    return found, problems + await asyncio.to_thread(start_wrong, world)


async def all_turns(load: Load, turns: list[Turn], outcome: Outcome,
                    note: Callable[[Turn, End], tuple[bool, list[str]]]) -> bool:
    """`note` says whether a turn met what it is about, which is what counts, and what is wrong with how the gateway
    ended. False if anything was wrong: the rest is not played then, as what is wrong once stays in the books."""
    async with clients(load) as gate:
        for turn in turns:
            end, problems = await one_turn(load, gate, turn)
            met, wrong = note(turn, end)
            problems = [f"{turn.name}: {problem}" for problem in wrong + problems]
            outcome.tried(problems) if met else outcome.wrong(problems)
            if problems:
                return False
    return True


def settled(entries: list[Entry]) -> int:
    return sum(entry.kind == "settle" for entry in entries)
