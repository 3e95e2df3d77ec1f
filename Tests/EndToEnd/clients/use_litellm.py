"""`litellm` as a client, as its users write it."""

from __future__ import annotations

import os
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it fetches a price list as it is imported

import litellm  # noqa: E402
from steps import QUESTION, Plan, run  # noqa: E402

litellm.suppress_debug_info = True
MESSAGES: list[Any] = [{"role": "user", "content": QUESTION}]


def where(plan: Plan, role: str = "chat", provider: str = "openai") -> dict[str, Any]:
    base = plan.url if provider == "anthropic" else plan.base
    return {"model": f"{provider}/{plan.models[role]}", "api_base": base, "api_key": plan.key}


def seen(answer: Any) -> dict[str, Any]:
    counts = [answer.usage.prompt_tokens, answer.usage.completion_tokens]
    return {"text": answer.choices[0].message.content, "usage": [counts]}


def chat(plan: Plan) -> dict[str, Any]:
    return seen(litellm.completion(**where(plan), messages=MESSAGES, max_tokens=24))


def streamed(place: dict[str, Any]) -> dict[str, Any]:
    # At a temperature the first token may be half a character, and llama.cpp then leaves `message_start` out.
    chunks = list(litellm.completion(**place, messages=MESSAGES, max_tokens=24, temperature=0, stream=True,
                                     stream_options={"include_usage": True}))
    return seen(litellm.stream_chunk_builder(chunks, messages=MESSAGES))


def stream(plan: Plan) -> dict[str, Any]:
    return streamed(where(plan))


def messages(plan: Plan) -> dict[str, Any]:
    return seen(litellm.completion(**where(plan, "messages", "anthropic"), messages=MESSAGES, max_tokens=24))


def messages_stream(plan: Plan) -> dict[str, Any]:
    return streamed(where(plan, "messages", "anthropic"))


def responses(plan: Plan) -> dict[str, Any]:
    return responded(litellm.responses(**where(plan), input=QUESTION, max_output_tokens=24))


def responses_stream(plan: Plan) -> dict[str, Any]:
    events = list(litellm.responses(**where(plan), input=QUESTION, max_output_tokens=24, stream=True))
    return responded(events[-1].response)


def responded(answer: Any) -> dict[str, Any]:
    counts = [answer.usage.input_tokens, answer.usage.output_tokens]
    return {"text": answer.output[0].content[0].text, "usage": [counts]}


def embeddings(plan: Plan) -> dict[str, Any]:
    answer = litellm.embedding(**where(plan, "embeddings"), input=["one", "two"])
    return {"text": str(len(answer.data)), "usage": [[answer.usage.prompt_tokens, 0]]}


if __name__ == "__main__":
    run(chat, stream, messages, messages_stream, responses, responses_stream, embeddings)
