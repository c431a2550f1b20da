"""Where a browser sends a file for an import: to disk, in small pieces. What is done with it, the page says."""

from uuid import UUID

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import NotSignedIn
from core.permissions import Actor
from core.services.uploads import Incoming
from core.web.application import Application
from core.web.gate import session_of
from core.web.threads import check

IMPORT = "/api/import"
PIECE = 1 << 20
"""Bytes that are gathered before they are written."""


def import_routes(application: Application) -> list[Route]:
    async def actor_of(request: Request) -> Actor:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        session_id: UUID = identity.session_id
        return await check(application.accounts.actor, session_id)

    async def upload(request: Request) -> Response:
        actor = await actor_of(request)
        incoming = await check(application.uploads.begin, actor, _announced(request))
        try:
            upload_id = await _received(request, incoming)
        except ClientDisconnect:  # nobody is there to be answered
            return Response(status_code=400)
        return JSONResponse({"id": upload_id, "size": incoming.size}, 201)

    async def drop(request: Request) -> Response:
        actor = await actor_of(request)
        await check(application.uploads.drop, actor, request.path_params["upload_id"])
        return Response(status_code=204)

    return [
        Route(IMPORT, upload, methods=["POST"]),
        Route(IMPORT + "/{upload_id}", drop, methods=["DELETE"]),
    ]


def _announced(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None


async def _received(request: Request, incoming: Incoming) -> str:
    with incoming:
        gathered = bytearray()
        async for piece in request.stream():
            gathered += piece
            if len(gathered) >= PIECE:
                await to_thread.run_sync(incoming.write, bytes(gathered))
                gathered.clear()
        await to_thread.run_sync(incoming.write, bytes(gathered))
        return incoming.finish()
