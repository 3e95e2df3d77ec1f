"""Streams of requests, mutated, through Tollgate and four others: it never sees more requests than the strictest.

A request that one sees and another does not is how one is smuggled past whatever stands in front.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter as Tally
from dataclasses import dataclass

from support.backend import fake_backend
from support.client import Address
from support.options import Run
from support.tollgate import gateway
from support.world import World

from .peers import asked, seen_by_h11, seen_by_httptools, servers, whole
from .programme import Outcome, Programme

CONFIG = "limits: { header_timeout: 1s, idle_timeout: 1s, max_body: 1MiB }\n"
AT_ONCE = 250
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

    @property
    def sees_more(self) -> bool:
        return self.seen["tollgate"] > min(count for name, count in self.seen.items() if name != "tollgate")


def tolerated(data: bytes) -> bytes:
    """The stream without what may be read leniently: several spaces in a request line (RFC 9112 §3), and a CR alone
    where an empty line before a request is ignored."""
    data = re.sub(rb"(?m)([A-Z]+) +([^ \r\n]+) +(HTTP/1\.[01]\r?)$", rb"\1 \2 \3", data)
    return re.sub(rb"\r+(?=[A-Z]+ /[^\r\n]* HTTP/1\.[01]\r\n)", b"", data)


def stream_of(data: bytes) -> Stream:
    return Stream(data, {"h11": seen_by_h11(data), "httptools": seen_by_httptools(data)})


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


def mutated(dice: random.Random) -> bytes:
    """One to four requests with up to four changes: pieces put in, lines replaced, bytes changed, cut, doubled."""
    data = bytearray(b"".join(request(dice) for _ in range(dice.randint(1, 4))))
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


async def play(streams: list[Stream], addresses: dict[str, Address]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(stream: Stream) -> None:
        async with gate:
            counts = await asyncio.gather(*(asked(address, stream.data) for address in addresses.values()))
            for name, statuses in zip(addresses, counts):
                stream.seen[name] = whole(statuses)

    await asyncio.gather(*(one(stream) for stream in streams))


def run(run: Run, size: int) -> Outcome:
    outcome, dice = Outcome(), run.dice("differential")
    seen: Tally[str] = Tally()
    forgiven = 0
    with fake_backend() as backend, gateway(run.binary, CONFIG) as server, servers() as addresses:
        world = World.lay(server, backend)
        addresses = {"tollgate": server.data, **addresses}
        for start in range(0, size, 500):
            streams = [stream_of(mutated(dice)) for _ in range(min(500, size - start))]
            asyncio.run(play(streams, addresses))
            lenient = {stream.data: stream_of(tolerated(stream.data)) for stream in streams if stream.sees_more}
            asyncio.run(play(list(lenient.values()), addresses))
            for stream in streams:
                seen.update(stream.seen)
                again = lenient.get(stream.data)
                wrong = again is not None and (again.data == stream.data or again.sees_more)
                forgiven += stream.sees_more and not wrong
                outcome.tried(f"{stream.seen}: {stream.data!r}" if wrong else None)
        world.assert_good_call(world.tenant())
    outcome.figures["requests seen"] = dict(seen)
    outcome.figures["more seen only for what RFC 9112 lets a server ignore"] = forgiven
    return outcome


DIFFERENTIAL = Programme("differential", "mutated streams: never more requests than HAProxy, nginx, h11, httptools",
                         run, 20_000, 300)
