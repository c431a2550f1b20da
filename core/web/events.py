"""What happens elsewhere, as Server-Sent Events: that there is something new to see in the open conversation, who is
there, who has read what, and how much a person has not read. What was written, the page reads for itself.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import NotFound, NotSignedIn
from core.ids import parse_id
from core.telemetry import counted
from core.web.application import Application
from core.web.audience import Audience
from core.web.gate import session_of
from core.web.listener import Listener
from core.web.threads import check

EVENTS = "/api/events"
CONVERSATION, SEEN = "c", "seen"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


def event_routes(application: Application) -> list[Route]:
    audience = Audience(application)

    async def events(request: Request) -> Response:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        listener = await check(_listener, application, identity.session_id, request)
        if request.method == "HEAD":  # asks whether it may
            return Response(headers=HEADERS, media_type="text/event-stream")
        return StreamingResponse(_frames(audience, listener), headers=HEADERS, media_type="text/event-stream")

    return [Route(EVENTS, events, methods=["GET"])]


def _listener(application: Application, session_id: UUID, request: Request) -> Listener:
    """One browser on one conversation, or on none. It counts as no use of the session, else an open tab would never
    time out. Raises NotSignedIn; NotFound, NotPermitted for what its person may not read.
    """
    actor = application.accounts.actor(session_id)
    asked = request.query_params.get(CONVERSATION)
    if asked is None:
        return Listener(actor, session_id)
    conversation_id = parse_id(asked)
    if conversation_id is None:
        raise NotFound
    is_in_room = application.watching.is_room(actor, conversation_id)
    return Listener(actor, session_id, conversation_id, request.query_params.get(SEEN, ""), is_in_room=is_in_room)


async def _frames(audience: Audience, listener: Listener) -> AsyncIterator[str]:
    counted.event_streams.add(1)
    try:
        with audience.listening(listener):
            async for frame in listener.frames():
                yield frame
    finally:
        counted.event_streams.add(-1)
