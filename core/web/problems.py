"""Errors as answers: a status and the error's own sentence."""

import logging

from starlette.responses import PlainTextResponse, Response

from core.errors import (
    Conflict,
    Invalid,
    NotFound,
    NotPermitted,
    NotSignedIn,
    ParleyError,
    Suspended,
    TooLarge,
    TooManyAttempts,
    Unavailable,
)
from core.ids import new_id, parse_id, reference_of
from core.telemetry import counted, who
from core.web.html import page

log = logging.getLogger(__name__)

# The first that fits.
STATUS: tuple[tuple[type[ParleyError], int], ...] = (
    (NotSignedIn, 401),
    (NotPermitted, 403),
    (NotFound, 404),
    (TooLarge, 413),
    (TooManyAttempts, 429),
    (Invalid, 422),
    (Conflict, 409),
    (Unavailable, 503),
)
RETRY_SECONDS = 3
KEPT_OUT = "Your account is suspended"
LOOK_AGAIN_SECONDS = 60
"""A suspension runs out, or is lifted, by itself."""


def status_of(error: Exception) -> int:
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def answer_for(error: Exception, *, wants_html: bool) -> Response:
    """One sentence. What nobody expected is logged under a reference that the sentence names."""
    status = status_of(error)
    counted.errors.count("http", error.code if isinstance(error, ParleyError) else ParleyError.code)
    sentence = str(error) if isinstance(error, ParleyError) else ParleyError.sentence
    if not (isinstance(error, ParleyError) and error.is_expected):
        # The end of what the answer has as its X-Request-Id.
        reference = reference_of(parse_id(who.known().get("request")) or new_id())
        log.error("request_failed reference=%s", reference, exc_info=error)
        if status == 500:
            sentence = f"{sentence} Reference: {reference}."
    if not wants_html:
        return PlainTextResponse(sentence, status)
    if isinstance(error, Suspended):
        return page("message.html", status=status, title=KEPT_OUT, sentence=sentence, refresh=LOOK_AGAIN_SECONDS)
    refresh = RETRY_SECONDS if status == 503 else None
    return page("message.html", status=status, title="Something is wrong", sentence=sentence, refresh=refresh)


def not_started(sentence: str) -> Response:
    """While Parley can't serve; the page looks again by itself."""
    return page("message.html", status=503, title="Parley isn't ready", sentence=sentence, refresh=RETRY_SECONDS)
