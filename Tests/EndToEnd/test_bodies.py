"""Bodies too large or too many at once, forms that two readers could read differently, and heads too large."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from support.client import Answer, encode, exchange, fetch, request_bytes
from support.metered import BOUNDARY, CASES, Case, Stand, form, metered_stand
from support.options import Run
from support.route import wait_for
from support.world import Tenant

MIB = 1 << 20
LIMITS = "limits: { max_body: 1MiB, body_memory: 2MiB }\n"
LARGE = 900_000  # of a body: two are in memory at once, three are too many
FORM = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
TRANSCRIPTIONS = CASES["transcriptions"]


@pytest.fixture(scope="module")
def stand(run: Run) -> Iterator[Stand]:
    with metered_stand(run.binary, LIMITS) as stand:
        yield stand


def padded(case: Case, model: str, size: int) -> bytes:
    """A good request of exactly this many bytes."""
    body = form({"model": model}) if case is TRANSCRIPTIONS else encode({"model": model, **case.body})
    if case is TRANSCRIPTIONS:
        return body.replace(b"RIFF", b"RIFF" + b"\0" * (size - len(body)), 1)
    return body[:-1] + b" " * (size - len(body)) + b"}"


def send(stand: Stand, tenant: Tenant, case: Case, body: bytes) -> Answer:
    return fetch(stand.server.data, tenant.key, body, case.path, headers=FORM if case is TRANSCRIPTIONS else {})


def chunked(stand: Stand, tenant: Tenant, body: bytes) -> Answer:
    headers = {"authorization": f"Bearer {tenant.key}", "transfer-encoding": "chunked", **FORM}
    pieces = [body[start:start + (1 << 16)] for start in range(0, len(body), 1 << 16)]
    data = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    address = stand.server.data
    return exchange(address, request_bytes("POST", TRANSCRIPTIONS.path, headers, None, address) + data)


def test_a_form_over_the_limit_is_refused_and_not_sent(stand: Stand) -> None:
    model, tenant = stand.model(TRANSCRIPTIONS), stand.tenant("10")
    largest = padded(TRANSCRIPTIONS, model, MIB)
    assert len(largest) == MIB and send(stand, tenant, TRANSCRIPTIONS, largest).status == 200
    assert len(stand.shapes.calls(model)) == 1
    over = padded(TRANSCRIPTIONS, model, MIB + 1)
    for answer in (send(stand, tenant, TRANSCRIPTIONS, over), chunked(stand, tenant, over)):
        assert (answer.status, answer.failure["type"]) == (413, "invalid_request_error"), answer
        assert answer.request_id
    assert len(stand.shapes.calls(model)) == 1 and stand.row(tenant).cost > 0


def half_sent(stand: Stand, tenant: Tenant, case: Case, body: bytes) -> socket.socket:
    """A request whose last byte is still to come."""
    headers = {"authorization": f"Bearer {tenant.key}", "content-length": str(len(body))}
    headers |= FORM if case is TRANSCRIPTIONS else {}
    link = socket.create_connection(stand.server.data)
    link.settimeout(10)
    link.sendall(request_bytes("POST", case.path, headers, body, stand.server.data)[:-1])
    return link


def crowded(stand: Stand, tenant: Tenant, case: Case, links: ExitStack) -> tuple[list[socket.socket], Answer]:
    """Two requests that wait for their last byte, and the refusal of a third.

    Whichever came last is the one without room; a waiting one that was refused is replaced.
    """
    body, waiting = padded(case, stand.model(case), LARGE), list[socket.socket]()

    def one_more() -> Answer | None:
        refused = select.select(waiting, [], [], 0.05)[0]
        waiting[:] = [link for link in waiting if link not in refused]
        while len(waiting) < 2:
            waiting.append(links.enter_context(half_sent(stand, tenant, case, body)))
        answer = send(stand, tenant, case, body)
        return None if answer.status == 200 or select.select(waiting, [], [], 0.05)[0] else answer

    return waiting, wait_for(one_more, "two bodies fill the memory")


def assert_overloaded(answer: Answer, case: Case) -> None:
    assert answer.headers["retry-after"] == "1"
    if case.kind == "anthropic":
        assert (answer.status, answer.json()["type"], answer.failure["type"]) == (529, "error", "overloaded_error")
    else:
        assert (answer.status, answer.failure["type"], answer.failure["code"]) == (
            503, "service_unavailable_error", "overloaded")


@pytest.mark.parametrize("route", ["chat", "messages", "transcriptions"])
def test_bodies_beyond_the_memory_are_refused_until_there_is_room(stand: Stand, route: str) -> None:
    """Whatever became of a body, answered, refused or abandoned, its memory is given back."""
    case = CASES[route]
    model, tenant = stand.model(case), stand.tenant("1000")
    body = padded(case, model, LARGE)
    for how in ("finished", "abandoned"):
        with ExitStack() as links:
            waiting, refused = crowded(stand, tenant, case, links)
            assert_overloaded(refused, case)
            assert send(stand, tenant, case, padded(case, model, 4_000)).status == 200, "a small one still fits"
            for link in waiting:
                if how == "finished":
                    link.sendall(b"\n" if case is TRANSCRIPTIONS else b"}")
                    assert b"HTTP/1.1 200 " in link.recv(100)
        wait_for(lambda: send(stand, tenant, case, body).status == 200, f"{how}: there is room again")
    for _ in range(6):
        assert send(stand, tenant, case, body).status == 200, "an answered call's body was kept"


def test_large_bodies_that_wait_leave_room_for_small_ones(stand: Stand) -> None:
    case = CASES["chat"]
    model, tenant = stand.model(case), stand.tenant("1000")
    with ExitStack() as links:
        crowded(stand, tenant, case, links)
        last = links.enter_context(half_sent(stand, tenant, case, padded(case, model, 2 * MIB - 2 * LARGE - 1000)))
        assert last.recv(100).startswith(b"HTTP/1.1 503 "), "it would fill all the memory there is"
        assert send(stand, tenant, case, padded(case, model, 4_000)).status == 200


EDGE = f"--{BOUNDARY}\r\ncontent-disposition: form-data; name="


def odd_form(model: str, *parts: str) -> bytes:
    good = form({"model": model}).decode("latin-1")
    return ("".join(parts) + good).encode("latin-1")


ODD_FORMS = {
    # The line break before a delimiter is also the one that ends the head: some readers see a part begin there.
    "an empty part hides a second model":
        lambda model, other: odd_form(model, f'{EDGE}"note"\r\n\r\n{EDGE}"model"\r\n\r\n{other}\r\n'),
    "an empty part hides a file":
        lambda model, other: odd_form(model, f'{EDGE}"note"\r\n\r\n{EDGE}"file"; filename="b.wav"\r\n\r\nRIFF\r\n'),
    "a name in continuations":
        lambda model, other: odd_form(model, f'--{BOUNDARY}\r\ncontent-disposition: form-data; name*0="mo"; '
                                             f'name*1="del"\r\n\r\n{other}\r\n'),
    "a name beside its continuations":
        lambda model, other: odd_form(model, f'{EDGE}"note"; name*0="mo"; name*1="del"\r\n\r\n{other}\r\n'),
    "a name in encoded continuations":
        lambda model, other: odd_form(model, f"{EDGE}\"note\"; name*0*=utf-8''mo; name*1*=del\r\n\r\n{other}\r\n"),
}


@pytest.mark.parametrize("name", ODD_FORMS)
def test_a_form_that_two_readers_could_read_differently_is_refused(stand: Stand, name: str) -> None:
    model, other, tenant = stand.model(TRANSCRIPTIONS), stand.model(TRANSCRIPTIONS), stand.tenant("10")
    assert send(stand, tenant, TRANSCRIPTIONS, odd_form(model, f'{EDGE}"note"\r\n\r\nx\r\n')).status == 200
    answer = send(stand, tenant, TRANSCRIPTIONS, ODD_FORMS[name](model, other))
    assert (answer.status, answer.failure["type"]) == (400, "invalid_request_error"), answer
    assert len(stand.shapes.calls(model)) == 1 and not stand.shapes.calls(other)
    assert stand.row(tenant).model == model


@pytest.mark.parametrize("headers", [{"x-long": "a" * 70_000}, {"x-long": "a" * 300_000},
                                     {f"x-{number}": "a" for number in range(2_000)}],
                         ids=["70 KB", "300 KB", "2000 fields"])
@pytest.mark.parametrize("route", ["chat", "messages", "count_tokens"])
def test_a_head_too_large_is_refused_in_the_shape_of_the_route(
    stand: Stand, route: str, headers: dict[str, str]
) -> None:
    """Also where its end is not waited for."""
    case = CASES[route]
    model, tenant = stand.model(case), stand.tenant("10")
    answer = fetch(stand.server.data, tenant.key, {"model": model, **case.body}, case.path, headers=headers)
    body = answer.json()
    if case.kind == "openai":
        assert (answer.status, body["error"]["code"]) == (431, "headers_too_large"), answer
        assert answer.request_id
    else:
        assert answer.status == 413, answer
        assert (body["type"], body["error"]["type"]) == ("error", "request_too_large")
        assert body["request_id"] == answer.headers["request-id"] == answer.request_id
    assert not stand.shapes.calls(model) and not stand.rows(tenant)
