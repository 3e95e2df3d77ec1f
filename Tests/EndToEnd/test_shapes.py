"""Routes and refusals: which paths exist, and in whose shape a client is told that one does not."""

from __future__ import annotations

import http.client
from typing import Any

import pytest

from support.client import Answer, exchange, fetch
from support.route import Route
from support.world import Tenant, World

POSTS = ["chat/completions", "completions", "embeddings", "responses", "moderations", "rerank", "messages",
         "messages/count_tokens", "images/generations", "audio/speech", "audio/transcriptions"]
GETS = ["models", "models/fake", "balance", "usage"]


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    return world.tenant()


def refused(answer: Answer, status: int, path: str) -> dict[str, Any]:
    """The error object of a refusal, its shape and names of the request checked."""
    body = answer.json()
    assert answer.status == status and answer.request_id, answer
    if path.startswith("/v1/messages"):
        assert body["type"] == "error" and body["request_id"] == answer.request_id, body
        assert answer.headers["request-id"] == answer.request_id
        assert isinstance(body["error"]["type"], str) and isinstance(body["error"]["message"], str)
    else:
        assert set(body) == {"error"} and {"message", "type", "param", "code"} <= body["error"].keys(), body
        assert "request-id" not in answer.headers
    return dict(body["error"])


@pytest.mark.parametrize("path", POSTS)
def test_what_is_posted_cannot_be_read(world: World, tenant: Tenant, path: str) -> None:
    for method in ("GET", "PUT"):
        answer = fetch(world.server.data, tenant.key, path=f"/v1/{path}", method=method)
        refused(answer, 405, f"/v1/{path}")
        assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", GETS)
def test_what_is_read_cannot_be_posted_and_has_a_head(world: World, tenant: Tenant, path: str) -> None:
    answer = fetch(world.server.data, tenant.key, {}, f"/v1/{path}")
    refused(answer, 405, f"/v1/{path}")
    assert "GET" in answer.headers["allow"]
    connection = http.client.HTTPConnection(*world.server.data, timeout=10)
    lengths = []
    for method in ("HEAD", "GET"):
        connection.request(method, f"/v1/{path}", headers={"authorization": f"Bearer {tenant.key}"})
        reply = connection.getresponse()
        assert reply.status == 200 and reply.headers["x-request-id"]
        lengths.append((method, reply.headers["content-length"], len(reply.read())))
    connection.close()
    (_, promised, sent), (_, length, read) = lengths
    assert sent == 0 and int(length) == read and abs(int(promised) - read) < 64, "HEAD is told what GET would be"


