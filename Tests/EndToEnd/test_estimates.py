"""How far the estimates of silent and cut answers are from the real counts; `docs/money.md` publishes the range.

A real llama.cpp writes the texts and counts them, one token an event. The shape backend then plays those answers with
the usage left out or cut off, which llama.cpp itself never does. Hang-ups are against llama.cpp alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

import pytest

from support.client import chat, fetch
from support.desk import CHAT, Desk, desk
from support.options import Run
from support.oracle import Entry
from support.processes import note

PROMPTS = (
    "Tell me a story about a gate.", "List five fruits, one a line.", "Write a Python function that adds two numbers.",
    "Explain in two sentences why the sky is blue.", "Write a JSON object with a name and an age.",
    "Translate to German: the weather is nice today.", "What is 12 times 12? Show the steps.",
    "Write a short poem about tolls. " * 6, "Give three tips for learning Swift.", "Say yes.",
)
WORST_COLD, WORST_WARM = 1.0, 0.75  # relative error of one answer, the furthest of ten left out


@dataclass(frozen=True)
class Sample:
    """A real answer: the prompt, the text token by token, and what llama.cpp counted."""

    text: str
    pieces: list[str]
    prompt: int
    completion: int


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Desk]:
    with desk(run.binary) as laid:
        yield laid


@pytest.fixture(scope="module")
def samples(bench: Desk) -> list[Sample]:
    """From llama.cpp itself, past the gateway."""
    host, _, port = bench.llama.url.removeprefix("http://").partition(":")
    found = []
    for prompt in PROMPTS:
        body = chat(model=CHAT, text=prompt, max_tokens=60, stream=True, stream_options={"include_usage": True}, seed=7)
        answer = fetch((host, int(port)), None, body)
        chunks = [json.loads(data) for data in answer.events if data != "[DONE]"]
        pieces = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
        usage = chunks[-1]["usage"]
        found.append(Sample(prompt, [piece for piece in pieces if piece], usage["prompt_tokens"],
                            usage["completion_tokens"]))
    return found


def play(bench: Desk, model: str, sample: Sample, stream: bool, **recipe: Any) -> Entry:
    bench.shapes.recipe(model, text="".join(sample.pieces), pieces=sample.pieces, **recipe)
    tenant = bench.tenant()
    answer = fetch(bench.server.data, tenant.key, chat(model=model, text=sample.text, max_tokens=64, stream=stream))
    assert answer.status == 200 or "cut" in recipe, answer
    return bench.entry(tenant)


def told(name: str, entries: list[Entry], truths: list[tuple[int, int]]) -> float:
    """Prints how far the estimated tokens are from the true ones; answers the error of what is paid for both.

    It is the worst but one: an answer of a few tokens that are unlike the model's others may be far off, and a seed gives
    the same ten texts on one kind of processor only.
    """
    found: dict[str, list[float]] = {"input": [], "output": [], "paid": []}
    for entry, (prompt, completion) in zip(entries, truths, strict=True):
        assert entry.provenance in ("estimated", "partial"), entry
        read, written = entry.input + entry.input_cache_read, entry.output + entry.output_reasoning
        found["input"].append(read / prompt - 1)
        found["output"].append(written / completion - 1)
        found["paid"].append((read + 4 * written) / (prompt + 4 * completion) - 1)
    ranges = [f"{part} {min(values):+.0%} to {max(values):+.0%}, median of the error {median(map(abs, values)):.0%}"
              for part, values in found.items()]
    note(f"estimate, {name} ({len(entries)} answers): {'; '.join(ranges)}")
    return sorted(map(abs, found["paid"]))[-2]


@pytest.mark.parametrize("stream", [False, True])
def test_silent_answers(bench: Desk, samples: list[Sample], stream: bool) -> None:
    """Before the model has reported anything, and after ten answers with usage."""
    model = bench.shape("silent", per_million={"input": "1", "output": "4"})
    name = "streamed" if stream else "whole"
    truths = [(sample.prompt, sample.completion) for sample in samples]
    cold = [play(bench, model, sample, stream, usage=False) for sample in samples]
    assert told(f"silent, {name}, nothing learned", cold, truths) <= WORST_COLD
    for sample in samples:
        usage = {"prompt_tokens": sample.prompt, "completion_tokens": sample.completion,
                 "total_tokens": sample.prompt + sample.completion}
        assert play(bench, model, sample, stream, usage=usage).provenance == "reported"
    warm = [play(bench, model, sample, stream, usage=False) for sample in samples]
    assert told(f"silent, {name}, learned", warm, truths) <= WORST_WARM


def test_cut_streams(bench: Desk, samples: list[Sample]) -> None:
    """The backend breaks off in the middle: what was delivered is known token by token."""
    model = bench.shape("cut", per_million={"input": "1", "output": "4"})
    for sample in samples:
        usage = {"prompt_tokens": sample.prompt, "completion_tokens": sample.completion,
                 "total_tokens": sample.prompt + sample.completion}
        play(bench, model, sample, True, usage=usage)
    entries, truths = [], []
    for sample in samples:
        delivered = max(1, len(sample.pieces) // 2)
        entries.append(play(bench, model, sample, True, cut=delivered + 1))  # the first event has no text
        truths.append((sample.prompt, delivered))
    assert told("stream cut by the backend, learned", entries, truths) <= WORST_WARM


def test_hang_ups(bench: Desk, samples: list[Sample]) -> None:
    """The client goes after ten events; llama.cpp says how much it generated until it noticed."""
    found, entries = [], []
    for sample in samples:
        tenant, before = bench.tenant(), bench.llama_tokens()
        body = chat(model=CHAT, text=sample.text, max_tokens=60, stream=True)
        answer = fetch(bench.server.data, tenant.key, body, hang_up_events=10)
        entry = bench.entry(tenant)
        after = bench.llama_tokens()
        if answer.hung_up and entry.provenance == "estimated":
            entries.append(entry)
            found.append((after[0] - before[0], after[1] - before[1]))
    assert len(found) >= 5, "too few streams were long enough to hang up on"
    told("client hung up, against what llama.cpp generated until it noticed", entries, found)
