"""What a call of each route costs, from a backend's answer to the ledger; the shapes are recorded, the backend is fake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from support.client import Answer, fetch
from support.metered import BOUNDARY, form
from support.oracle import Entry, pico
from support.player import EVENTS, JSON, Play, Player, playing
from support.world import Tenant, World


def event(kind: str, **fields: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def counted(number: int) -> bytes:
    """A piece of a chat with the usage so far, as vLLM and NIM send it on every chunk."""
    usage = {"prompt_tokens": 20, "completion_tokens": number, "total_tokens": 20 + number}
    choice = {"index": 0, "delta": {"content": "word " * 40}, "finish_reason": None}
    return b"data: " + json.dumps({"choices": [choice], "usage": usage}).encode() + b"\n\n"


START = event("message_start", message={"id": "msg_1", "type": "message", "usage": {
    "input_tokens": 40, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 30,
    "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20}, "output_tokens": 1}})
PIECES = [event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word " * 40}) for _ in range(10)]
DELTA = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 90})
STOP = event("message_stop")
MESSAGE = {"id": "msg_1", "type": "message", "content": [{"type": "text", "text": "Hi"}], "usage": {
    "input_tokens": 12, "cache_read_input_tokens": 8, "output_tokens": 6, "service_tier": "standard"}}
PLAYS = {
    "message": Play(JSON, [json.dumps(MESSAGE).encode()]),
    "message-error": Play(JSON, [b'{"type":"error","error":{"type":"overloaded_error","message":"x"}}']),
    "messages": Play(EVENTS, [START, event("ping"), *PIECES, DELTA, STOP]),
    "messages-cut": Play(EVENTS, [START, *PIECES], is_whole=False),
    "count": Play(JSON, [b'{"input_tokens":14}']),
    "images": Play(JSON, [b'{"created":1,"data":[{"url":"http://a/1"},{"url":"http://a/2"}]}']),
    "speech": Play("audio/mpeg", [b"ID3" * 5000]),
    "speech-cut": Play("audio/mpeg", [b"ID3" * 50_000] * 4, is_whole=False),
    "heard": Play(JSON, [b'{"text":"hi","usage":{"type":"duration","seconds":62}}']),
    "flex": Play(JSON, [json.dumps({
        "choices": [{"message": {"content": "Hi"}}], "service_tier": "flex",
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.0000125}}).encode()]),
    "counted-cut": Play(EVENTS, [counted(number) for number in range(1, 6)], is_whole=False),
}


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    with playing(PLAYS) as player:
        yield player


def served_by(world: World, player: Player, play: str, prices: list[dict[str, Any]], limit: str | None = "10",
              kind: str = "openai", **model: Any) -> tuple[Tenant, str]:
    """A tenant and a priced model that this play serves."""
    pool, name = world.fresh("pool"), world.fresh("model")
    world.admin.pool(pool)
    world.admin.backend(pool, f"{pool}-{play}", player.url(play), kind=kind)
    world.admin.ok("PUT", f"/models/{name}", {"targets": [{"pool": pool}], "max_output_tokens": 1000, **model})
    for price in prices:
        world.admin.ok("POST", "/prices", {
            "model": name, "effective_from": "2020-01-01T00:00:00Z", "per_million": None, **price})
    return world.tenant(limit=limit, pools=(pool,)), name


def booked(world: World, answer: Answer) -> Entry:
    world.books.wait_until_no_holds()
    return world.books.settled(answer.request_id)


TOKENS = {"per_million": {"input": "1", "output": "4", "input_cache_read": "0.1", "input_cache_write_1h": "2"}}


def ask(model: str, **fields: Any) -> dict[str, Any]:
    return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}], **fields}


def test_a_message_is_metered_beside_its_cache(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "message", [TOKENS], kind="anthropic")
    answer = fetch(world.server.data, None, ask(model), "/v1/messages?beta=true", headers={
        "x-api-key": tenant.key, "anthropic-beta": "context-1m"})
    assert answer.complete and answer.json() == MESSAGE and answer.headers["request-id"] == answer.request_id
    entry = booked(world, answer)
    assert (entry.input, entry.input_cache_read, entry.output, entry.provenance) == (12, 8, 6, "reported")
    assert entry.cost == 12 * pico("0.000001") + 8 * pico("0.0000001") + 6 * pico("0.000004")
    assert answer.headers["x-tollgate-cost"] == "0.0000368"
    path, headers = player.seen["message"]
    assert path == "/message/v1/messages", "the query stays here"
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2023-06-01", "context-1m")
    assert tenant.key not in headers.values()


def test_an_error_in_a_success_costs_nothing(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "message-error", [TOKENS], kind="anthropic")
    answer = fetch(world.server.data, tenant.key, ask(model), "/v1/messages")
    assert (answer.status, answer.failure["type"]) == (502, "api_error")
    entries = world.books.of_request(answer.request_id)
    assert [entry.cost for entry in entries] == [0] and entries[0].outcome == "error_status"


def test_a_stream_of_messages_is_passed_on_and_metered_by_its_last_counts(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "messages", [TOKENS], kind="anthropic")
    answer = fetch(world.server.data, tenant.key, ask(model, stream=True), "/v1/messages")
    assert answer.complete and answer.body == PLAYS["messages"].body
    entry = booked(world, answer)
    assert (entry.input, entry.input_cache_read, entry.output, entry.provenance) == (40, 100, 90, "reported")
    micro = pico("0.000001")
    assert entry.cost == 40 * micro + 100 * micro // 10 + 10 * micro + 20 * 2 * micro + 90 * 4 * micro


def test_a_stream_of_messages_that_breaks_is_charged_for_what_was_written(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "messages-cut", [TOKENS], kind="anthropic")
    answer = fetch(world.server.data, tenant.key, ask(model, stream=True), "/v1/messages")
    begin, _, end = answer.body.partition(b"event: error\n")
    assert begin == PLAYS["messages-cut"].body
    assert json.loads(end.removeprefix(b"data: "))["error"]["type"] == "api_error"
    entry = booked(world, answer)
    assert (entry.input, entry.outcome, entry.provenance) == (40, "broken", "estimated")
    assert 10 <= entry.output <= 100, "the first event counts one token of ten that came"


def test_a_stream_that_breaks_is_charged_by_its_last_counts(world: World, player: Player) -> None:
    """Counts that come with every piece replace each other: what was last said is what is known."""
    tenant, model = served_by(world, player, "counted-cut", [TOKENS])
    answer = fetch(world.server.data, tenant.key, ask(model, stream=True, stream_options={"include_usage": True}))
    assert answer.body.startswith(PLAYS["counted-cut"].body) and answer.events[-1] != "[DONE]"
    entry = booked(world, answer)
    assert (entry.outcome, entry.provenance) == ("broken", "partial")
    assert entry.meters == {"input": 20, "output": 5}
    assert entry.cost == 20 * pico("0.000001") + 5 * pico("0.000004")


def test_who_leaves_a_stream_of_messages_pays_for_what_was_written(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "messages", [TOKENS], kind="anthropic")
    answer = fetch(world.server.data, tenant.key, ask(model, stream=True), "/v1/messages", hang_up_events=8)
    assert answer.hung_up
    entry = booked(world, answer)
    assert (entry.input, entry.outcome, entry.provenance) == (40, "client_gone", "estimated")
    assert 5 <= entry.output <= 100


def test_counting_tokens_is_free_and_has_a_record(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "count", [TOKENS], limit="0", kind="anthropic")
    body = ask(model)
    del body["max_tokens"]
    answer = fetch(world.server.data, tenant.key, body, "/v1/messages/count_tokens")
    assert answer.json() == {"input_tokens": 14}
    entry = booked(world, answer)
    assert (entry.cost, entry.input, entry.output, entry.outcome) == (0, 0, 0, "answered")


def test_images_are_charged_by_the_piece_at_the_size_asked_for(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "images", [
        {"per_unit": {"image": "0.04"}}, {"tier": "hd", "per_unit": {"image": "0.08"}}])
    answer = fetch(world.server.data, tenant.key, {"model": model, "prompt": "a", "n": 2}, "/v1/images/generations")
    entry = booked(world, answer)
    assert (entry.cost, entry.provenance) == (pico("0.08"), "reported")
    fine = fetch(
        world.server.data, tenant.key, {"model": model, "prompt": "a", "n": 2, "quality": "hd"}, "/v1/images/generations")
    assert booked(world, fine).cost == pico("0.16")


def test_speech_is_charged_by_the_character(world: World, player: Player) -> None:
    tenant, model = served_by(world, player, "speech", [{"per_unit": {"character": "0.000015"}}])
    answer = fetch(
        world.server.data, tenant.key, {"model": model, "input": "zwölf Bäume 🌲", "voice": "a"}, "/v1/audio/speech")
    assert answer.body == b"ID3" * 5000
    entry = booked(world, answer)
    assert (entry.cost, entry.provenance) == (13 * pico("0.000015"), "reported")


@pytest.mark.parametrize(("multiplier", "agreed", "unit"), [
    ("1", None, Fraction("0.000123456789")),
    # 0.000123456789 x 1.337 = 0.000165061726893, to the picodollar.
    ("1.337", None, Fraction("0.000165061727")),
    # What was agreed is paid as it stands.
    ("1.337", "0.000099999999", Fraction("0.000099999999")),
])
def test_seconds_and_characters_are_exact_products(
    world: World, player: Player, multiplier: str, agreed: str | None, unit: Fraction
) -> None:
    """Computed by hand, as no price library knows these units."""
    for play, meter, count in (("heard", "second", 62), ("speech", "character", 13)):
        tenant, model = served_by(
            world, player, play, [{"per_unit": {meter: "0.000123456789"}}], audio_seconds_max=600)
        world.admin.ok("PATCH", f"/tenants/{tenant.id}", {"price_multiplier": multiplier})
        if agreed:
            world.admin.ok("POST", "/prices", {
                "model": model, "tenant_id": tenant.id, "effective_from": "2020-01-01T00:00:00Z", "per_million": None,
                "per_unit": {meter: agreed}})
        if play == "heard":
            headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
            answer = fetch(world.server.data, tenant.key, form({"model": model}), "/v1/audio/transcriptions",
                           headers=headers)
        else:
            answer = fetch(world.server.data, tenant.key, {"model": model, "input": "zwölf Bäume 🌲", "voice": "a"},
                           "/v1/audio/speech")
        entry = booked(world, answer)
        assert entry.meters.get(meter) == count, entry
        assert entry.cost == pico(count * unit), (meter, entry.cost)
        usage = world.admin.get(f"/costs?tenant_id={tenant.id}&group_by=meter&bucket=month")
        rows = [row for bucket in usage["data"] for row in bucket["results"]]
        assert [(row["meter"], Fraction(row["cost"])) for row in rows] == [(meter, count * unit)]


def test_speech_that_breaks_off_is_charged_by_the_character(world: World, player: Player) -> None:
    """The characters are known exactly, but not that all of them were spoken."""
    tenant, model = served_by(world, player, "speech-cut", [{"per_unit": {"character": "0.000015"}}])
    answer = fetch(world.server.data, tenant.key, {"model": model, "input": "zwölf", "voice": "a"}, "/v1/audio/speech")
    assert answer.status == 200 and not answer.complete
    entry = booked(world, answer)
    assert (entry.outcome, entry.provenance) == ("broken", "partial")
    assert entry.cost == 5 * pico("0.000015")


@pytest.mark.parametrize(("flex", "cost", "anomalies"), [("0.5", "0.0000125", 0), (None, "0.00003", 1)])
def test_the_tier_of_the_answer_prices_it(
    world: World, player: Player, flex: str | None, cost: str, anomalies: int
) -> None:
    prices: list[dict[str, Any]] = [{"per_million": {"input": "1", "output": "4"}}]
    if flex:
        prices.append({"tier": "flex", "per_million": {"input": flex, "output": "1.5"}})
    tenant, model = served_by(world, player, "flex", prices)
    answer = fetch(world.server.data, tenant.key, ask(model))
    entry = booked(world, answer)
    assert entry.cost == pico(cost)
    assert world.books.upstream_cost(answer.request_id) == pico("0.0000125"), "what the provider says it charges"
    count = world.server.metric(
        "tollgate_usage_anomalies_total", backend=entry.pool + "-flex", reason="unpriced_tier")
    assert count == anomalies
