"""Sign-ins through a provider that are under way: what the browser has to bring back, in a signed cookie each.

In the browser and not in the database, so that whoever only knocks leaves nothing behind and any process can finish it.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import Response

from core import clock, ids
from core.config import Settings
from core.web import cookies

LIFE = 10 * 60
MOST = 5
"""Under way in one browser: who opened more tabs than that begins again in them."""
PREFIX = "parley_sso_"
SHORT = 12


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    provider: str
    state: str
    nonce: str
    verifier: str
    """Of PKCE: proves to the provider that who began is who asks."""
    next: str
    expires: int

    @property
    def challenge(self) -> str:
        return _base64(hashlib.sha256(self.verifier.encode()).digest())


def begin(provider: str, wanted: str) -> Attempt:
    expires = int(clock.now().timestamp()) + LIFE
    return Attempt(provider, ids.new_token(), ids.new_token(), ids.new_token(), wanted, expires)


def keep(attempt: Attempt, request: Request, response: Response, settings: Settings) -> None:
    secure = cookies.is_secure(request.scope, settings)
    under_way = [name for name in request.cookies if name.removeprefix("__Host-").startswith(PREFIX)]
    if len(under_way) >= MOST:
        for name in under_way:
            cookies.set_cookie(response, name.removeprefix("__Host-"), "", secure=secure, max_age=0)
    body = _base64(json.dumps(asdict(attempt), ensure_ascii=False).encode())
    value = f"{body}.{_signature(settings, body)}"
    cookies.set_cookie(response, _name_of(attempt.state), value, secure=secure, max_age=LIFE)


def take(state: str, request: Request, settings: Settings) -> Attempt | None:
    """The attempt that this browser began with that state; None as well when it is too old. `forget` it, then."""
    value = cookies.read_cookie(request, _name_of(state), settings) or ""
    body, _, signature = value.partition(".")
    expected = _signature(settings, body)
    if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
        return None
    attempt = Attempt(**json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    is_same = hmac.compare_digest(attempt.state.encode(), state.encode(errors="replace"))
    return attempt if is_same and attempt.expires > clock.now().timestamp() else None


def forget(state: str, request: Request, response: Response, settings: Settings) -> None:
    """One answer is enough for an attempt, whatever it was."""
    secure = cookies.is_secure(request.scope, settings)
    if cookies.read_cookie(request, _name_of(state), settings) is not None:
        cookies.set_cookie(response, _name_of(state), "", secure=secure, max_age=0)


def _name_of(state: str) -> str:
    """Each its own, so that two tabs don't get in each other's way; no text of somebody else's in a header."""
    return PREFIX + hashlib.sha256(state.encode(errors="replace")).hexdigest()[:SHORT]


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(settings: Settings, body: str) -> str:
    return hmac.new(settings.signing_key, f"sso\n{body}".encode(errors="replace"), hashlib.sha256).hexdigest()
