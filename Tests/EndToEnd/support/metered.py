"""Every metered route with a request that passes, on a gateway of its own in front of the shape backend."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .canaries import PROMPT
from .client import Answer, fetch
from .oracle import Books, Entry, Hold
from .shapes import ShapeBackend, shape_backend
from .tollgate import Gateway, gateway
from .world import NUMBERS, Tenant

MESSAGE = {"role": "user", "content": PROMPT}
PIXEL = "data:image/png;base64,iVBORw0KGgo="
BOUNDARY = "----test-boundary"
FIELDS = {"part_tokens_max": 1000, "audio_seconds_max": 60, "max_output_tokens": 200}
TOKENS = {"input": "1", "output": "4"}
# By which member a route is asked for a stream; the others have none.
STREAMED: dict[str, dict[str, Any]] = {
    "chat": {"stream": True}, "completions": {"stream": True}, "responses": {"stream": True},
    "messages": {"stream": True}, "images": {"stream": True, "partial_images": 2},
    "speech": {"stream_format": "sse"}, "transcriptions": {"stream": "true"},
}


@dataclass(frozen=True)
class Case:
    """A route with a request that passes, and members that are refused, named by the parameter in the refusal."""

    path: str
    body: dict[str, Any]
    refused: dict[str, dict[str, Any]]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "anthropic" if "messages" in self.path else "openai"


SERVER_TOOL = {"tools": [{"type": "web_search_preview"}]}
CASES = {
    "chat": Case(
        "/v1/chat/completions",
        {"messages": [MESSAGE], "max_tokens": 50, "n": 2, "tools": [
            {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]},
        {"web_search_options": {"web_search_options": {}},
         "prediction": {"prediction": {"type": "content", "content": "x"}},
         "messages[0].content[0].file.file_id": {"messages": [
             {"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}]},
         "tools[0].type": {"tools": [{"type": "web_search"}]}, "service_tier": {"service_tier": "priority"}}),
    "completions": Case("/v1/completions", {"prompt": ["a", "b"], "max_tokens": 50, "best_of": 2},
                        {"n_predict": {"n_predict": 900}}),
    "embeddings": Case("/v1/embeddings", {"input": ["a", "b", "c"]}, {"n_predict": {"n_predict": 1}}),
    "moderations": Case(
        "/v1/moderations", {"input": ["a", "b"]},
        {"messages": {"messages": [MESSAGE]}, "extra_body": {"extra_body": {"cached": "c"}},
         "input[0].file_id": {"input": [{"type": "image_url", "file_id": "f"}]}}),
    "rerank": Case(
        "/v1/rerank", {"query": "q", "documents": ["a", "b", "c"]},
        {"background": {"background": True}, "models": {"models": ["a", "b"]},
         "documents[0].file_id": {"documents": [{"type": "image_url", "file_id": "f"}]}}, {"search": "0.002"}),
    "responses": Case(
        "/v1/responses",
        {"input": [{"role": "user", "content": [{"type": "input_text", "text": "hi"},
                                                {"type": "input_image", "image_url": PIXEL}]}],
         "max_output_tokens": 50, "tools": [{"type": "function", "name": "f", "parameters": {}}]},
        {"previous_response_id": {"previous_response_id": "r"}, "conversation": {"conversation": "c"},
         "background": {"background": True}, "prompt": {"prompt": {"id": "p"}}, "tools[0].type": SERVER_TOOL,
         "input[0].type": {"input": [{"type": "item_reference", "id": "i"}]},
         "input[0].content[0].file_id": {"input": [
             {"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}}),
    "messages": Case(
        "/v1/messages",
        {"messages": [MESSAGE], "max_tokens": 50, "system": "be brief", "tools": [{"name": "f", "input_schema": {}}]},
        {"mcp_servers": {"mcp_servers": [{"type": "url", "url": "https://e.x", "name": "x"}]},
         "container": {"container": "c"}, "tools[0].type": {"tools": [{"type": "web_search_20250305", "name": "w"}]},
         "messages[0].content[0].source.type": {"messages": [{"role": "user", "content": [
             {"type": "document", "source": {"type": "file", "file_id": "f"}}]}]}}),
    "count_tokens": Case("/v1/messages/count_tokens", {"messages": [MESSAGE]}, {"container": {"container": "c"}}),
    "images": Case(
        "/v1/images/generations", {"prompt": "a gate", "n": 2},
        {"tools": {"tools": [{"type": "image_generation"}]}, "best_of": {"best_of": 4},
         "mask.file_id": {"mask": {"file_id": "f"}}, "images[0].file_id": {"images": [{"file_id": "f"}]}},
        {"image": "0.04"}),
    "speech": Case(
        "/v1/audio/speech", {"input": "hello there", "voice": "alloy"},
        {"voice": {"voice": {"id": "voice_1"}}, "messages": {"messages": [MESSAGE]}, "n": {"n": 3},
         "max_new_tokens": {"max_new_tokens": 9}}, {"character": "0.0001"}),
    "transcriptions": Case("/v1/audio/transcriptions", {"response_format": "json"}, {"file_id": {"file_id": "f"}},
                           {"second": "0.001"}),
}


def form(fields: dict[str, str]) -> bytes:
    lines = [f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields.items()]
    file = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    return "".join(lines).encode() + file.encode() + b"RIFF" * 100 + f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass
class Stand:
    server: Gateway
    shapes: ShapeBackend
    books: Books
    pools: list[str] = field(default_factory=lambda: ["openai", "anthropic"])

    def model(self, case: Case, *, prices: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None,
              alone: bool = False, **fields: Any) -> str:
        """A model with the case's prices, or `prices` (`per_million`, `per_unit`).

        One that fails is `alone` in a pool, so that its cooldowns are no other's; its tenants are made after it.
        """
        name, pool = f"metered-{next(NUMBERS)}", case.kind
        if alone:
            pool = f"pool-{next(NUMBERS)}"
            self.add_pool(pool, case.kind)
            self.pools.append(pool)
        self.server.admin.model(name, [pool], **(FIELDS | fields))
        self.server.admin.price_of(name, **(prices or {"per_million": TOKENS, "per_unit": case.units}))
        if recipe is not None:
            self.shapes.recipe(name, **recipe)
        return name

    def add_pool(self, pool: str, kind: str) -> None:
        self.server.admin.pool(pool)
        self.server.admin.backend(pool, f"{pool}-a", self.shapes.url, kind=kind, max_concurrency=64)

    def tenant(self, limit: str | None) -> Tenant:
        name = f"metered-{next(NUMBERS)}"
        tenant = self.server.admin.tenant(name, self.pools, hold_wait_ms=0)
        budget = self.server.admin.budget(tenant, limit) if limit else None
        key = self.server.admin.key(tenant)
        return Tenant(tenant, name, key["id"], key["key"], budget)

    def call(self, tenant: Tenant, case: Case, model: str, **more: Any) -> Answer:
        body = {"model": model, **case.body, **more}
        if case.path != "/v1/audio/transcriptions":
            return fetch(self.server.data, tenant.key, body, case.path)
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return fetch(self.server.data, tenant.key, form(body), case.path, headers=headers)

    def rows(self, tenant: Tenant) -> list[Entry]:
        """All rows of the tenant, once none of them is open."""
        self.books.wait_until_no_holds()
        return [entry for entry in self.books.entries() if entry.tenant_id == tenant.id]

    def row(self, tenant: Tenant) -> Entry:
        """The one row of a tenant that made one call: no part of its cost was beyond the hold."""
        [entry] = self.rows(tenant)
        assert entry.kind == "settle", entry
        return entry

    def held(self, case: Case, model: str, **more: Any) -> tuple[int, Entry]:
        """What one call holds, seen while it waits for its answer (the recipe has a latency), and its row.

        The call costs no more than that, and no less than nothing. On a busy machine it can be over before anybody
        looked; then another one is made.
        """
        for _ in range(10):
            tenant, mine = self.tenant(None), list[Hold]()
            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(self.call, tenant, case, model, **more)
                while not mine and not future.done():
                    mine = [hold for hold in self.books.holds() if hold.tenant_id == tenant.id]
                    time.sleep(0.002)
                assert future.result().status == 200, future.result()
            entry = self.row(tenant)
            if mine:
                assert 0 <= entry.cost <= mine[0].amount, (entry, mine)
                return mine[0].amount, entry
        raise AssertionError("no hold was ever seen")


@contextmanager
def metered_stand(binary: Path, extra_config: str = "") -> Iterator[Stand]:
    """The gateway's own `verify` must find nothing at the end."""
    with shape_backend() as shapes, gateway(binary, extra_config) as server:
        stand = Stand(server, shapes, Books(server.database))
        for kind in ("openai", "anthropic"):
            stand.add_pool(kind, kind)
        yield stand
