"""Callers that go on while a test changes something: no call of theirs may fail."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .client import Answer, call, chat
from .world import Tenant, World


class Traffic(threading.Thread):
    """So many clients of one tenant, half of them with streams, one call after the other; `keys` may change."""

    def __init__(self, world: World, tenant: Tenant, clients: int, knobs: str) -> None:
        super().__init__(daemon=True)
        self.world, self.tenant, self.clients, self.knobs = world, tenant, clients, knobs
        self.keys = [tenant.key]
        self.answers: list[tuple[float, str, Answer]] = []  # when it was sent, with which key
        self.over = False

    def run(self) -> None:
        asyncio.run(self.everybody())

    async def everybody(self) -> None:
        await asyncio.gather(*(self.client(number) for number in range(self.clients)))

    async def client(self, number: int) -> None:
        while not self.over:
            key, began = self.keys[number % len(self.keys)], time.monotonic()
            body = chat(self.world.fresh("traffic"), knobs=self.knobs, stream=number % 2 == 1)
            self.answers.append((began, key, await call(self.world.server.data, key, body)))

    def failures(self) -> list[Answer]:
        return [answer for _, _, answer in self.answers if not answer.done]

    def wait_for_more(self, count: int, seconds: float = 20) -> None:
        """Until so many more calls have ended."""
        wanted, end = len(self.answers) + count, time.monotonic() + seconds
        while len(self.answers) < wanted:
            assert time.monotonic() < end and self.is_alive(), f"only {len(self.answers)} of {wanted} calls"
            time.sleep(0.005)


@contextmanager
def traffic(world: World, clients: int, tenant: Tenant | None = None, knobs: str = "") -> Iterator[Traffic]:
    running = Traffic(world, tenant or world.tenant("1000"), clients, knobs)
    running.start()
    try:
        running.wait_for_more(clients)
        yield running
    finally:
        running.over = True
        running.join(60)
    assert not running.is_alive(), "a call never ended"
