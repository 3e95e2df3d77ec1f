"""Price lists of others, whole: what is published is what they say, to the last digit."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from genai_prices import data_snapshot
from genai_prices.types import ModelPrice, StartDateConstraint, TieredPrices

from support.options import Run
from support.processes import note
from support.tollgate import Gateway, gateway

ROOT = Path(__file__).parents[2]
LITELLM = "lib/python*/site-packages/litellm/model_prices_and_context_window_backup.json"
TOKENS = {
    "input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "input_cache_read",
    "cache_write_mtok": "input_cache_write_5m", "cache_write_1h_mtok": "input_cache_write_1h",
    "input_audio_mtok": "input_audio", "input_image_mtok": "input_image", "output_audio_mtok": "output_audio",
    "output_reasoning_mtok": "output_reasoning",
}
MILLION = Decimal(10) ** 6
STEP = Decimal(1).scaleb(-6)  # a picodollar a token


@pytest.fixture
def server(run: Run) -> Iterator[Gateway]:
    with gateway(run.binary) as started:
        yield started


@dataclass
class Published:
    standard: dict[str, dict[str, Any]]
    staged: dict[tuple[str, int | None], dict[str, str]]
    count: int


def published(server: Gateway) -> Published:
    rows = server.admin.rows("/prices")
    return Published({row["model"]: row for row in rows if row["tier"] is None and row["above_tokens"] is None},
                     {(row["model"], row["above_tokens"]): row["per_million"] for row in rows if row["tier"] is None},
                     len(rows))


def test_litellms_whole_list(run: Run, server: Gateway) -> None:
    [file] = (ROOT / ".venv-test-litellm").glob(LITELLM)
    listed: dict[str, Any] = json.loads(file.read_text(), parse_float=Decimal)
    dry = server.run("prices", "import", str(file), "--from", "litellm", "--dry-run", timeout=120)
    assert dry.returncode == 0 and "would be published" in dry.stderr, dry.stderr[-2000:]
    assert published(server).count == 0
    done = server.run("prices", "import", str(file), "--from", "litellm", "--output", "json", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    found = published(server)
    omitted, missing = left_out(result)
    assert found.count == result["published"] > 3000
    assert set(listed) - {"sample_spec"} == set(found.standard) | omitted, "no model is left out in silence"
    for model in found.standard:
        for name, value in listed[model].items():
            if name in ("output_cost_per_image_token", "output_cost_per_video_per_second", "ocr_cost_per_page"):
                assert not value or model in missing[name], (model, name)
        for stage in listed[model].get("tiered_pricing") or []:
            if "range" in stage:
                price = found.staged[model, int(stage["range"][0]) or None]
                assert Decimal(price["input"]) == (stage["input_cost_per_token"] * MILLION).quantize(STEP), model
    compared = 0
    for model, fields in listed.items():
        sides = [Decimal(fields[name]) if fields.get(name) is not None else None
                 for name in ("input_cost_per_token", "output_cost_per_token")]
        if model == "sample_spec" or model in omitted or None in sides:
            continue
        prices = found.standard[model]["per_million"]
        for side, meter in zip(sides, ("input", "output"), strict=True):
            assert side is not None
            assert Decimal(prices[meter]) == (side * MILLION).quantize(STEP), (model, meter)
            compared += 1
    note(f"litellm: {found.count} versions of {len(listed)} models, {len(omitted)} left out, "
         f"{len(result['rounded'])} rounded, {compared} prices compared")
    assert compared > 6000 and len(omitted) < 600
    assert "left out: output_cost_per_image_token, " in dry.stderr and len(dry.stderr.splitlines()) < 500
    if not run.full:
        return
    again = json.loads(
        server.run("prices", "import", str(file), "--from", "litellm", "--output", "json", timeout=120).stdout)
    assert again["published"] == 0 and again["unchanged"] == found.count


def test_a_jump_needs_a_yes(server: Gateway, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    for price, flags, code in (("1e-06", (), 0), ("1e-05", (), 5), ("1e-05", ("--yes",), 0)):
        file.write_text(f'{{"m":{{"input_cost_per_token":{price},"output_cost_per_token":2e-06}}}}')
        done = server.run("prices", "import", str(file), "--from", "litellm", *flags)
        assert done.returncode == code, done
    assert published(server).standard["m"]["per_million"]["input"] in ("1", "10")
    assert "+900.0" in done.stdout, done.stdout
    assert server.admin.rows("/prices/history?model=m")[-1]["per_million"]["input"] == "10"
    listed = json.loads(server.run("prices", "imports", "--output", "json").stdout)["data"]
    assert listed[-1]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest() and listed[-1]["complete"] is True


def test_the_whole_list_of_genai_prices(server: Gateway, tmp_path: Path) -> None:
    now = datetime.now(timezone.utc)
    snapshot = data_snapshot.get_snapshot()
    document = [{"id": provider.id, "models": [
        {"id": model.id, "prices": dumped(model.prices)} for model in provider.models]}
        for provider in snapshot.providers]
    file = tmp_path / "data.json"
    file.write_text(json.dumps(document, default=str))
    done = server.run("prices", "import", str(file), "--from", "genai-prices", "--output", "json", timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    omitted, _ = left_out(result)
    rounded = {row["model"] for row in result["rounded"]}
    found = published(server)
    compared = 0
    for provider in snapshot.providers:
        for model in provider.models:
            name = f"{provider.id}/{model.id}"
            price = model.get_prices(now)
            if name in omitted or price.__dict__.get("input_mtok") is None:
                continue
            for key, meter in TOKENS.items():
                value = price.__dict__.get(key)
                if value is None:
                    continue
                base = value.base if isinstance(value, TieredPrices) else value
                taken = Decimal(found.standard[name]["per_million"][meter])
                # Some of its prices are floating-point noise: they are rounded to a picodollar a token, and listed.
                assert taken == base or (name in rounded and taken == base.quantize(STEP)), (name, meter)
                compared += 1
    note(f"genai-prices: {found.count} versions, {len(omitted)} left out, {compared} prices compared")
    assert compared > 1000


def left_out(result: dict[str, Any]) -> tuple[set[str], dict[str, set[str]]]:
    """The models that are left out whole, and by the list's name of a price those that lack it."""
    whole: set[str] = set()
    missing: dict[str, set[str]] = {}
    for group in result["omitted"]:
        if group["price"] is None:
            whole |= set(group["models"])
        else:
            missing.setdefault(group["price"], set()).update(group["models"])
    return whole, missing


