"""HTTP to a provider of single sign-on: little time, little room, no redirects, and nothing of it in the log."""

import json
import logging
from collections.abc import Mapping
from functools import cache
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import httpx2

from core.errors import ProviderUnavailable
from core.sso import is_loopback

log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
CONNECT_SECONDS = 5.0

Answered = tuple[int, Mapping[str, Any]]


@cache
def _trusted(*, by_environment: bool) -> SSLContext:
    """Once: to read all certificates takes 20 ms of the event loop, in which nobody else is served."""
    return httpx2.create_ssl_context(trust_env=by_environment)


class Wire:
    def __init__(self, provider: str, patience: float) -> None:
        """`provider`: its name for the log; `patience`: seconds for one answer."""
        self.provider = provider
        self._timeout = httpx2.Timeout(patience, connect=min(patience, CONNECT_SECONDS))

    async def get(self, url: str, bearer: str | None = None) -> Mapping[str, Any]:
        """A JSON object. Raises ProviderUnavailable for whatever else comes."""
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        status, answer = await self._send("GET", url, headers=headers)
        if status != 200:
            raise self.unavailable(f"status {status}")
        return answer

    async def post(self, url: str, form: Mapping[str, str], basic: tuple[str, str] | None) -> Answered:
        """The status and the JSON object that came with it. Raises ProviderUnavailable."""
        return await self._send("POST", url, data=dict(form), auth=basic)

    async def _send(self, method: str, url: str, **options: Any) -> Answered:
        # A client each time: sign-ins are few, and connections can't be shared between event loops.
        is_here = is_loopback(urlsplit(url).hostname or "")
        try:
            async with (
                httpx2.AsyncClient(
                    timeout=self._timeout,
                    follow_redirects=False,
                    trust_env=not is_here,
                    verify=_trusted(by_environment=not is_here),
                ) as client,
                client.stream(method, url, **options) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise self.unavailable("too long")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # Not the error's own text, which may repeat what was sent.
            raise self.unavailable(type(error).__name__) from None
        return response.status_code, self._object_in(bytes(body))

    def _object_in(self, body: bytes) -> Mapping[str, Any]:
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise self.unavailable("no JSON") from None
        if not isinstance(found, dict):
            raise self.unavailable("no JSON object")
        return found

    def unavailable(self, reason: str) -> ProviderUnavailable:
        log.warning("sso_provider_unavailable provider=%s reason=%s", self.provider, reason)
        return ProviderUnavailable()
