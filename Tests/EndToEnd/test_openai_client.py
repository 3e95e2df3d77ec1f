"""The unmodified `openai` SDK on every route it has. Chat and completions are in `test_sdk.py`.

Responses and embeddings are answered by a real llama.cpp. Tools, moderations, images, speech and transcription are not
in the reach of the model at hand, so the shape backend stands in for those, and for what a provider's usage may say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from support.desk import CHAT, Desk, desk
from support.options import Run
from support.oracle import pico
from support.shape_answers import COMPLETION, PROMPT, TEXT

HELLO: list[Any] = [{"role": "user", "content": "Say hello in one short sentence."}]
AUDIO = ("speech.wav", b"RIFF" + bytes(range(256)) * 40, "audio/wav")
TOKENS = {"input": "1", "output": "4", "input_cache_read": "0.25", "input_audio": "8", "output_audio": "16",
          "input_image": "10", "output_reasoning": "5"}
WEATHER: Any = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Desk]:
    with desk(run.binary) as laid:
        yield laid


def test_a_response_is_billed_as_llama_counted(bench: Desk) -> None:
    tenant, before = bench.tenant(), bench.llama_tokens()
    raw = bench.openai(tenant).responses.with_raw_response.create(
        model=CHAT, input="Say hello in one short sentence.", max_output_tokens=24)
    answer, after = raw.parse(), bench.llama_tokens()
    assert answer.output_text and answer.usage
    entry, cached = bench.entry(tenant), answer.usage.input_tokens_details.cached_tokens
    bench.assert_exact(entry, {name: count for name, count in {
        "input": answer.usage.input_tokens - cached, "input_cache_read": cached,
        "output": answer.usage.output_tokens}.items() if count})
    assert (after[0] - before[0], after[1] - before[1]) == (answer.usage.input_tokens, answer.usage.output_tokens)
    assert pico(raw.headers["x-tollgate-cost"]) == entry.cost
    assert raw.headers["x-request-id"] == entry.request_id


def test_a_streamed_response_ends_with_the_usage_that_is_billed(bench: Desk) -> None:
    tenant = bench.tenant()
    events: list[Any] = list(bench.openai(tenant).responses.create(
        model=CHAT, input="Count to three.", max_output_tokens=24, stream=True))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    final = events[-1].response
    assert text and text == final.output_text and final.usage
    entry = bench.entry(tenant)
    bench.assert_exact(entry)
    assert (entry.input + entry.input_cache_read, entry.output) == (
        final.usage.input_tokens, final.usage.output_tokens)


def test_a_streamed_response_is_gathered_by_the_sdk(bench: Desk) -> None:
    """The SDK's helper needs the `content_index` of every delta, which llama.cpp leaves out."""
    model, tenant = bench.shape("gathered"), bench.tenant()
    with bench.openai(tenant).responses.stream(model=model, input="Hi.") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert text == stream.get_final_response().output_text == TEXT
    bench.assert_exact(bench.entry(tenant), {"input": PROMPT, "output": COMPLETION})


def test_a_response_is_bounded_and_not_stored(bench: Desk) -> None:
    """What the client left out is set, on the route where absent means yes."""
    model = bench.shape("bounded", max_output_tokens=77)
    bench.openai(bench.tenant()).responses.create(model=model, input="hi", store=True)
    bench.openai(bench.tenant()).responses.create(model=model, input="hi", max_output_tokens=500)
    for call in bench.shapes.calls(model):
        assert call.body["max_output_tokens"] == 77 and call.body["store"] is False


def test_embeddings_are_billed_as_llama_counted(bench: Desk) -> None:
    tenant = bench.tenant()
    answer = bench.openai(tenant).embeddings.create(model=CHAT, input=["hello", "a longer text of some words"])
    assert len(answer.data) == 2 and len(answer.data[0].embedding) > 100
    bench.assert_exact(bench.entry(tenant), {"input": answer.usage.prompt_tokens})


@pytest.mark.parametrize("stream", [False, True])
def test_tools_and_every_detail_of_usage(bench: Desk, stream: bool) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
             "prompt_tokens_details": {"cached_tokens": 30, "audio_tokens": 20},
             "completion_tokens_details": {"reasoning_tokens": 15, "audio_tokens": 5, "accepted_prediction_tokens": 4,
                                           "rejected_prediction_tokens": 3}}
    tool = {"name": "weather", "arguments": {"city": "Oslo"}}
    model = bench.shape("tools", per_million=TOKENS, recipe={"tool": tool, "usage": usage})
    tenant = bench.tenant()
    fields: Any = {"model": model, "messages": HELLO, "tools": [WEATHER], "max_tokens": 60}
    chat = bench.openai(tenant).chat.completions
    if stream:
        deltas = [chunk.choices[0].delta for chunk in chat.create(**fields, stream=True)]
        [call] = [call for delta in deltas for call in delta.tool_calls or []]
    else:
        [call] = chat.create(**fields).choices[0].message.tool_calls or []
    assert call.function and call.function.name == "weather"
    bench.assert_exact(bench.entry(tenant), {
        "input": 50, "input_cache_read": 30, "input_audio": 20, "output": 30, "output_reasoning": 15,
        "output_audio": 5})


