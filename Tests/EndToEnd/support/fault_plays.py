"""What the fault backend can do to a call: each fault is the very bytes, or the silence, it names."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from resets import reset_on_close

PROMPT, COMPLETION = 11, 7
TEXT = "word " * 40
JSON, EVENTS = "application/json", "text/event-stream"
# What a provider sends and a client must never see through the gateway.
PRIVATE = {
    "x-request-id": "req_upstream", "set-cookie": "session=upstream", "openai-organization": "org-upstream",
    "x-ratelimit-limit-requests": "31337", "x-ratelimit-remaining-requests": "31336", "server": "upstream",
}


@dataclass
class Play:
    """One call, and the connection to misbehave on."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    knobs: dict[str, str]
    serial: int
    stream: bool
    hung_up: bool = False

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
        await self.writer.drain()

    async def wait_for_hang_up(self) -> None:
        """Silence, for as long as the other side listens to it."""
        while await self.reader.read(1 << 16):
            pass
        self.hung_up = True
        self.writer.close()

    def usage(self) -> dict[str, int]:
        return {"prompt_tokens": PROMPT, "completion_tokens": COMPLETION, "total_tokens": PROMPT + COMPLETION}

    def whole(self, usage: dict[str, int] | None) -> bytes:
        message = {"role": "assistant", "content": TEXT}
        value = self.envelope("chat.completion", {"finish_reason": "stop", "message": message})
        return json.dumps(value | ({"usage": usage} if usage else {})).encode()

    def events(self) -> list[bytes]:
        """The pieces of a streamed answer, without its usage and its end mark."""
        return [event(self.envelope("chat.completion.chunk", {"finish_reason": reason, "delta": {"content": text}}))
                for text, reason in ((TEXT, None), (TEXT, None), ("end", "stop"))]

    def usage_event(self, usage: dict[str, int]) -> bytes:
        return event(self.envelope("chat.completion.chunk") | {"choices": [], "usage": usage})

    def envelope(self, kind: str, choice: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"id": f"fault-{self.serial}", "object": kind, "created": int(time.time()), "model": "faulty",
                "choices": [{"index": 0} | (choice or {})]}

    def error_object(self) -> dict[str, Any]:
        code: str | int | None = self.knobs.get("code")
        if code and code.isdigit():
            code = int(code)
        return {"error": {"message": "a fault", "type": "fault", "param": None, "code": code}}


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


