"""The session cookie. The browser keeps the token, the database its hash."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import Response

from core.config import Settings
from core.services.sessions import SignedIn

SESSION = "parley_session"
LOOK = "parley_look"
"""Light or dark, for the forms in front of a session; core/ui/look.js writes it, as no secret."""
LOOKS = frozenset({"light", "dark"})


def is_https(scope: Mapping[str, Any]) -> bool:
    return scope.get("scheme") in ("https", "wss")


def is_secure(scope: Mapping[str, Any], settings: Settings) -> bool:
    """Whether cookies are only for https: there, in production, and where a proxy in front speaks it."""
    return is_https(scope) or settings.is_production or (settings.public_url or "").startswith("https://")


def cookie_name(name: str, *, secure: bool) -> str:
    """`__Host-`: browsers then refuse one that a neighbouring subdomain or plain http tries to plant."""
    return f"__Host-{name}" if secure else name


def read_cookie(connection: HTTPConnection[Any], name: str, settings: Settings) -> str | None:
    return connection.cookies.get(cookie_name(name, secure=is_secure(connection.scope, settings)))


def set_cookie(response: Response, name: str, value: str, *, secure: bool, max_age: int) -> None:
    response.set_cookie(
        cookie_name(name, secure=secure),
        value,
        max_age=max_age,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def set_session(response: Response, signed_in: SignedIn, *, secure: bool) -> None:
    set_cookie(response, SESSION, signed_in.token, secure=secure, max_age=signed_in.max_age)


def clear_session(response: Response, *, secure: bool) -> None:
    set_cookie(response, SESSION, "", secure=secure, max_age=0)


def look_of(connection: HTTPConnection[Any]) -> str:
    """What was chosen in this browser last; empty for as the device does."""
    look = connection.cookies.get(LOOK, "")
    return look if look in LOOKS else ""
