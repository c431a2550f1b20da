"""Conversations as files to keep, sent while they are read."""

from uuid import UUID

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import Invalid, NotFound, NotSignedIn
from core.ids import parse_id
from core.services.export_views import ExportPlan, Format, Included
from core.web.application import Application
from core.web.gate import session_of
from core.web.sending import attachment, sent
from core.web.threads import check, export

EXPORT = "/api/export"
CONVERSATION, ALL, FORMAT = "c", "all", "format"
OPTIONS = ("versions", "reactions", "ledger")
YES = "1"
UNKNOWN_FORMAT = "Choose Markdown, JSON or HTML."
MEDIA_TYPES = {
    Format.MARKDOWN: "text/markdown; charset=utf-8",
    Format.JSON: "application/json",
    # Never text/html: what people wrote would be a page of Parley's own, should a browser show it after all.
    Format.HTML: "application/octet-stream",
}
ZIP = "application/zip"


def export_routes(application: Application) -> list[Route]:
    async def exports(request: Request) -> Response:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        actor = await check(application.accounts.actor, identity.session_id)
        wanted, chosen, included = _asked(request.query_params)
        exporting = application.exporting
        plan = await export(exporting.plan, actor, wanted, included)
        headers = _headers(plan, exporting.name_of(plan, chosen))
        media_type = ZIP if plan.is_archive else MEDIA_TYPES[chosen]
        if request.method == "HEAD":  # asks whether it may, and how much it would be
            return Response(headers=headers, media_type=media_type)
        blocks = exporting.write(actor, plan, chosen, included)
        first = await export(next, blocks, None)  # what is wrong now can still be said in a sentence
        return StreamingResponse(sent(first, blocks), headers=headers, media_type=media_type)

    return [Route(EXPORT, exports, methods=["GET"])]


def _asked(query: QueryParams) -> tuple[list[UUID] | None, Format, Included]:
    """Raises Invalid, NotFound for what can't be the key of a conversation."""
    try:
        chosen = Format(query.get(FORMAT, Format.MARKDOWN))
    except ValueError:
        raise Invalid(UNKNOWN_FORMAT) from None
    versions, reactions, ledger = (query.get(name) == YES for name in OPTIONS)
    included = Included(versions=versions, reactions=reactions, ledger=ledger)
    if query.get(ALL) == YES:
        return None, chosen, included
    ids = [parse_id(given) for given in query.getlist(CONVERSATION)]
    if None in ids:
        raise NotFound
    return [id_ for id_ in ids if id_], chosen, included


def _headers(plan: ExportPlan, name: str) -> dict[str, str]:
    return {
        "content-disposition": attachment(name),
        "cache-control": "no-store",
        "x-parley-conversations": str(plan.conversations),
        "x-parley-messages": str(plan.messages),
    }
