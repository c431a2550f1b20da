"""A real OpenID Connect provider on loopback: code flow with PKCE, tokens signed with RS256, and faults to order."""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import unquote, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.loopback import Loopback

SECRET = "a-client-secret/with+signs that-nobody-may-see"
ACCESS_TOKEN = "an-access-token-that-nobody-may-see"
SESSION = "provider_session"

Claims = dict[str, Any]


def same(claims: Claims) -> Claims:
    return claims


@dataclass
class Faults:
    """What goes wrong from now on."""

    alter: Callable[[Claims], Claims] = same
    """The claims of the ID token."""
    forge: Callable[[str], str] = lambda token: token
    """The token itself, when it is signed."""
    error: str | None = None
    """At the authorization endpoint, in place of a code."""
    sign_with: RSAKey | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    """In place of what it says of itself."""
    tokens: Response | None = None
    """In place of the token endpoint's answer."""
    seconds: float = 0.0
    """Before each answer."""
    userinfo: dict[str, Any] = field(default_factory=dict)
    is_thin: bool = False
    """The token says only who it is; the rest has to be asked for."""


@dataclass(frozen=True)
class Code:
    redirect_uri: str
    challenge: str
    nonce: str
    claims: Claims


class OpenIdProvider(Loopback):
    """`with OpenIdProvider() as provider: provider.people["ada"] = {"email": …}`; who comes is asked who they are."""

    def __init__(self, host: str = "127.0.0.1", client_id: str = "parley") -> None:
        self.client_id = client_id
        self.people: dict[str, Claims] = {}
        self.faults = Faults()
        self.redeemed: list[Mapping[str, str]] = []
        """The forms that came to the token endpoint."""
        self.ended: list[Mapping[str, str]] = []
        """What came to the end of sessions."""
        self.has_end_session = True
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self._codes: dict[str, Code] = {}
        super().__init__(
            Starlette(
                routes=[
                    Route("/.well-known/openid-configuration", self._describe),
                    Route("/jwks", self._keys),
                    Route("/authorize", self._authorize),
                    Route("/token", self._token, methods=["POST"]),
                    Route("/userinfo", self._userinfo),
                    Route("/end-session", self._end_session),
                ]
            )
        )
        self.issuer = f"http://{host}:{self.port}"

    @contextmanager
    def failing(self, **faults: Any) -> Iterator[None]:
        self.faults = Faults(**faults)
        try:
            yield
        finally:
            self.faults = Faults()

    def settings(self, key: str, **more: Any) -> dict[str, Any]:
        return {
            "key": key,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "client_secret": SECRET,
            "patience": 5,
            "domains": "example.com",
        } | more

    def change_key(self, kid: str = "two") -> None:
        self._key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})

    async def _describe(self, request: Request) -> Response:
        await asyncio.sleep(self.faults.seconds)
        described: dict[str, Any] = {
            "issuer": self.issuer,
            **{f"{name}_endpoint": f"{self.issuer}/{name}" for name in ("token", "userinfo")},
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=engines",
            "jwks_uri": f"{self.issuer}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        if self.has_end_session:
            described["end_session_endpoint"] = f"{self.issuer}/end-session"
        return JSONResponse(described | self.faults.metadata)

    async def _keys(self, request: Request) -> Response:
        other = {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="), "kid": "shared"}
        return JSONResponse({"keys": [{"kty": "new-fashioned"}, other, self._key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        """As whom: `?as=` of a test, who signed in before, or whoever's button is pressed."""
        asked = request.query_params
        wanted = {"response_type": "code", "client_id": self.client_id, "code_challenge_method": "S256"}
        if any(asked.get(name) != value for name, value in wanted.items()) or "openid" not in asked["scope"].split():
            return PlainTextResponse("this is no request of the code flow", 400)
        if self.faults.error:
            return self._back(error=self.faults.error, error_description="<b>secret</b>", asked=asked)
        who = asked.get("as") or request.cookies.get(SESSION)
        if who not in self.people:
            links = (f"{request.url.path}?{urlencode({**asked, 'as': name})}" for name in self.people)
            buttons = [f'<p><a href="{escape(link)}">{escape(link.rpartition("=")[2])}</a></p>' for link in links]
            return HTMLResponse(f"<h1>Who are you?</h1>{''.join(buttons)}")
        code = secrets.token_urlsafe()
        claims = {"sub": who, "email_verified": True, **self.people[who]}
        self._codes[code] = Code(asked["redirect_uri"], asked["code_challenge"], asked["nonce"], claims)
        answer = self._back(code=code, asked=asked)
        answer.set_cookie(SESSION, who)
        return answer

    def _back(self, *, asked: Mapping[str, str], **said: str) -> Response:
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state']})}", 302)

    async def _token(self, request: Request) -> Response:
        await asyncio.sleep(self.faults.seconds)
        async with request.form() as sent:
            form = {name: str(value) for name, value in sent.items()}
        self.redeemed.append(form)
        if self.faults.tokens is not None:
            return self.faults.tokens
        if self._client_of(request, form) != (self.client_id, SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        code = self._codes.pop(form.get("code", ""), None)  # once
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_proven = code and base64.urlsafe_b64encode(proof).decode().rstrip("=") == code.challenge
        if code is None or not is_proven or form.get("redirect_uri") != code.redirect_uri:
            return JSONResponse({"error": "invalid_grant", "error_description": SECRET}, 400)
        self._told = {**code.claims, **self.faults.userinfo}
        return JSONResponse(
            {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60, "id_token": self._signed(code)}
        )

    def _client_of(self, request: Request, form: Mapping[str, str]) -> tuple[str, str]:
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic":
            return form.get("client_id", ""), form.get("client_secret", "")
        client_id, _, secret = base64.b64decode(given).decode().partition(":")
        return unquote(client_id), unquote(secret)

    def _signed(self, code: Code) -> str:
        now = int(time.time())
        told = {"sub": code.claims["sub"]} if self.faults.is_thin else code.claims
        claims = self.faults.alter(
            {**told, "iss": self.issuer, "aud": self.client_id, "exp": now + 60, "iat": now, "nonce": code.nonce}
        )
        key = self.faults.sign_with or self._key
        return self.faults.forge(jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key))

    async def _userinfo(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(self._told)

    async def _end_session(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.ended.append(asked)
        response = RedirectResponse(asked["post_logout_redirect_uri"], 302)
        response.delete_cookie(SESSION)
        return response
