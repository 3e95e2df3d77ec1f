"""Clients that go on calling while a test does something else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .client import Answer, call
from .route import Route
from .world import Tenant


@dataclass(frozen=True)
class Timed:
    started: float
    answer: Answer

    @property
    def ended(self) -> float:
        return self.started + self.answer.seconds


class Load(threading.Thread):
    """So many clients of one tenant, each with its next call as soon as the last one ended and `pause` went by."""

    def __init__(self, route: Route, clients: int, tenant: Tenant | None, pause: float, fields: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.route, self.clients, self.pause, self.fields = route, clients, pause, fields
        self.key = (tenant or route.tenant).key
        self.seen: list[Timed] = []
        self.over = False

    def run(self) -> None:
        asyncio.run(self.all_clients())

    async def all_clients(self) -> None:
        await asyncio.gather(*(self.client(number) for number in range(self.clients)))

    async def client(self, number: int) -> None:
        fields = {"stream": number % 2 == 1, **self.fields}
        if not fields["stream"]:
            fields.pop("stream_options", None)
        while not self.over:
            started = time.time()
            answer = await call(self.route.world.server.data, self.key, self.route.body(**fields))
            self.seen.append(Timed(started, answer))
            await asyncio.sleep(self.pause)

    def failures(self, since: float = 0) -> list[Answer]:
        """Answers that were not whole, of the calls that started later."""
        return [timed.answer for timed in self.seen if timed.started >= since and not timed.answer.done]


@contextmanager
def load(route: Route, clients: int, tenant: Tenant | None = None, pause: float = 0, **fields: Any) -> Iterator[Load]:
    """Half the clients stream, unless the fields say otherwise; on the way out every call has ended."""
    running = Load(route, clients, tenant, pause, fields)
    running.start()
    try:
        yield running
    finally:
        running.over = True
        running.join(60)
    assert not running.is_alive(), "a call never ended"
