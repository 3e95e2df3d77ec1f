"""Streams of requests, mutated, through Tollgate and four others: it never sees more requests than the strictest.

A request that one sees and another does not is how one is smuggled past whatever stands in front. One stream in
`CHAT_SHARE` is of calls with a valid key, and the backend's own log must have no call that was not answered. One in
`WHOLE_SHARE` is not changed at all, and must be seen whole: who reads nothing sees no more than others, too.

Tollgate may see more only by a `Tolerance`, which an RFC gives it: the same stream in words that leave no choice must
be read by Tollgate as before, and by everybody else like Tollgate. So no request hides in what is tolerated. Each
tolerance is counted, and may not explain more streams than its bound.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections import Counter as Tally
from dataclasses import dataclass, field

from support.backend import fake_backend
from support.client import Address, chat
from support.options import Run
from support.tollgate import gateway
from support.world import World

from .peers import Reply, after_the_end, asked, seen_by_h11, seen_by_httptools, servers, whole, whole_by_tollgate
from .programme import Outcome, Programme

CONFIG = "limits: { header_timeout: 1s, idle_timeout: 1s, max_body: 1MiB }\n"
AT_ONCE = 250
CHAT_SHARE, WHOLE_SHARE = 4, 25
# Streams that one tolerance may explain: of all, and where there are few of them.
SHARE_BOUND, LEAST_BOUND = 0.002, 8
# No expectation: Tollgate then refuses before the body comes, an answer to no request that was read whole; raw
# cases are about that.
PIECES = (
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length: 05\r\n", b"Content-Length: +5\r\n",
    b"Content-Length:\r\n", b"Content-Length : 5\r\n", b"Content-Length: 5, 5\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding:\tchunked\r\n", b"Transfer-Encoding: Chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n",
    b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding:\r\n chunked\r\n", b"Transfer-Encoding: x\r\n",
    b"Transfer-Encoding: identity\r\n", b"X: y\r\n", b"X: y\n", b" X: y\r\n", b"X\r\n", b"Host: b\r\n", b"X: \x00\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"X: y\r\r\n", b"\r\n", b"\n",
    b"\r", b"0\r\n\r\n", b"5\r\nhello\r\n", b"5;a=b\r\nhello\r\n", b"05\r\nhello\r\n", b"5 \r\nhello\r\n",
    b"0;\r\n\r\n", b"hello", b"0\r\nX: y\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"-1\r\n",
    b"ffffffffffffffff\r\n",
    b"5\nhello\n",
)
BYTES = b"\r\n :;,\x00\x0b\x0c\x7f\xff0159afxGP/.+-_"


@dataclass
class Stream:
    data: bytes
    seen: dict[str, int]
    requests: int | None = None  # so many, where nothing was changed
    is_chat: bool = False
    breaks_off: bool = False  # h11 or httptools read it to some point only
    replies: list[Reply] = field(default_factory=list)  # of Tollgate

    @property
    def sees_more(self) -> bool:
        return self.seen["tollgate"] > min(count for name, count in self.seen.items() if name != "tollgate")

    @property
    def is_odd(self) -> bool:
        """Not all saw what they must."""
        return self.sees_more or self.requests is not None and set(self.seen.values()) != {self.requests}

    @property
    def accepted(self) -> int:
        """Calls that were answered; nothing else in a stream of calls is."""
        return sum(reply.status == 200 for reply in self.replies) if self.is_chat else 0

    def unanswered(self, reached: Tally[str]) -> int:
        """Calls at the backend, by their markers, that were not answered."""
        markers = set(re.findall(r'differential-[^";]*', self.data.decode("latin-1")))
        return sum(reached[marker] for marker in markers) - self.accepted

    def obeyed_wrong(self, reached: Tally[str]) -> list[str]:
        """Only where bytes that are not HTTP come in behind a call under way, and the connection is cut without a word,
        its answer is lost with it."""
        may_be_lost = self.breaks_off and not any(reply.closes for reply in self.replies)
        lost = self.unanswered(reached)
        return [] if lost <= may_be_lost else [f"{lost} calls obeyed and lost, {self.replies}: {self.data!r}"]

    def problems(self) -> list[str]:
        found = []
        if after_the_end(self.replies):
            found.append(f"Tollgate answered behind its last answer, {self.replies}: {self.data!r}")
        if self.requests is not None and (odd := {n: c for n, c in self.seen.items() if c != self.requests}):
            found.append(f"{self.requests} good requests, but {odd} were seen: {self.data!r}")
        return found


@dataclass(frozen=True)
class Tolerance:
    """What may be read or refused, by the RFC's words, and how it is written so that there is no choice."""

    name: str
    words: str
    pattern: bytes
    plain: bytes

    def applied(self, data: bytes) -> bytes:
        return re.sub(self.pattern, self.plain, data)


