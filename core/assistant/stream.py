"""One answer on its way: text as it arrives, and what is known of its cost and its attempts at any moment."""

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import UUID

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from core.assistant.context import Prompt
from core.assistant.faults import as_model_error, describe, may_have_cost, pause_before_retry
from core.assistant.tokens import estimate_tokens
from core.assistant.wire import messages_of
from core.errors import ModelCutShort, ModelEmpty, ModelRefused, ModelTooSlow
from core.ids import new_id
from core.models.model_call import UsageSource

logger = logging.getLogger(__name__)

PAUSES = (0.5, 1.0)
"""Seconds before the second and the third attempt, each up to a quarter longer so that many don't come back at once."""
ATTEMPTS = len(PAUSES) + 1
"""How often a request is sent at most. Again only while nothing of the answer has come: those before it cost no more
than their prompt.
"""
MAX_ANSWER_BYTES = 1_000_000
"""UTF-8 bytes of text after which an answer is ended with ModelCutShort; far beyond what token limits allow."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, each None when unknown. `cached_tokens` are part of `input_tokens`."""

    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    source: UsageSource


MISSING = Usage(None, None, None, UsageSource.MISSING)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that ended. `error_code` is None when it was complete, or left early by the reader."""

    error_code: str | None
    seconds: float
    usage: Usage = MISSING
    id: UUID = field(default_factory=new_id)
    """The key of its ledger row."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call as the model wrote it: nothing of it is known to be right."""

    id: str
    name: str
    arguments: str


