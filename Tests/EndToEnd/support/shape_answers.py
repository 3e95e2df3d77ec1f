"""The answers of the shape backend: the JSON and the events that each provider's documents show for each route.

Written by hand from those documents; no provider was called. Each builder gives the whole answer and, where the route
streams, its events as (name or None, data); `[DONE]` and the like are events too.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROMPT, COMPLETION = 11, 7
TEXT = "Hello from far away."
JSON, EVENTS = "application/json", "text/event-stream"
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()
ABSENT = False  # in a recipe: the answer has no usage at all; None: it says null

Event = tuple[str | None, dict[str, Any] | str]


@dataclass
class Reply:
    whole: dict[str, Any] | bytes
    events: list[Event] = field(default_factory=list)
    content_type: str = JSON


@dataclass
class Query:
    """One call, and the recipe for its answer."""

    path: str
    body: dict[str, Any]
    recipe: dict[str, Any]
    serial: int
    turn: int = 1  # of the calls since the recipe was put

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def text(self) -> str:
        return str(self.recipe.get("text", TEXT))

    @property
    def tool(self) -> dict[str, Any] | None:
        tool = self.recipe.get("tool")
        return tool if tool and self.turn <= tool.get("times", 1 << 31) else None

    @property
    def arguments(self) -> str:
        return json.dumps(self.tool["arguments"]) if self.tool else ""

    def pieces(self, text: str | None = None) -> list[str]:
        """The text in so many chunks."""
        if text is None and "pieces" in self.recipe:
            return list(self.recipe["pieces"])
        text = self.text if text is None else text
        count = max(1, int(self.recipe.get("chunks", 4)))
        size = max(1, -(-len(text) // count))
        return [text[start:start + size] for start in range(0, len(text), size)]

    def usage(self, default: dict[str, Any] | None, name: str = "usage") -> dict[str, Any]:
        """The member with the usage; without a member when there is none."""
        value = self.recipe.get("usage", ABSENT if default is None else default)
        return {} if value is ABSENT else {name: value}

    def top(self, value: dict[str, Any]) -> dict[str, Any]:
        """The recipe's own members on top of an answer's."""
        tier = {"service_tier": self.recipe["tier"]} if "tier" in self.recipe else {}
        padding = {"padding": "x" * self.recipe["pad"]} if "pad" in self.recipe else {}
        return value | tier | padding | self.recipe.get("fields", {})


def openai_usage() -> dict[str, int]:
    return {"prompt_tokens": PROMPT, "completion_tokens": COMPLETION, "total_tokens": PROMPT + COMPLETION}


def token_usage(**more: Any) -> dict[str, Any]:
    return {"input_tokens": PROMPT, "output_tokens": COMPLETION, "total_tokens": PROMPT + COMPLETION, **more}


def chat(query: Query) -> Reply:
    head = {"id": f"chatcmpl-{query.serial}", "created": int(time.time()), "model": query.model}
    message: dict[str, Any] = {"role": "assistant", "content": query.text, "refusal": None}
    reason = "stop"
    calls: list[dict[str, Any]] = []
    if query.tool:
        function = {"name": query.tool["name"], "arguments": query.arguments}
        calls = [{"id": f"call_{query.serial}", "type": "function", "function": function}]
        message, reason = message | {"content": None, "tool_calls": calls}, "tool_calls"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    whole = query.top({**head, "object": "chat.completion", "choices": [choice], **query.usage(openai_usage())})

    def chunk(delta: dict[str, Any], reason: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return None, query.top({**head, "object": "chat.completion.chunk", "choices": [choice], **nulls})

    asked = bool((query.body.get("stream_options") or {}).get("include_usage"))
    nulls = {"usage": None} if asked else {}
    events = [chunk({"role": "assistant", "content": None if calls else ""})]
    events += [chunk({"tool_calls": [{"index": 0, **call}]}) for call in calls]
    events += [] if calls else [chunk({"content": piece}) for piece in query.pieces()]
    events.append(chunk({}, reason))
    usage = query.usage(openai_usage())
    if asked and usage:
        events.append((None, query.top({**head, "object": "chat.completion.chunk", "choices": [], **usage})))
    return Reply(whole, [*events, (None, "[DONE]")])


def completions(query: Query) -> Reply:
    head = {"id": f"cmpl-{query.serial}", "object": "text_completion", "created": 1, "model": query.model}
    choice = {"index": 0, "text": query.text, "logprobs": None, "finish_reason": "stop"}
    events: list[Event] = [(None, {**head, "choices": [{**choice, "text": piece}]}) for piece in query.pieces()]
    asked = bool((query.body.get("stream_options") or {}).get("include_usage"))
    if asked and (usage := query.usage(openai_usage())):
        events.append((None, {**head, "choices": [], **usage}))
    whole = query.top({**head, "choices": [choice], **query.usage(openai_usage())})
    return Reply(whole, [*events, (None, "[DONE]")])


def embeddings(query: Query) -> Reply:
    texts = query.body["input"] if isinstance(query.body["input"], list) else [query.body["input"]]
    vector: Any = [0.5, -0.25]
    if query.body.get("encoding_format") == "base64":
        vector = base64.b64encode(b"\0\0\0?\0\0\x80\xbe").decode()
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(len(texts))]
    usage = query.usage({"prompt_tokens": PROMPT, "total_tokens": PROMPT})
    return Reply(query.top({"object": "list", "data": data, "model": query.model, **usage}))


def moderations(query: Query) -> Reply:
    """OpenAI reports no usage here."""
    texts = query.body["input"] if isinstance(query.body["input"], list) else [query.body["input"]]
    result = {"flagged": False, "categories": {"violence": False}, "category_scores": {"violence": 0.01},
              "category_applied_input_types": {"violence": ["text"]}}
    value = {"id": f"modr-{query.serial}", "model": query.model, "results": [result] * len(texts)}
    return Reply(query.top(value | query.usage(None)))


def rerank(query: Query) -> Reply:
    """Cohere's shape, counted in searches; with a recipe's usage Jina's, counted in tokens."""
    results = [{"index": index, "relevance_score": 0.9 - index / 10} for index, _ in enumerate(query.body["documents"])]
    usage = query.usage(None) or {"meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}
    return Reply(query.top({"id": f"rr-{query.serial}", "model": query.model, "results": results, **usage}))


def responses(query: Query) -> Reply:
    text = {"type": "output_text", "text": query.text, "annotations": [], "logprobs": []}
    item: dict[str, Any] = {"id": f"msg_{query.serial}", "type": "message", "role": "assistant",
                            "status": "completed", "content": [text]}
    if query.tool:
        item = {"id": f"fc_{query.serial}", "type": "function_call", "call_id": f"call_{query.serial}",
                "name": query.tool["name"], "arguments": query.arguments, "status": "completed"}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    base = {"id": f"resp_{query.serial}", "object": "response", "created_at": int(time.time()), "model": query.model,
            "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "tools": [],
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "top_p": 1.0}
    whole = query.top({**base, "status": "completed", "output": [item], **query.usage(token_usage(**details))})
    begun = {**base, "status": "in_progress", "output": [], "usage": None}
    where = {"item_id": item["id"], "output_index": 0}
    values: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    if query.tool:
        values.append({"type": "response.output_item.added", "output_index": 0, "item": item | {"arguments": ""}})
        values += [{"type": "response.function_call_arguments.delta", **where, "delta": piece}
                   for piece in query.pieces(query.arguments)]
        values.append({"type": "response.function_call_arguments.done", **where, "arguments": query.arguments,
                       "name": query.tool["name"]})
    else:
        where |= {"content_index": 0}
        values += [
            {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}},
            {"type": "response.content_part.added", **where, "part": text | {"text": ""}},
            *[{"type": "response.output_text.delta", **where, "delta": piece, "logprobs": []}
              for piece in query.pieces()],
            {"type": "response.output_text.done", **where, "text": query.text, "logprobs": []},
            {"type": "response.content_part.done", **where, "part": text},
        ]
    end = {"failed": "response.failed", "incomplete": "response.incomplete"}
    kind = end.get(whole["status"], "response.completed")
    values.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    values.append({"type": kind, "response": whole})
    return Reply(whole, [(value["type"], value | {"sequence_number": number}) for number, value in enumerate(values)])


