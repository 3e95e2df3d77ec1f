"""What a long body over TLS costs the gateway: processor time for each MiB, of several binaries in turn.

    .venv-test/bin/python Benchmarks/uploads.py BINARY…

The first binary is what the others are compared with. Nobody has the model, so that a body is read, and no call made.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "Tests/EndToEnd"))

from callers import pin  # noqa: E402
from prove.held import cpu_seconds  # noqa: E402
from support.backend import fake_backend  # noqa: E402
from support.certificates import Served  # noqa: E402
from support.client import chat, encode  # noqa: E402
from support.tollgate import Gateway  # noqa: E402
from support.world import World  # noqa: E402
from turns import compare  # noqa: E402

MIB_EACH, BODIES, ROUNDS = 8, 100, 8


class Uploads:
    """Bodies on one connection."""

    def __init__(self, server: Gateway, key: str) -> None:
        self.server = server
        self.connection = http.client.HTTPSConnection(*server.data, timeout=60, context=server.tls)
        self.body = encode(chat("a" * (MIB_EACH << 20), model="none"))
        self.headers = {"authorization": f"Bearer {key}"}

    def round(self) -> float:
        """Microseconds of processor time for a MiB."""
        before = cpu_seconds(self.server)
        for _ in range(BODIES):
            self.connection.request("POST", "/v1/chat/completions", self.body, self.headers)
            with self.connection.getresponse() as answer:
                assert (answer.status, bool(answer.read())) == (404, True)
        return (cpu_seconds(self.server) - before) / (MIB_EACH * BODIES) * 1e6


@contextmanager
def uploads(binary: Path) -> Iterator[Uploads]:
    with fake_backend() as backend, closing(Served()) as served, closing(Gateway(binary.resolve(), "")) as server:
        server.use_tls(served.chain, served.key, served.trust())
        server.start()
        world = World.lay(server, backend)
        tenant = world.tenant()
        world.assert_good_call(tenant)
        pin(server)
        yield Uploads(server, tenant.key)


if __name__ == "__main__":
    compare(__doc__, uploads, ROUNDS, "us/MiB")
