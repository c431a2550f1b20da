"""Where to go after signing in: only ever a page of ours."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

SIGN_IN = "/account/sign-in"
SIGN_OUT = "/account/sign-out"
SET_UP = "/account/set-up"
PASSWORD = "/account/password"
INVITE = "/account/invite"
NEW_PASSWORD = "/account/new-password"
SSO = re.compile(r"/account/sso/[a-z0-9_]{1,31}(/callback)?")
"""Where a sign-in through a provider begins, and where it comes back to."""
HOME = "/"


def safe_next(address: str | None) -> str:
    """The address when it is a path on this site; else the start page.

    Browsers read a backslash as a slash and drop control characters, so "/\\host" and "/<tab>/host" lead away too.
    """
    if not address or not address.startswith("/") or address.startswith("//"):
        return HOME
    if "\\" in address or not address.isprintable() or address.startswith("/account/"):
        return HOME
    return address


def sso_begin(key: str, wanted: str = HOME) -> str:
    """Where signing in through the provider of that name begins; it leads back to `wanted`."""
    begin = f"/account/sso/{key}"
    return begin if wanted == HOME else f"{begin}?next={quote(wanted, safe='/')}"


def sso_callback(key: str) -> str:
    return f"/account/sso/{key}/callback"


def sign_in_address(scope: Mapping[str, Any]) -> str:
    """The sign-in page, which leads back to what was asked for."""
    query = scope.get("query_string", b"").decode("latin-1")
    asked = quote(scope["path"]) + (f"?{query}" if query else "")
    return sign_in_for(safe_next(asked))


def sign_in_for(wanted: str) -> str:
    return SIGN_IN if wanted == HOME else f"{SIGN_IN}?next={quote(wanted, safe='/')}"
