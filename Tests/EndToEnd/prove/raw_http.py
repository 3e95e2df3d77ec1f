"""Raw HTTP/1.1 from the RFCs, on both listeners: smuggling, malformed, limits, pipelining, expectations, TRACE and
CONNECT 100 %, in all at least 95 %.

`size` is how many cases at most go to each listener; a part of them is drawn by the seed.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field

from support.backend import fake_backend
from support.client import Address, Answer, chat, read_answer
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant, World

from .http_case import INCOMPLETE, Case, Dress
from .http_cases import CASES
from .programme import Outcome, Programme

CONFIG = "limits: { header_timeout: 2s, idle_timeout: 5s, max_body: 1MiB }\n"
PATIENCE = 8.0  # seconds until a case that is waited for must have ended
QUIET = 0.15  # seconds in which no answer more may come
AT_ONCE = 40
# Framing is in doubt: the connection ends with the refusal.
ENDED = ("smuggling", "malformed")
ALWAYS = (*ENDED, "limits", "pipelining", "expect", "methods")  # 100 %
SHARE = 0.95


@dataclass
class Listener:
    """Where the cases go, and how one knows there that a request was obeyed."""

    name: str
    address: Address
    world: World
    tenant: Tenant

    def dress(self, number: int) -> Dress:
        host = b"%s:%d" % (self.address[0].encode(), self.address[1])
        data = self.name == "data"
        credential = self.tenant.key if data else self.world.admin.credential
        auth = f"Bearer {credential}".encode()
        path = b"/v1/chat/completions" if data else b"/admin/v1/tenants"
        inner = self.body(f"inner-{self.name}-{number}")
        request = (b"POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n%s" % (path, host, auth, len(inner), inner))
        return Dress(host, auth, path, self.body(f"outer-{self.name}-{number}"), request)

    def body(self, marker: str) -> bytes:
        return json.dumps(chat(marker, max_tokens=1) if self.name == "data" else {"name": marker}).encode()

    def obeyed(self) -> Counter[str]:
        if self.name == "data":
            return Counter(call.marker for call in self.world.backend.calls())
        return Counter(tenant["name"] for tenant in self.world.admin.rows("/tenants"))


@dataclass
class Player:
    """Plays one case: what the connection said, and what is wrong with it."""

    case: Case
    dress: Dress
    address: Address
    problems: list[str] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    told_the_end: bool = False
    cut: bool = False  # where an answer was due

    async def play(self) -> None:
        reader, writer = await asyncio.open_connection(*self.address)
        try:
            async with asyncio.timeout(PATIENCE * 2):
                writer.write(self.case.make(self.dress))
                await self.judge(reader, writer)
        except TimeoutError:
            self.problems.append(f"no end; answers {self.seen}")
        except (OSError, asyncio.IncompleteReadError):
            self.judge_end()
        finally:
            writer.transport.abort()

    def judge_end(self) -> None:
        """The connection was cut where an answer was due."""
        self.cut = True
        if not self.case.may_close:
            self.problems.append(f"cut without an answer, after {self.seen}")

    async def judge(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.case.wanted == "refused":
            return await self.refused(reader, writer, await self.answer(reader, writer))
        for number, piece in enumerate(self.case.served):
            answer = await self.answer(reader, writer, without_body=piece in "hH")
            refused = answer.status >= 400 and str(answer.status)[0] not in piece
            if number == 0 and self.case.wanted == "either" and refused:
                return await self.refused(reader, writer, answer)
            if piece == "x":
                return await self.refused(reader, writer, answer)
            first = {"h": "2", "H": "24", "c": "2"}.get(piece, piece)
            if str(answer.status)[0] not in first:
                self.problems.append(f"answer {number + 1} is {answer.status}, expected {first}xx")
                return
            if self.case.codes and answer.status >= 400 and answer.status not in self.case.codes:
                self.problems.append(f"status {answer.status}, expected one of {self.case.codes}")
        if self.case.served[-1] == "c":
            return await self.nothing_more(reader, writer)
        try:
            async with asyncio.timeout(QUIET):
                if data := await reader.read(100):
                    self.problems.append(f"an answer more: {data[:60]!r}")
        except TimeoutError:
            pass

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                     without_body: bool = False) -> Answer:
        """The next answer; who waits for more bytes is told that there are none."""
        answer = Answer()
        try:
            async with asyncio.timeout(PATIENCE):
                await self.read(reader, answer, without_body)
        except TimeoutError:
            self.told_the_end = True
            writer.write_eof()
            await self.read(reader, answer, without_body)
            if self.case.may_close != INCOMPLETE:
                self.problems.append(f"no answer until it was told that nothing more comes, then {answer.status}")
        self.seen.append(answer.status)
        return answer

    async def read(self, reader: asyncio.StreamReader, answer: Answer, without_body: bool) -> None:
        if not without_body:
            return await read_answer(reader, answer)
        lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        answer.status = int(lines[0].split(b" ")[1])

    async def refused(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
        if answer.status < 400:
            self.problems.append(f"answered {answer.status}")
        elif self.case.codes and answer.status not in self.case.codes:
            self.problems.append(f"status {answer.status}, expected one of {self.case.codes}")
        elif answer.status >= 500 and answer.status not in (501, 505):
            self.problems.append(f"status {answer.status}")
        if self.case.group in ENDED:
            await self.nothing_more(reader, writer)

    async def nothing_more(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The connection is at its end: not even a good request is answered on it."""
        try:
            if not self.told_the_end:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: " + self.dress.host + b"\r\n\r\n")
            async with asyncio.timeout(PATIENCE):
                data = await reader.read(200)
        except TimeoutError:
            self.problems.append(f"the connection stayed open after {self.seen}")
        except OSError:
            pass
        else:
            if data:
                self.problems.append(f"an answer after the end: {data[:60]!r}")


