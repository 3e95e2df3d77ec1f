"""Clients of the field as their users write them, each in its own process: `clients/use_*.py`.

Chat, Responses, Messages and embeddings are answered by a real llama.cpp; tools, which the model at hand has no
template for, by the shape backend. For each call the ledger must have what the backend said, at the price, to the last
picodollar.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support.desk import CHAT, CLAUDE, Desk, desk
from support.options import Run
from support.world import Tenant

# Script, environment, the steps that work, and the classes a user catches when over budget and with a wrong key.
CLIENTS: dict[str, tuple[str, tuple[str, ...], str, str]] = {
    "use_langchain": ("", ("chat", "stream", "stream_usage", "responses", "tools", "embeddings"),
                      "openai.RateLimitError", "openai.AuthenticationError"),
    "use_agents": ("", ("responses", "responses_stream", "chat", "tools"),
                   "openai.RateLimitError", "openai.AuthenticationError"),
    "use_llm": ("", ("chat", "stream"), "openai.RateLimitError", "openai.AuthenticationError"),
    # It wraps every failure in its own class, with the reason inside.
    "use_instructor": ("instructor", ("schema", "tools", "asked_again"),
                       "instructor.InstructorRetryException", "instructor.InstructorRetryException"),
    "use_litellm": ("litellm", ("chat", "stream", "messages", "responses", "embeddings"),
                    "litellm.RateLimitError", "litellm.AuthenticationError"),
}
CALLS = {("use_agents", "tools"): 2, ("use_instructor", "asked_again"): 2}


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Desk]:
    with desk(run.binary) as laid:
        yield laid


@pytest.fixture(scope="module")
def models(bench: Desk) -> dict[str, str]:
    weather: dict[str, Any] = {"name": "weather", "arguments": {"city": "Oslo"}}
    person = {"name": "Person", "arguments": {"name": "Ann", "age": 30}}
    return {
        "chat": CHAT, "embeddings": CHAT, "messages": CLAUDE,
        "tools": bench.shape("tools", recipe={"tool": weather}),
        "tools_once": bench.shape("tools-once", recipe={"tool": {**weather, "times": 1}}),
        "person": bench.shape("person", recipe={"tool": person}),
    }


@pytest.mark.parametrize("name", CLIENTS)
def test_client(bench: Desk, models: dict[str, str], name: str) -> None:
    venv, works, over_budget, wrong_key = CLIENTS[name]
    tenants = {step: bench.tenant() for step in works}
    poor, before = bench.poor(), bench.llama_tokens()
    steps = [*((step, tenants[step].key) for step in works), ("over_budget", poor.key), ("wrong_key", "tg_wrong")]
    seen = {line["step"]: line for line in bench.script(name, venv, models, steps)}
    after = bench.llama_tokens()

    for step in works:
        assert "error" not in seen[step], seen[step]
        assert seen[step]["text"] or seen[step].get("tool"), seen[step]
        assert_billed(bench, tenants[step], CALLS.get((name, step), 1), seen[step].get("usage"))
    entries = [entry for tenant in tenants.values() for entry in bench.entries(tenant)]
    real = [entry for entry in entries if entry.model in (CHAT, CLAUDE) and entry.output]
    embedded = [entry for entry in entries if entry.model in (CHAT, CLAUDE) and not entry.output]
    assert sum(entry.input + entry.input_cache_read for entry in [*real, *embedded]) == after[0] - before[0]
    assert sum(entry.output for entry in real) == after[1] - before[1]

    assert over_budget in seen["over_budget"]["error"], seen["over_budget"]
    assert "spend cap" in seen["over_budget"]["message"].lower()
    assert bench.requests_counted(poor) == 1, "an over-budget call was tried again"
    assert wrong_key in seen["wrong_key"]["error"], seen["wrong_key"]


def assert_billed(bench: Desk, tenant: Tenant, calls: int, usage: list[list[int] | None] | None) -> None:
    """So many rows, exact, and equal to what the client was told where it tells."""
    entries = bench.entries(tenant)
    assert len(entries) == calls, entries
    for number, entry in enumerate(entries):
        bench.assert_exact(entry)
        counts = usage[number] if usage else None
        if counts:
            assert [entry.input + entry.input_cache_read, entry.output + entry.output_reasoning] == counts
