"""What a call over a new TLS connection to its backend costs the gateway: processor time, of several binaries in turn.

    .venv-test/bin/python Benchmarks/handshakes.py BINARY…

The first binary is what the others are compared with. Each client leaves while its backend is working, so that the
connection ends with the call. The gateway's `ca_file` holds the system's authorities too, as many an operator's does.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from callers import pin  # noqa: E402
from prove.held import cpu_seconds  # noqa: E402
from support.backend import FakeBackend, fake_backend  # noqa: E402
from support.certificates import Certificates  # noqa: E402
from support.client import chat, encode, request_bytes  # noqa: E402
from support.tollgate import Gateway, gateway  # noqa: E402
from support.world import World  # noqa: E402
from turns import compare  # noqa: E402

CALLS, ROUNDS = 100, 5
SYSTEM = Path("/etc/ssl/certs/ca-certificates.crt")


class Handshakes:
    """Calls of clients that leave, one after the other."""

    def __init__(self, server: Gateway, backend: FakeBackend, key: str) -> None:
        self.server, self.backend = server, backend
        body = chat("handshakes", knobs="latency=5000,out=5", max_tokens=5, stream=True)
        self.request = request_bytes("POST", "/v1/chat/completions", {"authorization": f"Bearer {key}"}, encode(body),
                                     server.data, close=True)

    def round(self) -> float:
        """Milliseconds of processor time for a call."""
        before, served = cpu_seconds(self.server), len(self.backend.calls())
        asyncio.run(self.calls())
        assert len(self.backend.calls()) == served + CALLS
        return (cpu_seconds(self.server) - before) / CALLS * 1000

    async def calls(self) -> None:
        for _ in range(CALLS):
            reached = len(self.backend.calls())
            _, writer = await asyncio.open_connection(*self.server.data)
            writer.write(self.request)
            async with asyncio.timeout(10):
                while len(self.backend.calls()) == reached:
                    await asyncio.sleep(0.01)
            writer.transport.abort()


@contextmanager
def handshakes(binary: Path) -> Iterator[Handshakes]:
    with closing(Certificates()) as certificates:
        certificates.authority.write_bytes(certificates.authority.read_bytes() + SYSTEM.read_bytes())
        config = f"routing: {{ {certificates.config()} }}\n"
        with fake_backend(certificates) as backend, gateway(binary.resolve(), config) as server:
            world = World.lay(server, backend)
            tenant = world.tenant()
            world.assert_good_call(tenant)
            pin(server)
            yield Handshakes(server, backend, tenant.key)


if __name__ == "__main__":
    compare(__doc__, handshakes, ROUNDS, "ms a call")