class AnswerStream:
    """`async with assistant.stream(…) as stream: async for delta in stream: …`

    The request goes out with the first delta asked for. Iterating raises only ModelError leaves (and cancellation);
    leaving the context, however, closes the connection. Everything else can be read at any time, also afterwards.
    For one task: to stop it from another one, cancel the task.
    """

    def __init__(
        self,
        model: str,
        prompt: Prompt,
        open_model: Callable[[str], Awaitable[Model]],
        *,
        max_tokens: int,
        deadline: float,
        can_prefill: bool = False,
    ) -> None:
        """`deadline` in seconds, over all attempts. `open_model` is called with the name before each of them.

        `can_prefill`: the service writes on from a prompt that ends with a partial answer. Others are asked to.
        """
        self.model = model
        self.attempts: list[Attempt] = []
        self.repeated = 0
        """How many of them were followed by another."""
        self.first_token_seconds: float | None = None
        """From entering the context to the first text, failed attempts included; None while there is none."""
        self._open_model = open_model
        self._prompt = prompt
        self._max_tokens = max_tokens
        self._limit = deadline
        self._can_prefill = can_prefill
        self._pieces: list[str] = []
        self._bytes = 0
        self._began = 0.0
        self._seconds: float | None = None
        self._deadline = 0.0
        self._response: StreamedResponse | None = None
        self._is_sent = False
        self._is_finished = False
        self._has_output = False
        self._deltas: AsyncGenerator[str, None] | None = None

    async def __aenter__(self) -> Self:
        self._began = time.perf_counter()
        self._deadline = asyncio.get_running_loop().time() + self._limit
        self._deltas = self._run()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._generator().aclose()
        finally:
            self._seconds = time.perf_counter() - self._began

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        return await anext(self._generator())

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return "".join(self._pieces)

    @property
    def calls(self) -> tuple[Called, ...]:
        """The tools that the model wants called, in its order. Only of an answer that has come to its end."""
        if not self._is_finished or self._response is None:
            return ()
        return tuple(
            Called(storable(part.tool_call_id), storable(part.tool_name), storable(_written(part)))
            for part in self._response.get().parts
            if isinstance(part, ToolCallPart)
        )

    @property
    def reached_limit(self) -> bool:
        """True when the answer ended because it may not be longer, not because it was finished."""
        return self._response is not None and self._response.finish_reason == "length"

    @property
    def seconds(self) -> float:
        """From entering the context until now, or until it was left."""
        if self._seconds is not None:
            return self._seconds
        return time.perf_counter() - self._began if self._began else 0.0

    @property
    def usage(self) -> Usage:
        """Of the latest attempt, the one the text is from.

        EXACT as the service reported it. ESTIMATED from prompt and text when the answer ended before the report, or
        none came. MISSING while nothing was sent, and when the service refused the request.
        """
        if not self._is_sent:
            return MISSING
        reported = self._response.usage if self._response else RequestUsage()
        if self._is_finished and reported.output_tokens:
            return Usage(reported.input_tokens, reported.cache_read_tokens, reported.output_tokens, UsageSource.EXACT)
        return Usage(
            reported.input_tokens or self._prompt.tokens_sent(can_prefill=self._can_prefill),
            reported.cache_read_tokens,
            max(reported.output_tokens, estimate_tokens(self.text + "".join(call.arguments for call in self.calls))),
            UsageSource.ESTIMATED,
        )

    def _generator(self) -> AsyncGenerator[str, None]:
        if self._deltas is None:
            raise RuntimeError("an AnswerStream is read inside `async with`")
        return self._deltas

    async def _run(self) -> AsyncGenerator[str, None]:
        for pause in (*PAUSES, None):
            began = time.perf_counter()
            self._response, self._is_sent, self._has_output = None, False, False
            try:
                async with aclosing(self._attempt()) as deltas:
                    async for delta in deltas:
                        yield delta
            except (GeneratorExit, asyncio.CancelledError):
                self._book(began, None)
                raise
            except Exception as error:
                mapped = as_model_error(error, has_begun=self._has_output)
                self._is_sent = self._is_answered() or may_have_cost(error)
                self._book(began, mapped.code)
                logger.info("model_call_failed code=%s cause=%s", mapped.code, describe(error))
                if pause is None or not await self._paused(error, pause):
                    if mapped is error:
                        raise
                    raise mapped from error
                self.repeated = len(self.attempts)
            else:
                self._book(began, None)
                return

    def _is_answered(self) -> bool:
        return self._response is not None

    def _book(self, began: float, code: str | None) -> None:
        self.attempts.append(Attempt(code, time.perf_counter() - began, self.usage))

    async def _paused(self, error: Exception, usual: float) -> bool:
        """Waits before another attempt; False at once if there is to be none."""
        if self._has_output:
            return False
        wait = pause_before_retry(error, usual * random.uniform(1.0, 1.25))
        if wait is None or asyncio.get_running_loop().time() + wait >= self._deadline:
            return False
        await asyncio.sleep(wait)
        return True

    async def _attempt(self) -> AsyncGenerator[str, None]:
        async with self._within_deadline():
            model = await self._open_model(self.model)
        request = model_request_stream(
            model,
            messages_of(self._prompt, can_prefill=self._can_prefill),
            model_settings=ModelSettings(max_tokens=self._max_tokens),
            model_request_parameters=ModelRequestParameters(function_tools=list(self._prompt.tools)),
        )
        self._is_sent = True
        async with AsyncExitStack() as stack:
            async with self._within_deadline():
                self._response = await stack.enter_async_context(request)
            events = aiter(self._response)
            while event := await self._next(events):
                if delta := self._take(event):
                    yield delta
        self._check_end(self._response)

    async def _next(self, events: AsyncIterator[ModelResponseStreamEvent]) -> ModelResponseStreamEvent | None:
        async with self._within_deadline():
            return await anext(events, None)

    def _take(self, event: ModelResponseStreamEvent) -> str:
        """The event's text, kept; empty for an event without."""
        match event:
            case PartStartEvent(part=TextPart(content=text)):
                pass
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                pass
            case PartStartEvent(part=ThinkingPart()) | PartDeltaEvent(delta=ThinkingPartDelta()):
                self._has_output = True  # paid for, if not shown: no second attempt
                return ""
            case (
                PartStartEvent(part=ToolCallPart(args=args)) | PartDeltaEvent(delta=ToolCallPartDelta(args_delta=args))
            ):
                self._has_output = True
                self._count(args if isinstance(args, str) else json.dumps(args or {}))
                return ""
            case _:
                return ""
        text = storable(text)
        if not text:
            return ""
        if self.first_token_seconds is None:
            self.first_token_seconds = time.perf_counter() - self._began
        self._has_output = True
        self._pieces.append(text)
        self._count(text)
        return text

    def _count(self, written: str) -> None:
        self._bytes += len(written.encode("utf-8", "replace"))
        if self._bytes > MAX_ANSWER_BYTES:
            raise ModelCutShort

    def _check_end(self, response: StreamedResponse) -> None:
        """An answer is complete with a finish reason and some text. A reached token limit ("length") is complete."""
        if response.finish_reason is None or response.finish_reason == "error":
            raise ModelCutShort
        self._is_finished = True
        if response.finish_reason == "content_filter":
            raise ModelRefused
        if not self.text.strip() and not self.calls:
            raise ModelEmpty

    @asynccontextmanager
    async def _within_deadline(self) -> AsyncIterator[None]:
        """Raises ModelTooSlow when our own deadline passes; a time-out out of the call itself stays what it is."""
        timeout = asyncio.timeout_at(self._deadline)
        try:
            async with timeout:
                yield
        except TimeoutError as error:
            if timeout.expired():
                raise ModelTooSlow from error
            raise
        # A flood whose next chunk is always there already never gives the time-out its turn.
        if asyncio.get_running_loop().time() >= self._deadline:
            raise ModelTooSlow


def _written(call: ToolCallPart) -> str:
    """The arguments as they came, JSON or not."""
    return call.args if isinstance(call.args, str) else json.dumps(call.args or {})


def storable(text: str) -> str:
    """Without NUL and halves of characters, which models send at times and PostgreSQL does not take."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()