@pytest.mark.parametrize("path", ["/v1/messages/batches", "/v1/messages/x/y", "/v1/files", "/v1/realtime", "/v1", "/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_other_path_is_unknown_in_the_right_shape(world: World, tenant: Tenant, path: str, method: str) -> None:
    body = {} if method == "POST" else None
    error = refused(fetch(world.server.data, tenant.key, body, path, method=method), 404, path)
    assert error["type"] == ("not_found_error" if path.startswith("/v1/messages") else "invalid_request_error")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions"])
def test_before_a_key_or_a_body_the_shape_is_known(world: World, path: str) -> None:
    is_messages = path.startswith("/v1/messages")
    unknown = fetch(world.server.data, "tg_nobody", {"model": "m"}, path)
    assert refused(unknown, 401, path)["type"] == ("authentication_error" if is_messages else "invalid_request_error")
    # No Host: refused before anybody looks for the route.
    malformed = exchange(world.server.data, f"POST {path} HTTP/1.1\r\ncontent-length: 0\r\n\r\n".encode())
    refused(malformed, 400, path)
    large = exchange(
        world.server.data, f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 999999999\r\n\r\n".encode())
    error = refused(large, 413, path)
    assert error["type"] == ("request_too_large" if is_messages else "invalid_request_error")
    nonsense = exchange(world.server.data, b"\x00\x01\x02\r\n\r\n")
    assert nonsense.status == 400 and nonsense.headers["request-id"] == nonsense.request_id


# Of an answered call; `cost` only where the answer is held whole.
RATE = {f"x-ratelimit-{what}-{unit}" for what in ("limit", "remaining", "reset") for unit in ("requests", "tokens")}
ANSWER = {"x-request-id", "x-tollgate-pool", "x-tollgate-backend", "x-tollgate-attempts",
          "x-tollgate-budget-remaining", *RATE}
COST, TRIMMED, EMERGENCY = "x-tollgate-cost", "x-tollgate-max-tokens", "x-tollgate-emergency"


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_has_the_headers_of_the_contract_and_no_other_of_ours(world: World, stream: bool) -> None:
    tenant = world.tenant()
    world.admin.quotas(f"keys/{tenant.key_id}", rpm=100, tpm=100_000)
    answer = world.call(tenant, stream=stream, max_tokens=5)
    assert answer.done
    ours = {name for name in answer.headers if name.startswith(("x-tollgate-", "x-ratelimit-", "x-request-id"))}
    assert ours == (ANSWER if stream else ANSWER | {COST})
    assert TRIMMED not in ours and EMERGENCY not in ours and "request-id" not in answer.headers
    bounded = world.call(tenant, stream=stream, max_tokens=5_000)
    assert bounded.headers[TRIMMED] == "1000"


def test_models_in_the_shape_of_who_asks(world: World, tenant: Tenant) -> None:
    plain = fetch(world.server.data, tenant.key, path="/v1/models").json()
    assert plain["object"] == "list" and [model["id"] for model in plain["data"]] == ["fake"]
    version = {"anthropic-version": "2023-06-01"}
    answer = fetch(world.server.data, None, path="/v1/models?limit=5", headers={**version, "x-api-key": tenant.key})
    [model] = answer.json()["data"]
    assert (model["type"], model["id"], model["display_name"]) == ("model", "fake", "fake")
    assert answer.json()["has_more"] is False
    assert (answer.json()["first_id"], answer.json()["last_id"]) == ("fake", "fake")
    assert answer.headers["request-id"] == answer.request_id
    assert fetch(world.server.data, tenant.key, path="/v1/models/fake", headers=version).json() == model
    missing = fetch(world.server.data, tenant.key, path="/v1/models/nobody", headers=version)
    assert (missing.status, missing.json()["error"]["type"]) == (404, "not_found_error")
    bad = fetch(world.server.data, tenant.key, path="/v1/models?limit=x", headers=version)
    assert (bad.status, bad.json()["error"]["param"]) == (400, "limit")


def test_a_model_without_a_backend_of_the_kind_is_refused_and_nothing_is_taken(world: World) -> None:
    chats = Route.lay(world, {"a": world.backend.base_url()})
    messages = Route.lay(world, {"b": world.backend.base_url()}, kind="anthropic")
    tenant = world.tenant(pools=(*chats.pools, *messages.pools))
    world.admin.quotas(f"tenants/{tenant.id}", rpm=100)
    talk = [{"role": "user", "content": "hello"}]
    for model, path in ((chats.model, "/v1/messages"), (messages.model, "/v1/chat/completions")):
        answer = fetch(world.server.data, tenant.key, {"model": model, "max_tokens": 5, "messages": talk}, path)
        error = refused(answer, 400, path)
        assert (error["type"], error["code"], error["param"]) == (
            "invalid_request_error", "route_not_supported", "model")
        assert model in error["message"] and path in error["message"]
    assert not [entry for entry in world.books.entries() if entry.tenant_id == tenant.id]
    [rpm] = fetch(world.server.data, tenant.key, path="/v1/balance").json()["quotas"]
    assert rpm["remaining"] == 100


def test_an_exhausted_budget_is_402_with_its_figures_on_messages(world: World) -> None:
    route = Route.lay(world, {"b": world.backend.base_url()}, limit="0", kind="anthropic")
    body = {"model": route.model, "max_tokens": 5, "messages": [{"role": "user", "content": "hello"}]}
    answer = fetch(world.server.data, route.tenant.key, body, "/v1/messages")
    error = refused(answer, 402, "/v1/messages")
    assert error["type"] == "billing_error" and answer.headers["x-should-retry"] == "false"
    assert "retry-after" not in answer.headers
    assert error["budget"]["limit"] == "0"
    assert {"id", "scope", "window", "limit", "posted", "held", "remaining", "resets_at"} <= error["budget"].keys()
