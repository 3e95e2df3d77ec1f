"""A backend that misbehaves on demand, over plain sockets; what it can do is in `fault_plays.py`.

It runs as its own process (`python fault_backend.py --log FILE [--certificates FOLDER]`) and prints `listening on
http://HOST:PORT`, and before it one line `tls NAME HOST:PORT` for each certificate in the folder.

Behaviour comes from the path, `/k/name=a,fault=500,latency=20/v1/...`: knobs as `name=value` joined with commas. What
was last PUT to `/control/a/fault=hang` overrides the knobs of all calls named `a` until the next PUT there.

  name     whose call it is: for the log, the turns and the control route
  fault    a status (429), or a name from FAULTS               (none: a good answer)
  every    N: only each Nth call meets the fault               (1)
  retry    Retry-After of a status: seconds, or date:SECONDS   (none)
  code     code of the error object of `error` and `error-later`
  latency  ms before the answer                                (0)
  probe    status of a GET of `/k/name=a/health`               (200)
  bad      so many probes fail, then `probe` holds again       (0)

The log is JSON lines: `arrived` when a request is here, `ended` when its play is over, `probe` and `followed`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import ssl
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from fault_plays import FAULTS, JSON, UNREAD, Play, good, head, status
from witness import Witness, end_with_the_tests, parse_knobs

SHORT_READ = 1 << 14  # of a body nobody reads, little more than this is taken in


class Stage(Witness):
    """All connections, the switches, and the log."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.connections = itertools.count(1)
        self.serials = itertools.count(1)
        self.switches: dict[str, dict[str, str]] = {}
        self.turns: Counter[str] = Counter()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(self.connections)
        try:
            while not writer.is_closing():
                await self.one_request(connection, reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except Exception as problem:
            print(f"fault backend: {problem!r}", file=sys.stderr, flush=True)
        finally:
            writer.close()

    async def one_request(self, connection: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:-2])}
        method, path, _ = lines[0].split(" ", 2)
        length = int(headers.get("content-length", "0"))
        _, root, text, *rest = path.split("/", 3)
        if root == "control":
            self.switches[text] = parse_knobs(rest[0] if rest else "")
            self.turns[text] = self.turns[text + "/probes"] = 0
            return await self.brief(writer, 204)
        knobs = parse_knobs(text)
        name = knobs.get("name", "")
        knobs |= self.switches.get(name, {})
        if root != "k":
            self.write("followed", path=path)
            return await self.brief(writer, 404)
        if method == "GET":
            return await self.probe(writer, name, knobs)
        fault = self.fault(name, knobs)
        body: dict[str, Any] = {}
        if fault not in UNREAD:
            if headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = json.loads(await reader.readexactly(length))
        stream = bool(body.get("stream")) or knobs.get("stream") == "yes"
        play = Play(reader, writer, knobs, next(self.serials), stream)
        self.write("arrived", serial=play.serial, connection=connection, name=name, fault=fault, stream=stream,
                   user=body.get("user"), max_tokens=body.get("max_tokens"), authorization=headers.get("authorization"))
        try:
            await asyncio.sleep(float(knobs.get("latency", "0")) / 1000)
            await self.perform(play, fault)
        except OSError:
            play.hung_up = True
            raise
        finally:
            self.write("ended", serial=play.serial, hung_up=play.hung_up)

    def fault(self, name: str, knobs: dict[str, str]) -> str:
        self.turns[name] += 1
        return knobs.get("fault", "") if self.turns[name] % int(knobs.get("every", "1")) == 0 else ""

    async def perform(self, play: Play, fault: str) -> None:
        if not fault:
            await play.send(good(play))
        elif fault.isdigit():
            await status(play, int(fault))
        else:
            await FAULTS[fault](play)

    async def probe(self, writer: asyncio.StreamWriter, name: str, knobs: dict[str, str]) -> None:
        self.turns[name + "/probes"] += 1
        failing = self.turns[name + "/probes"] <= int(knobs.get("bad", "0"))
        code = 503 if failing else int(knobs.get("probe", "200"))
        self.write("probe", name=name, status=code)
        await self.brief(writer, code)

    async def brief(self, writer: asyncio.StreamWriter, code: int) -> None:
        writer.write(head(code, JSON, 0))
        await writer.drain()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--certificates", type=Path)
    options = parser.parse_args()
    end_with_the_tests()
    stage = Stage(options.log)
    for file in sorted(options.certificates.glob("*.pem")) if options.certificates else ():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        secure = await asyncio.start_server(stage.connected, "127.0.0.1", 0, ssl=context)
        print(f"tls {file.stem} 127.0.0.1:{secure.sockets[0].getsockname()[1]}", flush=True)
    server = await asyncio.start_server(stage.connected, "127.0.0.1", 0, limit=SHORT_READ, backlog=2048)
    print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
