"""A backend that speaks the shapes of the providers' APIs on every metered route, and logs every call.

It stands in where no real model can answer here. It runs as its own process (`python shape_backend.py --log FILE`) and
prints `listening on http://HOST:PORT`. Forms and JSON are read by aiohttp, not by code of this project.

What a call is answered is the recipe of the model it names, PUT as JSON to `/recipes/MODEL`:

  usage        the usage object as it is; null: the answer says null; false: left out   (the shape's own: 11 in, 7 out)
  tier         the `service_tier` of the answer
  text, tool   the text, or {"name", "arguments", "times"} of a tool the (first so many) answers call
  chunks       pieces of a streamed text; `pieces` gives the very ones                  (4)
  deltas       usages of the `message_delta` events
  fields, pad  members on top of the answer's own; bytes of padding in it
  size         bytes of audio                                                           (5000)
  cut          the connection ends after so many events, or half way through a whole answer
  fails        a failure in the route's shape after so many events
  endless      the end mark is left out
  status       an error of that status; `retry` its Retry-After; `times`: the first N calls only
  latency      ms before the answer, or between the events of a stream

The log is JSON lines: `arrived` when a whole request is here, `finished` when its answer left or could not.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import itertools
import json
from collections import Counter
from typing import Any

from aiohttp import web
from shape_answers import EVENTS, JSON, ROUTES, Event, Query, Reply, failure, late_failure
from witness import Witness, end_with_the_tests

LOGGED_HEADERS = (
    "content-type", "authorization", "x-api-key", "anthropic-version", "anthropic-beta", "openai-beta", "accept",
    "accept-encoding", "traceparent", "cookie", "idempotency-key",
)
# What a provider sends and a client must never see through the gateway.
PRIVATE = {"x-request-id": "req_upstream", "request-id": "req_upstream", "set-cookie": "session=upstream",
           "openai-organization": "org-up", "anthropic-organization-id": "org-up",
           "x-ratelimit-limit-requests": "31337", "anthropic-ratelimit-requests-limit": "31337"}


class ShapeServer:
    def __init__(self, log: str) -> None:
        self.witness = Witness(log)
        self.recipes: dict[str, dict[str, Any]] = {}
        self.turns: Counter[str] = Counter()
        self.serials = itertools.count(1)

    async def put_recipe(self, request: web.Request) -> web.Response:
        self.recipes[request.match_info["model"]] = await request.json()
        self.turns[request.match_info["model"]] = 0
        return web.Response(status=204)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        is_form = request.content_type.startswith("multipart/")
        body, file = await read_form(request) if is_form else (await request.json(), None)
        model = str(body.get("model"))
        self.turns[model] += 1
        query = Query(request.path, body, self.recipes.get(model, {}), next(self.serials),
                      self.turns[model])
        self.witness.write(
            "arrived", serial=query.serial, path=request.path, model=model, body=body, file=file,
            query=request.query_string,
            headers={name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers})
        call = Call(request, query)
        try:
            await call.answer()
        except ConnectionError:
            call.outcome = "hung_up"
        finally:
            self.witness.write("finished", serial=query.serial, outcome=call.outcome)
        return call.response


class Call:
    """One call on its way to its end."""

    def __init__(self, request: web.Request, query: Query) -> None:
        self.request = request
        self.query = query
        self.recipe = query.recipe
        self.response = web.StreamResponse()
        self.outcome = "hung_up"
        self.pause = float(self.recipe.get("latency", 0)) / 1000

    async def answer(self) -> None:
        status = int(self.recipe.get("status", 0))
        if status and self.query.turn <= int(self.recipe.get("times", 1 << 31)):
            return await self.refuse(status)
        reply = ROUTES[self.query.path](self.query)
        asked = self.query.body.get("stream") in (True, "true") or self.query.body.get("stream_format") == "sse"
        await (self.stream(reply.events) if reply.events and asked else self.send_whole(reply))

    async def refuse(self, status: int) -> None:
        await asyncio.sleep(self.pause)
        retry = {"retry-after": str(self.recipe["retry"])} if "retry" in self.recipe else {}
        await self.begin(status, JSON, retry)
        await self.end("error", json.dumps(failure(self.query.path, status)).encode())

    async def send_whole(self, reply: Reply) -> None:
        data = reply.whole if isinstance(reply.whole, bytes) else json.dumps(reply.whole).encode()
        await asyncio.sleep(self.pause)
        await self.begin(200, reply.content_type, {"content-length": str(len(data))})
        if "cut" in self.recipe:
            await self.response.write(data[:len(data) // 2])
            return self.break_off()
        await self.end("answered", data)

    async def stream(self, events: list[Event]) -> None:
        await self.begin(200, EVENTS)
        for number, (name, data) in enumerate(events[:-1] if self.recipe.get("endless") else events):
            if number == self.recipe.get("cut"):
                return self.break_off()
            if number == self.recipe.get("fails"):
                return await self.end("error", event(*late_failure(self.query.path, number)))
            await asyncio.sleep(self.pause)
            await self.response.write(event(name, data))
        await self.end("answered")

    async def begin(self, status: int, content_type: str, more: dict[str, str] | None = None) -> None:
        headers = {**PRIVATE, "content-type": content_type, **(more or {})}
        self.response = web.StreamResponse(status=status, headers=headers)
        await self.response.prepare(self.request)

    async def end(self, outcome: str, data: bytes = b"") -> None:
        self.outcome = outcome
        await self.response.write(data)
        await self.response.write_eof()

    def break_off(self) -> None:
        self.outcome = "cut"
        if self.request.transport:
            self.request.transport.close()


def event(name: str | None, data: Any) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()


async def read_form(request: web.Request) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The fields of a form, and of its file name, type, length and digest."""
    fields: dict[str, Any] = {}
    file: dict[str, Any] | None = None
    async for part in await request.multipart():
        data = await part.read(decode=False)
        if part.filename is None:
            fields[str(part.name)] = data.decode()
        else:
            file = {"field": part.name, "name": part.filename, "type": part.headers.get("content-type"),
                    "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return fields, file


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    options = parser.parse_args()
    end_with_the_tests()
    server = ShapeServer(options.log)
    application = web.Application(client_max_size=64 << 20)
    application.router.add_put("/recipes/{model:.+}", server.put_recipe)
    for path in ROUTES:
        application.router.add_post(path, server.serve)
    runner = web.AppRunner(application, access_log=None, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    [address] = runner.addresses
    print(f"listening on http://127.0.0.1:{address[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
