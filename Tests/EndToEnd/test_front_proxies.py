"""nginx, Caddy and HAProxy with the files of deploy/: streams flow through, callers keep their address."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.backend import FakeBackend
from support.client import chat
from support.front_proxy import NAMES, Fetched, FrontProxy
from support.options import Run
from support.tollgate import gateway
from support.world import Tenant, World

CHUNKS = 10


@pytest.fixture(scope="module")
def behind(run: Run, backend: FakeBackend) -> Iterator[World]:
    """A gateway that believes its neighbours on 127.0.0.1, and nobody else, about who calls."""
    with gateway(run.binary, 'trusted_proxies: ["127.0.0.1/32"]\n') as server:
        yield World.lay(server, backend)


@pytest.fixture(scope="module")
def proxies(behind: World) -> Iterator[dict[str, FrontProxy]]:
    started: dict[str, FrontProxy] = {}
    try:
        for name in NAMES:
            started[name] = FrontProxy(name, behind.server)
        yield started
    finally:
        for proxy in started.values():
            proxy.close()


def post(proxy: FrontProxy, tenant: Tenant, body: object, *options: str, **more: object) -> Fetched:
    return proxy.curl(
        "/v1/chat/completions", "--header", f"authorization: Bearer {tenant.key}",
        "--header", "content-type: application/json", "--data-binary", json.dumps(body),
        *options, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
@pytest.mark.parametrize("name", NAMES)
def test_each_event_arrives_when_it_was_sent(
    behind: World, proxies: dict[str, FrontProxy], name: str, version: str
) -> None:
    tenant = behind.tenant()
    body = chat(behind.fresh("stream"), knobs=f"latency=1000,chunks={CHUNKS}", stream=True)
    fetched = post(proxies[name], tenant, body, version=version)
    assert fetched.code == 0 and fetched.status == 200, (fetched.error, fetched.head, fetched.body[:300])
    assert fetched.version == ("HTTP/2" if version == "--http2" else "HTTP/1.1")
    assert fetched.body.rstrip().endswith("data: [DONE]")
    times = fetched.event_times()
    assert len(times) == CHUNKS + 1, fetched.body
    # One every 100 ms. Gathered in a buffer they would come together, at the end.
    assert times[0] < 0.45, times
    gaps = sorted(later - earlier for earlier, later in zip(times[:CHUNKS], times[1:CHUNKS], strict=False))
    assert gaps[len(gaps) // 2] > 0.06 and gaps[-1] < 0.35, times
    entry = behind.books.settled(fetched.headers["x-request-id"])
    assert entry.provenance == "reported"


@pytest.mark.parametrize("name", NAMES)
def test_answers_and_refusals_keep_their_headers(behind: World, proxies: dict[str, FrontProxy], name: str) -> None:
    tenant = behind.tenant()
    good = post(proxies[name], tenant, chat(behind.fresh("plain")), "--compressed")
    assert good.status == 200 and json.loads(good.body)["usage"], good.body
    assert good.headers["x-tollgate-cost"] and "content-encoding" not in good.headers
    assert good.headers["x-request-id"] == behind.books.settled(good.headers["x-request-id"]).request_id
    refused = post(proxies[name], behind.tenant(limit="0.0000001"), chat())
    assert refused.status == 429 and json.loads(refused.body)["error"]["code"] == "insufficient_quota"
    assert refused.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("name", NAMES)
def test_a_large_body_passes_and_a_larger_one_is_413(
    behind: World, proxies: dict[str, FrontProxy], name: str
) -> None:
    tenant = behind.tenant(limit="1000")
    for size, status in ((2 << 20, 200), (33 << 20, 413)):
        path = proxies[name].folder / "body.json"
        path.write_text(json.dumps(chat(behind.fresh("large"), text="x" * size, max_tokens=5)))
        # Caddy resets a connection of HTTP/1.1 behind an early answer, often before the answer was read.
        fetched = proxies[name].curl(
            "/v1/chat/completions", "--header", f"authorization: Bearer {tenant.key}",
            "--header", "content-type: application/json", "--data-binary", f"@{path}",
            version="--http2" if name == "caddy" else "--http1.1")
        assert fetched.status == status, (size, fetched.head, fetched.error, fetched.body[:300])


@pytest.mark.parametrize("name", NAMES)
def test_a_long_price_list_passes_to_the_admin_api(behind: World, proxies: dict[str, FrontProxy], name: str) -> None:
    path = proxies[name].folder / "prices.json"
    path.write_text(json.dumps({f"m{number}": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
                                               "source": "x" * 2000} for number in range(1000)}))
    assert path.stat().st_size > 1 << 20
    fetched = proxies[name].curl(
        "/admin/v1/prices/import?format=litellm&dry_run=true", "--header",
        f"authorization: Bearer {behind.server.admin_key}", "--header", "content-type: application/json",
        "--data-binary", f"@{path}", admin=True)
    assert fetched.status == 200, (fetched.head, fetched.error, fetched.body[:300])


@pytest.mark.parametrize("name", NAMES)
def test_the_callers_own_address_counts(behind: World, proxies: dict[str, FrontProxy], name: str) -> None:
    """A key bound to 127.0.0.2 works from there through the proxy, and from nowhere else, whatever a caller claims."""
    plain = behind.tenant()
    bound = behind.admin.key(plain.id, behind.fresh("bound"), allowed_ips=["127.0.0.2/32"])["key"]
    tenant = Tenant(plain.id, plain.name, "", bound, None)
    for source, claim, status in (
        ("127.0.0.2", None, 200), ("127.0.0.3", None, 401), ("127.0.0.3", "127.0.0.2", 401),
        ("127.0.0.2", "127.0.0.9", 200),
    ):
        extra = ["--header", f"x-forwarded-for: {claim}"] if claim else []
        fetched = post(proxies[name], tenant, chat(behind.fresh("bound")), *extra, source=source)
        assert fetched.status == status, (source, claim, fetched.head, fetched.body)


@pytest.mark.parametrize("name", NAMES)
def test_a_caller_that_hangs_up_ends_the_call(behind: World, proxies: dict[str, FrontProxy], name: str) -> None:
    tenant, marker = behind.tenant(), behind.fresh("hung-up")
    fetched = post(proxies[name], tenant, chat(marker, knobs="latency=30000,chunks=100", stream=True), timeout=1.5)
    assert fetched.code == 28, fetched
    deadline = time.monotonic() + 5
    while not behind.backend.call(marker).hung_up:
        assert time.monotonic() < deadline, "the backend still generates"
        time.sleep(0.05)


@pytest.mark.parametrize("name", NAMES)
def test_the_admin_api_is_not_on_the_tenants_port(behind: World, proxies: dict[str, FrontProxy], name: str) -> None:
    proxy = proxies[name]
    bearer = ("--header", f"authorization: Bearer {behind.server.admin_key}")
    for path in ("/admin/v1/tenants", "/metrics", "/"):
        assert proxy.curl(path, *bearer).status == 404, path
    listed = proxy.curl("/admin/v1/tenants", *bearer, admin=True)
    assert listed.status == 200 and json.loads(listed.body)["data"], listed
    assert proxy.curl("/readyz").status == 200


def test_a_silent_stream_stays_open(behind: World, proxies: dict[str, FrontProxy], run: Run) -> None:
    """Silence beyond a proxy's own default (60 s in nginx) in the full run; some seconds of it in every run."""
    seconds = 70 if run.full else 6

    def silent(name: str) -> Fetched:
        # Two events: one after half of the time, one at its end.
        body = chat(behind.fresh("silent"), knobs=f"latency={seconds * 2000},chunks=2", stream=True)
        return post(proxies[name], behind.tenant(), body, timeout=seconds * 2 + 20)

    with ThreadPoolExecutor(len(NAMES)) as pool:
        for name, fetched in zip(NAMES, pool.map(silent, NAMES), strict=True):
            assert fetched.code == 0 and "[DONE]" in fetched.body, (name, fetched)
            times = fetched.event_times()
            assert seconds - 1 < times[0] < seconds + 1 and times[1] - times[0] > seconds - 1, (name, times)
