"""Everything of one person as a file, for themselves, sent while it is read."""

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import NotSignedIn
from core.permissions import Permission
from core.services.own_data import NAME
from core.web.application import Application
from core.web.gate import session_of
from core.web.sending import attachment, sent
from core.web.threads import check, export

OWN_DATA = "/api/own-data"
ZIP = "application/zip"


def own_data_routes(application: Application) -> list[Route]:
    async def exports(request: Request) -> Response:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        actor = await check(application.accounts.actor, identity.session_id)
        actor.require(Permission.ACCOUNT_MANAGE)
        headers = {"content-disposition": attachment(NAME), "cache-control": "no-store"}
        if request.method == "HEAD":  # asks whether it may
            return Response(headers=headers, media_type=ZIP)
        blocks = application.own_data.write(actor)
        first = await export(next, blocks, None)  # what is wrong now can still be said in a sentence
        return StreamingResponse(sent(first, blocks), headers=headers, media_type=ZIP)

    return [Route(OWN_DATA, exports, methods=["GET"])]
