"""HTML forms without scripts: reading them, and the token that proves we made them."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from core import clock, ids
from core.config import Settings
from core.errors import StaleForm, TooLarge
from core.web import cookies

MAX_BODY = 16 * 1024
MAX_FIELDS = 20
TOKEN_LIFE = 2 * 60 * 60

FORM_COOKIE = "parley_form"


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields as text, of several with one name the last. Raises TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    try:
        return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise TooLarge from None


def form_binding(request: Request, settings: Settings, session_id: object | None) -> tuple[str, bool]:
    """What a form's token belongs to: the session, or a random cookie where nobody is signed in.

    Second, whether that cookie is new and has to be set.
    """
    if session_id is not None:
        return f"session:{session_id}", False
    known = cookies.read_cookie(request, FORM_COOKIE, settings)
    return (known, False) if known else (ids.new_token(), True)


def make_token(settings: Settings, purpose: str, binding: str) -> str:
    expires = int(clock.now().timestamp()) + TOKEN_LIFE
    return f"{expires}.{_signature(settings, purpose, binding, expires)}"


def require_token(settings: Settings, purpose: str, binding: str, token: str) -> None:
    """Raises StaleForm unless we made the token for this form and browser, not too long ago."""
    expires, _, signature = token.partition(".")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 12):
        raise StaleForm
    expected = _signature(settings, purpose, binding, int(expires))
    is_ours = hmac.compare_digest(signature.encode(errors="replace"), expected.encode())
    if not is_ours or int(expires) < clock.now().timestamp():
        raise StaleForm


def _signature(settings: Settings, purpose: str, binding: str, expires: int) -> str:
    message = f"form\n{purpose}\n{binding}\n{expires}".encode(errors="replace")
    return hmac.new(settings.signing_key, message, hashlib.sha256).hexdigest()
