"""`langchain-openai`, as its users write it."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from steps import QUESTION, Plan, run


def model(plan: Plan, role: str = "chat", **more: Any) -> ChatOpenAI:
    return ChatOpenAI(base_url=plan.base, api_key=plan.key, model=plan.models[role], max_tokens=24, **more)


def seen(answer: Any) -> dict[str, Any]:
    usage = answer.usage_metadata
    counts = [usage["input_tokens"], usage["output_tokens"]] if usage else None
    return {"text": answer.text, "usage": [counts]}


def chat(plan: Plan) -> dict[str, Any]:
    return seen(model(plan).invoke(QUESTION))


def stream(plan: Plan) -> dict[str, Any]:
    """Usage is not asked for: that is this client's default for other hosts than OpenAI's."""
    return {"text": "".join(chunk.text for chunk in model(plan).stream(QUESTION))}


def stream_usage(plan: Plan) -> dict[str, Any]:
    whole = None
    for chunk in model(plan, stream_usage=True).stream(QUESTION):
        whole = chunk if whole is None else whole + chunk
    return seen(whole)


def responses(plan: Plan) -> dict[str, Any]:
    return seen(model(plan, use_responses_api=True).invoke(QUESTION))


def tools(plan: Plan) -> dict[str, Any]:
    def weather(city: str) -> str:
        """What the weather is in a city."""
        return city

    answer = model(plan, "tools").bind_tools([weather], tool_choice="weather").invoke("How is the weather in Oslo?")
    assert isinstance(answer, AIMessage)
    return {**seen(answer), "tool": answer.tool_calls[0]["name"]}


def embeddings(plan: Plan) -> dict[str, Any]:
    client = OpenAIEmbeddings(
        base_url=plan.base, api_key=plan.key, model=plan.models["embeddings"], check_embedding_ctx_length=False)
    return {"text": str(len(client.embed_documents(["one", "two"])))}


if __name__ == "__main__":
    run(chat, stream, stream_usage, responses, tools, embeddings)
