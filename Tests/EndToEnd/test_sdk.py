"""The unmodified `openai` SDK through Tollgate to a real llama.cpp; the bill must equal llama.cpp's own counts."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import openai
import pytest

from support.options import Run
from support.oracle import Books, Entry, Price, pico, usd
from support.processes import LlamaBackend
from support.tollgate import Gateway, gateway, parse_metrics

MODEL = "smollm2"
PRICE = Price.per_million("0.10", "0.40", "0.05")
MAX_OUTPUT = 128
HELLO: list[Any] = [{"role": "user", "content": "Say hello in one short sentence."}]


@dataclass
class Bench:
    server: Gateway
    llama: LlamaBackend
    books: Books
    tenant: str
    key: str
    budget: str

    def client(self, key: str | None = None) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.server.url}/v1", api_key=key or self.key)

    def llama_tokens(self) -> tuple[int, int]:
        """Prompt (cached ones too) and generated tokens that llama.cpp counted since it started.

        It counts a call when its slot is free again, also one whose client has gone; so this waits for idle.
        """
        deadline = time.monotonic() + 30
        while (counts := self.llama_counts())["llamacpp:requests_processing"]:
            assert time.monotonic() < deadline, "llama.cpp never became idle"
            time.sleep(0.02)
        prompt = counts["llamacpp:prompt_tokens_total"] + counts["llamacpp:prompt_tokens_cached_total"]
        return prompt, counts["llamacpp:tokens_predicted_total"]

    def llama_counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.llama.url}/metrics", timeout=10) as answer:
            return {name: int(value) for name, _, value in parse_metrics(answer.read().decode())}

    def newest_entry(self) -> Entry:
        return self.books.entries()[-1]

    def requests_counted(self, tenant_name: str) -> float:
        return self.server.metric("tollgate_requests_total", tenant=tenant_name)


@pytest.fixture(scope="module")
def bench(run: Run) -> Iterator[Bench]:
    llama = LlamaBackend(parallel=4)
    try:
        with gateway(run.binary) as server:
            admin = server.admin
            admin.pool("local")
            admin.backend("local", "llama", f"{llama.url}/v1")
            admin.model(MODEL, ["local"], MAX_OUTPUT)
            admin.price(MODEL, "0.10", "0.40", input_cache_read="0.05")
            tenant = admin.tenant("sdk", ["local"])
            budget = admin.budget(tenant, "5")
            key = admin.key(tenant)["key"]
            yield Bench(server, llama, Books(server.database), tenant, key, budget)
    finally:
        llama.close()


def assert_billed(bench: Bench, entry: Entry, prompt: int, completion: int, cached: int) -> None:
    assert entry.kind == "settle" and entry.provenance == "reported"
    assert entry.input + entry.input_cache_read == prompt
    assert entry.input_cache_read == cached
    assert entry.output + entry.output_reasoning == completion
    assert entry.cost == PRICE.cost(prompt, completion, cached)
    assert entry.tenant_id == bench.tenant and entry.model == MODEL and entry.pool == "local"


def cached_tokens(usage: Any) -> int:
    return (usage.prompt_tokens_details.cached_tokens or 0) if usage.prompt_tokens_details else 0


def test_chat_is_billed_as_llama_reported(bench: Bench) -> None:
    before = bench.llama_tokens()
    raw = bench.client().chat.completions.with_raw_response.create(model=MODEL, messages=HELLO, max_tokens=24)
    answer = raw.parse()
    after = bench.llama_tokens()
    assert answer.choices[0].message.content
    assert answer.usage
    entry = bench.books.settled(raw.headers["x-request-id"])
    assert_billed(bench, entry, answer.usage.prompt_tokens, answer.usage.completion_tokens, cached_tokens(answer.usage))
    assert (after[0] - before[0], after[1] - before[1]) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert raw.headers["x-tollgate-pool"] == "local"
    assert raw.headers["x-tollgate-backend"] == "llama"
    assert raw.headers["x-tollgate-attempts"] == "1"
    assert pico(raw.headers["x-tollgate-cost"]) == entry.cost
    assert raw.headers["x-tollgate-cost"] == usd(entry.cost)
    state = bench.server.admin.budget_state(bench.budget)
    assert pico(raw.headers["x-tollgate-budget-remaining"]) == pico(state["remaining"])
    assert pico(state["posted"]) == sum(entry.cost for entry in bench.books.entries())


def test_stream_with_usage_ends_with_the_billed_usage(bench: Bench) -> None:
    stream = bench.client().chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=24, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    usage = chunks[-1].usage
    assert usage and not chunks[-1].choices
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    request_id = stream.response.headers["x-request-id"]
    entry = bench.books.settled(request_id)
    assert_billed(bench, entry, usage.prompt_tokens, usage.completion_tokens, cached_tokens(usage))


def test_stream_without_usage_shows_none_and_is_billed_all_the_same(bench: Bench) -> None:
    before = bench.llama_tokens()
    stream = bench.client().chat.completions.create(model=MODEL, messages=HELLO, max_tokens=24, stream=True)
    chunks = list(stream)
    after = bench.llama_tokens()
    assert all(chunk.choices for chunk in chunks), "a chunk without choices reached a client that did not ask for usage"
    assert all(chunk.usage is None for chunk in chunks)
    entry = bench.books.settled(stream.response.headers["x-request-id"])
    assert_billed(bench, entry, after[0] - before[0], after[1] - before[1], entry.input_cache_read)


def test_completions_are_billed(bench: Bench) -> None:
    raw = bench.client().completions.with_raw_response.create(model=MODEL, prompt="Once upon a time", max_tokens=16)
    answer = raw.parse()
    assert answer.choices[0].text and answer.usage
    entry = bench.books.settled(raw.headers["x-request-id"])
    assert_billed(bench, entry, answer.usage.prompt_tokens, answer.usage.completion_tokens, cached_tokens(answer.usage))


def test_absent_max_tokens_is_bounded_by_the_model(bench: Bench) -> None:
    answer = bench.client().chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Tell me a very long story."}]
    )
    assert answer.usage and 0 < answer.usage.completion_tokens <= MAX_OUTPUT


def test_models_lists_and_retrieves_what_the_key_may_use(bench: Bench) -> None:
    bench.server.admin.pool("closed")
    bench.server.admin.model("secret/model", ["closed"])
    client = bench.client()
    assert [model.id for model in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).id == MODEL
    for missing in ("secret/model", "no-such-model"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(missing)


def test_bad_key_is_an_authentication_error(bench: Bench) -> None:
    with pytest.raises(openai.AuthenticationError) as raised:
        bench.client("tg_not_a_key").chat.completions.create(model=MODEL, messages=HELLO, max_tokens=4)
    assert raised.value.code == "invalid_api_key"


def test_unknown_model_is_not_found(bench: Bench) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        bench.client().chat.completions.create(model="gpt-unknown", messages=HELLO, max_tokens=4)
    assert raised.value.code == "model_not_found" and raised.value.param == "model"


def test_over_budget_raises_rate_limit_error_and_is_not_retried(bench: Bench) -> None:
    admin = bench.server.admin
    tenant = admin.tenant("poor", ["local"])
    budget = admin.budget(tenant, "0.00000001")
    client = bench.client(admin.key(tenant)["key"])
    entries = len(bench.books.entries())
    before = bench.requests_counted("poor")
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=4)
    refusal = raised.value
    assert refusal.code == "insufficient_quota" and refusal.type == "insufficient_quota"
    assert refusal.response.headers["x-should-retry"] == "false"
    assert "retry-after" not in refusal.response.headers
    assert isinstance(refusal.body, dict)
    figures = refusal.body["budget"]
    assert figures["id"] == budget and figures["window"] == "total"
    assert pico(figures["remaining"]) == pico(figures["limit"]) == pico("0.00000001")
    assert pico(figures["posted"]) == pico(figures["held"]) == 0
    assert bench.requests_counted("poor") - before == 1, "the SDK tried again, or the refusal was not counted once"
    assert len(bench.books.entries()) == entries


def test_balance_tells_what_is_left(bench: Bench) -> None:
    balance: Any = bench.client().get("/balance", cast_to=object)
    assert balance["object"] == "balance"
    state = bench.server.admin.budget_state(bench.budget)
    [budget] = balance["budgets"]
    assert budget["id"] == bench.budget and budget["mode"] == "hard" and budget["window"] == "total"
    for figure in ("limit", "posted", "held", "remaining"):
        assert pico(budget[figure]) == pico(state[figure])
    assert pico(budget["posted"]) == sum(
        entry.cost for entry in bench.books.entries() if entry.tenant_id == bench.tenant
    )


def test_a_closed_stream_gives_its_hold_back(bench: Bench) -> None:
    stream = bench.client().chat.completions.create(model=MODEL, messages=HELLO, max_tokens=MAX_OUTPUT, stream=True)
    for _, _ in zip(range(3), stream, strict=False):
        pass
    stream.close()
    bench.books.wait_until_no_holds()
    entry = bench.books.settled(stream.response.headers["x-request-id"])
    assert entry.provenance in ("estimated", "reported")
    assert 0 < entry.cost <= PRICE.bound(1000, MAX_OUTPUT)


def test_parallel_calls_add_up_to_what_llama_counted(bench: Bench) -> None:
    entries_before = bench.newest_entry().seq
    before = bench.llama_tokens()
    failures: list[BaseException] = []
    lock = threading.Lock()

    def one(number: int) -> None:
        try:
            content = f"Write the number {number} in words."
            answer = bench.client().chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": content}], max_tokens=8 + number,
                stream=number % 2 == 0,
            )
            if number % 2 == 0:
                list(answer)
        except BaseException as error:
            with lock:
                failures.append(error)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(16)))
    assert not failures, failures[0]
    after = bench.llama_tokens()
    entries = [entry for entry in bench.books.entries() if entry.seq > entries_before]
    assert len(entries) == 16
    assert sum(entry.input + entry.input_cache_read for entry in entries) == after[0] - before[0]
    assert sum(entry.output + entry.output_reasoning for entry in entries) == after[1] - before[1]
    for entry in entries:
        assert entry.cost == PRICE.cost(entry.input + entry.input_cache_read, entry.output, entry.input_cache_read)
