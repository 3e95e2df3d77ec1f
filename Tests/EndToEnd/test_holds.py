"""Holds on every route: what may be sent is held for and never passes the cap, what may not be is refused untouched.

The shape backend stands in for the providers, because each route must be slow and countable here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from support.client import Answer, fetch
from support.options import Run
from support.oracle import Books, pico, usd
from support.shapes import ShapeBackend, shape_backend
from support.tollgate import Gateway, gateway
from support.world import NUMBERS, Tenant

MESSAGE = {"role": "user", "content": "hello"}
PIXEL = "data:image/png;base64,iVBORw0KGgo="
BOUNDARY = "----test-boundary"
FIELDS = {"part_tokens_max": 1000, "audio_seconds_max": 60, "max_output_tokens": 200}
TOKENS = {"input": "1", "output": "4"}


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
    "moderations": Case("/v1/moderations", {"input": ["a", "b"]}, {}),
    "rerank": Case("/v1/rerank", {"query": "q", "documents": ["a", "b", "c"]}, {}, {"search": "0.002"}),
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
    "images": Case("/v1/images/generations", {"prompt": "a gate", "n": 2}, {}, {"image": "0.04"}),
    "speech": Case("/v1/audio/speech", {"input": "hello there", "voice": "alloy"}, {}, {"character": "0.0001"}),
    "transcriptions": Case("/v1/audio/transcriptions", {"response_format": "json"}, {"file_id": {"file_id": "f"}},
                           {"second": "0.001"}),
}


@dataclass
class Stand:
    server: Gateway
    shapes: ShapeBackend
    books: Books

    def model(self, case: Case, **fields: Any) -> str:
        name = f"held-{next(NUMBERS)}"
        self.server.admin.model(name, [case.kind], **(FIELDS | fields))
        self.server.admin.price_of(name, TOKENS, case.units)
        return name

    def tenant(self, limit: str | None) -> Tenant:
        name = f"holder-{next(NUMBERS)}"
        tenant = self.server.admin.tenant(name, ["openai", "anthropic"], hold_wait_ms=0)
        budget = self.server.admin.budget(tenant, limit) if limit else None
        key = self.server.admin.key(tenant)
        return Tenant(tenant, name, key["id"], key["key"], budget)

    def call(self, tenant: Tenant, case: Case, model: str, **more: Any) -> Answer:
        body = {"model": model, **case.body, **more}
        if case.path != "/v1/audio/transcriptions":
            return fetch(self.server.data, tenant.key, body, case.path)
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return fetch(self.server.data, tenant.key, form(body), case.path, headers=headers)


def form(fields: dict[str, str]) -> bytes:
    lines = [f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in fields.items()]
    file = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    return "".join(lines).encode() + file.encode() + b"RIFF" * 100 + f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    """The gateway's own `verify` must find nothing at the end."""
    with shape_backend() as shapes, gateway(run.binary) as server:
        for kind in ("openai", "anthropic"):
            server.admin.pool(kind)
            server.admin.backend(kind, f"{kind}-a", shapes.url, kind=kind, max_concurrency=64)
        yield Stand(server, shapes, Books(server.database))


def held_for_one(stand: Stand, case: Case, model: str) -> int:
    """What one call holds, seen while it waits for its answer; the call then costs no more than that."""
    tenant = stand.tenant(None)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(stand.call, tenant, case, model)
        deadline = time.monotonic() + 10
        while not (mine := [hold for hold in stand.books.holds() if hold.tenant_id == tenant.id]):
            assert time.monotonic() < deadline and not future.done(), future.result()
            time.sleep(0.005)
        assert future.result().status == 200, future.result()
    [entry] = [entry for entry in stand.books.entries() if entry.tenant_id == tenant.id]
    assert entry.kind == "settle" and 0 <= entry.cost <= mine[0].amount, (entry, mine)
    return mine[0].amount


