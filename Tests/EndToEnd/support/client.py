"""A client with full control over the connection: what was sent, what came, and when it hangs up.

`call` is for load (asyncio, one connection a call); `fetch` is its blocking form for single requests.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import ssl
import struct
import termios
import time
from dataclasses import dataclass, field
from typing import Any

from .canaries import PROMPT, refused
from .resets import reset_on_close

Address = tuple[str, int]


@dataclass
class Answer:
    """What the client saw of one call."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    complete: bool = False  # the HTTP message ended as its framing says
    hung_up: bool = False  # we closed first
    seconds: float = 0.0
    error: str = ""

    @property
    def request_id(self) -> str:
        return self.headers.get("x-request-id", "")

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def events(self) -> list[str]:
        """The `data:` payloads of a stream, `[DONE]` included."""
        lines = self.body.decode(errors="replace").split("\n")
        return [line[5:].strip() for line in lines if line.startswith("data:")]

    @property
    def done(self) -> bool:
        """True when the client got all of a good answer: the whole JSON body, or a stream's end mark."""
        if self.status != 200:
            return False
        return "[DONE]" in self.events if self.is_stream else self.complete

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def failure(self) -> dict[str, Any]:
        """The `error` object of a refusal."""
        value = self.json()
        assert isinstance(value, dict) and isinstance(value.get("error"), dict), f"no error object: {self.body[:500]!r}"
        return dict(value["error"])


def request_bytes(
    method: str, path: str, headers: dict[str, str], body: bytes | None, address: Address, close: bool = True
) -> bytes:
    lines = {"host": f"{address[0]}:{address[1]}", **headers}
    if close:
        lines.setdefault("connection", "close")
    if body is not None:
        lines.setdefault("content-length", str(len(body)))
        lines.setdefault("content-type", "application/json")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + (body or b"")


def arrived(client: socket.socket) -> int:
    """Bytes that have come and were not read."""
    [count] = struct.unpack("i", fcntl.ioctl(client, termios.FIONREAD, b"\0" * 4))
    return count


def encode(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


async def call(
    address: Address,
    key: str | None,
    body: object,
    path: str = "/v1/chat/completions",
    *,
    method: str = "POST",
    headers: dict[str, str] | None = None,
    hang_up_after: float | None = None,
    hang_up_events: int | None = None,
    timeout: float = 60,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """One request on a connection of its own; never raises for what the network does.

    `hang_up_after` closes (RST) that many seconds after the request was sent, `hang_up_events` after as many
    stream events; both may have no effect when the answer is faster.
    """
    answer = Answer()
    started = time.monotonic()
    all_headers = {**({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
    data = request_bytes(method, path, all_headers, None if body is None else encode(body), address)
    writer: asyncio.StreamWriter | None = None
    limit = min(timeout, hang_up_after) if hang_up_after is not None else timeout
    try:
        async with asyncio.timeout(limit) as scope:
            reader, writer = await asyncio.open_connection(
                *address, ssl=tls, server_hostname=address[0] if tls else None)
            writer.write(data)
            if hang_up_after is not None:
                scope.reschedule(asyncio.get_running_loop().time() + hang_up_after)
            await read_answer(reader, answer, hang_up_events)
    except TimeoutError:
        answer.hung_up = True
        answer.error = "" if hang_up_after is not None else f"no end within {timeout} s"
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        answer.error = repr(error)
    finally:
        answer.seconds = time.monotonic() - started
        if writer:
            if answer.hung_up:
                reset_on_close(writer)
            if answer.hung_up and tls:
                writer.transport.abort()
            writer.close()
    if answer.status >= 400:
        refused(address[1], answer.headers, answer.body)
    return answer


async def read_answer(reader: asyncio.StreamReader, answer: Answer, hang_up_events: int | None = None) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    answer.status = int(lines[0].split(" ")[1])
    if answer.status == 100:
        return await read_answer(reader, answer, hang_up_events)
    answer.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
    if answer.headers.get("transfer-encoding", "").lower() == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            answer.body += (await reader.readexactly(size + 2))[:-2]
            if hang_up_events is not None and answer.body.count(b"\n\n") >= hang_up_events:
                answer.hung_up = True
                return
        await reader.readuntil(b"\r\n")
    elif "content-length" in answer.headers:
        left = int(answer.headers["content-length"])
        while left:
            data = await reader.read(min(left, 1 << 16))
            if not data:
                raise asyncio.IncompleteReadError(answer.body, left)
            answer.body += data
            left -= len(data)
    else:
        answer.body += await reader.read()
    answer.complete = True


def fetch(address: Address, key: str | None, body: object = None, path: str = "/v1/chat/completions",
          **options: Any) -> Answer:
    """The blocking form of `call`; without a body it is a GET."""
    options.setdefault("method", "GET" if body is None else "POST")
    return asyncio.run(call(address, key, body, path, **options))


def answers_to(address: Address, data: bytes, count: int, end: bool = False) -> tuple[list[Answer], bytes]:
    """So many answers to what is sent at once, and what comes after them; with `end` it is all that is sent."""
    async def run() -> tuple[list[Answer], bytes]:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(data)
        if end:
            writer.write_eof()
        answers = [Answer() for _ in range(count)]
        async with asyncio.timeout(10):
            for answer in answers:
                await read_answer(reader, answer)
            rest = await reader.read()
        writer.close()
        return answers, rest

    return asyncio.run(run())


def exchange(address: Address, data: bytes, timeout: float = 10, source: str = "") -> Answer:
    """Send these very bytes and read one answer: for requests no client library would send."""

    async def run() -> Answer:
        answer = Answer()
        try:
            async with asyncio.timeout(timeout):
                reader, writer = await asyncio.open_connection(*address, local_addr=(source, 0) if source else None)
                try:
                    writer.write(data)
                    await read_answer(reader, answer)
                finally:
                    writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            answer.error = repr(error)
        return answer

    return asyncio.run(run())


def chat(marker: str = "", *, model: str = "fake", knobs: str = "", text: str = PROMPT,
         **fields: Any) -> dict[str, Any]:
    """A chat request; `marker` names it in the backend's log, `knobs` choose the backend's behaviour."""
    body: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": text}]}
    if marker or knobs:
        body["user"] = f"{marker};{knobs}" if knobs else marker
    return body | fields
