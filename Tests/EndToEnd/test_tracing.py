"""Traces of real calls, as a receiver gets them: decoded by the protocol's own generated code, which refuses what is
no OTLP, and compared with the ledger and with what the backend was sent."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from support.backend import FakeBackend
from support.client import chat, fetch
from support.options import Run
from support.oracle import pico
from support.receiver import Receiver, receiver
from support.route import CALM, Route, dead_url, wait_for
from support.tollgate import gateway
from support.world import World

PATH = "/v1/traces"


class Traces:
    """The spans that a receiver got."""

    def __init__(self, server: Receiver) -> None:
        self.server = server

    def all(self) -> list[Span]:
        spans: list[Span] = []
        for call in self.server.calls(PATH):
            if call.status == 200:
                assert call.headers["content-type"] == "application/json"
                spans += self.decode(call.body)
        return spans

    @staticmethod
    def decode(body: bytes) -> list[Span]:
        """Strict: an unknown member or a wrong type raises. OTLP's JSON has ids in hexadecimal, protobuf's in base64."""
        document = json.loads(body)
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for name in {"traceId", "spanId", "parentSpanId"} & set(span):
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
        request = Parse(json.dumps(document), ExportTraceServiceRequest())
        [resource] = request.resource_spans
        named = {one.key: one.value.string_value for one in resource.resource.attributes}
        assert named["service.name"] == "tollgate" and named["service.version"]
        return list(resource.scope_spans[0].spans)

    def of(self, trace: bytes, count: int) -> tuple[Span, list[Span]]:
        """A call's own span and those of its attempts, in order, once they are there."""
        def found() -> list[Span] | None:
            spans = [span for span in self.all() if span.trace_id == trace]
            return spans if len(spans) >= count else None
        spans = wait_for(found, f"{count} spans of {trace.hex()}")
        assert len(spans) == count, spans
        [own] = [span for span in spans if span.kind == Span.SPAN_KIND_SERVER]
        attempts = [span for span in spans if span is not own]
        assert all(span.kind == Span.SPAN_KIND_CLIENT and span.parent_span_id == own.span_id for span in attempts)
        assert all(own.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
                   <= own.end_time_unix_nano for span in attempts)
        return own, sorted(attempts, key=lambda span: span.start_time_unix_nano)


def values(span: Span) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in span.attributes:
        kind = one.value.WhichOneof("value")
        value = getattr(one.value, kind)
        found[one.key] = [item.string_value for item in value.values] if kind == "array_value" else value
    return found


class Caller:
    """A client that takes part in a trace of its own."""

    def __init__(self, flags: str = "01") -> None:
        self.trace, self.span = secrets.token_bytes(16), secrets.token_bytes(8)
        self.header = {"traceparent": f"00-{self.trace.hex()}-{self.span.hex()}-{flags}"}


@pytest.fixture(scope="module")
def hook() -> Iterator[Receiver]:
    with receiver() as server:
        yield server


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend, hook: Receiver) -> Iterator[World]:
    """Only what callers record themselves is recorded."""
    with gateway(run.binary, CALM + f"telemetry: {{ otlp: {{ endpoint: {hook.origin}, sample: 0 }} }}\n") as server:
        yield World.lay(server, backend)


@pytest.fixture(scope="module")
def traces(hook: Receiver) -> Traces:
    return Traces(hook)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_call_is_recorded_with_what_the_ledger_says(world: World, traces: Traces, stream: bool) -> None:
    tenant, caller = world.tenant(), Caller()
    body = chat(stream=stream, temperature=0.25, seed=11, max_tokens=9)
    answer = fetch(world.server.data, tenant.key, body, headers=caller.header)
    assert answer.status == 200, answer
    own, [attempt] = traces.of(caller.trace, 2)
    entry = world.books.of_request(answer.request_id)[-1]
    said = values(own)
    assert own.name == f"chat {body['model']}" and own.parent_span_id == caller.span
    assert own.status.code == Status.STATUS_CODE_UNSET
    assert said["gen_ai.operation.name"] == "chat" and said["gen_ai.provider.name"] == "openai"
    assert said["gen_ai.request.temperature"] == 0.25 and said["gen_ai.request.seed"] == 11
    assert said["gen_ai.request.max_tokens"] == 9 and said["gen_ai.request.stream"] is stream
    assert said["gen_ai.usage.input_tokens"] == entry.input
    assert said["gen_ai.usage.output_tokens"] == entry.output
    assert pico(said["tollgate.cost_usd"]) == entry.cost
    assert said["tollgate.request.id"] == answer.request_id and said["tollgate.tenant.id"] == tenant.id
    assert said["tollgate.key.id"] == tenant.key_id and said["tollgate.outcome"] == "ok"
    assert said["tollgate.budget.decision"] == "admitted" and said["http.response.status_code"] == 200
    assert said["gen_ai.response.id"].startswith("fake-") and len(said["gen_ai.response.finish_reasons"]) == 1
    of_attempt = values(attempt)
    assert of_attempt["gen_ai.response.id"] == said["gen_ai.response.id"]
    assert of_attempt["tollgate.attempt"] == 1 and of_attempt["tollgate.backend"] == answer.headers["x-tollgate-backend"]
    assert of_attempt["server.address"] == "127.0.0.1" and of_attempt["server.port"] > 0
    assert not {name for name in said | of_attempt if "content" in name or "message" in name}