def test_a_killed_import_is_seen_and_goes_on(server: Gateway, tmp_path: Path) -> None:
    """What was published before the kill was audited; the same list again publishes the rest from the same instant."""
    total = 20_000
    file = tmp_path / "list.json"
    file.write_text(json.dumps({f"m{number}": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}
                                for number in range(total)}))

    def count() -> int:
        with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as books:
            return int(books.execute("SELECT COUNT(*) FROM prices").fetchone()[0])

    def audited() -> list[dict[str, Any]]:
        return [row["after"] for row in server.admin.rows("/audit-log?action=price.import")]

    command = ("prices", "import", str(file), "--from", "litellm")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(server.run, *command, timeout=120)
        while count() == 0:
            assert not running.done(), running.result()
        server.kill()
        assert running.result().returncode != 0
    server.start()
    there = count()
    assert 0 < there < total, "not killed half-way"
    parts = audited()
    assert sum(part["published"] for part in parts) == there, "a price that nobody published"
    assert {part["planned"] for part in parts} == {total} and not any(part["is_last"] for part in parts)
    [began] = {part["effective_from"] for part in parts}
    done = server.run(*command, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert f"goes on with {parts[0]['id']}, which published {there} versions" in done.stderr
    parts = audited()
    assert sum(part["published"] for part in parts) == total and len({part["id"] for part in parts}) == 1
    assert sum(part["is_last"] for part in parts) == 1
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as books:
        [(instants, versions)] = books.execute("SELECT COUNT(DISTINCT effective_from), COUNT(*) FROM prices")
    assert (instants, versions) == (1, total)
    assert {row["effective_from"] for row in server.admin.rows("/prices/history?model=m0")} == {began}
    note(f"import killed after {there} of {total} versions")
    server.verify()


def dumped(prices: Any) -> Any:
    if isinstance(prices, ModelPrice):
        return {key: flat(value) for key, value in prices.__dict__.items() if value is not None}
    entries = []
    for conditional in prices:
        entry: dict[str, Any] = {"prices": dumped(conditional.prices)}
        if isinstance(conditional.constraint, StartDateConstraint):
            entry["constraint"] = {"start_date": conditional.constraint.start_date.isoformat()}
        elif conditional.constraint is not None:
            entry["constraint"] = {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}
        entries.append(entry)
    return entries


def flat(value: Any) -> Any:
    """As text where it is a decimal, so that no digit is lost on the way."""
    if isinstance(value, TieredPrices):
        return {"base": str(value.base), "tiers": [{"start": tier.start, "price": str(tier.price)}
                                                   for tier in value.tiers]}
    return str(value)
