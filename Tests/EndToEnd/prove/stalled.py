"""Readers of long streams who stop reading: each is cut when `limits.reader_timeout` is over, and its call is settled.

Half of them have a backend that is left when its client is gone, which must happen at once; half one that is read to
its end. The backends send more at once than the kernel and the gateway keep for a reader, then go on slowly for longer
than the limit.
"""

from __future__ import annotations

import asyncio
import socket
import time
from dataclasses import dataclass, field

from support.backend import BackendCall, FakeBackend
from support.client import chat, encode, request_bytes
from support.world import INPUT_USD, OUTPUT_USD, Tenant, World

from . import memory
from .booked import must_be_booked
from .bystander import Bystander
from .held import Watch, open_sockets
from .programme import Outcome

WORDS, BURST, LATER = 8_000, 20, 20  # words of 5 bytes an event; events that come at once, 800 KB, and after
TOKENS = BURST + LATER
EARLY = 0.1  # seconds: the look at the clock that comes before the last byte is read
LATE = 3.0  # seconds after the limit, of which one is between two looks at the clock
AFTER = 4.0  # seconds after the limit that the backend still has something to say
BEGUN_LIMIT = 60.0
UPSTREAM_LIMIT = 1.5  # seconds between the cut of a reader and of its backend
NAME = "stalled readers of long streams"


@dataclass
class Stalled:
    world: World
    backend: FakeBackend
    limit: float  # seconds, `limits.reader_timeout`
    tenants: dict[bool, Tenant] = field(default_factory=dict)  # by whether their backend is left
    cuts: dict[str, float] = field(default_factory=dict)  # when, by the call's name
    begun: dict[str, float] = field(default_factory=dict)  # when it was read from last
    open_to: set[int] = field(default_factory=set)  # ports of clients whose connection the gateway has not closed

    def __post_init__(self) -> None:
        admin = self.world.admin
        for is_left in (True, False):
            name = self.name(is_left)
            admin.pool(name)
            admin.backend(name, f"fake-{name}", self.backend.base_url(), on_disconnect="abort" if is_left else "drain")
            admin.model(name, [name], TOKENS)
            admin.price(name, INPUT_USD, OUTPUT_USD)
            self.tenants[is_left] = self.world.tenant("1000000", (name,))

    def name(self, is_left: bool) -> str:
        return "left by stalled ones" if is_left else "read on for stalled ones"

    def turn(self, watch: Watch, other: Bystander, number: int, quiet: float, opening: float) -> None:
        with other.turn(False, NAME):
            time.sleep(quiet)
        with watch.peak(NAME, number, memory.SLOW_READER, number // 2 * memory.READ_ON), other.turn(True, NAME):
            asyncio.run(self.all_of_them(watch.outcome, number, opening))
        self.world.books.wait_until_no_holds(self.limit + AFTER + BEGUN_LIMIT)
        watch.must_give_back(NAME)
        watch.outcome.count += number

    async def all_of_them(self, outcome: Outcome, number: int, opening: float) -> None:
        """One after the other, in `opening` seconds."""
        looking = asyncio.create_task(self.look())
        done = await asyncio.gather(*(self.one(place % 2 == 0, opening * place / number) for place in range(number)))
        looking.cancel()
        problems = [problem for problem in done if problem]
        outcome.wrong(problems[:3])
        outcome.must(len(problems) <= 3, f"{len(problems)} of {number} stalled readers were not cut as they should be")

    async def look(self) -> None:
        """A client that does not read is told of no end: which connections the gateway has closed, the kernel knows."""
        while True:
            port = self.world.server.data[1]
            self.open_to = {remote for local, remote in open_sockets() if local == port}
            await asyncio.sleep(0.1)

    async def one(self, is_left: bool, wait: float) -> str:
        """Reads the beginning, then nothing, until the gateway has closed; what was wrong, or nothing."""
        await asyncio.sleep(wait)
        tenant, loop, handle = self.tenants[is_left], asyncio.get_running_loop(), socket.socket()
        marker = f"{tenant.id}/{self.world.fresh('stalled')}"
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        handle.setblocking(False)
        try:
            async with asyncio.timeout(BEGUN_LIMIT):
                await loop.sock_connect(handle, self.world.server.data)
                asked = time.time()
                await loop.sock_sendall(handle, self.request(tenant, marker, self.name(is_left)))
                head = await loop.sock_recv(handle, 12)
            if head != b"HTTP/1.1 200":
                return f"a reader was told {head!r}"
            self.begun[marker] = time.time()
            await asyncio.sleep(1)
            while handle.getsockname()[1] in self.open_to:
                if time.time() > self.begun[marker] + self.limit + LATE:
                    return f"a reader who stalled is not cut after {self.limit + LATE:.0f} s"
                await asyncio.sleep(0.1)
            self.cuts[marker] = time.time()
            # On a busy machine the answer was there before its beginning was read, but never before it was asked for.
            seconds = self.cuts[marker] - asked
            return f"a reader was cut {seconds:.1f} s after it asked" if seconds < self.limit - EARLY else ""
        except (OSError, TimeoutError) as error:
            return f"a stalled reader: {error!r}"
        finally:
            handle.close()

    def request(self, tenant: Tenant, marker: str, model: str) -> bytes:
        milliseconds = int((self.limit + LATE + AFTER) * 1000)
        body = chat(marker, model=model, max_tokens=TOKENS, stream=True,
                    knobs=f"latency={milliseconds},out={TOKENS},chunks={TOKENS},burst={BURST},text={WORDS}")
        fields = {"authorization": f"Bearer {tenant.key}", "x-request-id": marker}
        return request_bytes("POST", "/v1/chat/completions", fields, encode(body), self.world.server.data)

    def judge(self, outcome: Outcome) -> None:
        calls = self.backend.calls()
        outcome.wrong(left_late([call for call in calls if call.marker.startswith(f"{self.tenants[True].id}/")],
                                self.cuts)[:5])
        must_be_booked(outcome, self.world, [(self.name(is_left), tenant, is_left)
                                             for is_left, tenant in self.tenants.items()], calls)
        times = sorted(cut - self.begun[marker] for marker, cut in self.cuts.items())
        if times:
            outcome.figures[f"stalled readers were cut after (limit {self.limit:.0f} s)"] = (
                f"{times[0]:.1f} to {times[-1]:.1f} s")


def left_late(calls: list[BackendCall], cuts: dict[str, float]) -> list[str]:
    """Problems of calls whose backend was to be left when the reader was cut."""
    problems = []
    for call in calls:
        if call.marker not in cuts:
            continue  # told already
        seconds = call.finished["at"] - cuts[call.marker] if call.hung_up and call.finished else None
        if seconds is None or abs(seconds) > UPSTREAM_LIMIT:
            problems.append("the backend of a stalled reader was " + (
                "not left" if seconds is None else f"left {seconds:.1f} s after it was cut"))
    return problems
