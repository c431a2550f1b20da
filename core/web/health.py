"""For whoever watches the process: is it there, and can it serve."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.web.application import Application
from core.web.threads import check


def health_routes(application: Application) -> list[Route]:
    async def healthz(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> JSONResponse:
        parts = dict(await check(application.readiness))
        is_ready = all(state == "ok" for state in parts.values())
        return JSONResponse(parts, status_code=200 if is_ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]
