"""What the tests of clients and routes share: one gateway, a real llama.cpp behind both APIs, and the shape backend.

Models: `smollm2` is llama.cpp by OpenAI's API (chat, completions, responses, embeddings), `claude` the same llama.cpp
by Anthropic's. Everything llama.cpp cannot do with this model (tools, moderations, images, audio) is played by the shape
backend under models that a test lays out with `shape`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anthropic
import openai

from .oracle import Books, Entry, Price, Rates
from .processes import ROOT, LlamaBackend
from .shapes import ShapeBackend, shape_backend
from .tollgate import Gateway, gateway, parse_metrics
from .world import NUMBERS, Tenant

CHAT, CLAUDE = "smollm2", "claude"
PRICE = Price.per_million("0.10", "0.40", "0.05")
RATES = Rates.make({"input": "0.10", "output": "0.40", "input_cache_read": "0.05"})
MAX_OUTPUT = 128
POOLS = ("local", "local-claude", "shapes", "shapes-claude")


class Desk:
    def __init__(self, server: Gateway, llama: LlamaBackend, shapes: ShapeBackend) -> None:
        self.server = server
        self.llama = llama
        self.shapes = shapes
        self.admin = server.admin
        self.books = Books(server.database)
        self.rates: dict[str, Rates] = {}
        self.pools = list(POOLS)
        for pool, kind, url in zip(POOLS, ("openai", "anthropic") * 2,
                                   (f"{llama.url}/v1",) * 2 + (shapes.url,) * 2, strict=True):
            self.admin.pool(pool)
            self.admin.backend(pool, f"{pool}-a", url, kind=kind, api_key="sk-backend-secret")
        for model, pool in ((CHAT, "local"), (CLAUDE, "local-claude")):
            self.admin.model(model, [{"pool": pool, "upstream_model": CHAT}], MAX_OUTPUT)
            self.price(model, {"input": "0.10", "output": "0.40", "input_cache_read": "0.05"})

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{next(NUMBERS)}"

    # Laying out

    def price(self, model: str, per_million: dict[str, str] | None, per_unit: dict[str, str] | None = None) -> None:
        self.admin.price_of(model, per_million, per_unit)
        self.rates[model] = Rates.make(per_million, per_unit)

    def shape(self, prefix: str, *, kind: str = "openai", per_million: dict[str, str] | None = None,
              per_unit: dict[str, str] | None = None, recipe: dict[str, Any] | None = None, alone: bool = False,
              upstream: str | None = None, **fields: Any) -> str:
        """A model of its own on the shape backend; the recipe says how it answers, under the name known there.

        One that fails is `alone` in a pool, so that its cooldowns are no other's; its tenants are made after it.
        """
        model = self.fresh(prefix)
        pool = "shapes" if kind == "openai" else "shapes-claude"
        if alone:
            pool = self.fresh("pool")
            self.pools.append(pool)
            self.admin.pool(pool)
            self.admin.backend(pool, f"{pool}-a", self.shapes.url, kind=kind)
        if recipe is not None:
            self.shapes.recipe(upstream or model, **recipe)
        fields.setdefault("max_output_tokens", 1000)
        self.admin.model(model, [{"pool": pool, "upstream_model": upstream} if upstream else pool], **fields)
        if per_million is None and per_unit is None:
            per_million = {"input": "1", "output": "4"}
        self.price(model, per_million, per_unit)
        return model

    def tenant(self, limit: str | None = "5", **fields: Any) -> Tenant:
        name = self.fresh("tenant")
        tenant = self.admin.tenant(name, self.pools, **fields)
        budget = self.admin.budget(tenant, limit) if limit is not None else None
        key = self.admin.key(tenant)
        return Tenant(tenant, name, key["id"], key["key"], budget)

    def poor(self) -> Tenant:
        """One whose cap no call fits into."""
        return self.tenant("0.00000001")

    # Clients

    def openai(self, tenant: Tenant | str, **fields: Any) -> openai.OpenAI:
        key = tenant if isinstance(tenant, str) else tenant.key
        return openai.OpenAI(base_url=f"{self.server.url}/v1", api_key=key, **fields)

    def anthropic(self, tenant: Tenant | str, **fields: Any) -> anthropic.Anthropic:
        key = tenant if isinstance(tenant, str) else tenant.key
        return anthropic.Anthropic(base_url=self.server.url, api_key=key, **fields)

    def script(self, name: str, venv: str, models: dict[str, str],
               steps: Sequence[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """What each step of a client's script saw, in order; every step has run when the first is given."""
        own = ROOT / f".venv-test-{venv}" / "bin" / "python"
        python = str(own) if venv else sys.executable
        plan = {"url": self.server.url, "models": models, "steps": list(steps)}
        script = Path(__file__).parents[1] / "clients" / f"{name}.py"
        done = subprocess.run([python, str(script)], input=json.dumps(plan), capture_output=True, text=True,
                              timeout=120, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"step"')]
        assert [line["step"] for line in lines] == [step for step, _ in steps], f"{done.stdout}\n{done.stderr[-3000:]}"
        return iter(lines)

    # Witnesses

    def entries(self, tenant: Tenant) -> list[Entry]:
        """The tenant's settled rows, in order."""
        self.books.wait_until_no_holds()
        return [entry for entry in self.books.entries() if entry.tenant_id == tenant.id and entry.kind == "settle"]

    def entry(self, tenant: Tenant) -> Entry:
        """The one settled row of a tenant that made one call."""
        [entry] = self.entries(tenant)
        return entry

    def assert_exact(self, entry: Entry, meters: dict[str, int] | None = None) -> None:
        """The row costs what its meters cost at the model's price, to the last picodollar."""
        if meters is not None:
            assert entry.meters == meters
        assert entry.provenance == "reported", entry
        assert entry.cost == self.rates[entry.model].cost(entry.meters), entry

    def requests_counted(self, tenant: Tenant) -> float:
        return self.server.metric("tollgate_requests_total", tenant=tenant.name)

    def llama_tokens(self) -> tuple[int, int]:
        """Prompt (cached ones too) and generated tokens that llama.cpp counted, once it is idle."""
        deadline = time.monotonic() + 30
        while (counts := self.llama_counts())["llamacpp:requests_processing"]:
            assert time.monotonic() < deadline, "llama.cpp never became idle"
            time.sleep(0.02)
        prompt = counts["llamacpp:prompt_tokens_total"] + counts["llamacpp:prompt_tokens_cached_total"]
        return prompt, counts["llamacpp:tokens_predicted_total"]

    def llama_counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.llama.url}/metrics", timeout=10) as answer:
            return {name: int(value) for name, _, value in parse_metrics(answer.read().decode())}


@contextmanager
def desk(binary: Path, extra_config: str = "", pooling: str = "mean") -> Iterator[Desk]:
    llama = LlamaBackend(parallel=4, pooling=pooling)
    try:
        with shape_backend() as shapes, gateway(binary, extra_config) as server:
            yield Desk(server, llama, shapes)
    finally:
        llama.close()
