"""What happens elsewhere in an open conversation, as Server-Sent Events. They tell that there is something new to see,
and the token of that state; what it is, the page reads for itself.
"""

import time
from collections.abc import AsyncIterator
from uuid import UUID

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import NotFound, NotPermitted, NotSignedIn, Unavailable
from core.ids import parse_id
from core.web.application import Application
from core.web.gate import session_of
from core.web.threads import check

EVENTS = "/api/events"
RECHECK = 5.0
"""Seconds for which a stream may outlive its session."""
KEEP_ALIVE = 15.0
"""Seconds; what is silent for much longer, proxies take for dead."""

HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
BEGIN = "retry: 2000\n\n"
CHANGED = "event: changed\ndata: {}\n\n"
SIGNED_OUT = "event: signed-out\ndata:\n\n"
NOTHING_NEW = ":\n\n"
GONE = "gone"
"""The token of a conversation that can't be read any more."""


class EventStream:
    """One conversation for one browser. It counts as no use of the session, else an open tab would never time out."""

    def __init__(self, application: Application, session_id: UUID, conversation_id: UUID) -> None:
        self._application = application
        self._session_id = session_id
        self._conversation_id = conversation_id

    def state(self) -> str:
        """The conversation's token, for whoever this session's person is by now. Raises NotSignedIn, NotFound."""
        actor = self._application.accounts.actor(self._session_id)
        return self._application.transcripts.state(actor, self._conversation_id)

    async def frames(self, seen: str) -> AsyncIterator[str]:
        """Whatever differs from `seen`, now and later, until session, conversation or process end."""
        with self._application.events.subscribe(self._conversation_id) as subscription:
            yield BEGIN
            spoke_at, is_due = time.monotonic(), True
            while not subscription.has_ended:
                token = seen
                try:
                    if is_due:
                        token = await check(self.state)
                    else:
                        await check(self._application.accounts.actor, self._session_id)
                    is_due = False
                except NotSignedIn:
                    yield SIGNED_OUT
                    return
                except (NotFound, NotPermitted):
                    yield CHANGED.format(GONE)
                    return
                except Unavailable:
                    pass  # what is due stays due
                if token != seen:
                    seen, spoke_at = token, time.monotonic()
                    yield CHANGED.format(token)
                elif time.monotonic() - spoke_at >= KEEP_ALIVE:
                    spoke_at = time.monotonic()
                    yield NOTHING_NEW
                with anyio.move_on_after(RECHECK):
                    await subscription.hint()
                    is_due = True


def event_routes(application: Application) -> list[Route]:
    async def events(request: Request) -> Response:
        identity = session_of(request.scope)
        conversation_id = parse_id(request.query_params.get("c"))
        if identity is None:
            raise NotSignedIn
        if conversation_id is None:
            raise NotFound
        stream = EventStream(application, identity.session_id, conversation_id)
        await check(stream.state)
        if request.method == "HEAD":  # asks whether it may
            return Response(headers=HEADERS, media_type="text/event-stream")
        frames = stream.frames(request.query_params.get("seen", ""))
        return StreamingResponse(frames, headers=HEADERS, media_type="text/event-stream")

    return [Route(EVENTS, events, methods=["GET"])]
