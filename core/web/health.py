"""For whoever watches the process: is it there, and can it serve."""

import asyncio
import time
from collections.abc import Mapping
from contextvars import Context

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.web.application import Application
from core.web.metrics import has_token
from core.web.threads import check

OK, NOT_OK = "ok", "not ready"
START = "start"
GOOD_FOR = 1.0
"""Seconds. However many ask, and however long the database says nothing, one thread looks."""


def health_routes(application: Application) -> list[Route]:
    readiness = Readiness(application)

    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": OK})

    async def readyz(request: Request) -> JSONResponse:
        parts = await readiness.parts()
        is_ready = all(state == OK for state in parts.values())
        # Why is for the operator: a sentence may name the machine of the database.
        # What keeps Parley from starting, its page says to everybody, in words that are meant for that.
        may_know = START in parts or has_token(request, application.settings)
        shown = parts if may_know else {part: OK if state == OK else NOT_OK for part, state in parts.items()}
        return JSONResponse(shown, status_code=200 if is_ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


class Readiness:
    def __init__(self, application: Application) -> None:
        self._application = application
        self._looking: asyncio.Task[Mapping[str, str]] | None = None
        self._looked_at = 0.0

    async def parts(self) -> Mapping[str, str]:
        """Each with "ok" or a sentence."""
        if start_error := self._application.start_error:
            return {START: start_error}
        is_old = self._looking is None or (self._looking.done() and time.monotonic() - self._looked_at >= GOOD_FOR)
        if self._looking is None or is_old:
            self._looking = asyncio.create_task(self._look(), context=Context())  # for nobody alone
        return await asyncio.shield(self._looking)  # whoever hangs up takes nothing from the others

    async def _look(self) -> Mapping[str, str]:
        try:
            return await check(self._application.readiness)
        finally:
            self._looked_at = time.monotonic()