def test_moderations_that_are_free_cost_nothing(bench: Desk) -> None:
    """OpenAI charges nothing for them and reports no usage; a price of zero says so."""
    model, tenant = bench.shape("moderation", per_million={"input": "0", "output": "0"}), bench.tenant()
    answer = bench.openai(tenant).moderations.create(model=model, input=["one", "two"])
    assert [result.flagged for result in answer.results] == [False, False]
    assert bench.entry(tenant).cost == 0


def test_images_by_tokens(bench: Desk) -> None:
    usage = {"input_tokens": 60, "input_tokens_details": {"text_tokens": 20, "image_tokens": 40},
             "output_tokens": 90, "total_tokens": 150}
    model, tenant = bench.shape("image", per_million=TOKENS, recipe={"usage": usage}), bench.tenant()
    answer = bench.openai(tenant).images.generate(model=model, prompt="a gate", n=2)
    assert answer.data and len(answer.data) == 2
    bench.assert_exact(bench.entry(tenant), {"input": 20, "input_image": 40, "output": 90, "image": 2})


def test_images_by_the_piece(bench: Desk) -> None:
    """Nobody counts tokens: what is charged is the images that came, whose number is exact."""
    model = bench.shape("piece", per_unit={"image": "0.04"}, recipe={"usage": False})
    tenant = bench.tenant()
    bench.openai(tenant).images.generate(model=model, prompt="a gate", n=3)
    entry = bench.entry(tenant)
    bench.assert_exact(entry)
    assert entry.meters["image"] == 3 and entry.cost == pico("0.12")


def test_a_streamed_image(bench: Desk) -> None:
    model, tenant = bench.shape("streamed-image", per_million=TOKENS), bench.tenant()
    events = [event.type for event in bench.openai(tenant).images.generate(
        model=model, prompt="a gate", stream=True, partial_images=2)]
    assert events == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    bench.assert_exact(bench.entry(tenant), {"input": PROMPT, "output": COMPLETION, "image": 1})


def test_speech_by_the_character(bench: Desk) -> None:
    """Audio says nothing of its usage; the characters are those the client sent, counted as Unicode scalars."""
    model = bench.shape("speech", per_unit={"character": "0.000015"}, recipe={"size": 300_000})
    tenant, text = bench.tenant(), "Grüße, 世界 👋"
    audio = bench.openai(tenant).audio.speech.create(model=model, input=text, voice="alloy").read()
    assert audio == b"ID3" + bytes(number & 0xFF for number in range(300_000))
    entry = bench.entry(tenant)
    bench.assert_exact(entry)
    assert entry.meters["character"] == len(text) and entry.cost == pico("0.000015") * len(text)


def test_speech_as_events_by_tokens(bench: Desk) -> None:
    model, tenant = bench.shape("speech-events", per_million=TOKENS), bench.tenant()
    with bench.openai(tenant).audio.speech.with_streaming_response.create(
            model=model, input="hello", voice="alloy", stream_format="sse") as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert "speech.audio.done" in lines[-1]
    entry = bench.entry(tenant)
    bench.assert_exact(entry)
    assert entry.input == PROMPT and sum(entry.meters.get(name, 0) for name in ("output", "output_audio")) == COMPLETION


FILE = {"field": "file", "name": "speech.wav", "type": "audio/wav", "bytes": len(AUDIO[1]),
        "sha256": hashlib.sha256(AUDIO[1]).hexdigest()}


