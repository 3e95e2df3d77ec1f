"""A small state file, and `tollgate apply` of it."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

from .tollgate import Gateway

VARIABLES = {"OPENAI_API_KEY": "sk-e2e-openai-1", "ANTHROPIC_API_KEY": "sk-e2e-anthropic-2",
             "CHAT_API_KEY": "sk-e2e-chat-3"}

STATE = """\
pools:
  - name: fast
    policy: least_busy
    backends:
      - { name: one, kind: openai, base_url: "http://127.0.0.1:9/v1", api_key: { env: CHAT_API_KEY } }
models:
  - { name: m, targets: [ { pool: fast } ], max_output_tokens: 512 }
tenants:
  - name: research
    time_zone: Europe/Rome
    entitlements: [ { pool: fast } ]
    budgets: [ { limit: "25.00", window: month } ]
"""


def audit_rows(server: Gateway) -> int:
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT COUNT(*) FROM audit_log").fetchone()[0])


def apply(server: Gateway, file: Path, *flags: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    done = server.run("apply", "-f", str(file), *flags, env=server.env | env)
    assert done.returncode == code, done
    return done
