"""What the gate writes down of each request: numbers, and one line of the log without what stood behind the `?`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from core.telemetry import counted
from core.web.answer import Answer

log = logging.getLogger(__name__)

# Many and the same for everybody, or asked for by machines every second.
QUIET = ("/static/", "/_stcore/", "/component/", "/media/", "/favicon", "/healthz", "/readyz", "/metrics")
LONGEST = 200


@contextmanager
def noted_request(scope: Scope, answer: Answer) -> Iterator[None]:
    try:
        yield
    finally:
        status = answer.status or 499  # as web servers have it for who hung up before there was an answer
        route = _route_of(answer.inside)
        counted.requests.count(route, f"{status // 100}xx")
        if answer.has_started:
            counted.request_seconds.observe(answer.seconds, route)
        level = logging.DEBUG if scope["path"].startswith(QUIET) else logging.INFO
        log.log(
            level,
            "request method=%s path=%s status=%d seconds=%.3f",
            scope["method"],
            scope["path"][:LONGEST],
            status,
            answer.seconds,
        )


@contextmanager
def open_socket() -> Iterator[None]:
    counted.websockets.add(1)
    try:
        yield
    finally:
        counted.websockets.add(-1)


def _route_of(scope: Scope) -> str:
    """As it is declared, never as it was asked for."""
    route = getattr(scope.get("route"), "path", None)
    return str(route) if route else "none"
