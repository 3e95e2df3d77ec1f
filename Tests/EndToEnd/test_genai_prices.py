"""`genai-prices` as an oracle: it reads the same raw answers and must come to the same cost, to the last picodollar.

Its prices are published through the Admin API, its usage reader gets what the backend answered. Prices and reading are
its own work, so an error would have to be made twice. The shape backend stands in for the providers: what is tested is
the reading of usage as each means it, and no provider is reachable here.

Not compared, and why:
- prices of `EXCEPTIONS`: they are of things Tollgate has no meter for, or refuses (`storage_searches`);
- usage with cached audio or images where these have prices of their own: there is one meter of cache reads;
- `ft:…`, which is the beginning of the names of models and none itself;
- models without a price of tokens (`NOT_BY_TOKENS`), whose usage it does not read from an answer;
- prices that depend on the hour of the day: a price here holds from an instant on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from genai_prices import data_snapshot, extract_usage
from genai_prices.types import ModelPrice, TieredPrices

from support.client import Answer, fetch
from support.options import Run
from support.oracle import PICO, Books, pico
from support.processes import note
from support.shapes import ShapeBackend, shape_backend
from support.tollgate import Gateway, gateway

TOKEN_METERS = {
    "input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "input_cache_read",
    "cache_write_mtok": "input_cache_write_5m", "cache_write_1h_mtok": "input_cache_write_1h",
    "input_audio_mtok": "input_audio", "input_image_mtok": "input_image", "output_audio_mtok": "output_audio",
    "output_reasoning_mtok": "output_reasoning",
}
UNIT_METERS = {"web_searches_kcount": "search", "requests_kcount": "request"}
# What has no meter of its own here; a model with any other unknown price fails the test.
EXCEPTIONS = {
    "storage_searches_kcount": "a tool the provider runs; refused",
    "cache_audio_read_mtok": "cache reads have one meter; no audio is cached below",
    "cache_image_read_mtok": "cache reads have one meter; no image is cached below",
    "output_image_mtok": "output images by the token are not told apart from text",
}
NOT_BY_TOKENS = {"audio_hours", "input_audio_hours", "input_mchars", "input_text_messages_kcount"}
PROVIDERS = ("openai", "anthropic", "x-ai", "deepseek")
CHAT, RESPONSES, MESSAGES, IMAGES, EMBEDDINGS = (
    "/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/images/generations", "/v1/embeddings")
SIZES = (1_000, 350_000)  # below and above every threshold of long context
NOW = datetime.now(timezone.utc)


@dataclass(frozen=True)
class Case:
    provider: str
    model: str
    path: str
    flavor: str
    usage: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.model}"

    def expected(self) -> Fraction:
        """What the oracle says that this usage costs, in picodollars."""
        raw = {"model": self.model, "usage": self.usage}
        found = extract_usage(raw, provider_id=self.provider, api_flavor=self.flavor)
        assert found.model and found.model.id == self.model, f"{self.model} was taken for {found.model}"
        return Fraction(found.calc_price(genai_request_timestamp=NOW).total_price) * PICO


def prices() -> dict[tuple[str, str], ModelPrice]:
    """Every model of these providers by its price today."""
    found: dict[tuple[str, str], ModelPrice] = {}
    seen: set[str] = set()
    for provider in data_snapshot.get_snapshot().providers:
        for model in provider.models if provider.id in PROVIDERS else ():
            price = model.get_prices(NOW)
            keys = {key for key, value in vars(price).items() if value is not None}
            unknown = keys - TOKEN_METERS.keys() - UNIT_METERS.keys() - EXCEPTIONS.keys() - NOT_BY_TOKENS
            assert not unknown, f"{model.id} has prices nobody decided about: {unknown}"
            seen |= keys
            is_named = not model.deprecated and not model.id.startswith("ft:")
            if "input_mtok" in keys and keys.isdisjoint(NOT_BY_TOKENS) and is_named:
                found[provider.id, model.id] = price
    stale = (EXCEPTIONS.keys() | NOT_BY_TOKENS) - seen
    assert not stale, f"no model has these prices any more: {stale}"
    return found


def publish(server: Gateway, model: str, price: ModelPrice) -> None:
    """The base prices, then one version for each threshold."""
    values = {key: value for key, value in vars(price).items() if value is not None}
    starts = {tier.start for value in values.values() if isinstance(value, TieredPrices) for tier in value.tiers}
    units = {UNIT_METERS[key]: text(Decimal(value) / 1000) for key, value in values.items() if key in UNIT_METERS}
    for start in (None, *sorted(starts)):
        tokens = {TOKEN_METERS[key]: text(at(value, start)) for key, value in values.items() if key in TOKEN_METERS}
        tokens.setdefault("output", "0")  # embeddings have none, which has to be said
        server.admin.price_of(model, tokens, units, **({} if start is None else {"above_tokens": start}))


def at(value: Decimal | TieredPrices, start: int | None) -> Decimal:
    if not isinstance(value, TieredPrices):
        return value
    reached = [tier.price for tier in value.tiers if start is not None and tier.start <= start]
    return reached[-1] if reached else value.base


def text(value: Decimal) -> str:
    return f"{value:f}"


def cases(provider: str, model: str, price: ModelPrice) -> Iterator[Case]:
    has = {key for key, value in vars(price).items() if value is not None}
    for size in SIZES:
        if provider == "anthropic":
            yield Case(provider, model, MESSAGES, "default", anthropic_usage(size, has))
        elif "output_mtok" not in has:
            yield Case(provider, model, EMBEDDINGS, "embeddings", {"prompt_tokens": size, "total_tokens": size})
        elif model.startswith(("gpt-image", "chatgpt-image")):
            details = {"text_tokens": size // 4, "image_tokens": size - size // 4}
            usage = {"input_tokens": size, "input_tokens_details": details, "output_tokens": 777,
                     "total_tokens": size + 777}
            if "output_image_mtok" not in has:
                yield Case(provider, model, IMAGES, "images", usage)
        else:
            yield Case(provider, model, CHAT, "chat", chat_usage(size, has, outside=provider == "x-ai"))
            if provider == "openai":
                yield Case(provider, model, RESPONSES, "responses", responses_usage(size, has))


def chat_usage(size: int, has: set[str], outside: bool) -> dict[str, Any]:
    """Reasoning is inside the completion; at one provider beside it, which the total shows."""
    reasoning = size // 9
    inside = 0 if outside else reasoning
    prompt = {"cached_tokens": size // 3 if "cache_read_mtok" in has and "cache_audio_read_mtok" not in has else 0}
    completion = {"reasoning_tokens": reasoning}
    if "input_audio_mtok" in has:
        prompt["audio_tokens"] = size // 5
    if "output_audio_mtok" in has:
        completion["audio_tokens"] = size // 11
    output = 101 + inside + completion.get("audio_tokens", 0)
    return {"prompt_tokens": size, "completion_tokens": output,
            "total_tokens": size + output + (reasoning if outside else 0),
            "prompt_tokens_details": prompt, "completion_tokens_details": completion}


def responses_usage(size: int, has: set[str]) -> dict[str, Any]:
    details = {"cached_tokens": size // 3 if "cache_read_mtok" in has else 0}
    if "cache_write_mtok" in has:
        details["cache_write_tokens"] = size // 7
    return {"input_tokens": size, "input_tokens_details": details, "output_tokens": 103 + size // 9,
            "output_tokens_details": {"reasoning_tokens": size // 9}, "total_tokens": size + 103 + size // 9}


def anthropic_usage(size: int, has: set[str]) -> dict[str, Any]:
    writes = {"ephemeral_5m_input_tokens": size // 7 if "cache_write_mtok" in has else 0,
              "ephemeral_1h_input_tokens": size // 13 if "cache_write_1h_mtok" in has else 0}
    searches = {"server_tool_use": {"web_search_requests": 3}} if "web_searches_kcount" in has else {}
    return {"input_tokens": size // 2, "cache_read_input_tokens": size // 3, "cache_creation": writes,
            "cache_creation_input_tokens": sum(writes.values()), "output_tokens": 107 + size // 9, **searches}


BODIES: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 500},
    RESPONSES: {"input": "hi", "max_output_tokens": 500},
    MESSAGES: {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 500},
    IMAGES: {"prompt": "hi"}, EMBEDDINGS: {"input": "hi"},
}


@dataclass
class Stand:
    server: Gateway
    shapes: ShapeBackend
    books: Books
    key: str

    def call(self, case: Case, stream: bool) -> Answer:
        self.shapes.recipe(case.name, usage=case.usage, deltas=[case.usage])
        body = {"model": case.name, **BODIES[case.path], **({"stream": True} if stream else {})}
        answer = fetch(self.server.data, self.key, body, case.path)
        assert answer.status == 200 and answer.complete, f"{case.name}: {answer.status} {answer.body[:500]!r}"
        return answer


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    with shape_backend() as shapes, gateway(run.binary) as server:
        for pool, kind in (("openai", "openai"), ("anthropic", "anthropic")):
            server.admin.pool(pool)
            server.admin.backend(pool, f"{pool}-a", shapes.url, kind=kind)
        tenant = server.admin.tenant("oracle", ["openai", "anthropic"])
        yield Stand(server, shapes, Books(server.database), server.admin.key(tenant)["key"])


def test_costs_equal_the_oracle_s(stand: Stand) -> None:
    thresholds, expected = 0, dict[str, tuple[Case, Fraction, bool]]()
    for (provider, model), price in prices().items():
        name = f"{provider}/{model}"
        pool = "anthropic" if provider == "anthropic" else "openai"
        stand.server.admin.model(name, [pool], max_output_tokens=1000)
        publish(stand.server, name, price)
        thresholds += any(isinstance(value, TieredPrices) for value in vars(price).values())
        for number, case in enumerate(cases(provider, model, price)):
            stream = number % 2 == 1 and case.path not in (IMAGES, EMBEDDINGS)
            answer = stand.call(case, stream)
            expected[answer.request_id] = case, case.expected(), stream
            if not stream:
                assert pico(answer.headers["x-tollgate-cost"]) == case.expected(), case
    sums: dict[str, int] = {}
    for entry in stand.books.entries():
        sums[entry.request_id] = sums.get(entry.request_id, 0) + entry.cost  # what passes the hold is a row of its own
        assert entry.provenance == "reported" or entry.kind != "settle", entry
    wrong = [f"{case.name} {case.path} stream={stream} {json.dumps(case.usage)}: {sums.get(request)} not {cost}"
             for request, (case, cost, stream) in expected.items() if sums.get(request) != cost]
    assert not wrong, "\n".join([f"{len(wrong)} of {len(expected)} differ", *wrong[:20]])
    compared, paths = len(expected), {case.path for case, _, _ in expected.values()}
    assert paths == BODIES.keys(), f"nothing was compared on {BODIES.keys() - paths}"
    assert compared > 150 and thresholds > 10, (compared, thresholds)
    note(f"genai-prices: {compared} usages of {len(prices())} models cost the same, {thresholds} with long context")