TOLERANCES = (
    Tolerance("a tab before a coding, which nginx alone refuses",
              'RFC 9112 §5: field-line = field-name ":" OWS field-value OWS; RFC 9110 §5.6.3: OWS = *( SP / HTAB )',
              rb"(?m)^(Transfer-Encoding:)\t", rb"\1 "),
    Tolerance("spaces in a request line",
              "RFC 9112 §3: recipients MAY instead parse on whitespace-delimited word boundaries",
              rb"(?m)([A-Z]+) +([^ \r\n]+) +(HTTP/1\.[01]\r?)$", rb"\1 \2 \3"),
    Tolerance("a CR before a request line, or before the empty line that may come first",
              "RFC 9112 §3: while ignoring preceding or trailing whitespace, bare CR among it",
              rb"\r+(?=(?:\r\n)?[A-Z]+ /[^\r\n]* HTTP/1\.[01]\r\n)", b""),
)


def tolerated(data: bytes) -> tuple[bytes, list[str]]:
    """The stream without what is tolerated, and the names of that."""
    names = []
    for tolerance in TOLERANCES:
        before, data = data, tolerance.applied(data)
        names += [tolerance.name] if data != before else []
    return data, names


def stream_of(data: bytes, requests: int | None = None, is_chat: bool = False) -> Stream:
    read = {"h11": seen_by_h11(data), "httptools": seen_by_httptools(data)}
    return Stream(data, {name: count for name, (count, _) in read.items()}, requests, is_chat,
                  any(refused for _, refused in read.values()))


def request(dice: random.Random) -> bytes:
    """A good one: none of its answers depends on a key."""
    kind = dice.randrange(4)
    if kind == 0:
        return b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    if kind == 1:
        body = b"x" * dice.randrange(12)
        return b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    if kind == 2:
        return b"POST /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    return b"POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 34\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


def chat_request(dice: random.Random, key: str) -> bytes:
    """A good call."""
    body = json.dumps(chat(f"differential-{dice.randrange(1 << 60)}", max_tokens=1)).encode()
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n" % key.encode()
    if dice.random() < 0.5:
        return head + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def drawn(dice: random.Random, key: str) -> Stream:
    """One to four requests, mostly with up to four changes."""
    is_chat, number = dice.randrange(CHAT_SHARE) == 0, dice.randint(1, 4)
    data = b"".join(chat_request(dice, key) if is_chat else request(dice) for _ in range(number))
    if dice.randrange(WHOLE_SHARE) == 0:
        return stream_of(data, number, is_chat)
    return stream_of(mutated(dice, data), None, is_chat)


def mutated(dice: random.Random, stream: bytes) -> bytes:
    """Pieces put in, lines replaced, bytes changed, cut, doubled."""
    data = bytearray(stream)
    for _ in range(dice.randint(1, 4)):
        lines = [0] + [index + 1 for index, byte in enumerate(data) if byte == 0x0A]
        place, kind = dice.choice(lines), dice.randrange(6)
        if kind == 0:
            data[place:place] = dice.choice(PIECES)
        elif kind == 1:
            end = data.find(b"\n", place)
            data[place:end + 1 if end >= 0 else len(data)] = dice.choice(PIECES)
        elif kind == 2 and data:
            data[dice.randrange(len(data))] = dice.choice(BYTES)
        elif kind == 3 and data:
            spot = dice.randrange(len(data))
            data[spot:spot] = bytes([dice.choice(BYTES)])
        elif kind == 4 and data:
            start = dice.randrange(len(data))
            del data[start:start + dice.randint(1, 3)]
        else:
            end = data.find(b"\n", place)
            data[place:place] = data[place:end + 1]
    return bytes(data)


def play_again(streams: list[Stream], addresses: dict[str, Address]) -> None:
    """Another server may not have answered in time where this machine is busy; what Tollgate saw more often counts."""
    before = [stream.seen["tollgate"] for stream in streams]
    asyncio.run(play(streams, addresses))
    for stream, count in zip(streams, before, strict=True):
        stream.seen["tollgate"] = max(stream.seen["tollgate"], count)


