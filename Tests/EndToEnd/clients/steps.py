"""Runs the steps a test asks for and prints what the client saw, one JSON line a step.

The plan comes as JSON on standard input: `url` (the gateway's origin), `models` (by role) and `steps`, a list of
[name, key]. A step answers the text it got and `usage`: [input tokens (cached ones too), output tokens] of each call
the client knows of. A failure is shown by the classes of the exception, so that the test can tell what a user would catch.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

QUESTION = "Say hello in one short sentence."


@dataclass
class Plan:
    url: str
    models: dict[str, str]
    key: str = ""

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    @property
    def chat(self) -> str:
        return self.models["chat"]


Step = Callable[[Plan], dict[str, Any]]


def run(*steps: Step) -> None:
    """Called by each client's script with all the steps it knows."""
    known = {step.__name__: step for step in steps}
    plan = json.load(sys.stdin)
    for name, key in plan["steps"]:
        try:
            seen = known[name](Plan(plan["url"], plan["models"], key))
        except Exception as problem:
            classes = [f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(problem).__mro__]
            seen = {"error": classes, "message": str(problem)[:600]}
        print(json.dumps({"step": name, **seen}), flush=True)