@pytest.mark.parametrize("route", CASES)
def test_posted_and_held_never_pass_the_cap(stand: Stand, route: str) -> None:
    """The cap is worth three holds; eight calls come at once."""
    case = CASES[route]
    model = stand.model(case)
    stand.shapes.recipe(model, latency=250)
    hold = held_for_one(stand, case, model)
    free = route == "count_tokens"
    assert (hold == 0) == free
    cap = 3 * hold or 1_000_000
    capped, uncapped = stand.tenant(usd(cap)), stand.tenant(None)
    worst, held_once = 0, False
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(stand.call, tenant, case, model) for tenant in [capped, uncapped] * 8]
        while not all(call.done() for call in calls):
            balance = stand.books.balances().get(capped.id)
            state = stand.server.admin.budget_state(str(capped.budget))
            if balance:
                worst = max(worst, balance.spent + balance.held)
                held_once = held_once or balance.held > 0
            assert pico(state["posted"]) + pico(state["held"]) <= cap
    answers = [call.result() for call in calls]
    assert worst <= cap, f"{usd(worst)} of {usd(cap)}"
    assert held_once or free
    assert all(answer.status == 200 for answer in answers[1::2]), "an uncapped call was refused"
    served = [answer for answer in answers[::2] if answer.status == 200]
    refused = [answer for answer in answers[::2] if answer.status != 200]
    assert len(served) == 8 if free else 3 <= len(served) < 8
    assert all(answer.status in (402, 429) for answer in refused), refused
    stand.books.wait_until_no_holds()
    rows = [entry for entry in stand.books.entries() if entry.tenant_id in (capped.id, uncapped.id)]
    assert len(rows) == len(served) + 8 and all(row.kind == "settle" for row in rows)
    assert pico(stand.server.admin.budget_state(str(capped.budget))["posted"]) == sum(
        row.cost for row in rows if row.tenant_id == capped.id)


REFUSED = [(route, param) for route, case in CASES.items() for param in case.refused]


@pytest.mark.parametrize(("route", "param"), REFUSED)
@pytest.mark.parametrize("limit", ["10", None])
def test_what_is_not_allowed_is_refused_untouched(stand: Stand, route: str, param: str, limit: str | None) -> None:
    case = CASES[route]
    model, tenant = stand.model(case), stand.tenant(limit)
    answer = stand.call(tenant, case, model, **case.refused[param])
    assert answer.status == 400, answer
    error = answer.failure
    if case.kind == "openai":
        assert (error["code"], error["param"]) == ("unsupported_parameter", param)
    else:
        assert error["type"] == "invalid_request_error" and param in error["message"]
    assert not stand.shapes.calls(model)
    assert not [entry for entry in stand.books.entries() if entry.tenant_id == tenant.id]


UNBOUNDED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "chat": ("messages[0].content[0]", "part_tokens_max", {"messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PIXEL}}]}]}),
    "responses": ("input[0].content[1]", "part_tokens_max", {}),
    "transcriptions": ("file", "audio_seconds_max", {}),
}


@pytest.mark.parametrize("route", UNBOUNDED)
def test_what_nothing_bounds_is_for_the_uncapped_only(stand: Stand, route: str) -> None:
    param, _, more = UNBOUNDED[route]
    case = CASES[route]
    model = stand.model(case, part_tokens_max=None, audio_seconds_max=None)
    refusal = stand.call(stand.tenant("10"), case, model, **more)
    assert (refusal.status, refusal.failure["code"]) == (400, "unsupported_parameter"), refusal
    assert refusal.failure["param"] == param
    assert stand.call(stand.tenant(None), case, model, **more).status == 200


def test_a_tier_with_a_price_is_held_for_and_priced_by_the_answer(stand: Stand) -> None:
    """The dearest tier is held for; what is paid is the tier the answer names."""
    case = CASES["responses"]
    model = stand.model(case)
    stand.server.admin.price_of(model, {"input": "10", "output": "40"}, tier="priority")
    stand.shapes.recipe(model, latency=150)
    assert held_for_one(stand, case, model) >= 200 * 40 * 10**6 // 4
    for told, factor in (("priority", 10), ("default", 1)):
        stand.shapes.recipe(model, tier=told)
        tenant = stand.tenant("10")
        assert stand.call(tenant, case, model, service_tier="priority").status == 200
        [entry] = [entry for entry in stand.books.entries() if entry.tenant_id == tenant.id]
        assert entry.cost == (11 * 10**6 + 7 * 4 * 10**6) * factor
