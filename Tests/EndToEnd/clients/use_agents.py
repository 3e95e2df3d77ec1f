"""`openai-agents`, as its users write it: the Responses API unless told otherwise."""

from __future__ import annotations

import asyncio
from typing import Any

from agents import (
    Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool,
    set_tracing_disabled,
)
from openai import AsyncOpenAI
from openai.types.responses import ResponseTextDeltaEvent
from steps import QUESTION, Plan, run

set_tracing_disabled(True)  # traces would go to OpenAI, with the key


@function_tool
def weather(city: str) -> str:
    """What the weather is in a city."""
    return f"It rains in {city}."


def agent(plan: Plan, role: str = "chat", kind: Any = OpenAIResponsesModel, **more: Any) -> Agent[Any]:
    client = AsyncOpenAI(base_url=plan.base, api_key=plan.key)
    return Agent(name="Test", instructions="Be brief.", model=kind(model=plan.models[role], openai_client=client),
                 model_settings=ModelSettings(max_tokens=24, include_usage=True), **more)


def seen(result: Any) -> dict[str, Any]:
    usages = [answer.usage for answer in result.raw_responses]
    return {"text": str(result.final_output), "usage": [[usage.input_tokens, usage.output_tokens] for usage in usages]}


def responses(plan: Plan) -> dict[str, Any]:
    return seen(Runner.run_sync(agent(plan), QUESTION))


def streamed(plan: Plan, kind: Any) -> dict[str, Any]:
    async def go() -> dict[str, Any]:
        result = Runner.run_streamed(agent(plan, kind=kind), QUESTION)
        text = [event.data.delta async for event in result.stream_events()
                if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent)]
        assert "".join(text) == result.final_output
        return seen(result)

    return asyncio.run(go())


def responses_stream(plan: Plan) -> dict[str, Any]:
    return streamed(plan, OpenAIResponsesModel)


def chat_stream(plan: Plan) -> dict[str, Any]:
    return streamed(plan, OpenAIChatCompletionsModel)


def chat(plan: Plan) -> dict[str, Any]:
    return seen(Runner.run_sync(agent(plan, kind=OpenAIChatCompletionsModel), QUESTION))


def tools(plan: Plan) -> dict[str, Any]:
    """Two calls: the tool's result goes back to the model."""
    return seen(Runner.run_sync(agent(plan, "tools_once", tools=[weather]), "How is the weather in Oslo?"))


if __name__ == "__main__":
    run(responses, responses_stream, chat, chat_stream, tools)
