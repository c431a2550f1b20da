"""A prompt as pydantic-ai's messages."""

import json
import re
from collections.abc import Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from core.assistant.context import GO_ON, Exchange, Prompt, Turn

UNNAMEABLE, LONGEST_NAME = re.compile(r"[^a-zA-Z0-9_-]"), 64
"""What services take as the name of a tool, also of one that a model made up."""


def messages_of(prompt: Prompt, *, can_prefill: bool) -> Sequence[ModelMessage]:
    """`can_prefill`: the service writes on from a prompt that ends with a partial answer. Others are asked to."""
    instructions, turns = prompt.instructions or None, list(prompt.turns)
    behind = [turns.pop()] if prompt.is_resumed else []
    if behind and not can_prefill:
        behind.append(GO_ON)
    messages = [_said(turn, instructions) for turn in turns]
    for exchange in prompt.exchanges:
        messages += _done(exchange, instructions)
    return [*messages, *(_said(turn, instructions) for turn in behind)]


def _said(turn: Turn, instructions: str | None) -> ModelMessage:
    if turn.role == "user":
        return ModelRequest(parts=[UserPromptPart(content=turn.content)], instructions=instructions)
    return ModelResponse(parts=[TextPart(content=turn.content)])


def _done(exchange: Exchange, instructions: str | None) -> list[ModelMessage]:
    text = [TextPart(content=exchange.text)] if exchange.text.strip() else []
    made = [
        ToolCallPart(tool_name=_name(call.name), args=_as_object(call.arguments), tool_call_id=call.id)
        for call in exchange.calls
    ]
    told = [
        ToolReturnPart(tool_name=_name(call.name), content=call.told, tool_call_id=call.id) for call in exchange.calls
    ]
    return [ModelResponse(parts=[*text, *made]), ModelRequest(parts=told, instructions=instructions)]


def _name(called: str) -> str:
    return UNNAMEABLE.sub("_", called)[:LONGEST_NAME] or "unknown"


def _as_object(arguments: str) -> str:
    """What is no JSON object most services refuse to be told again; what came of the call says what was wrong."""
    try:
        return arguments if isinstance(json.loads(arguments), dict) else "{}"
    except ValueError:
        return "{}"
