"""A model at pydantic-ai's seam, for tests of what stands above it: queued answers, recorded history."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_ai.messages import FinishReason, ModelMessage, ModelResponse, ModelResponseStreamEvent, TextPart
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext
from pydantic_ai.usage import RequestUsage

DEFAULT_USAGE = RequestUsage(input_tokens=40, cache_read_tokens=16, output_tokens=7)


@dataclass(frozen=True)
class Answer:
    """One call's script: the deltas, then `error` if there is one, else the end."""

    deltas: Sequence[str] = ("Hello", " there", ".")
    error: Exception | None = None
    """Raised before opening when there are no deltas, else after them."""
    gate: threading.Event | asyncio.Event | None = None
    """Holds the stream open before its last delta until set. A threading.Event works from any thread and loop."""
    delay: float = 0.0
    """Seconds before each delta."""
    usage: RequestUsage | None = field(default_factory=lambda: DEFAULT_USAGE)
    finish_reason: FinishReason | None = "stop"


@dataclass(frozen=True)
class Call:
    messages: list[ModelMessage]
    settings: ModelSettings | None


class ScriptedModel(Model):
    """Plays its queue, then `default`. An answer is a text, a list of deltas, an exception, or an Answer."""

    def __init__(self, *answers: str | Sequence[str] | Exception | Answer, default: str = "Scripted answer.") -> None:
        super().__init__()
        self.answers: list[str | Sequence[str] | Exception | Answer] = list(answers)
        self.default = default
        self.history: list[Call] = []
        self.open_streams = 0

    @property
    def model_name(self) -> str:
        return "scripted"

    @property
    def system(self) -> str:
        return "scripted"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        answer = self._next(messages, model_settings)
        if answer.error:
            raise answer.error
        return ModelResponse(parts=[TextPart("".join(answer.deltas))], usage=answer.usage or RequestUsage())

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncIterator[StreamedResponse]:
        answer = self._next(messages, model_settings)
        if answer.error and not answer.deltas:
            raise answer.error
        self.open_streams += 1
        try:
            yield ScriptedResponse(model_request_parameters, answer)
        finally:
            self.open_streams -= 1

    def _next(self, messages: list[ModelMessage], settings: ModelSettings | None) -> Answer:
        self.history.append(Call(list(messages), settings))
        answer = self.answers.pop(0) if self.answers else self.default
        if isinstance(answer, Answer):
            return answer
        if isinstance(answer, Exception):
            return Answer(deltas=(), error=answer)
        return Answer(deltas=_words(answer) if isinstance(answer, str) else answer)


@dataclass
class ScriptedResponse(StreamedResponse):
    answer: Answer

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for number, delta in enumerate(self.answer.deltas, 1):
            if self.answer.delay:
                await asyncio.sleep(self.answer.delay)
            if self.answer.gate and number == len(self.answer.deltas):
                await _opened(self.answer.gate)
            for event in self._parts_manager.handle_text_delta(vendor_part_id="text", content=delta):
                yield event
        if self.answer.error:
            raise self.answer.error
        self._usage = self.answer.usage or RequestUsage()
        self.finish_reason = self.answer.finish_reason

    async def close_stream(self) -> None:
        pass

    @property
    def model_name(self) -> str:
        return "scripted"

    @property
    def provider_name(self) -> str | None:
        return "scripted"

    @property
    def provider_url(self) -> str | None:
        return None

    @property
    def timestamp(self) -> datetime:
        return datetime.now(UTC)


def _words(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


async def _opened(gate: threading.Event | asyncio.Event) -> None:
    if isinstance(gate, asyncio.Event):
        await gate.wait()
        return
    while not gate.is_set():
        await asyncio.sleep(0.005)