@pytest.mark.parametrize("longer", [0, -3, 40])
def test_a_transcription_by_tokens(bench: Desk, longer: int) -> None:
    """Of the form only the model's name changes, whatever the length of the one the backend knows."""
    upstream = bench.fresh("transcript")
    upstream = upstream[-longer:] if longer < 0 else upstream + "x" * longer
    model = bench.shape("transcript", per_million=TOKENS, part_tokens_max=2000, upstream=upstream)
    tenant = bench.tenant()
    answer = bench.openai(tenant).audio.transcriptions.create(
        model=model, file=AUDIO, language="en", prompt="Grüße\r\n--", temperature=0.5,
        timestamp_granularities=["word", "segment"])
    assert answer.text == TEXT
    bench.assert_exact(bench.entry(tenant), {"input": 1, "input_audio": PROMPT - 1, "output": COMPLETION})
    [call] = bench.shapes.calls(upstream)
    assert call.body == {"model": upstream, "language": "en", "prompt": "Grüße\r\n--", "temperature": "0.5",
                         "timestamp_granularities[]": "segment"}, "of two of a name the log has the last"
    assert call.arrived["file"] == FILE


def test_a_transcription_is_tried_at_another_backend_with_the_same_form(bench: Desk) -> None:
    model = bench.shape("again", per_million=TOKENS, part_tokens_max=2000, alone=True,
                        recipe={"status": 500, "times": 1})
    pool, tenant = bench.pools[-1], bench.tenant()
    bench.admin.backend(pool, f"{pool}-b", bench.shapes.url)
    raw = bench.openai(tenant, max_retries=0).audio.transcriptions.with_raw_response.create(
        model=model, file=AUDIO, language="en")
    assert raw.parse().text == TEXT and raw.headers["x-tollgate-attempts"] == "2"
    first, second = bench.shapes.calls(model)
    assert first.body == second.body == {"model": model, "language": "en"}
    assert first.arrived["file"] == second.arrived["file"] == FILE
    bench.books.wait_until_no_holds()
    rows = [row for row in bench.books.entries() if row.tenant_id == tenant.id]
    assert [(row.attempt, row.outcome, row.provenance) for row in rows] == [
        (1, "error_status", "none"), (2, "answered", "reported")]
    assert rows[0].cost == 0
    bench.assert_exact(rows[1], {"input": 1, "input_audio": PROMPT - 1, "output": COMPLETION})


def test_a_transcription_by_the_second(bench: Desk) -> None:
    """Begun seconds count whole: 2.5 are 3."""
    model = bench.shape("seconds", per_unit={"second": "0.0001"}, audio_seconds_max=600, recipe={"duration": 2.5})
    tenant = bench.tenant()
    answer = bench.openai(tenant).audio.transcriptions.create(model=model, file=AUDIO, response_format="verbose_json")
    assert answer.duration == 2.5 and answer.segments
    entry = bench.entry(tenant)
    bench.assert_exact(entry)
    assert entry.meters["second"] == 3


def test_a_transcription_as_text_passes_unread(bench: Desk) -> None:
    """Subtitles carry no usage; what they cost is an estimate from the audio's bytes, within the hold."""
    model = bench.shape("subtitles", per_unit={"second": "0.0001"}, audio_seconds_max=600)
    tenant = bench.tenant()
    answer: Any = bench.openai(tenant).audio.transcriptions.create(model=model, file=AUDIO, response_format="srt")
    assert TEXT in answer and "-->" in answer
    entry = bench.entry(tenant)
    assert entry.provenance == "estimated" and 0 < entry.cost <= pico("0.0001") * 600


def test_a_streamed_transcription(bench: Desk) -> None:
    model, tenant = bench.shape("streamed", per_million=TOKENS, part_tokens_max=2000), bench.tenant()
    events = list(bench.openai(tenant).audio.transcriptions.create(model=model, file=AUDIO, stream=True))
    assert events[-1].type == "transcript.text.done" and events[-1].text == TEXT
    bench.assert_exact(bench.entry(tenant), {"input": 1, "input_audio": PROMPT - 1, "output": COMPLETION})


# Errors

CALLS: dict[str, Callable[[openai.OpenAI, str], Any]] = {
    "chat": lambda client, model: client.chat.completions.create(model=model, messages=HELLO),
    "completions": lambda client, model: client.completions.create(model=model, prompt="hi"),
    "responses": lambda client, model: client.responses.create(model=model, input="hi"),
    "embeddings": lambda client, model: client.embeddings.create(model=model, input="hi"),
    "moderations": lambda client, model: client.moderations.create(model=model, input="hi"),
    "images": lambda client, model: client.images.generate(model=model, prompt="hi"),
    "speech": lambda client, model: client.audio.speech.create(model=model, input="hi", voice="alloy"),
    "transcriptions": lambda client, model: client.audio.transcriptions.create(model=model, file=AUDIO),
}


