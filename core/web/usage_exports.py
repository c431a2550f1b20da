"""Figures of usage as files, sent while they are read."""

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from core.errors import Invalid, NotSignedIn
from core.services.usage_query import Query, Reader
from core.services.usage_views import Table
from core.web.application import Application
from core.web.gate import session_of
from core.web.sending import attachment, sent
from core.web.threads import check, export

USAGE = "/api/usage"
TABLE, FORMAT = "table", "format"
NO_SUCH_TABLE = f"Choose what to export: {', '.join(Table)}."
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def usage_export_routes(application: Application) -> list[Route]:
    async def exports(request: Request) -> Response:
        identity = session_of(request.scope)
        if identity is None:
            raise NotSignedIn
        actor = await check(application.accounts.actor, identity.session_id)
        query, table = _asked(request.query_params)
        usage_exports = application.usage_exports
        plan = await export(usage_exports.plan, actor, query, table, request.query_params.get(FORMAT, "csv"))
        headers = {
            "content-disposition": attachment(plan.name),
            "cache-control": "no-store",
            "x-parley-rows": str(plan.rows),
        }
        media_type = MEDIA_TYPES[plan.format]
        if request.method == "HEAD":  # asks whether it may, and how much it would be
            return Response(headers=headers, media_type=media_type)
        blocks = usage_exports.write(actor, plan)
        first = await export(next, blocks, None)  # what is wrong now can still be said in a sentence
        return StreamingResponse(sent(first, blocks), headers=headers, media_type=media_type)

    return [Route(USAGE, exports, methods=["GET"])]


def _asked(params: QueryParams) -> tuple[Query, Table]:
    """Raises Invalid: what can't be used of a page's address is left out, but a file is to hold what it says."""
    table = params.get(TABLE, "")
    if table not in list(Table):
        raise Invalid(NO_SUCH_TABLE)
    reader = Reader(
        {name: params.getlist(name) for name in params} | ({"calls": ["1"]} if table == Table.CALLS else {})
    )
    query = reader.read()
    if reader.complaints:
        raise Invalid(reader.complaints[0])
    return query, Table(table)
