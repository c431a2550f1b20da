"""The assistant: which models there are, whether they can answer, and a stream for each answer."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from pydantic_ai.models import Model

from core.assistant.client import Clients
from core.assistant.context import MOST_TRIMS, Prompt, Turn
from core.assistant.local_model import EMBEDDED_MODEL, WINDOW, Endpoint, LocalModel
from core.assistant.stream import AnswerStream, Attempt, Usage
from core.assistant.tools.registry import Toolbox, toolbox
from core.config import Settings
from core.errors import ModelError, ModelMissing, ModelUnknown, ModelUnreachable

__all__ = ["EMBEDDED", "AnswerStream", "Assistant", "Attempt", "Prompt", "Turn", "Usage"]

EMBEDDED = "embedded"
"""The provider's name of the model in the child process."""
RESTART_PATIENCE = 10.0
"""Seconds a question waits for the embedded model to come (back) up."""
QUICK_WINDOW = 1_536
"""Tokens the embedded model is given of its 4,096: it reads about 150 a second on a busy core, and people wait."""
NO_KEY = "not-set"
"""Services on one's own machines often want no key; the client library insists on one."""


class Assistant:
    def __init__(
        self,
        settings: Settings,
        local_model: LocalModel | None = None,
        *,
        model_factory: Callable[[str], Model] | None = None,
        tools: Toolbox | None = None,
    ) -> None:
        """`local_model`: None when its wheel is missing or a service is configured; it is started and stopped outside.

        `model_factory` replaces the way to the service: called with the model's name once for each attempt. `tools`:
        what models may have called; None: all that there is.
        """
        self.tools = toolbox() if tools is None else tools
        self._settings = settings
        self._local_model = local_model
        self._model_factory = model_factory
        self._without_tools: set[str] = set()
        self._clients = Clients(is_local=settings.is_embedded_model)

    @property
    def is_embedded(self) -> bool:
        return self._settings.is_embedded_model

    @property
    def can_prefill(self) -> bool:
        """Whether the model writes on from a partial answer as if it had not stopped; llama.cpp does."""
        return self.is_embedded and self._model_factory is None

    @property
    def provider(self) -> str:
        """EMBEDDED, or the host that answers."""
        return urlsplit(self._settings.openai_base_url or "").hostname or EMBEDDED

    @property
    def models(self) -> tuple[str, ...]:
        return (EMBEDDED_MODEL,) if self.is_embedded else tuple(self._settings.models)

    @property
    def default_model(self) -> str:
        return self.models[0]

    def resolve_model(self, name: str | None) -> str:
        """The model to ask: the default for None. Raises ModelUnknown for a name that is not (or no longer) offered."""
        if name is None:
            return self.default_model
        if name not in self.models:
            raise ModelUnknown
        return name

    def window(self, model: str | None = None, *, needed: int = 0) -> int:
        """Tokens of context, question and answer together. The same for every model of a service, today.

        The embedded model is given a short one, and its whole one at most, when instructions and question are `needed`.
        """
        if not self.is_embedded:
            return self._settings.context_tokens
        return min(max(QUICK_WINDOW, needed), WINDOW)

    @property
    def instruction_tokens(self) -> int:
        """The most that the company's, or a conversation's, instructions may take: the question comes first."""
        longest = WINDOW if self.is_embedded else self._settings.context_tokens
        return (longest - self.answer_tokens()) // 3

    def answer_tokens(self, model: str | None = None) -> int:
        """Longest answer, in tokens."""
        return self._settings.embedded_answer_tokens if self.is_embedded else self._settings.answer_tokens

    @property
    def longest(self) -> timedelta:
        """After so long any answer has ended, however often its prompt was found too long."""
        return timedelta(seconds=self._settings.answer_deadline) * (MOST_TRIMS + 1)

    def prompt_tokens(self, prompt: Prompt) -> int:
        """What it takes to send it, estimated."""
        return prompt.tokens_sent(can_prefill=self.can_prefill)

    def problem(self) -> str | None:
        """Why no answer is possible now, as a sentence; None when one is. A service is not called to find out."""
        if not self.is_embedded or self._model_factory:
            return None
        if self._local_model is None:
            return ModelMissing.sentence
        return None if self._local_model.is_ready else "The embedded model is starting. Try again in a few seconds."

    @property
    def deadline(self) -> float:
        """Seconds after which any answer is ended, however many calls it takes."""
        return self._settings.answer_deadline

    @property
    def tool_seconds(self) -> float:
        """How long one call of a tool may take."""
        return self._settings.tool_seconds

    @property
    def most_calls(self) -> int:
        """Calls of tools that one answer may make."""
        return self._settings.tool_calls

    def can_call_tools(self, model: str | None) -> bool:
        """False for the embedded model, where the settings say so, and for one whose service has refused them."""
        name = model or self.default_model
        return not self.is_embedded and self._settings.tool_calls > 0 and name not in self._without_tools

    def forgo_tools(self, model: str) -> None:
        """Its service does not take requests with tools: from now on it is sent none. Until this process ends."""
        self._without_tools.add(model)

    def stream(
        self, model: str, prompt: Prompt, *, max_tokens: int | None = None, deadline: float | None = None
    ) -> AnswerStream:
        """One answer; `max_tokens` defaults to `answer_tokens(model)`, `deadline`, in seconds, to the longest there is.
        Nothing is sent before the first delta is read.

        Reading raises ModelMissing without the wheel, and any other ModelError leaf.
        """
        return AnswerStream(
            model,
            prompt,
            self._open,
            max_tokens=max_tokens or self.answer_tokens(model),
            deadline=self.deadline if deadline is None else deadline,
            can_prefill=self.can_prefill,
        )

    async def warm_up(self) -> None:
        """Does once what the first question would wait for: the client library loads half of itself at first use."""
        with contextlib.suppress(ModelError):
            await self._open(self.default_model)

    async def aclose(self) -> None:
        """Closes the connections of the running event loop; to be called before that loop ends."""
        await self._clients.aclose()

    async def _open(self, model: str) -> Model:
        if self._model_factory:
            return self._model_factory(model)
        endpoint = await self._local_endpoint() if self.is_embedded else self._remote_endpoint()
        return await self._clients.model(model, self.provider, endpoint)

    def _remote_endpoint(self) -> Endpoint:
        key = self._settings.openai_api_key
        return Endpoint(self._settings.openai_base_url or "", key.get_secret_value() if key else NO_KEY)

    async def _local_endpoint(self) -> Endpoint:
        if self._local_model is None:
            raise ModelMissing
        try:
            async with asyncio.timeout(RESTART_PATIENCE):
                while (endpoint := self._local_model.endpoint) is None:  # noqa: ASYNC110 - a thread brings it up
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ModelUnreachable from None
        return endpoint
