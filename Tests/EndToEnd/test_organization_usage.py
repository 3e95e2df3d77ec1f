"""Usage and costs of OpenAI's administration API, by its unmodified client: strictly typed, equal to the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from support.oracle import pico, usd
from support.organization import Org, organization, strict
from support.world import World

AUDIO = ("speech.wav", b"RIFF" + bytes(range(256)) * 40, "audio/wav")
HOUR, DAY = 3600, 86_400


@pytest.fixture(scope="module")
def org(world: World) -> Iterator[Org]:
    with organization(world) as org:
        yield org


def recent() -> dict[str, int]:
    now = int(time.time())
    return {"start_time": now - now % DAY - DAY, "end_time": now - now % DAY + 2 * DAY}


def results(page: Any) -> list[Any]:
    strict(page)
    return [result for bucket in page.data for result in bucket.results]


@pytest.fixture(scope="module")
def spent(org: Org) -> tuple[list[str], dict[str, str]]:
    """Two projects that have used every kind of route, and the models by kind."""
    tokens = {"input": "1", "output": "4", "input_cache_read": "0.25"}
    models = {
        "completions": "fake", "embeddings": org.shape("embed", tokens),
        "images": org.shape("image", None, {"image": "0.04"}, recipe={"usage": False}),
        "audio_speeches": org.shape("speech", None, {"character": "0.000015"}),
        "audio_transcriptions": org.shape(
            "hear", None, {"second": "0.0001"}, recipe={"duration": 2.5}, audio_seconds_max=600),
    }
    projects = [org.project("spender") for _ in range(2)]
    for number, project in enumerate(projects):
        for name in ("a", "b"):
            client = org.data(org.key(project, name)[1])
            for _ in range(number + 1):
                client.chat.completions.create(
                    model="fake", max_tokens=20, messages=[{"role": "user", "content": "hello"}])
            client.embeddings.create(model=models["embeddings"], input=["hello", "world"])
            client.images.generate(model=models["images"], prompt="a gate", n=3)
            client.audio.speech.create(model=models["audio_speeches"], input="hello there", voice="alloy").read()
            client.audio.transcriptions.create(
                model=models["audio_transcriptions"], file=AUDIO, response_format="verbose_json")
    org.world.books.wait_until_no_holds()
    return projects, models


def test_usage_of_every_kind_is_what_the_ledger_says(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    usage, entries = org.organization.usage, org.entries(*projects)
    asked = {"project_ids": projects, "group_by": ["project_id", "api_key_id", "model"], **recent()}
    counts = {"completions": lambda e: (sum(e.meters.get(name, 0) for name in ("input", "input_cache_read")), e.output),
              "embeddings": lambda e: (e.input,), "images": lambda e: (e.meters["image"],),
              "audio_speeches": lambda e: (e.meters["character"],),
              "audio_transcriptions": lambda e: (e.meters["second"],)}
    fields = {"completions": ("input_tokens", "output_tokens"), "embeddings": ("input_tokens",),
              "images": ("images",), "audio_speeches": ("characters",), "audio_transcriptions": ("seconds",)}
    for kind, count in counts.items():
        found = results(getattr(usage, kind)(**asked))
        assert len(found) == 4, (kind, found)
        for result in found:
            mine = [entry for entry in entries if entry.kind == "settle" and (
                entry.tenant_id, entry.key_id, entry.model) == (result.project_id, result.api_key_id, models[kind])]
            assert result.model == models[kind] and result.num_model_requests == len(mine) > 0
            assert tuple(getattr(result, name) for name in fields[kind]) == tuple(
                sum(column) for column in zip(*(count(entry) for entry in mine), strict=True)), (kind, result)
    for kind in ("moderations", "vector_stores", "code_interpreter_sessions", "file_search_calls", "web_search_calls",
                 "decisions"):
        options = {"group_by": ["project_id"], "project_ids": projects, **recent()}
        assert results(getattr(usage, kind)(**options)) == []


def test_usage_is_filtered_and_summed_as_asked(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    ask = org.organization.usage.completions
    entries = [entry for entry in org.entries(*projects) if entry.model == "fake" and entry.kind == "settle"]
    [whole] = results(ask(project_ids=projects, **recent()))
    assert whole.num_model_requests == len(entries) == 6 and whole.project_id is None and whole.model is None
    assert whole.output_tokens == sum(entry.output for entry in entries)
    assert whole.input_uncached_tokens + whole.input_cached_tokens == whole.input_tokens
    key = entries[0].key_id
    [one] = results(ask(api_key_ids=[key], models=["fake", "other"], **recent()))
    assert one.num_model_requests == sum(entry.key_id == key for entry in entries)
    assert results(ask(models=["no-such-model"], project_ids=projects, **recent())) == []
    assert results(ask(user_ids=["user-1"], **recent())) == []
    grouped = results(ask(project_ids=projects, group_by=["project_id", "user_id", "batch", "api_source"], **recent()))
    assert {result.project_id: result.num_model_requests for result in grouped} == {projects[0]: 2, projects[1]: 4}
    assert {(result.user_id, result.batch, result.api_source) for result in grouped} == {(None, False, "unlabeled")}
    with pytest.raises(openai.BadRequestError) as raised:
        ask(bucket_width="1m", **recent())
    assert raised.value.param == "bucket_width"
    with pytest.raises(openai.BadRequestError):
        ask(start_time=10, end_time=10)


def test_usage_pages_cover_the_span_once(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, _ = spent
    start = int(time.time()) // HOUR * HOUR - 5 * HOUR
    asked: dict[str, Any] = {"start_time": start, "end_time": start + 8 * HOUR, "bucket_width": "1h",
                             "project_ids": projects}
    whole = strict(org.organization.usage.completions(limit=100, **asked))
    assert not whole.has_more and whole.next_page is None and len(whole.data) == 8
    assert [bucket.start_time for bucket in whole.data] == [start + HOUR * number for number in range(8)]
    assert all(bucket.end_time - bucket.start_time == HOUR for bucket in whole.data)
    pages, cursor = [], None
    while True:
        page = strict(org.organization.usage.completions(limit=3, **asked, **({"page": cursor} if cursor else {})))
        pages += page.data
        cursor = page.next_page
        assert page.has_more == (cursor is not None)
        if cursor is None:
            break
    assert pages == whole.data
    assert sum(result.num_model_requests for bucket in pages for result in bucket.results) == 6


def test_costs_equal_the_ledger_to_the_last_digit(org: Org, spent: tuple[list[str], dict[str, str]]) -> None:
    projects, models = spent
    entries, costs = org.entries(*projects), org.organization.usage.costs
    for groups in ([], ["project_id"], ["project_id", "api_key_id"], ["line_item"], ["project_id", "line_item"]):
        raw = org.organization.usage.with_raw_response.costs(project_ids=projects, group_by=groups, **recent())
        found = results(raw.parse())
        exact = [row["amount"]["value"] for bucket in raw_json(raw) for row in bucket["results"]]
        assert sum(pico(value) for value in exact) == sum(entry.cost for entry in entries), groups
        assert all(result.amount.currency == "usd" for result in found)
    by_project = results(costs(project_ids=projects, group_by=["project_id"], **recent()))
    assert {result.project_id: result.amount.value for result in by_project} == {
        project: float(usd(sum(entry.cost for entry in org.entries(project)))) for project in projects}
    items = {result.line_item: result for result in results(
        costs(project_ids=projects, group_by=["line_item"], **recent()))}
    images = items[f"{models['images']}, image"]
    assert (images.quantity, images.quantity_unit, images.amount.value) == (12, "images", 0.48)
    output = items["fake, output"]
    assert output.quantity_unit == "tokens" and output.quantity == sum(
        entry.output for entry in entries if entry.model == "fake")
    [only] = results(costs(
        project_ids=projects, line_items=[f"{models['images']}, image"], group_by=["line_item"], **recent()))
    assert only == images
    with pytest.raises(openai.BadRequestError):
        costs(group_by=["model"], **recent())  # type: ignore[list-item]


def raw_json(raw: Any) -> list[dict[str, Any]]:
    """The buckets with every number as it was written."""
    return list(json.loads(raw.text, parse_float=str, parse_int=str)["data"])
