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

# Script, environment, the package whose errors a user catches, and the steps that work.
CLIENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "use_langchain": ("", "openai", ("chat", "stream", "stream_usage", "responses", "tools", "embeddings")),
    "use_agents": ("", "openai", ("responses", "responses_stream", "chat", "chat_stream", "tools")),
    "use_llm": ("", "openai", ("chat", "stream")),
    "use_instructor": ("instructor", "instructor", ("schema", "tools", "asked_again")),
    "use_litellm": ("litellm", "litellm",
                    ("chat", "stream", "messages", "messages_stream", "responses", "responses_stream", "embeddings")),
}
CALLS = {("use_agents", "tools"): 2, ("use_instructor", "asked_again"): 2}
# Where the client itself tells its user no usage; everywhere else it must.
SILENT = {("use_langchain", "stream"), ("use_langchain", "embeddings")}
REFUSALS = {"over budget": "RateLimitError", "wrong key": "AuthenticationError", "not entitled": "NotFoundError",
            "suspended": "PermissionDeniedError"}
# What a client makes of them itself: one wraps every failure in its own class, another has none for a 403 of OpenAI's.
OWN = {"instructor": dict.fromkeys(REFUSALS, "InstructorRetryException"), "litellm": {"suspended": "APIError"}}


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
    venv, package, works = CLIENTS[name]
    tenants, before = {step: bench.tenant() for step in works}, bench.llama_tokens()
    refused = [(step, *refusal) for step in works for refusal in refusals(bench, first=step == works[0])]
    steps = [*((step, tenants[step].key) for step in works),
             *((step, who if isinstance(who, str) else who.key) for step, _, who in refused)]
    lines = list(bench.script(name, venv, models, steps))
    seen, after = dict(zip(works, lines, strict=False)), bench.llama_tokens()

    for step in works:
        assert "error" not in seen[step], seen[step]
        assert seen[step]["text"] or seen[step].get("tool"), seen[step]
        usage = None if (name, step) in SILENT else seen[step]["usage"]
        assert_billed(bench, tenants[step], CALLS.get((name, step), 1), usage)
    entries = [entry for tenant in tenants.values() for entry in bench.entries(tenant)]
    real = [entry for entry in entries if entry.model in (CHAT, CLAUDE) and entry.output]
    embedded = [entry for entry in entries if entry.model in (CHAT, CLAUDE) and not entry.output]
    assert sum(entry.input + entry.input_cache_read for entry in [*real, *embedded]) == after[0] - before[0]
    assert sum(entry.output for entry in real) == after[1] - before[1]

    for (step, why, who), line in zip(refused, lines[len(works):], strict=True):
        raised = OWN.get(package, {}).get(why, REFUSALS[why])
        if step.startswith("messages"):
            raised = "PaymentRequiredError"  # over budget is 402 there
        assert f"{package}.{raised}" in line.get("error", ()), (why, line)
        if why == "over budget":
            assert "spend cap" in line["message"].lower(), line
        if isinstance(who, Tenant):
            assert bench.requests_counted(who) == 1, f"{step} {why}: it was tried again"
            assert not bench.entries(who)


def refusals(bench: Desk, first: bool) -> list[tuple[str, Tenant | str]]:
    """Why a step is refused, and who is: over budget every step is tried, for other reasons the first."""
    found: list[tuple[str, Tenant | str]] = [("over budget", bench.poor())]
    if first:
        suspended = bench.tenant()
        bench.admin.ok("POST", f"/tenants/{suspended.id}/suspend")
        stranger = bench.tenant()
        bench.admin.entitle(stranger.id, {})
        found += [("wrong key", "tg_wrong"), ("not entitled", stranger), ("suspended", suspended)]
    return found


def assert_billed(bench: Desk, tenant: Tenant, calls: int, usage: list[list[int]] | None) -> None:
    """So many rows, exact, and equal to what the client was told; `usage` is None where it tells nothing."""
    entries = bench.entries(tenant)
    assert len(entries) == calls, entries
    for entry in entries:
        bench.assert_exact(entry)
    if usage is not None:
        billed = [[entry.input + entry.input_cache_read, entry.output + entry.output_reasoning] for entry in entries]
        assert billed == usage