def messages(query: Query) -> Reply:
    """A recipe's `deltas` are the usages of further `message_delta` events; each replaces what was said before."""
    block: dict[str, Any] = {"type": "text", "text": query.text}
    first, changes = {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in query.pieces()]
    reason = "end_turn"
    if query.tool:
        block = {"type": "tool_use", "id": f"toolu_{query.serial}", "name": query.tool["name"],
                 "input": query.tool["arguments"]}
        first, reason = block | {"input": {}}, "tool_use"
        changes = [{"type": "input_json_delta", "partial_json": piece} for piece in query.pieces(query.arguments)]
    base = {"id": f"msg_{query.serial}", "type": "message", "role": "assistant", "model": query.model,
            "stop_sequence": None}
    usage = query.usage({"input_tokens": PROMPT, "output_tokens": COMPLETION})
    if usage and "tier" in query.recipe:
        usage = {"usage": usage["usage"] | {"service_tier": query.recipe["tier"]}}
    whole = {**base, "content": [block], "stop_reason": reason, **usage} | query.recipe.get("fields", {})
    opening, closing = usage, [usage]
    if counts := usage.get("usage"):
        opening = {"usage": counts | {"output_tokens": min(1, counts["output_tokens"])}}
        closing = [{"usage": {"output_tokens": counts["output_tokens"]}}]
    if "deltas" in query.recipe:
        closing = [{"usage": delta} for delta in query.recipe["deltas"]]
    begun = {**base, "content": [], "stop_reason": None, **opening}
    values: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": first}, {"type": "ping"},
        *[{"type": "content_block_delta", "index": 0, "delta": change} for change in changes],
        {"type": "content_block_stop", "index": 0},
        *[{"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, **delta}
          for delta in closing],
        {"type": "message_stop"},
    ]
    return Reply(whole, [(value["type"], value) for value in values])


