"""The one way to a model: pydantic-ai's chat model over an OpenAI-compatible service, the embedded one included."""

import asyncio
from weakref import WeakKeyDictionary

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from core.assistant.local_model import Endpoint
from core.assistant.quick_openai import QuickOpenAI

CONNECT_TIMEOUT = 10.0
TOKEN_TIMEOUT = 60.0
"""Seconds without a byte from the service, before the first token or between two."""


class Clients:
    """One HTTP client for each event loop and endpoint, so that connections are used again but never across loops."""

    def __init__(self, *, is_local: bool) -> None:
        """`is_local`: a proxy named in the environment is not for calls to this machine."""
        self._is_local = is_local
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Endpoint, AsyncOpenAI]] = WeakKeyDictionary()

    async def model(self, name: str, provider: str, endpoint: Endpoint) -> Model:
        client = await self._client(endpoint)
        return OpenAIChatModel(
            name,
            provider=OpenAIProvider(openai_client=client)
            if _is_openai(provider)
            else OpenAICompatibleProvider(provider, openai_client=client),
            # Without this flag a stream that just ends counts as complete.
            profile=OpenAIModelProfile(
                openai_chat_streaming_requires_finish_reason=True,
                # OpenAI's newer models refuse `max_tokens`; most other services know nothing else.
                openai_chat_supports_max_completion_tokens=_is_openai(provider),
            ),
        )

    async def aclose(self) -> None:
        """Closes the running loop's connections. The next call opens new ones."""
        _, client = self._clients.pop(asyncio.get_running_loop(), (None, None))
        if client is not None:
            await client.close()

    async def _client(self, endpoint: Endpoint) -> AsyncOpenAI:
        loop = asyncio.get_running_loop()
        known, client = self._clients.get(loop, (None, None))
        if client is not None and known == endpoint:
            return client
        # A restarted embedded model has another port. The client of the old one is not closed here: an answer may
        # still hang on it, and its connections are dead already.
        timeout = httpx2.Timeout(TOKEN_TIMEOUT, connect=CONNECT_TIMEOUT)
        client = QuickOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            timeout=timeout,
            http_client=DefaultAsyncHttpxClient(timeout=timeout, trust_env=not self._is_local),
        )
        self._clients[loop] = endpoint, client
        return client


def _is_openai(host: str) -> bool:
    return host.endswith((".openai.com", ".openai.azure.com"))
