"""What a reload takes over, seen from outside: two files that differ in every such setting, and a probe for each.

SIGHUP takes over the settings below and the certificate; every other one needs a restart. So a part of a file that was
taken, or was not, shows in one of them, whichever part it is: what is in force answers unlike the other file.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from support.backend import FakeBackend
from support.certificates import HOST, Served
from support.client import Answer, chat, encode, request_bytes
from support.options import Run
from support.tollgate import Gateway
from support.world import Tenant, World

# By setting: what is in force, what the other file says, the default.
SETTINGS = {
    "limits.max_body": ("1MiB", "2MiB", "32MiB"),
    "limits.body_memory": ("1MiB", "64MiB", "512MiB"),
    "limits.header_timeout": ("2s", "30s", "10s"),
    "limits.idle_timeout": ("1s", "31s", "120s"),
    "limits.reader_timeout": ("1s", "32s", "60s"),
    "limits.drain": ("0s", "33s", "60s"),
    "limits.max_connections": ("100", "1000", "20000"),
    "log.level": ("info", "warning", "info"),
}
CERTIFICATE = "tls.cert"
SIZES = {"1MiB": 1 << 20, "2MiB": 2 << 20, "32MiB": 32 << 20}
TIMEOUTS = ("limits.header_timeout", "limits.idle_timeout", "limits.reader_timeout")
# Seconds: ends are looked for once a second, so the short times are over by then, and no other one is.
PATIENCE = 3.5
HANDSHAKE = 0.9  # by then the shortest timeout has ended nobody yet
MOST_WAITING = 40  # connections that are left to timeouts, far under the limit in force
CROWD = 130  # connections: over the limit in force, under the others
CUT_CALL = 1500  # milliseconds that a call takes which is under way at the end
LONG_ANSWER = "latency=0,out=40,chunks=40,burst=40,text=8000"  # more than the kernel and the gateway keep for a reader
Values = dict[str, str | None]


@dataclass
class Waiting:
    """A connection that only a timeout ends, and whether it is to have ended by `at`."""

    handle: ssl.SSLSocket
    setting: str
    must_end: bool
    at: float
    after: str

    def problem(self) -> str:
        ended = self.is_cut() if self.setting == "limits.reader_timeout" else self.is_closed()
        self.handle.close()
        if ended == self.must_end:
            return ""
        return f"{self.setting}: the connection {'ended' if ended else 'was left open'}, {self.after}"

    def is_closed(self) -> bool:
        self.handle.settimeout(0)
        try:
            while self.handle.recv(1 << 16):
                pass
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            pass
        return True

    def is_cut(self) -> bool:
        """Whether what was not read for so long is less than the whole answer."""
        self.handle.settimeout(10)
        tail = b""
        try:
            while data := self.handle.recv(1 << 16):
                tail = (tail + data)[-200:]
        except OSError:
            pass
        return b"[DONE]" not in tail


@dataclass
class Probes:
    world: World
    tenant: Tenant
    own: Served
    other: Served
    context: ssl.SSLContext
    waiting: list[Waiting] = field(default_factory=list)
    judged: Counter[str] = field(default_factory=Counter)
    silent: list[str] = field(default_factory=list)  # requests that are to be in no line of the log

    @property
    def server(self) -> Gateway:
        return self.world.server

    def file(self, which: int) -> bytes:
        """What is in force (0) or the other file (1), which has the same lines with other values."""
        return (self.server.config_text() + settings_text(which, (self.own, self.other)[which])).encode()

    def values(self, taken: dict[str, Any]) -> Values:
        """What must be in force once this was taken whole; None: a value that no probe knows."""
        values: Values = {}
        for name, known in SETTINGS.items():
            section, key = name.split(".")
            value = str((taken.get(section) or {}).get(key, known[2]))
            values[name] = value if value in known else None
        tls = taken.get("tls")
        place = tls["cert"]["file"] if isinstance(tls, dict) and isinstance(tls.get("cert"), dict) else None
        values[CERTIFICATE] = place if place in (str(self.own.chain), str(self.other.chain)) else None
        return values

    def connect(self, buffer: int = 0) -> ssl.SSLSocket:
        handle = socket.socket()
        handle.settimeout(10)
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if buffer:
                handle.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            handle.connect(self.server.data)
            return self.context.wrap_socket(handle, server_hostname=HOST)
        except OSError:
            handle.close()
            raise

    def ask(self, length: int, body: bytes = b"", **more: str) -> tuple[Answer, int]:
        """The answer to a request of that declared length, and the serial number of the certificate."""
        fields = {"authorization": f"Bearer {self.tenant.key}", "content-length": str(length), **more}
        answer, serial = Answer(), 0
        try:
            with self.connect() as handle:
                der = handle.getpeercert(binary_form=True)
                serial = x509.load_der_x509_certificate(der).serial_number if der else 0
                handle.sendall(request_bytes("POST", "/v1/chat/completions", fields, body, self.server.data))
                data = b""
                while b"\r\n\r\n" not in data:
                    if not (piece := handle.recv(1 << 16)):
                        break
                    data += piece
            head = data.decode("latin-1").partition("\r\n\r\n")[0].split("\r\n")
            answer.status = int(head[0].split(" ")[1])
            answer.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        except (OSError, IndexError, ValueError) as error:
            answer.error = repr(error)
        return answer, serial

    def wrong(self, values: Values, with_body: bool = True) -> list[str]:
        """What is not as these values want it, by what can be asked at once; a long body is the dearest."""
        size, memory, level = (values[name] for name in ("limits.max_body", "limits.body_memory", "log.level"))
        problems = []
        since = self.server.log.stat().st_size
        over, serial = self.ask(SIZES[size] + 1 if size else 1 << 40)
        if over.status != 413:
            problems.append(f"a body over {size} was answered {over.status} {over.error}")
        if size and size != "1MiB":
            # A body that is not too long is not sent: that the key is wrong is told before.
            whole, _ = self.ask(SIZES[size], authorization="Bearer none", expect="100-continue")
            if whole.status != 401:
                problems.append(f"a body of {size}, the limit, was answered {whole.status} {whole.error}")
        wanted = {str(served.chain): served.serial for served in (self.own, self.other)}
        if values[CERTIFICATE] and serial != wanted[values[CERTIFICATE]]:
            problems.append(f"the certificate is not that of {values[CERTIFICATE]}")
        if size and memory and with_body:
            # As long as the smallest limit: never too long, but too much for the smallest memory.
            within, _ = self.ask(SIZES["1MiB"], b" " * SIZES["1MiB"])
            if within.status != (503 if memory == "1MiB" else 400):
                problems.append(f"with body_memory {memory} a body of 1MiB was answered {within.status} {within.error}")
        if level == "info":
            if not said_since(self.server, over.request_id or "no id", since):
                problems.append("a request is not in the log")
            else:
                # Lines leave in order: one that is not there by now was not written.
                problems += [f"{name} is in the log" for name in self.silent if name in self.server.output]
                self.silent.clear()
        elif level:
            self.silent.append(over.request_id)
        return problems

    def crowd_wrong(self, values: Values) -> list[str]:
        """Of a crowd over the limit in force some are closed at once, and none under another limit."""
        limit = values["limits.max_connections"]
        if not limit:
            return []
        wants_closed, began = int(limit) < CROWD, time.monotonic()
        with ExitStack() as stack:
            crowd = [stack.enter_context(closing(socket.create_connection(self.server.data, timeout=10)))
                     for _ in range(CROWD)]
            # They say nothing, and neither does the gateway, but for an end.
            is_closed = bool(select.select(crowd, [], [], 0.5 if wants_closed else 0.03)[0])
            is_late = time.monotonic() - began > HANDSHAKE
        deadline = time.monotonic() + 10
        while not self.server.ready(self.server.data) and time.monotonic() < deadline:
            time.sleep(0.005)
        if is_closed == wants_closed or is_late:
            return []
        return [f"with max_connections {limit} of {CROWD} connections {'some' if is_closed else 'none'} were closed"]

    def wait(self, values: Values, after: str, with_reader: bool) -> list[str]:
        """Leave one connection for each timeout to end, and judge it later: nobody waits for it."""
        for name in TIMEOUTS if with_reader else TIMEOUTS[:2]:
            value = values[name]
            if not value or len(self.waiting) >= MOST_WAITING:
                continue
            try:
                handle = self.left(name)
            except OSError as error:
                return [f"{name}: no connection to leave to it, {error!r}"]
            self.waiting.append(Waiting(handle, name, value == SETTINGS[name][0], time.monotonic() + PATIENCE, after))
        return []

    def left(self, name: str) -> ssl.SSLSocket:
        """A connection in the state that this timeout is for."""
        if name == "limits.reader_timeout":
            handle = self.connect(4096)
            body = encode(chat(self.world.fresh("unread"), knobs=LONG_ANSWER, stream=True, max_tokens=40))
            fields = {"authorization": f"Bearer {self.tenant.key}"}
            handle.sendall(request_bytes("POST", "/v1/chat/completions", fields, body, self.server.data))
            handle.recv(12)
            return handle
        handle = self.connect()
        request = request_bytes("GET", "/readyz", {}, None, self.server.data, close=False)
        is_idle = name == "limits.idle_timeout"
        handle.sendall(request if is_idle else request[:-2])
        if is_idle:
            handle.recv(1 << 16)
        return handle

    def ended_wrong(self, until_all: bool = False) -> list[str]:
        """What was wrong with the connections that were left, as far as it is time to judge them."""
        problems = []
        while self.waiting and (until_all or self.waiting[0].at <= time.monotonic()):
            time.sleep(max(0.0, self.waiting[0].at - time.monotonic()))
            one = self.waiting.pop(0)
            self.judged[f"{one.setting}, {'over' if one.must_end else 'not over'}"] += 1
            problems.append(one.problem())
        return [problem for problem in problems if problem]

    def drain_wrong(self, values: Values) -> list[str]:
        """Ends the gateway with a call under way and starts it again: only without a drain is the call cut."""
        call = self.world.in_background(self.tenant, self.world.fresh("last"), knobs=f"latency={CUT_CALL}")
        code, answer = self.server.stop(), call.result()
        self.server.start()
        problems = [] if code == 0 else [f"ended with {code}"]
        drain = values["limits.drain"]
        if drain and answer.done == (drain == "0s"):
            problems.append(f"with drain {drain} a call under way was {'ended' if answer.done else 'cut'}")
        return problems


def said_since(server: Gateway, text: str, since: int, seconds: float = 2) -> bool:
    """Whether the log has it behind its first `since` bytes, soon."""
    deadline = time.monotonic() + seconds
    while True:
        with server.log.open("rb") as log:
            log.seek(since)
            if text.encode() in log.read():
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)


def settings_text(which: int, served: Served) -> str:
    lines, section = [], ""
    for name, values in SETTINGS.items():
        if name.split(".")[0] != section:
            section = name.split(".")[0]
            lines.append(f"{section}:")
        lines.append(f"  {name.split('.')[1]}: {values[which]}")
    lines += ["tls:", f"  cert: {{ file: {served.chain} }}", f"  key: {{ file: {served.key} }}"]
    return "\n".join(lines) + "\n"


@contextmanager
def probed_gateway(run: Run, backend: FakeBackend) -> Iterator[Probes]:
    """A gateway with the file in force, laid out for calls; on the way out it must still run and verify clean."""
    with closing(Served()) as own, closing(Served()) as other:
        context = own.trust()
        other.authority.configure_trust(context)
        server = Gateway(run.binary, settings_text(0, own))
        server.tls = server.admin.tls = context
        try:
            server.start()
            world = World.lay(server, backend)
            yield Probes(world, world.tenant("100000"), own, other, context)
            server.verify()
        finally:
            server.close()
