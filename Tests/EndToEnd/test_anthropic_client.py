"""The unmodified `anthropic` SDK, in front of a real llama.cpp, which speaks this API too.

What Anthropic alone reports (cache writes, thinking, searches) and how it fails is played by the shape backend.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from support.client import fetch
from support.desk import CHAT, CLAUDE, Desk, desk
from support.options import Run
from support.oracle import pico

HELLO: list[Any] = [{"role": "user", "content": "Say hello in one short sentence."}]
PRICES = {"input": "3", "output": "15", "input_cache_read": "0.30", "input_cache_write_5m": "3.75",
          "input_cache_write_1h": "6"}
USAGE = {"input_tokens": 40, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 25,
         "cache_creation": {"ephemeral_5m_input_tokens": 15, "ephemeral_1h_input_tokens": 10},
         "output_tokens": 60, "output_tokens_details": {"thinking_tokens": 20}}
METERS = {"input": 40, "input_cache_read": 30, "input_cache_write_5m": 15, "input_cache_write_1h": 10,
          "output": 40, "output_reasoning": 20}


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Desk]:
    with desk(run.binary) as laid:
        yield laid


def claude(bench: Desk, prefix: str, recipe: dict[str, Any] | None = None, **fields: Any) -> str:
    return bench.shape(prefix, kind="anthropic", per_million=PRICES, recipe=recipe, **fields)


def test_a_message_is_billed_as_llama_counted(bench: Desk) -> None:
    tenant, before = bench.tenant(), bench.llama_tokens()
    raw = bench.anthropic(tenant).messages.with_raw_response.create(model=CLAUDE, max_tokens=24, messages=HELLO)
    answer, after = raw.parse(), bench.llama_tokens()
    assert answer.content[0].type == "text" and answer.content[0].text
    entry = bench.entry(tenant)
    bench.assert_exact(entry, {name: count for name, count in {
        "input": answer.usage.input_tokens, "input_cache_read": answer.usage.cache_read_input_tokens,
        "output": answer.usage.output_tokens}.items() if count})
    assert (after[0] - before[0], after[1] - before[1]) == (entry.input + entry.input_cache_read, entry.output)
    assert pico(raw.headers["x-tollgate-cost"]) == entry.cost
    assert raw.headers["request-id"] == raw.headers["x-request-id"] == entry.request_id


def test_a_streamed_message_ends_with_the_usage_that_is_billed(bench: Desk) -> None:
    tenant, before = bench.tenant(), bench.llama_tokens()
    # llama.cpp leaves `message_start` out of a stream whose first token is half a character, as of an emoji.
    with bench.anthropic(tenant).messages.stream(
        model=CLAUDE, max_tokens=24, messages=HELLO, extra_body={"temperature": 0}
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    after, entry = bench.llama_tokens(), bench.entry(tenant)
    assert text and final.stop_reason
    bench.assert_exact(entry)
    assert entry.output == final.usage.output_tokens
    assert (after[0] - before[0], after[1] - before[1]) == (entry.input + entry.input_cache_read, entry.output)


def test_counting_tokens_is_free_and_recorded(bench: Desk) -> None:
    tenant = bench.tenant()
    count = bench.anthropic(tenant).messages.count_tokens(model=CLAUDE, messages=HELLO)
    assert count.input_tokens > 0
    entry = bench.entry(tenant)
    assert (entry.cost, entry.model) == (0, CLAUDE)
    poor = bench.poor()
    assert bench.anthropic(poor).messages.count_tokens(model=CLAUDE, messages=HELLO).input_tokens > 0


def test_every_detail_of_usage_once(bench: Desk) -> None:
    """The flat count of cache writes is the sum of the two, and input leaves out what the cache gave."""
    model, tenant = claude(bench, "details", {"usage": USAGE}), bench.tenant()
    bench.anthropic(tenant).messages.create(model=model, max_tokens=100, messages=HELLO)
    bench.assert_exact(bench.entry(tenant), METERS)


def test_the_counts_of_a_stream_replace_each_other(bench: Desk) -> None:
    deltas = [{"output_tokens": 20}, {**USAGE, "output_tokens": 45}, USAGE]
    model, tenant = claude(bench, "deltas", {"usage": USAGE, "deltas": deltas}), bench.tenant()
    with bench.anthropic(tenant).messages.stream(model=model, max_tokens=100, messages=HELLO) as stream:
        assert stream.get_final_message().usage.output_tokens == 60
    bench.assert_exact(bench.entry(tenant), METERS)


def test_tools_that_the_client_runs(bench: Desk) -> None:
    model = claude(bench, "tools", {"tool": {"name": "weather", "arguments": {"city": "Oslo"}}})
    tools: Any = [{"name": "weather", "input_schema": {"type": "object"}}]
    tenant = bench.tenant()
    answer = bench.anthropic(tenant).messages.create(model=model, max_tokens=50, messages=HELLO, tools=tools)
    assert answer.content[0].type == "tool_use" and answer.content[0].input == {"city": "Oslo"}
    bench.assert_exact(bench.entry(tenant))


def test_what_goes_upstream(bench: Desk) -> None:
    model, tenant = claude(bench, "upstream", max_output_tokens=77), bench.tenant()
    client = bench.anthropic(tenant, default_headers={"anthropic-beta": "some-beta", "cookie": "a=b"})
    client.messages.create(model=model, max_tokens=5000, messages=HELLO)
    [call] = bench.shapes.calls(model)
    assert call.headers["x-api-key"] == "sk-backend-secret" and "authorization" not in call.headers
    assert call.headers["anthropic-version"] and call.headers["anthropic-beta"] == "some-beta"
    assert "cookie" not in call.headers
    assert call.body["max_tokens"] == 77
    plain = fetch(bench.server.data, tenant.key, {"model": model, "messages": HELLO}, "/v1/messages")
    assert plain.status == 200, plain
    last = bench.shapes.calls(model)[-1]
    assert last.headers["anthropic-version"] == "2023-06-01" and last.body["max_tokens"] == 77


@pytest.mark.parametrize("stream", [False, True])
def test_over_budget_is_tried_once(bench: Desk, stream: bool) -> None:
    poor = bench.poor()
    with pytest.raises(anthropic.APIStatusError) as raised:
        bench.anthropic(poor).messages.create(model=CLAUDE, max_tokens=24, messages=HELLO, stream=stream)
    assert type(raised.value).__name__ == "PaymentRequiredError" and raised.value.status_code == 402
    body: Any = raised.value.body
    assert body["type"] == "error" and body["error"]["type"] == "billing_error"
    assert body["request_id"] == raised.value.response.headers["request-id"]
    assert body["error"]["budget"]["limit"] == "0.00000001"
    assert bench.requests_counted(poor) == 1


def test_refusals_raise_what_users_catch(bench: Desk) -> None:
    tenant = bench.tenant()
    with pytest.raises(anthropic.AuthenticationError):
        bench.anthropic("tg_wrong").messages.create(model=CLAUDE, max_tokens=4, messages=HELLO)
    with pytest.raises(anthropic.NotFoundError):
        bench.anthropic(tenant).messages.create(model="no-such", max_tokens=4, messages=HELLO)
    with pytest.raises(anthropic.BadRequestError) as raised:
        bench.anthropic(tenant).messages.create(
            model=CLAUDE, max_tokens=4, messages=HELLO, extra_body={"container": "c_1"})
    assert "container" in str(raised.value)
    suspended, limited = bench.tenant(), bench.tenant()
    bench.admin.ok("POST", f"/tenants/{suspended.id}/suspend")
    with pytest.raises(anthropic.PermissionDeniedError):
        bench.anthropic(suspended).messages.create(model=CLAUDE, max_tokens=4, messages=HELLO)
    bench.admin.quotas(f"tenants/{limited.id}", rpd=1)
    bench.anthropic(limited).messages.create(model=CLAUDE, max_tokens=4, messages=HELLO)
    with pytest.raises(anthropic.RateLimitError):
        bench.anthropic(limited, max_retries=0).messages.create(model=CLAUDE, max_tokens=4, messages=HELLO)
    with pytest.raises(anthropic.APIStatusError) as raised_large:
        bench.anthropic(tenant).messages.create(
            model=CLAUDE, max_tokens=4, messages=HELLO, extra_headers={"x-long": "a" * 70_000})
    assert type(raised_large.value).__name__ == "ContentTooLargeError"


def test_a_model_of_the_other_api_is_a_clear_refusal(bench: Desk) -> None:
    """No request is translated."""
    tenant = bench.tenant()
    with pytest.raises(anthropic.BadRequestError) as raised:
        bench.anthropic(tenant).messages.create(model=CHAT, max_tokens=4, messages=HELLO)
    assert CHAT in str(raised.value) and "/v1/messages" in str(raised.value)
    body = {"model": CLAUDE, "messages": HELLO}
    answer = fetch(bench.server.data, tenant.key, body)
    assert (answer.status, answer.failure["code"], answer.failure["param"]) == (400, "route_not_supported", "model")


@pytest.mark.parametrize(("status", "raises"), [
    (400, "BadRequestError"), (404, "NotFoundError"), (413, "ContentTooLargeError"), (500, "InternalServerError"),
    (401, "InternalServerError"), (403, "InternalServerError"), (529, "InternalServerError"),
])
def test_a_backend_s_errors_raise_what_users_catch(bench: Desk, status: int, raises: str) -> None:
    """The very class: each of them is an `APIStatusError` too, which would say little."""
    model, tenant = claude(bench, "failing", {"status": status}, alone=True), bench.tenant()
    with pytest.raises(anthropic.APIStatusError) as raised:
        bench.anthropic(tenant, max_retries=0).messages.create(model=model, max_tokens=9, messages=HELLO)
    assert type(raised.value).__name__ == raises, raised.value
    assert raised.value.response.headers["request-id"] != "req_upstream"
    assert all(entry.cost == 0 for entry in bench.books.entries() if entry.tenant_id == tenant.id)


def test_an_overloaded_backend_is_tried_again_by_the_sdk(bench: Desk) -> None:
    model, tenant = claude(bench, "busy", {"status": 429, "retry": 1}, alone=True), bench.tenant()
    with pytest.raises(anthropic.APIStatusError) as raised:
        bench.anthropic(tenant).messages.create(model=model, max_tokens=9, messages=HELLO)
    assert type(raised.value).__name__ == "OverloadedError" and raised.value.status_code == 529
    assert bench.requests_counted(tenant) == 3


@pytest.mark.parametrize("recipe", [{"fails": 5}, {"cut": 5}])
def test_a_stream_that_breaks_raises(bench: Desk, recipe: dict[str, int]) -> None:
    model, tenant = claude(bench, "breaking", recipe, alone=True), bench.tenant()
    with pytest.raises(anthropic.APIStatusError) as raised:
        list(bench.anthropic(tenant).messages.create(model=model, max_tokens=9, messages=HELLO, stream=True))
    assert "req_upstream" not in str(raised.value.body)
    [entry] = bench.entries(tenant)
    assert entry.outcome == "broken" and entry.cost > 0


def test_the_models_are_listed_in_this_shape(bench: Desk) -> None:
    tenant = bench.tenant()
    listed = list(bench.anthropic(tenant).models.list(limit=1))
    assert CLAUDE in [model.id for model in listed] and listed[0].type == "model"
    assert bench.anthropic(tenant).models.retrieve(CLAUDE).id == CLAUDE
