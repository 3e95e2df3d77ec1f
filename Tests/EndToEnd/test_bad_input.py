"""Bad requests to the data plane: each a clear 4xx in the documented shape, nothing billed, and the next call works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.backend import FakeBackend
from support.client import Answer, chat, encode, exchange, fetch, request_bytes
from support.keys import DIGITS, checksum, make_key
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant, World

MAX_BODY = 1 << 20
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, "limits: { max_body: 1MiB }\n") as server:
        yield World.lay(server, backend)


@pytest.fixture(scope="module")
def tenant(world: World) -> Tenant:
    return world.tenant()


@pytest.fixture(autouse=True)
def nothing_happened(world: World, tenant: Tenant) -> Iterator[None]:
    """The test must leave the ledger, the holds and the backend untouched, and the gateway serving."""
    before = len(world.books.entries()), len(world.backend.calls())
    yield
    assert not world.books.holds()
    assert (len(world.books.entries()), len(world.backend.calls())) == before, "a refused request was billed or sent"
    world.assert_good_call(tenant)


def refusal(answer: Answer, status: int, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """Check a refusal in the OpenAI shape; returns the error object."""
    assert answer.status == status, f"{answer.status} {answer.body[:500]!r} {answer.error}"
    error = answer.failure
    assert isinstance(error["message"], str) and error["message"]
    assert {"type", "param", "code"} <= error.keys()
    if code:
        assert error["code"] == code, error
    if param:
        assert str(error["param"]).split(".")[0] == param, error
    assert answer.request_id, "no x-request-id on the refusal"
    return error


GOOD_REST = b'"messages":[{"role":"user","content":"x"}]}'

NOT_GOOD_JSON = {
    "cut short": b'{"model":"fake",',
    "empty": b"",
    "an array": b"[]",
    "a string": b'"fake"',
    "null": b"null",
    "text after the end": b'{"model":"fake",' + GOOD_REST + b" x",
    "two values": b'{"model":"fake",' + GOOD_REST + b"{}",
    "single quotes": b"{'model':'fake'}",
    "a bare word": b'{"model":fake,' + GOOD_REST,
    "a trailing comma": b'{"model":"fake","messages":[],}',
    "not UTF-8": b'{"model":"fake","user":"\xff\xfe",' + GOOD_REST,
    "a control byte in a string": b'{"model":"fake","user":"a\x01b",' + GOOD_REST,
    "a bad escape": b'{"model":"fake","user":"\\x41",' + GOOD_REST,
    "a leading zero": b'{"model":"fake","max_tokens":010,' + GOOD_REST,
    "100,000 deep": b'{"model":"fake","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a key twice": b'{"model":"fake","model":"fake",' + GOOD_REST,
    "a key twice, once escaped": b'{"model":"fake","mod\\u0065l":"other",' + GOOD_REST,
    "max_tokens twice": b'{"model":"fake","max_tokens":1,"max_tokens":900,' + GOOD_REST,
    "max_tokens twice, once escaped": b'{"model":"fake","max_tokens":1,"max\\u005ftokens":900,' + GOOD_REST,
    "an unknown key twice": b'{"model":"fake","zzz":1,"zzz":2,' + GOOD_REST,
    "a key twice in stream_options":
        b'{"model":"fake","stream":true,"stream_options":{"include_usage":true,"include_usage":false},' + GOOD_REST,
}


@pytest.mark.parametrize("name", NOT_GOOD_JSON)
def test_bad_json_is_refused(world: World, tenant: Tenant, name: str) -> None:
    refusal(fetch(world.server.data, tenant.key, NOT_GOOD_JSON[name], method="POST"), 400)


ABSURD: tuple[Any, ...] = (-1, 0, 1.5, "10", True, [], {}, 2**31, 10**25, -(2**63), 1e300)
WRONG_FIELDS: list[tuple[str, object]] = [
    ("model", 5), ("model", None), ("model", ["fake"]),
    ("stream", "yes"), ("stream", 1), ("stream_options", 5), ("stream_options", {"include_usage": "yes"}),
    ("n", 0), ("n", -1), ("n", 1.5), ("n", "2"), ("n", 10**30),
    *((name, value) for name in ("max_tokens", "max_completion_tokens") for value in ABSURD),
]


@pytest.mark.parametrize(("field", "value"), WRONG_FIELDS, ids=lambda part: str(part)[:24])
def test_wrong_types_and_absurd_numbers_are_refused(world: World, tenant: Tenant, field: str, value: object) -> None:
    refusal(fetch(world.server.data, tenant.key, chat() | {field: value}), 400, param=field)


def test_a_missing_model_is_refused(world: World, tenant: Tenant) -> None:
    body = chat()
    del body["model"]
    refusal(fetch(world.server.data, tenant.key, body), 400, param="model")


FILE_PART = [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-abc"}}]}]
UNSUPPORTED: dict[str, dict[str, Any]] = {
    "previous_response_id": {"previous_response_id": "resp_1"},
    "conversation": {"conversation": "conv_1"},
    "background": {"background": True},
    "a tool the provider runs": {"tools": [{"type": "web_search"}]},
    "provider-side MCP": {"tools": [{"type": "mcp", "server_label": "x", "server_url": "https://example.com"}]},
    "a vector store": {"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]},
    "a container": {"tools": [{"type": "code_interpreter", "container": "cntr_1"}]},
    "file_id": {"messages": FILE_PART},
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_reads_across_tenants_is_refused(world: World, tenant: Tenant, name: str) -> None:
    refusal(fetch(world.server.data, tenant.key, chat() | UNSUPPORTED[name]), 400, "unsupported_parameter")


def test_an_image_without_a_bound_is_refused_for_a_capped_tenant(world: World, tenant: Tenant) -> None:
    part = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    body = chat() | {"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, part]}]}
    error = refusal(fetch(world.server.data, tenant.key, body), 400)
    assert "content[1]" in json.dumps(error) or "image" in json.dumps(error), error


def test_a_body_over_the_limit_is_refused_by_its_length(world: World, tenant: Tenant) -> None:
    headers = {"authorization": f"Bearer {tenant.key}", "content-length": str(MAX_BODY + 1)}
    data = request_bytes("POST", CHAT, headers, None, world.server.data)
    refusal(exchange(world.server.data, data), 413)


def test_a_chunked_body_over_the_limit_is_refused(world: World, tenant: Tenant) -> None:
    headers = {"authorization": f"Bearer {tenant.key}", "transfer-encoding": "chunked",
               "content-type": "application/json"}
    head = request_bytes("POST", CHAT, headers, None, world.server.data)
    piece = b"%x\r\n%s\r\n" % (1 << 16, b" " * (1 << 16))
    refusal(exchange(world.server.data, head + piece * (MAX_BODY // (1 << 16) + 1)), 413)


def test_a_chunked_body_within_the_limit_is_read(world: World, tenant: Tenant) -> None:
    """Refused for its model, so after it was read and understood."""
    headers = {"authorization": f"Bearer {tenant.key}", "transfer-encoding": "chunked",
               "content-type": "application/json"}
    body = encode(chat(model="nobody-has-this"))
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 7]), body[at:at + 7]) for at in range(0, len(body), 7))
    data = request_bytes("POST", CHAT, headers, None, world.server.data) + pieces + b"0\r\n\r\n"
    refusal(exchange(world.server.data, data), 404, "model_not_found")


@pytest.mark.parametrize("extra", [{"x-long": "a" * 70_000}, {f"x-field-{n}": "v" for n in range(2000)}],
                         ids=["one huge field", "too many fields"])
def test_huge_headers_are_refused(world: World, tenant: Tenant, extra: dict[str, str]) -> None:
    answer = fetch(world.server.data, tenant.key, chat(), headers=extra)
    assert answer.status == 431, f"{answer.status} {answer.error}"


def test_two_different_keys_are_refused(world: World, tenant: Tenant) -> None:
    other = world.tenant()
    refusal(fetch(world.server.data, tenant.key, chat(), headers={"x-api-key": other.key}), 401, "invalid_api_key")


def test_a_key_in_a_url_opens_nothing_and_is_not_logged(world: World, tenant: Tenant) -> None:
    for name in ("api_key", "key", "access_token", "authorization"):
        for path in (CHAT, "/v1/models"):
            body = chat() if path == CHAT else None
            answer = fetch(world.server.data, None, body, f"{path}?{name}={tenant.key}")
            refusal(answer, 401, "invalid_api_key")
            assert world.server.said(answer.request_id)
        asked = f"/admin/v1/tenants?{name}={world.server.admin_key}"
        assert world.server.plain_get(world.server.admin_address, asked)[0] == 401
    for secret in (tenant.key.split("_")[2], world.server.admin_key):
        assert secret not in world.server.output


def without_request_id(answer: Answer) -> dict[str, Any]:
    return {name: value for name, value in answer.failure.items() if name != "request_id"}


def test_every_wrong_key_gets_the_very_same_answer(world: World, tenant: Tenant) -> None:
    assert checksum(tenant.key[:-6]) == tenant.key[-6:], "the issued key breaks its own grammar"
    public_id, secret = tenant.key.split("_")[1:]
    wrong_crc = tenant.key[:-1] + DIGITS[(DIGITS.index(tenant.key[-1]) + 1) % 62]
    revoked = world.tenant()
    world.admin.ok("DELETE", f"/keys/{revoked.key_id}")
    wrong = {
        "no key": None,
        "not in the grammar": "sk-hello",
        "wrong checksum": wrong_crc,
        "nobody's id": make_key("0" * 10, secret[:43]),
        "wrong secret": make_key(public_id, "z" * 43),
        "revoked": revoked.key,
        "very long": "tg_" + "a" * 5000,
        "not text": "tg_\x80\xff",
    }
    answers = {name: fetch(world.server.data, key, chat()) for name, key in wrong.items()}
    for name, answer in answers.items():
        assert answer.status == 401, f"{name}: {answer.status} {answer.error}"
        assert without_request_id(answer) == without_request_id(answers["no key"]), name
        assert len(answer.body) == len(answers["no key"].body), name
        assert answer.headers.keys() == answers["no key"].headers.keys(), name
    assert refusal(answers["no key"], 401, "invalid_api_key")["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/", "/v2/chat/completions", "/v1/chat/completions/x", "/admin/v1/tenants"]
)
def test_an_unknown_path_is_404(world: World, tenant: Tenant, path: str) -> None:
    refusal(fetch(world.server.data, tenant.key, chat(), path), 404)


@pytest.mark.parametrize(("method", "path"), [
    ("GET", CHAT), ("PUT", CHAT), ("DELETE", CHAT), ("GET", "/v1/completions"), ("POST", "/v1/models"),
    ("POST", "/v1/balance"), ("DELETE", "/v1/models/fake"),
])
def test_a_wrong_method_is_405(world: World, tenant: Tenant, method: str, path: str) -> None:
    body = None if method == "GET" else chat()
    refusal(fetch(world.server.data, tenant.key, body, path, method=method), 405)


STRANGE_NAMES = ["", "FAKE", "fake ", "../fake", "fake\x00", "x" * 10_000, "💥", "%s%n", "' OR 1=1 --"]


@pytest.mark.parametrize("model", STRANGE_NAMES, ids=range(len(STRANGE_NAMES)))
def test_a_strange_model_name_is_not_found(world: World, tenant: Tenant, model: str) -> None:
    answer = fetch(world.server.data, tenant.key, chat(model=model))
    assert answer.status in (400, 404), f"{answer.status} {answer.body[:300]!r}"
    refusal(answer, answer.status, "model_not_found" if answer.status == 404 else None)

# Marks on a letter: to compare two texts that have many takes the square of their number, if nothing bounds it. These
# would keep a loop for some five seconds with each comparison.
MARKS = "\u0301\u0316" * 75_000
SOON = 3.0
TRANSCRIPTION = (b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n'
                 b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n' + MARKS.encode() + b"\r\n--b--\r\n")


@pytest.mark.parametrize("body", [
    {"model": MARKS}, {MARKS: 1}, {"service_tier": MARKS}, {"messages": [{"role": "user", MARKS: 1}]},
    {"tools": [{"type": MARKS}]}, {"thinking": {MARKS: 1}}, {"MODEL" + MARKS: 1},
], ids=["model", "name", "tier", "nested name", "type", "deep name", "other case"])
@pytest.mark.parametrize("path", [CHAT, "/v1/messages"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_text_with_many_marks_keeps_nobody_waiting(
    world: World, tenant: Tenant, body: dict[str, Any], path: str, escaped: bool
) -> None:
    rest: dict[str, Any] = {} if "model" in body else {"n": 0}  # refused once all before it is read
    data = json.dumps({**body, **chat(max_tokens=1), **body, **rest}, ensure_ascii=escaped).encode()
    answer = fetch(world.server.data, tenant.key, data, path, timeout=SOON)
    assert 400 <= answer.status < 500, answer


def test_a_form_with_many_marks_keeps_nobody_waiting(world: World, tenant: Tenant) -> None:
    refusal(fetch(world.server.data, tenant.key, TRANSCRIPTION, "/v1/audio/transcriptions", timeout=SOON,
                  headers={"content-type": "multipart/form-data; boundary=b"}), 400)


@pytest.mark.parametrize("place", ["target", "header"])
def test_a_head_with_many_marks_is_refused(world: World, place: str) -> None:
    for address in (world.server.data, world.server.admin_address):
        target, field = (b"%cc%81" * 8000, b"") if place == "target" else (
            b"v1/models", b"expect: " + MARKS[:20_000].encode() + b"\r\n")
        answer = exchange(address, b"GET /" + target + b" HTTP/1.1\r\nhost: x\r\n" + field + b"\r\n", timeout=SOON)
        assert answer.status == 431, answer


def test_a_body_of_the_admin_api_with_many_marks_is_refused(world: World) -> None:
    server = world.server
    for body in ({"name": MARKS}, {MARKS: 1}):
        data = json.dumps(body, ensure_ascii=False).encode()
        answer = fetch(server.admin_address, server.admin.credential, data, "/admin/v1/tenants", timeout=SOON)
        assert answer.status == 400 and b"marks" in answer.body, answer