async def play(streams: list[Stream], addresses: dict[str, Address]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(stream: Stream) -> None:
        async with gate:
            replies = await asyncio.gather(*(asked(address, stream.data) for address in addresses.values()))
            stream.seen |= {name: whole(said) for name, said in zip(addresses, replies)}
            stream.replies = replies[list(addresses).index("tollgate")]
            stream.seen["tollgate"] = whole_by_tollgate(stream.replies)

    await asyncio.gather(*(one(stream) for stream in streams))


def run(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("differential")
    seen, forgiven = Tally[str](), Tally[str]()
    unchanged = accepted = twice = lost = 0
    with fake_backend() as backend, gateway(run.binary, CONFIG) as server, servers() as addresses:
        world = World.lay(server, backend)
        tenant = world.tenant("1000000")
        addresses = {"tollgate": server.data, **addresses}
        for start in range(0, size, 500):
            streams = [drawn(dice, tenant.key) for _ in range(min(500, size - start))]
            asyncio.run(play(streams, addresses))
            reached = Tally(call.marker for call in backend.calls())
            calling = [stream for stream in streams if stream.is_chat]
            outcome.wrong([wrong for stream in calling for wrong in stream.obeyed_wrong(reached)])
            lost += sum(max(0, stream.unanswered(reached)) for stream in calling)
            odd = [stream for stream in streams if stream.is_odd]
            accepted += sum(stream.accepted for stream in streams)
            play_again(odd, addresses)
            accepted += sum(stream.accepted for stream in odd)
            twice += len(odd)
            plain = {stream.data: stream_of(tolerated(stream.data)[0], is_chat=stream.is_chat)
                     for stream in streams if stream.sees_more}
            asyncio.run(play(list(plain.values()), addresses))
            for stream in streams:
                seen.update(stream.seen)
                wrong = more_seen(stream, plain.get(stream.data), forgiven)
                unchanged += stream.requests is not None
                outcome.tried(wrong)
                outcome.wrong(stream.problems())
            accepted += sum(stream.accepted for stream in plain.values())
        calls = len(backend.calls())
        outcome.must(accepted <= calls, f"{accepted} calls were answered, {calls} reached the backend")
        outcome.must(accepted > 0 and unchanged > 0, "no call was answered, or no stream was left as it was")
        world.assert_good_call(tenant)
    judge_tolerances(outcome, forgiven, size)
    outcome.figures["requests seen"] = dict(seen)
    outcome.figures["streams asked once more, as not all saw what they must"] = twice
    outcome.figures["calls answered, and at the backend"] = f"{accepted}, {calls}; {lost} cut short by what came behind"
    outcome.figures["streams left as they were, all seen whole"] = unchanged
    return outcome


def more_seen(stream: Stream, plain: Stream | None, forgiven: Tally[str]) -> list[str]:
    """What is wrong with a stream in which Tollgate saw more than another; `plain` is the same without tolerances."""
    if not plain:
        return []
    names = tolerated(stream.data)[1]
    said = f"{stream.seen}, {stream.replies}: {stream.data!r}"
    if not names:
        return [said]
    if plain.sees_more:
        return [f"more is seen without {names} too, {plain.seen}; {said}"]
    if plain.seen["tollgate"] != stream.seen["tollgate"]:
        return [f"without {names} Tollgate reads it otherwise, {plain.seen}; {said}"]
    forgiven.update(names)
    return []


def judge_tolerances(outcome: Outcome, forgiven: Tally[str], size: int) -> None:
    bound = max(LEAST_BOUND, int(size * SHARE_BOUND))
    outcome.figures[f"more seen only for what an RFC leaves open, each in at most {bound} streams"] = "".join(
        f"\n        {tolerance.name}: {forgiven[tolerance.name]} ({tolerance.words})" for tolerance in TOLERANCES)
    outcome.wrong([f"{tolerance.name}: {forgiven[tolerance.name]} streams need it, at most {bound} may"
                   for tolerance in TOLERANCES if forgiven[tolerance.name] > bound])


DIFFERENTIAL = Programme("differential", "mutated streams: no more requests than HAProxy, nginx, h11, httptools see",
                         run, 50_000, 300)
