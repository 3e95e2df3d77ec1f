"""`llm`, as its users configure it: `extra-openai-models.yaml` in its own directory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from steps import QUESTION, Plan, run


def prompt(plan: Plan, stream: bool, **fields: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LLM_USER_PATH"] = folder
        os.environ["LLM_LOAD_PLUGINS"] = ""  # the package with the tests' weights is one, and cannot be imported
        entry = {"model_id": "gate", "model_name": plan.chat, "api_base": plan.base, "api_key_name": "gate", **fields}
        lines = "\n  ".join(f"{name}: {value}" for name, value in entry.items())
        Path(folder, "extra-openai-models.yaml").write_text(f"- {lines}\n")
        import llm  # reads its directory as it loads its models

        answer = llm.get_model("gate").prompt(QUESTION, key=plan.key, stream=stream, max_tokens=24)
        text = "".join(answer)
        usage = answer.usage()
        return {"text": text, "usage": [[usage.input, usage.output]]}


def chat(plan: Plan) -> dict[str, Any]:
    return prompt(plan, stream=False)


def stream(plan: Plan) -> dict[str, Any]:
    return prompt(plan, stream=True)


if __name__ == "__main__":
    run(chat, stream)