async def play(listener: Listener, cases: list[Case]) -> list[Player]:
    gate = asyncio.Semaphore(AT_ONCE)
    players = [Player(case, listener.dress(number), listener.address) for number, case in enumerate(cases)]

    async def one(player: Player) -> None:
        async with gate:
            await player.play()

    await asyncio.gather(*(one(player) for player in players))
    return players


def judge_effects(listener: Listener, players: list[Player]) -> None:
    obeyed = listener.obeyed()
    for number, player in enumerate(players):
        outer, inner = obeyed[f"outer-{listener.name}-{number}"], obeyed[f"inner-{listener.name}-{number}"]
        if inner:
            player.problems.append(f"SMUGGLED: a request inside another was obeyed {inner} times")
        if outer > player.case.effects:
            player.problems.append(f"obeyed {outer} times, expected {player.case.effects}")
        if player.case.wanted == "served" and outer != player.case.effects:
            player.problems.append(f"obeyed {outer} times, expected {player.case.effects}")


def run(run: Run, size: int) -> Outcome:
    outcome = Outcome()
    dice = run.dice("raw-http")
    cases = CASES if size >= len(CASES) else dice.sample(CASES, size)
    with fake_backend() as backend, gateway(run.binary, CONFIG) as server:
        world = World.lay(server, backend)
        tenant = world.tenant("1000")
        for name, address in (("data", server.data), ("admin", server.admin_address)):
            listener = Listener(name, address, world, tenant)
            players = asyncio.run(play(listener, cases))
            judge_effects(listener, players)
            judge(outcome, name, players)
            assert server.running(), server.output[-4000:]
        world.books.wait_until_no_holds()
        world.assert_good_call(tenant)
    return outcome


def judge(outcome: Outcome, listener: str, players: list[Player]) -> None:
    """What is of `ALWAYS` must all be right; of the rest, so many that the share of all holds."""
    done, good = Counter[str](), Counter[str]()
    others: list[str] = []
    for player in players:
        case = player.case
        done[case.group] += 1
        good[case.group] += not player.problems
        line = f"{listener}: {case.group}: {case.name} ({case.rule}): {'; '.join(player.problems)}"
        outcome.tried(line if player.problems and case.group in ALWAYS else None)
        if player.problems and case.group not in ALWAYS:
            others.append(line)
    right = good.total() / max(1, done.total())
    if right < SHARE:
        outcome.wrong([f"{listener}: only {right:.1%} as the rules say", *others])
    outcome.figures[f"{listener}, cut without an answer as an RFC allows"] = "".join(
        f"\n        {player.case.name}: {player.case.may_close}" for player in players
        if player.cut and player.case.may_close) or "none"
    outcome.figures[listener] = ", ".join(f"{name} {good[name]}/{done[name]}" for name in sorted(done))
    if others:
        outcome.figures[f"{listener}, not as the rules say"] = "\n        " + "\n        ".join(others)


RAW_HTTP = Programme("raw-http", "raw HTTP/1.1 cases from RFC 9110/9112, data and admin listener", run, 10_000, 60)
