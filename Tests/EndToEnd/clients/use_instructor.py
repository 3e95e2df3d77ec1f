"""`instructor`, as its users write it: an answer as a typed object, asked for again when it does not fit."""

from __future__ import annotations

from typing import Any

import instructor
import openai
from pydantic import BaseModel, Field, field_validator
from steps import Plan, run

MESSAGES: list[Any] = [{"role": "user", "content": "Ann is 30 years old."}]


class Person(BaseModel):
    name: str = Field(max_length=8)
    age: int = Field(ge=0, le=200)


def ask(plan: Plan, role: str, mode: instructor.Mode, kind: type[BaseModel]) -> dict[str, Any]:
    usages: list[list[int]] = []
    client = instructor.from_openai(openai.OpenAI(base_url=plan.base, api_key=plan.key), mode=mode)
    client.on("completion:response", lambda answer: usages.append(
        [answer.usage.prompt_tokens, answer.usage.completion_tokens]))
    person = client.chat.completions.create(
        model=plan.models[role], messages=MESSAGES, max_tokens=64, response_model=kind, max_retries=3)
    return {"text": person.model_dump_json(), "usage": usages}


def schema(plan: Plan) -> dict[str, Any]:
    return ask(plan, "chat", instructor.Mode.JSON_SCHEMA, Person)


def tools(plan: Plan) -> dict[str, Any]:
    return ask(plan, "person", instructor.Mode.TOOLS, Person)


def asked_again(plan: Plan) -> dict[str, Any]:
    """The first answer is not accepted: both calls were made, both are billed."""
    turns: list[str] = []

    class Doubted(Person):
        @field_validator("name")
        @classmethod
        def accept(cls, value: str) -> str:
            turns.append(value)
            if len(turns) == 1:
                raise ValueError("say it again")
            return value

    return ask(plan, "chat", instructor.Mode.JSON_SCHEMA, Doubted)


if __name__ == "__main__":
    run(schema, tools, asked_again)
