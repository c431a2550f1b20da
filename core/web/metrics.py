"""The process in numbers, for Prometheus: only with the token of the settings, and without one not at all."""

import hmac

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.config import Settings
from core.telemetry.exposition import MEDIA_TYPE
from core.web.application import Application
from core.web.threads import check

METRICS = "/metrics"


def metrics_routes(application: Application) -> list[Route]:
    async def metrics(request: Request) -> Response:
        if application.start_error:  # there may be no settings yet
            return PlainTextResponse("Not ready.", 503)
        if application.settings.metrics_token is None:
            return PlainTextResponse("Not found.", 404)
        if not has_token(request, application.settings):
            return PlainTextResponse("A token is needed.", 401, headers={"www-authenticate": "Bearer"})
        return Response(await check(application.measures.exposition), media_type=MEDIA_TYPE)

    return [Route(METRICS, metrics, methods=["GET"])]


def has_token(request: Request, settings: Settings) -> bool:
    """Whether the request carries the token for machines. Takes as long for every wrong one of a length."""
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    token = settings.metrics_token
    if token is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(sent.strip().encode(), token.get_secret_value().encode())