STREAMS: dict[str, Callable[[openai.OpenAI, str], Any]] = {
    "chat": lambda client, model: client.chat.completions.create(model=model, messages=HELLO, stream=True),
    "completions": lambda client, model: client.completions.create(model=model, prompt="hi", stream=True),
    "responses": lambda client, model: client.responses.create(model=model, input="hi", stream=True),
    "images": lambda client, model: client.images.generate(model=model, prompt="hi", stream=True),
    "transcriptions": lambda client, model: client.audio.transcriptions.create(model=model, file=AUDIO, stream=True),
}


@pytest.mark.parametrize("route", CALLS)
def test_refusals_raise_what_users_catch(bench: Desk, route: str) -> None:
    call, model, poor = CALLS[route], bench.shape("refused", part_tokens_max=100), bench.poor()
    with pytest.raises(openai.RateLimitError) as raised:
        call(bench.openai(poor), model)
    assert raised.value.code == "insufficient_quota"
    assert bench.requests_counted(poor) == 1, "the SDK tried an over-budget call again"
    with pytest.raises(openai.AuthenticationError):
        call(bench.openai("tg_wrong"), model)
    with pytest.raises(openai.NotFoundError) as raised_too:
        call(bench.openai(poor), "no-such-model")
    assert raised_too.value.code == "model_not_found"
    suspended, limited = bench.tenant(), bench.tenant()
    bench.admin.ok("POST", f"/tenants/{suspended.id}/suspend")
    with pytest.raises(openai.PermissionDeniedError) as raised_suspended:
        call(bench.openai(suspended), model)
    assert raised_suspended.value.code == "tenant_suspended"
    assert not bench.shapes.calls(model)
    bench.admin.quotas(f"tenants/{limited.id}", rpd=1)
    call(bench.openai(limited), model)
    with pytest.raises(openai.RateLimitError) as raised_limited:
        call(bench.openai(limited, max_retries=0), model)
    assert raised_limited.value.code == "rate_limit_exceeded"
    assert len(bench.shapes.calls(model)) == 1


@pytest.mark.parametrize("route", STREAMS)
def test_a_refused_stream_raises_before_its_first_event(bench: Desk, route: str) -> None:
    """Over budget it is tried once, like any other call."""
    model, poor = bench.shape("refused-stream", part_tokens_max=100), bench.poor()
    with pytest.raises(openai.RateLimitError) as raised:
        STREAMS[route](bench.openai(poor), model)
    assert raised.value.code == "insufficient_quota"
    assert bench.requests_counted(poor) == 1, "the SDK tried an over-budget stream again"
    with pytest.raises(openai.AuthenticationError):
        STREAMS[route](bench.openai("tg_wrong"), model)
    assert not bench.shapes.calls(model)


@pytest.mark.parametrize(("status", "raises"), [
    (400, openai.BadRequestError), (404, openai.NotFoundError), (409, openai.ConflictError),
    (422, openai.UnprocessableEntityError), (401, openai.InternalServerError), (403, openai.InternalServerError),
    (500, openai.InternalServerError), (529, openai.InternalServerError),
])
@pytest.mark.parametrize("route", ["responses", "images", "transcriptions"])
def test_a_backend_s_errors_raise_what_users_catch(bench: Desk, route: str, status: int, raises: type) -> None:
    """A refusal of our own credential is our failure, never the client's wrong key."""
    model = bench.shape("failing", part_tokens_max=100, recipe={"status": status}, alone=True)
    tenant = bench.tenant()
    with pytest.raises(raises) as raised:
        CALLS[route](bench.openai(tenant, max_retries=0), model)
    assert "req_upstream" not in str(raised.value.response.headers)
    assert all(entry.cost == 0 for entry in bench.books.entries() if entry.tenant_id == tenant.id)


@pytest.mark.parametrize("route", ["responses", "transcriptions"])
def test_the_sdk_s_retries_are_counted(bench: Desk, route: str) -> None:
    """It tries a 503 twice more; each is a request of its own here."""
    model = bench.shape("busy", part_tokens_max=100, recipe={"status": 429, "retry": 1}, alone=True)
    tenant = bench.tenant()
    with pytest.raises(openai.InternalServerError) as raised:
        CALLS[route](bench.openai(tenant), model)
    assert raised.value.status_code == 503
    assert bench.requests_counted(tenant) == 3


def test_a_stream_that_fails_raises(bench: Desk) -> None:
    model, tenant = bench.shape("breaking", recipe={"fails": 3}, alone=True), bench.tenant()
    client = bench.openai(tenant)
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    with pytest.raises(RuntimeError), client.responses.stream(model=model, input="hi") as stream:
        events = [event.type for event in stream]
        assert events[-1] == "error"
        stream.get_final_response()
    assert all(entry.outcome == "broken" for entry in bench.entries(tenant))