def count_tokens(query: Query) -> Reply:
    return Reply({"input_tokens": query.recipe.get("usage", {"input_tokens": PROMPT})["input_tokens"]})


def images(query: Query) -> Reply:
    count = int(query.body.get("n") or 1)
    usage = query.usage(token_usage(input_tokens_details={"text_tokens": PROMPT, "image_tokens": 0}))
    value = {"created": int(time.time()), "data": [{"b64_json": PIXEL}] * count, **usage}
    partial = {"type": "image_generation.partial_image", "b64_json": PIXEL, "created_at": 1, "size": "1024x1024",
               "quality": "high", "background": "opaque", "output_format": "png"}
    values = [partial | {"partial_image_index": index} for index in range(int(query.body.get("partial_images") or 0))]
    values += [query.top({**partial, "type": "image_generation.completed", **usage})] * count
    return Reply(query.top(value), [(value["type"], value) for value in values])


def speech(query: Query) -> Reply:
    """Audio bytes, counted by nobody; as events, with usage."""
    audio = b"ID3" + bytes(number & 0xFF for number in range(int(query.recipe.get("size", 5000))))
    parts = [base64.b64encode(audio[start:start + 1500]).decode() for start in range(0, len(audio), 1500)]
    values: list[dict[str, Any]] = [{"type": "speech.audio.delta", "audio": part} for part in parts]
    values.append({"type": "speech.audio.done", **query.usage(token_usage())})
    streamed = query.body.get("stream_format") == "sse"
    return Reply(audio, [(None, value) for value in values] if streamed else [], "audio/mpeg")


def transcriptions(query: Query) -> Reply:
    kind = query.body.get("response_format", "json")
    duration = float(query.recipe.get("duration", 2.5))
    segment = {"id": 0, "seek": 0, "start": 0.0, "end": duration, "text": query.text, "tokens": [1], "temperature": 0.0,
               "avg_logprob": -0.1, "compression_ratio": 1.0, "no_speech_prob": 0.01}
    tokens = token_usage(type="tokens", input_token_details={"audio_tokens": PROMPT - 1, "text_tokens": 1})
    subtitle = f"1\n00:00:00,000 --> 00:00:02,500\n{query.text}\n"
    texts = {"text": query.text + "\n", "srt": subtitle, "vtt": "WEBVTT\n\n" + subtitle[2:].replace(",", ".")}
    if kind in texts:
        return Reply(texts[kind].encode(), content_type="text/plain; charset=utf-8")
    if kind == "verbose_json":
        usage = query.usage({"type": "duration", "seconds": -(-duration // 1)})
        return Reply(query.top({"task": "transcribe", "language": "english", "duration": duration, "text": query.text,
                                "segments": [segment], **usage}))
    values: list[dict[str, Any]] = [{"type": "transcript.text.delta", "delta": piece} for piece in query.pieces()]
    values.append({"type": "transcript.text.done", "text": query.text, **query.usage(tokens)})
    return Reply(query.top({"text": query.text, **query.usage(tokens)}), [(None, value) for value in values])


ROUTES: dict[str, Callable[[Query], Reply]] = {
    "/v1/chat/completions": chat, "/v1/completions": completions, "/v1/embeddings": embeddings,
    "/v1/moderations": moderations, "/v1/rerank": rerank, "/v1/responses": responses, "/v1/messages": messages,
    "/v1/messages/count_tokens": count_tokens, "/v1/images/generations": images, "/v1/audio/speech": speech,
    "/v1/audio/transcriptions": transcriptions,
}


def failure(path: str, status: int) -> dict[str, Any]:
    """An error as this route's provider words it."""
    if path.startswith("/v1/messages"):
        kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error", "request_id": "req_upstream",
                "error": {"type": kinds.get(status, "api_error"), "message": f"status {status}"}}
    kind = "invalid_request_error" if status < 429 else "rate_limit_error" if status == 429 else "server_error"
    return {"error": {"message": f"status {status}", "type": kind, "param": None, "code": None}}


def late_failure(path: str, number: int) -> Event:
    """The event by which a stream that began says that it failed."""
    if path == "/v1/responses":
        return "error", {"type": "error", "code": "server_error", "message": "broke", "param": None,
                         "sequence_number": number}
    return "error" if path.startswith("/v1/messages") else None, failure(path, 500)
