"""What slow readers took goes back to the system once they have gone, not only to the allocator, and connections that
wait keep little of what was sent on them (decision 0072; without TLS `make prove`'s crowd shows the latter)."""

from __future__ import annotations

import asyncio
import http.client
from contextlib import closing

from prove import memory
from prove.held import LATE_LIMIT, Figures, Watch, client_connections
from prove.programme import Outcome
from prove.slow import slow_readers
from support.backend import FakeBackend
from support.certificates import Served
from support.client import chat, encode
from support.options import Run
from support.tollgate import Gateway, gateway
from support.world import World

READERS, SECONDS, OPENING = 400, 1, 3
CONNECTIONS, BODIES, BODY = 200, 3, 200_000


def test_what_slow_readers_took_goes_back(run: Run, backend: FakeBackend) -> None:
    outcome = Outcome()
    with gateway(run.binary) as server:
        world = World.lay(server, backend)
        world.admin.model("long", ["fast"], 100_000_000)
        world.admin.price("long", "0", "0")
        tenant = world.tenant("1000000")
        world.assert_good_call(tenant)
        watch = Watch(outcome, server, (backend,), LATE_LIMIT)
        for _ in range(2):
            with watch.wave("readers", READERS, memory.SLOW_READER):
                outcome.wrong(asyncio.run(slow_readers(world, tenant, True, READERS, SECONDS, OPENING))[:3])
    # Else there was nothing to give back.
    outcome.must(watch.peaks["readers"] > memory.KEPT, f"they took {watch.peaks['readers']} bytes only")
    assert not outcome.failures, watch.left


def test_a_connection_with_tls_keeps_little_of_what_was_sent_on_it(run: Run, backend: FakeBackend,
                                                                    served: Served) -> None:
    with closing(Gateway(run.binary, "")) as server:
        server.use_tls(served.chain, served.key, served.trust())
        server.start()
        world = World.lay(server, backend)
        tenant = world.tenant()
        world.assert_good_call(tenant)
        # Nobody has this model, so that it costs no call.
        body, headers = encode(chat("a" * BODY, model="none")), {"authorization": f"Bearer {tenant.key}"}
        before, waiting = Figures.of(server).rss, []
        for _ in range(CONNECTIONS):
            waiting.append(http.client.HTTPSConnection(*server.data, timeout=30, context=server.tls))
            for _ in range(BODIES):
                waiting[-1].request("POST", "/v1/chat/completions", body, headers)
                with waiting[-1].getresponse() as answer:
                    assert (answer.status, bool(answer.read())) == (404, True)
        each = (Figures.of(server).rss - before) / CONNECTIONS
        assert client_connections(server) >= CONNECTIONS, "the gateway closed some"
        for connection in waiting:
            connection.close()
    assert each <= memory.TLS_CONNECTION, f"{each / memory.KIB:.0f} KiB each"
