"""A fast OpenAI-compatible backend that keeps its own log of every call: the tests' independent witness.

It runs as its own process (`python fake_backend.py --log FILE`) and prints `listening on http://HOST:PORT`, with
`--certificate FILE` `https`.

Behaviour of one call is chosen by knobs, `name=value` joined with commas. They are read from, in rising order:
the path (`/k/latency=300/v1/...`), the model (`name@out=5`), and the body's `user` field (`call-7;fault=cut`).

  latency  ms from the request to the end of the answer            (0)
  out      tokens the answer has if the request allows them        (20)
  chunks   content chunks of a streamed answer                     (5)
  burst    so many of them at once; the rest takes `latency`       (0)
  text     words of each of them       (its share of `out`, at most 400), or of an answer that is not streamed
  usage    yes | no | zero                                         (yes)
  fault    reset | 400 | 401 | 429 | 500 | hang | cut | malformed  (none)
           slow-head | reset-later | hang-later: these two in the middle of the answer
  every    N: only each Nth call of all meets the fault            (1)
  retry    Retry-After sent with fault=429, seconds                (none)

The log is JSON lines, one `write` each: `arrived` when a whole request is here, `finished` before the last bytes
of the answer leave, with what the call is billed for, and whether its answer had `begun`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from canaries import ANSWER
from resets import reset_on_close
from witness import Witness, end_with_the_tests, parse_knobs

LOGGED_HEADERS = ("x-request-id", "traceparent", "tracestate", "authorization", "idempotency-key", "cookie",
                  "accept-encoding")
TEXT_PER_CHUNK = 400
BREAKS = ("reset-later", "hang-later")


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    keep_alive: bool


@dataclass
class Call:
    """One parsed API call and how it is to be answered."""

    serial: int
    stream: bool
    include_usage: bool
    chat: bool
    model: str
    prompt: int
    completion: int
    knobs: dict[str, str]
    started: float = field(default_factory=time.monotonic)
    generated: int = 0
    begun: bool = False  # its answer is: the whole head was written
    logged_end: bool = False

    def seconds(self) -> float:
        return float(self.knobs.get("latency", "0")) / 1000

    def usage(self) -> dict[str, Any] | None:
        kind = self.knobs.get("usage", "yes")
        if kind == "no":
            return None
        prompt, completion = (0, 0) if kind == "zero" else (self.prompt, self.completion)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


class CallLog(Witness):
    """Two lines a call: `arrived` and `finished`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.serial = 0

    def arrived(self, request: Request, path: str, body: dict[str, Any]) -> int:
        self.serial += 1
        self.write(
            "arrived", serial=self.serial, path=path,
            model=body.get("model"), user=body.get("user"), stream=bool(body.get("stream")),
            max_tokens=body.get("max_tokens"), max_completion_tokens=body.get("max_completion_tokens"),
            include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
            n=body.get("n"), store=body.get("store"), body_bytes=len(request.body),
            headers={name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers},
        )
        return self.serial

    def finished(self, call: Call, outcome: str, prompt: int, completion: int, status: int) -> None:
        if call.logged_end:
            return
        call.logged_end = True
        self.write(
            "finished", serial=call.serial, outcome=outcome, status=status,
            prompt=prompt, completion=completion, hung_up=outcome == "hung_up", begun=call.begun,
        )


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests are answered in order, a hang-up cancels the answer under way."""

    def __init__(self, witness: CallLog) -> None:
        self.witness = witness
        self.buffer = bytearray()
        self.task: asyncio.Task[None] | None = None
        self.call: Call | None = None
        self.may_write = asyncio.Event()  # streams go no further than they are read
        self.may_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.advance()

    def pause_writing(self) -> None:
        self.may_write.clear()

    def resume_writing(self) -> None:
        self.may_write.set()

    def connection_lost(self, error: Exception | None) -> None:
        if self.task:
            self.task.cancel()

    def advance(self) -> None:
        if self.task or self.transport.is_closing():
            return
        request = self.take_request()
        if request:
            self.task = asyncio.get_running_loop().create_task(self.serve(request))
            self.task.add_done_callback(self.answered)

    def answered(self, task: asyncio.Task[None]) -> None:
        self.task = None
        if not task.cancelled() and task.exception():
            print(f"fake backend: {task.exception()!r}", file=sys.stderr, flush=True)
            self.transport.abort()
        self.advance()

    def take_request(self) -> Request | None:
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = self.buffer[:end].decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines[1:])
        headers = {name.strip().lower(): value.strip() for name, _, value in fields}
        if headers.get("expect", "").lower() == "100-continue" and len(self.buffer) == end + 4:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            taken = self.take_chunks(end + 4)
            if taken is None:
                return None
            body, stop = taken
        else:
            stop = end + 4 + int(headers.get("content-length", "0"))
            if len(self.buffer) < stop:
                return None
            body = bytes(self.buffer[end + 4:stop])
        del self.buffer[:stop]
        method, path, _ = lines[0].split(" ", 2)
        return Request(method, path, headers, body, headers.get("connection", "").lower() != "close")

    def take_chunks(self, position: int) -> tuple[bytes, int] | None:
        body = bytearray()
        while True:
            line = self.buffer.find(b"\r\n", position)
            if line < 0:
                return None
            size = int(bytes(self.buffer[position:line]).split(b";")[0], 16)
            position = line + 2
            if len(self.buffer) < position + size + 2:
                return None
            body += self.buffer[position:position + size]
            position += size + 2
            if size == 0:
                return bytes(body), position

    async def serve(self, request: Request) -> None:
        path, knobs = request.path, {}
        if path.startswith("/k/"):
            _, _, text, rest = path.split("/", 3)
            path, knobs = "/" + rest, parse_knobs(text)
        if request.method == "GET":
            models = {"object": "list", "data": [{"id": "fake", "object": "model", "owned_by": "tests"}]}
            self.send_json(200, models, request.keep_alive)
            return
        body = json.loads(request.body or b"{}")
        call = self.make_call(request, path, body, knobs)
        try:
            await self.answer(call, request.keep_alive)
        except asyncio.CancelledError:
            if not call.stream and call.seconds() > 0:
                share = min(1.0, (time.monotonic() - call.started) / call.seconds())
                call.generated = int(call.completion * share)
            self.witness.finished(call, "hung_up", call.prompt, call.generated, 0)
            raise

    def make_call(self, request: Request, path: str, body: dict[str, Any], knobs: dict[str, str]) -> Call:
        model = str(body.get("model"))
        knobs = {**knobs, **parse_knobs(model.partition("@")[2])}
        knobs |= parse_knobs(str(body.get("user") or "").partition(";")[2])
        serial = self.witness.arrived(request, path, body)
        if serial % int(knobs.get("every", "1")):
            knobs.pop("fault", None)
        allowed = body.get("max_tokens") or body.get("max_completion_tokens") or 1 << 31
        completion = min(int(allowed), int(knobs.get("out", "20"))) * int(body.get("n") or 1)
        return Call(
            serial=serial, stream=bool(body.get("stream")),
            include_usage=bool((body.get("stream_options") or {}).get("include_usage")),
            chat=not path.endswith("/v1/completions"), model=model, completion=completion,
            prompt=int(knobs.get("in", str(max(1, len(request.body) // 4)))), knobs=knobs,
        )

    async def answer(self, call: Call, keep_alive: bool) -> None:
        fault = call.knobs.get("fault", "")
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "reset":
            await asyncio.sleep(call.seconds())
            self.witness.finished(call, "reset", 0, 0, 0)
            self.reset()
        elif fault == "slow-head":
            self.transport.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
            while True:
                await asyncio.sleep(0.1)
                self.transport.write(b"x")
        elif fault.isdigit():
            await asyncio.sleep(call.seconds())
            self.witness.finished(call, "error", 0, 0, int(fault))
            retry = {"retry-after": call.knobs["retry"]} if "retry" in call.knobs else {}
            error = {"error": {"message": f"fault {fault} {ANSWER}", "type": "fault", "param": None, "code": None}}
            self.send_json(int(fault), error, keep_alive, retry)
        elif call.stream:
            await self.answer_stream(call)
        else:
            await self.answer_whole(call, keep_alive)

    def reset(self) -> None:
        reset_on_close(self.transport)
        self.transport.abort()

    async def break_off(self, call: Call, fault: str) -> None:
        """In the middle of an answer: reset, or silence for as long as the other side listens to it."""
        await asyncio.sleep(0.02)  # what was written so far shall arrive
        if fault == "hang-later":
            await asyncio.sleep(3600)
        self.witness.finished(call, fault, call.prompt, call.generated, 200)
        self.reset()

    async def answer_whole(self, call: Call, keep_alive: bool) -> None:
        await asyncio.sleep(call.seconds())
        fault = call.knobs.get("fault", "")
        text = ANSWER * int(call.knobs.get("text", str(min(call.completion, TEXT_PER_CHUNK))))
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        choice |= {"message": {"role": "assistant", "content": text}} if call.chat else {"text": text}
        answer: dict[str, Any] = {"id": f"fake-{call.serial}", "created": int(time.time()), "model": call.model,
                                  "object": "chat.completion" if call.chat else "text_completion", "choices": [choice]}
        if call.usage():
            answer["usage"] = call.usage()
        data = json.dumps(answer).encode()
        if fault in BREAKS:
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
            call.begun = True
            self.transport.write(head.encode() + data[:len(data) // 2])
            return await self.break_off(call, fault)
        call.begun = True
        self.witness.finished(call, fault or "answered", call.prompt, call.completion, 200)
        if fault in ("cut", "malformed"):
            length = len(data) if fault == "cut" else len(data) // 2
            # An answer that looks whole leaves its connection to the next call, which would meet the end of it.
            head = ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
                    f"content-length: {length}\r\n\r\n")
            self.transport.write(head.encode() + data[:len(data) // 2])
            self.transport.close()
            return
        self.send_json(200, answer, keep_alive)

    async def answer_stream(self, call: Call) -> None:
        chunks = max(1, int(call.knobs.get("chunks", "5")))
        burst = int(call.knobs.get("burst", "0"))
        pause = call.seconds() / max(1, chunks - burst)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        fault = call.knobs.get("fault", "")
        for index in range(chunks):
            if pause and index >= burst:
                await asyncio.sleep(pause)
            call.generated = call.completion * (index + 1) // chunks
            await self.may_write.wait()
            text = ANSWER * int(call.knobs.get("text") or min(TEXT_PER_CHUNK, max(1, call.completion // chunks)))
            call.begun = True
            self.transport.write(head + self.event(call, text, "stop" if index == chunks - 1 else None))
            head = b""
            if fault in BREAKS and index == chunks // 2:
                return await self.break_off(call, fault)
            if fault in ("cut", "malformed") and index == chunks // 2:
                self.witness.finished(call, fault, call.prompt, call.generated, 200)
                if fault == "malformed":
                    self.transport.write(chunk(b"data: {\"broken\n\n"))
                self.transport.close()
                return
        usage = call.usage() if call.include_usage else None
        self.witness.finished(call, "answered", call.prompt, call.completion, 200)
        tail = self.event(call, None, None, usage) if usage else b""
        self.transport.write(tail + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    def event(self, call: Call, text: str | None, reason: str | None, usage: dict[str, Any] | None = None) -> bytes:
        value: dict[str, Any] = {"id": f"fake-{call.serial}", "created": int(time.time()), "model": call.model,
                                 "object": "chat.completion.chunk" if call.chat else "text_completion", "choices": []}
        if text is not None:
            part: dict[str, Any] = {"delta": {"content": text}} if call.chat else {"text": text}
            value["choices"] = [{"index": 0, "finish_reason": reason, **part}]
        if usage is not None:
            value["usage"] = usage
        return chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def send_json(self, status: int, value: object, keep_alive: bool, extra: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        headers = {"content-type": "application/json", "content-length": str(len(data)), **(extra or {})}
        if not keep_alive:
            headers["connection"] = "close"
        # What a provider sends and a client must never see through the gateway.
        headers |= {"x-request-id": "req_upstream", "set-cookie": "session=upstream", "openai-organization": "org-up"}
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        self.transport.write(f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + data)
        if not keep_alive:
            self.transport.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate")
    options = parser.parse_args()
    secure = None
    if options.certificate:
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(options.certificate)
    end_with_the_tests()
    witness = CallLog(options.log)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(witness), "127.0.0.1", options.port, backlog=2048, ssl=secure)
    port = server.sockets[0].getsockname()[1]
    print(f"listening on {'https' if secure else 'http'}://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