def test_the_backend_is_called_from_the_attempt_s_own_span(world: World, traces: Traces) -> None:
    """Another hop below can hang its spans under ours; the state of the caller's tracing system goes along."""
    tenant, caller, marker = world.tenant(), Caller(), world.fresh("traced")
    answer = fetch(world.server.data, tenant.key, chat(marker), headers={**caller.header, "tracestate": "a=1"})
    assert answer.status == 200, answer
    _, [attempt] = traces.of(caller.trace, 2)
    headers = world.backend.call(marker).arrived["headers"]
    assert headers["traceparent"] == f"00-{caller.trace.hex()}-{attempt.span_id.hex()}-01"
    assert headers["tracestate"] == "a=1"


def test_a_failed_attempt_and_the_one_that_answered_are_two_spans(world: World, traces: Traces) -> None:
    caller = Caller()
    route = Route.lay(world, {"a": dead_url()}, {"a": world.backend.base_url()})
    answer = fetch(world.server.data, route.tenant.key, route.body(), headers=caller.header)
    assert answer.status == 200, answer
    own, [first, second] = traces.of(caller.trace, 3)
    assert first.status.code == Status.STATUS_CODE_ERROR and values(first)["error.type"]
    assert second.status.code == own.status.code == Status.STATUS_CODE_UNSET
    assert values(own)["tollgate.attempts"] == 2
    assert [values(span)["tollgate.pool"] for span in (first, second)] == route.pools


def test_a_refusal_is_recorded_and_is_no_failure_of_ours(world: World, traces: Traces) -> None:
    tenant, caller = world.tenant(limit="0.0000001"), Caller()
    answer = fetch(world.server.data, tenant.key, chat(), headers=caller.header)
    assert answer.status == 429, answer
    own, [] = traces.of(caller.trace, 1)
    said = values(own)
    assert own.status.code == Status.STATUS_CODE_UNSET
    assert said["error.type"] == "insufficient_quota" and said["http.response.status_code"] == 429
    assert said["tollgate.outcome"] == "denied_budget" and said["tollgate.budget.decision"] == "refused"


def test_what_the_caller_does_not_record_is_not_recorded(world: World, traces: Traces) -> None:
    tenant, quiet, loud = world.tenant(), Caller("00"), Caller()
    for headers in ({}, quiet.header, loud.header):
        assert fetch(world.server.data, tenant.key, chat(), headers=headers).status == 200
    traces.of(loud.trace, 2)
    ids = {span.trace_id for span in traces.all()}
    assert quiet.trace not in ids
    mine = [span for span in traces.all() if values(span).get("tollgate.tenant.id") == tenant.id]
    assert {span.trace_id for span in mine} == {loud.trace}


def test_a_receiver_that_is_away_gets_the_spans_later(world: World, traces: Traces, hook: Receiver) -> None:
    tenant, caller = world.tenant(), Caller()
    hook.plans[PATH] = [503]
    assert fetch(world.server.data, tenant.key, chat(), headers=caller.header).status == 200
    traces.of(caller.trace, 2)
    wait_for(lambda: world.server.metric("tollgate_trace_spans_total", result="exported") >= 2, "a count of spans")
    assert world.server.metric("tollgate_trace_spans_total", result="dropped") == 0


def test_spans_that_wait_leave_before_the_process_ends(run: Run, backend: FakeBackend, hook: Receiver,
                                                       traces: Traces) -> None:
    """And with `sample: 1` a caller that names no trace has its call recorded."""
    with gateway(run.binary, f"telemetry: {{ otlp: {{ endpoint: {hook.origin}, sample: 1 }} }}\n") as server:
        own_world = World.lay(server, backend)
        tenant = own_world.tenant()
        answer = own_world.assert_good_call(tenant)
        assert server.stop() == 0
        mine = [span for span in traces.all() if values(span).get("tollgate.request.id") == answer.request_id]
        assert len(mine) == 1 and mine[0].parent_span_id == b""
        server.start()


def test_a_dead_receiver_costs_no_call(run: Run, backend: FakeBackend) -> None:
    endpoint = dead_url().removesuffix("/v1")
    with gateway(run.binary, f"telemetry: {{ otlp: {{ endpoint: {endpoint}, sample: 1 }} }}\n") as server:
        own_world = World.lay(server, backend)
        tenant = own_world.tenant()
        for _ in range(5):
            own_world.assert_good_call(tenant)
        assert server.said("the trace receiver cannot be reached")
