import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.assistant.provider import AnswerStream, Assistant, Prompt, Turn
from core.config import Settings
from core.errors import ModelError
from tests.support.openai_server import OpenAIServer

PROMPT = Prompt("Be brief.", (Turn("user", "Hello?"),))


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    def make(**values: Any) -> Settings:
        return Settings(_env_file=None, data_dir=tmp_path, **values)  # type: ignore[call-arg]

    return make


@dataclass
class Outcome:
    stream: AnswerStream
    deltas: list[str]
    error: ModelError | None

    @property
    def codes(self) -> list[str | None]:
        return [attempt.error_code for attempt in self.stream.attempts]


def read(
    assistant: Assistant, prompt: Prompt = PROMPT, *, leave_after: int | None = None, max_tokens: int | None = None
) -> Outcome:
    """The whole of an answer, or its first deltas, in an event loop of its own."""

    async def run() -> Outcome:
        async with aclosing(assistant):
            stream = assistant.stream(assistant.default_model, prompt, max_tokens=max_tokens)
            deltas: list[str] = []
            try:
                async with stream:
                    async for delta in stream:
                        deltas.append(delta)
                        if len(deltas) == leave_after:
                            break
            except ModelError as error:
                return Outcome(stream, deltas, error)
            return Outcome(stream, deltas, None)

    return asyncio.run(run())
