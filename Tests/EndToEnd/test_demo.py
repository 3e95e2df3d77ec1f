"""`make demo` as a new user runs it, in a folder of its own and on free ports."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from support.options import Run
from support.processes import ROOT


def test_the_demo_prints_keys_and_a_call_that_a_real_model_answers(run: Run, tmp_path: Path) -> None:
    ports = [f"--{name}=0" for name in ("port", "admin-port", "metrics-port", "backend-port")]
    demo = ROOT / "deploy" / "demo" / "demo.py"
    done = subprocess.run(
        [sys.executable, demo, "--binary", run.binary, "--dir", tmp_path, "--once", *ports],
        capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert re.search(r"^tenant key +tg_\w+ ", said, re.MULTILINE), said
    assert re.search(r"^admin key +\S{32,}$", said, re.MULTILINE)
    assert re.search(r"^dashboard +http://127\.0\.0\.1:\d+/ ", said, re.MULTILINE)
    assert re.search(r"^curl http://127\.0\.0\.1:\d+/v1/chat/completions ", said, re.MULTILINE)
    answer = json.loads(said.strip().splitlines()[-1])
    assert answer["usage"]["completion_tokens"] > 0 and answer["choices"][0]["message"]["content"]
