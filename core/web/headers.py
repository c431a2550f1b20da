"""Headers of every answer, and what a request's own headers say about where it comes from."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders

from core.sso import is_loopback

# Tried with Streamlit: stops remote images in messages and everything else that would call out, and leaves chat,
# upload, tables, charts and dialogs working. `blob:` scripts are for Components v2 with inline code.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "manifest-src 'self'; media-src 'self' blob:; frame-src 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)

SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not no-referrer: browsers then send "Origin: null" with our own forms, which the gate refuses.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
STRICT_TRANSPORT_SECURITY = "max-age=31536000"

DEFAULT_PORTS = {"http": 80, "https": 443}


def add_security_headers(headers: MutableHeaders, *, path: str, secure: bool) -> None:
    headers.update(SECURITY_HEADERS)
    if secure:
        headers["strict-transport-security"] = STRICT_TRANSPORT_SECURITY
    if path.startswith("/account/") or headers.get("content-type", "").startswith("text/html"):
        headers["cache-control"] = "no-store"


def is_own_origin(scope: Mapping[str, Any], headers: Headers, public_url: str | None) -> bool:
    """Whether the one Origin header names the address that was asked for, or the public one. None does not."""
    sent = headers.getlist("origin")
    if len(sent) != 1:
        return False
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    own = {_origin(f"{scheme}://{headers.get('host', '')}"), _origin(public_url or "")} - {None}
    return _origin(sent[0]) in own


def is_own_host(headers: Headers, public_url: str | None) -> bool:
    """With a public address: whether the one Host header names it or this machine itself."""
    sent = headers.getlist("host")
    if len(sent) != 1 or (asked := _hostname(f"//{sent[0]}")) is None:
        return False
    return public_url is None or asked == _hostname(public_url) or is_loopback(asked)


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
