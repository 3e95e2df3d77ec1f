"""Rankings by a real llama.cpp, asked by plain HTTP: no SDK has a call for this route.

SmolLM2 was not trained to rank, so the order of its results says nothing; what it counts is real. The shape backend
stands in for a provider that counts searches, which llama.cpp does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.client import Answer, encode, fetch
from support.desk import CHAT, Desk, desk
from support.options import Run
from support.oracle import pico, usd
from support.world import Tenant

DOCUMENTS = ["A panda is a bear of China.", "A car is made of steel.", "Hi.", "Grüße aus 東京 👋"]


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Desk]:
    with desk(run.binary, pooling="rank") as laid:
        yield laid


def rank(bench: Desk, tenant: Tenant, model: str = CHAT, **fields: Any) -> Answer:
    body = {"model": model, "query": "What is a panda?", "documents": DOCUMENTS, **fields}
    return fetch(bench.server.data, tenant.key, body, "/v1/rerank")


def test_a_ranking_is_billed_as_llama_counted(bench: Desk) -> None:
    tenant, before = bench.tenant(), bench.llama_tokens()
    answer = rank(bench, tenant)
    assert answer.status == 200, answer
    scores = [result["relevance_score"] for result in answer.json()["results"]]
    assert sorted(result["index"] for result in answer.json()["results"]) == [0, 1, 2, 3]
    assert scores == sorted(scores, reverse=True)
    entry, counted = bench.entry(tenant), bench.llama_tokens()[0] - before[0]
    bench.assert_exact(entry, {"input": counted})
    assert answer.json()["usage"]["prompt_tokens"] == counted
    assert pico(answer.headers["x-tollgate-cost"]) == entry.cost


def test_the_hold_counts_the_query_once_a_document(bench: Desk) -> None:
    """llama.cpp reads more tokens than the body has bytes, and still not more than was held for."""
    fields = {"query": "words " * 30, "documents": ["x"] * 24}
    tenant = bench.tenant()
    assert rank(bench, tenant, **fields).status == 200
    entry = bench.entry(tenant)
    assert entry.input > len(encode({"model": CHAT, **fields})) + 256
    assert [row.kind for row in bench.books.of_request(entry.request_id)] == ["settle"]
    refusal = rank(bench, bench.tenant(usd(entry.cost)), **fields)
    assert (refusal.status, refusal.failure["code"]) == (429, "insufficient_quota")


def test_searches_are_billed_by_the_piece(bench: Desk) -> None:
    model, tenant = bench.shape("ranker", per_unit={"search": "0.002"}), bench.tenant()
    assert rank(bench, tenant, model).status == 200
    bench.assert_exact(bench.entry(tenant), {"search": 1})
    assert bench.entry(tenant).cost == pico("0.002")


def test_over_budget_ranks_nothing(bench: Desk) -> None:
    poor, before = bench.poor(), bench.llama_tokens()
    refusal = rank(bench, poor)
    assert (refusal.status, refusal.failure["code"]) == (429, "insufficient_quota")
    assert refusal.headers["x-should-retry"] == "false"
    assert bench.llama_tokens() == before
