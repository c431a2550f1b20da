"""The audit trail as a file, sent while it is read."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import Invalid, NotSignedIn
from core.services.audit_query import AuditQuery, Reader
from core.web.application import Application
from core.web.gate import session_of
from core.web.sending import attachment, sent
from core.web.threads import check, export

AUDIT = "/api/audit"
FORMAT = "format"
MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def audit_export_routes(application: Application) -> list[Route]:
    async def exports(request: Request) -> Response:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        actor = await check(application.accounts.actor, identity.session_id)
        audit_exports, format_ = application.audit_exports, request.query_params.get(FORMAT, "csv")
        plan = await export(audit_exports.plan, actor, _asked(request.query_params), format_)
        headers = {"content-disposition": attachment(plan.name), "cache-control": "no-store"}
        media_type = MEDIA_TYPES[plan.format]
        if request.method == "HEAD":  # asks whether it may
            return Response(headers=headers, media_type=media_type)
        blocks = audit_exports.write(actor, plan)
        first = await export(next, blocks, None)  # what is wrong now can still be said in a sentence
        return StreamingResponse(sent(first, blocks), headers=headers, media_type=media_type)

    return [Route(AUDIT, exports, methods=["GET"])]


def _asked(params: QueryParams) -> AuditQuery:
    """Raises Invalid: what can't be used of a page's address is left out, but a file is to hold what it says."""
    reader = Reader({name: params.getlist(name) for name in params})
    query = reader.read()
    if reader.complaints:
        raise Invalid(reader.complaints[0])
    return query.looking()