def head(status: int, kind: str, length: int | None, **fields: str) -> bytes:
    framing = {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
    lines = {"content-type": kind} | framing | PRIVATE | {name.replace("_", "-"): text for name, text in fields.items()}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Status\r\n{text}\r\n".encode()


def good(play: Play, *usages: dict[str, int] | None, **fields: str) -> bytes:
    """All bytes of a good answer; of several usages a stream reports all in turn, a JSON answer the last."""
    reported = usages or (play.usage(),)
    if play.stream:
        tail = [play.usage_event(usage) for usage in reported if usage]
        return head(200, EVENTS, None, **fields) + chunked(*play.events(), *tail, DONE) + b"0\r\n\r\n"
    body = play.whole(reported[-1])
    return head(200, JSON, len(body), **fields) + body


def beginning(play: Play) -> bytes:
    """Head and first part of an answer that promises more."""
    if play.stream:
        return head(200, EVENTS, None) + chunked(*play.events()[:2])
    body = play.whole(play.usage())
    return head(200, JSON, len(body)) + body[:len(body) // 2]


def close(play: Play) -> None:
    play.writer.close()


async def status(play: Play, code: int) -> None:
    fields = {}
    if retry := play.knobs.get("retry"):
        seconds = retry.removeprefix("date:")
        fields["retry_after"] = retry if seconds == retry else formatdate(time.time() + int(seconds), usegmt=True)
    if 300 <= code < 400:
        fields["location"] = "/followed/v1/chat/completions"
    body = b"" if code == 204 else json.dumps(play.error_object()).encode()
    await play.send(head(code, JSON, len(body), **fields), body)


async def early(play: Play, answer: bytes) -> None:
    """The answer is there before the body was read, which nobody ever will."""
    await play.send(answer)
    await asyncio.sleep(3)
    play.writer.transport.abort()


async def reset(play: Play) -> None:
    reset_on_close(play.writer)
    play.writer.transport.abort()


async def hang_head(play: Play) -> None:
    await play.send(head(200, EVENTS if play.stream else JSON, None if play.stream else 1000))
    await play.wait_for_hang_up()


async def hang_mid(play: Play) -> None:
    await play.send(beginning(play))
    await play.wait_for_hang_up()


async def cut(play: Play) -> None:
    await play.send(beginning(play))
    close(play)


async def cut_useless(play: Play, code: int) -> None:
    """The body of an answer that is nobody's to see breaks off."""
    await play.send(head(code, JSON, 1000, location="/followed/v1/chat/completions"), b"{")
    close(play)


async def open_end(play: Play) -> None:
    """A good stream whose response does not end with its end mark."""
    await play.send(good(play).removesuffix(b"0\r\n\r\n"))
    await play.wait_for_hang_up()


async def malformed(play: Play) -> None:
    broken = b'{"choices":[{"index":0,]}'
    if play.stream:
        await play.send(head(200, EVENTS, None), chunked(b"data: " + broken + b"\n\n", DONE), b"0\r\n\r\n")
    else:
        await play.send(head(200, JSON, len(broken)), broken)


async def malformed_later(play: Play) -> None:
    await play.send(beginning(play) + chunked(b'data: {"choices":[{]}\n\n', DONE) + b"0\r\n\r\n")


async def error(play: Play) -> None:
    """A 200 that is none: an error object, in a stream as its first event, behind a comment."""
    if play.stream:
        await play.send(head(200, EVENTS, None), chunked(b": wait\n\n", event(play.error_object()), DONE), b"0\r\n\r\n")
    else:
        body = json.dumps(play.error_object()).encode()
        await play.send(head(200, JSON, len(body)), body)


async def error_later(play: Play) -> None:
    await play.send(beginning(play) + chunked(event(play.error_object())) + b"0\r\n\r\n")


async def endless_line(play: Play) -> None:
    start, limit = (b"data: ", 3 << 20) if play.stream else (b'{"choices":[{"index":0,"text":"', 12 << 20)
    await play.send(head(200, EVENTS if play.stream else JSON, None), chunked(start))
    piece = chunked(b"x" * (1 << 18))
    for _ in range(limit >> 18):
        await play.send(piece)
    await play.wait_for_hang_up()


async def trickle(play: Play) -> None:
    """The first bytes at once, then one every so often: never silent for long, and never done."""
    body = b"".join(play.events()) if play.stream else play.whole(play.usage())
    first = len(play.events()[0]) if play.stream else 1
    await play.send(head(200, EVENTS if play.stream else JSON, len(body)), body[:first])
    for byte in body[first:]:
        await asyncio.sleep(float(play.knobs.get("pause", "60")) / 1000)
        await play.send(bytes((byte,)))


async def trickle_head(play: Play) -> None:
    await play.send(b"HTTP/1.1 200 Status\r\nx-slow: ")
    while True:
        await asyncio.sleep(0.06)
        await play.send(b"x")


async def flood_1xx(play: Play) -> None:
    await play.send(b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" * 200, good(play))


async def after_end(play: Play) -> None:
    """A good answer with another one behind it that nobody asked for."""
    stray = json.dumps({"id": "stray", "choices": [{"index": 0, "message": {"content": "stray"}}]}).encode()
    await play.send(good(play) + head(200, JSON, len(stray)) + stray)


async def compressed(play: Play) -> None:
    body = b"".join([*play.events(), DONE]) if play.stream else play.whole(play.usage())
    packed = gzip.compress(body)
    await play.send(head(200, EVENTS if play.stream else JSON, len(packed), content_encoding="gzip"), packed)


async def bomb(play: Play) -> None:
    """A good answer but for 256 MiB of spaces, packed."""
    body = (b" " * (256 << 20)) + (DONE if play.stream else play.whole(play.usage()))
    packed = gzip.compress(body, 1)
    await play.send(head(200, EVENTS if play.stream else JSON, len(packed), content_encoding="gzip"), packed)


def tokens(prompt: int, completion: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


FAULTS: dict[str, Callable[[Play], Awaitable[None]]] = {
    "reset": reset,
    "hang": Play.wait_for_hang_up,
    "hang-head": hang_head,
    "hang-mid": hang_mid,
    "cut": cut,
    "redirect-cut": lambda play: cut_useless(play, 307),
    "accepted-cut": lambda play: cut_useless(play, 202),
    "open-end": open_end,
    "malformed": malformed,
    "malformed-later": malformed_later,
    "error": error,
    "error-later": error_later,
    "endless-line": endless_line,
    "long-header": lambda play: play.send(good(play, x_long="x" * 20_000)),
    "many-headers": lambda play: play.send(good(play, **{f"x_{number}": "x" * 60 for number in range(1500)})),
    "trickle": trickle,
    "trickle-head": trickle_head,
    "flood-1xx": flood_1xx,
    "early": lambda play: early(play, good(play, connection="close")),
    "early-503": lambda play: early(play, head(503, JSON, 2, connection="close") + b"{}"),
    "after-end": after_end,
    "gzip": compressed,
    "gzip-bomb": bomb,
    "usage-missing": lambda play: play.send(good(play, None)),
    "usage-negative": lambda play: play.send(good(play, tokens(-5, -7))),
    "usage-excess": lambda play: play.send(good(play, tokens(50, 5000))),
    "usage-changing": lambda play: play.send(good(play, tokens(90, 3), tokens(12, 5))),
}
UNREAD = ("early", "early-503")  # these answer without having read the body
