"""Whether what is billed was reported or estimated, on each route: usage that is absent, null, zero, or of other units.

The shape backend stands in for the providers: a real model's usage is never absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.metered import CASES, STREAMED, Stand, metered_stand
from support.options import Run
from support.oracle import pico

ZERO_TOKENS = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
ZEROS: dict[str, dict[str, Any]] = {
    "chat": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "responses": ZERO_TOKENS,
    "messages": {"input_tokens": 0, "output_tokens": 0},
    "transcriptions": {"type": "tokens", **ZERO_TOKENS},
}
BY_TOKENS = {"per_million": {"input": "1", "output": "4"}}


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    with metered_stand(run.binary) as stand:
        yield stand


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("usage", [False, None], ids=["absent", "null"])
@pytest.mark.parametrize("route", ZEROS)
def test_usage_that_is_not_there_is_estimated(stand: Stand, route: str, usage: bool | None, stream: bool) -> None:
    model = stand.model(CASES[route], prices=BY_TOKENS, recipe={"usage": usage, "latency": 20})
    _, entry = stand.held(CASES[route], model, **(STREAMED[route] if stream else {}))
    assert (entry.outcome, entry.provenance) == ("answered", "estimated") and entry.cost > 0, entry


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("route", ZEROS)
def test_zeros_are_a_report_and_cost_nothing(stand: Stand, route: str, stream: bool) -> None:
    model = stand.model(CASES[route], prices=BY_TOKENS, recipe={"usage": ZEROS[route], "latency": 20})
    _, entry = stand.held(CASES[route], model, **(STREAMED[route] if stream else {}))
    assert (entry.outcome, entry.provenance, entry.cost, entry.meters) == ("answered", "reported", 0, {}), entry


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("route", ["images", "speech"])
def test_a_silent_picture_or_sound_priced_by_tokens_is_estimated(stand: Stand, route: str, stream: bool) -> None:
    """Nothing seen tells its tokens: something is charged, and never more than was held."""
    model = stand.model(CASES[route], prices=BY_TOKENS, recipe={"usage": False, "latency": 20})
    _, entry = stand.held(CASES[route], model, **(STREAMED[route] if stream else {}))
    assert (entry.outcome, entry.provenance) == ("answered", "estimated") and entry.cost > 0, entry


def by_unit(unit: str, price: str) -> dict[str, Any]:
    return {"per_million": None, "per_unit": {unit: price}}


JINA = {"usage": {"total_tokens": 40, "prompt_tokens": 40}}
OTHER_UNITS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # route, prices, recipe, members of the request
    "searches have the price, tokens are told": ("rerank", by_unit("search", "0.002"), JINA, {}),
    "seconds have the price, tokens are told": ("transcriptions", by_unit("second", "0.001"), {}, {}),
    "tokens have the price, seconds are told":
        ("transcriptions", BY_TOKENS, {}, {"response_format": "verbose_json"}),
    "seconds have the price, nothing is told": ("speech", by_unit("second", "0.001"), {}, {}),
}


@pytest.mark.parametrize("name", OTHER_UNITS)
def test_a_report_in_units_without_a_price_is_not_what_is_billed(stand: Stand, name: str) -> None:
    """Nothing is free because a backend counts in other units than its price: what has the price is estimated."""
    route, prices, recipe, more = OTHER_UNITS[name]
    model = stand.model(CASES[route], prices=prices, recipe={"latency": 20, **recipe})
    _, entry = stand.held(CASES[route], model, **more)
    assert (entry.outcome, entry.provenance) == ("answered", "estimated") and entry.cost > 0, entry


def test_a_price_a_request_is_charged_for_what_was_answered(stand: Stand) -> None:
    prices = by_unit("request", "0.01")
    case = CASES["chat"]
    tenant, model = stand.tenant("1"), stand.model(case, prices=prices)
    assert stand.call(tenant, case, model).status == 200
    entry = stand.row(tenant)
    assert (entry.cost, entry.meters["request"], entry.provenance) == (pico("0.01"), 1, "reported")

    failing = stand.model(case, prices=prices, recipe={"status": 400}, alone=True)
    tenant = stand.tenant("1")
    assert stand.call(tenant, case, failing).status == 400
    [refused] = stand.rows(tenant)
    assert (refused.cost, refused.outcome, refused.provenance, refused.meters) == (0, "error_status", "none", {})

    counting = CASES["count_tokens"]
    tenant, model = stand.tenant("1"), stand.model(counting, prices=prices)
    assert stand.call(tenant, counting, model).status == 200
    entry = stand.row(tenant)
    assert (entry.cost, entry.outcome, entry.meters) == (0, "answered", {})


@pytest.mark.parametrize("route", ["chat", "responses", "messages"])
def test_the_tier_a_streamed_answer_names_prices_it(stand: Stand, route: str) -> None:
    """In a chunk, in `response.completed`, in `message_start`; what was asked for does not decide."""
    case = CASES[route]
    model = stand.model(case, prices=BY_TOKENS, recipe={"tier": "priority"})
    stand.server.admin.price_of(model, {"input": "3", "output": "5"}, tier="priority")
    tenant = stand.tenant("10")
    answer = stand.call(tenant, case, model, **STREAMED[route])
    assert answer.status == 200 and answer.is_stream
    entry = stand.row(tenant)
    assert (entry.meters, entry.provenance) == ({"input": 11, "output": 7}, "reported")
    assert entry.cost == 11 * pico("0.000003") + 7 * pico("0.000005")


@pytest.mark.parametrize("recipe", [{"fails": 1}, {"cut": 1}], ids=["fails", "cut"])
@pytest.mark.parametrize("route", ["images", "speech", "transcriptions"])
def test_a_stream_that_breaks_ends_with_an_error_event(stand: Stand, route: str, recipe: dict[str, Any]) -> None:
    case = CASES[route]
    model = stand.model(case, prices=BY_TOKENS, recipe={"latency": 20, "size": 20_000, **recipe}, alone=True)
    tenant = stand.tenant("10")
    answer = stand.call(tenant, case, model, **STREAMED[route])
    assert answer.status == 200 and answer.is_stream, answer
    first, last = (json.loads(data) for data in answer.events)
    assert "error" not in first and first["type"].endswith(("delta", "partial_image"))
    assert (last["error"]["type"], last["error"]["code"]) == ("server_error", "upstream_error")
    entry = stand.row(tenant)
    assert (entry.outcome, entry.provenance) == ("broken", "estimated") and entry.cost > 0


ABOVE: dict[str, dict[str, Any]] = {
    "chat": {"prompt_tokens": 9, "completion_tokens": 5_000, "total_tokens": 5_009},
    "messages": {"input_tokens": 9, "output_tokens": 5_000},
    "responses": {"input_tokens": 9, "output_tokens": 5_000, "total_tokens": 5_009},
    "embeddings": {"prompt_tokens": 70_000, "total_tokens": 70_000},
}


@pytest.mark.parametrize(("route", "stream"), [(route, stream) for route in ABOVE
                                               for stream in ([False, True] if route in STREAMED else [False])])
def test_a_report_above_what_was_allowed_is_charged_counted_and_logged(
    stand: Stand, route: str, stream: bool
) -> None:
    """A provider that passes the bound it was sent is not hidden: what is beyond the hold is an entry of its own."""
    case, usage = CASES[route], ABOVE[route]
    model = stand.model(case, prices=BY_TOKENS, recipe={"usage": usage}, alone=True)
    tenant, backend = stand.tenant("10"), f"{stand.pools[-1]}-a"

    def counted() -> float:
        return stand.server.metric("tollgate_usage_anomalies_total", backend=backend, reason="above_bound")

    answer = stand.call(tenant, case, model, **(STREAMED[route] if stream else {}))
    assert answer.status == 200 and answer.is_stream == stream, answer
    rows = stand.rows(tenant)
    assert [row.kind for row in rows] == ["settle", "excess"]
    read, written = (usage.get(name, usage.get(other, 0)) for name, other in (
        ("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")))
    assert sum(row.cost for row in rows) == read * pico("0.000001") + written * pico("0.000004")
    assert counted() == 1
    assert stand.server.said(answer.request_id, 2)
    [line] = [line for line in stand.server.output.splitlines() if answer.request_id in line and "above_bound" in line]
    assert json.loads(line)["level"] == "warning"

    stand.shapes.recipe(model)
    assert stand.call(tenant, case, model, **(STREAMED[route] if stream else {})).status == 200
    assert [row.kind for row in stand.rows(tenant)] == ["settle", "excess", "settle"] and counted() == 1
