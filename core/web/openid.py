"""OpenID Connect with one provider: the code flow with PKCE, its answer checked, nothing of its tokens kept."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from joserfc.jwk import Key

from core.config import Settings
from core.errors import ProviderUnavailable, SignInBroken
from core.services.sso_claims import found
from core.sso import SsoProvider, is_safe_address
from core.web.attempts import Attempt
from core.web.openid_tokens import Forged, UnknownKey, claims_of, keys_in
from core.web.openid_wire import Wire

log = logging.getLogger(__name__)

KEPT_SECONDS = 3_600.0
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")
FAULT = re.compile(r"[a-z_]{1,40}")

NOT_BELIEVED = "What came back from there can't be believed, so you were not signed in. Start again."
CODE_REFUSED = "This sign-in was used already, or took too long. Start again."


class OpenId:
    def __init__(self, provider: SsoProvider) -> None:
        self.provider = provider
        self._wire = Wire(provider.key, provider.patience)
        self._metadata: Mapping[str, Any] = {}
        self._keys: tuple[Key, ...] = ()
        self._known_until = 0.0

    async def authorization_address(self, attempt: Attempt, back_to: str) -> str:
        """Where to send the browser. Raises ProviderUnavailable."""
        async with self._in_time():
            metadata = await self._described()
        return _with_query(
            metadata["authorization_endpoint"],
            response_type="code",
            client_id=self.provider.client_id,
            redirect_uri=back_to,
            scope=self.provider.scopes,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=attempt.challenge,
            code_challenge_method="S256",
        )

    async def claims(self, code: str, attempt: Attempt, back_to: str) -> Mapping[str, Any]:
        """What the provider says about who came back with this code. Raises SignInBroken, ProviderUnavailable."""
        async with self._in_time():
            metadata = await self._described()
            tokens = await self._redeem(metadata, code, attempt, back_to)
            try:
                claims = await self._checked(tokens.get("id_token"), attempt.nonce)
            except Forged as error:
                log.warning("sso_token_refused provider=%s reason=%s", self.provider.key, error)
                raise SignInBroken(NOT_BELIEVED) from None
            return await self._completed(metadata, claims, tokens.get("access_token"))

    async def end_session_address(self, back_to: str) -> str | None:
        """Where the browser ends its session at the provider; None where that can't be, or not now."""
        try:
            async with self._in_time():
                endpoint = (await self._described()).get("end_session_endpoint")
        except ProviderUnavailable:
            return None
        if not endpoint:
            return None
        return _with_query(endpoint, client_id=self.provider.client_id, post_logout_redirect_uri=back_to)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        """However slowly it answers, in pieces or step by step."""
        try:
            async with asyncio.timeout(self.provider.patience):
                yield
        except TimeoutError:
            raise self._wire.unavailable("too slow") from None

    async def _described(self) -> Mapping[str, Any]:
        """What the provider says of itself, an hour old at most, and its keys with it."""
        if time.monotonic() >= self._known_until:
            metadata = await self._wire.get(self.provider.metadata_address)
            if metadata.get("issuer") != self.provider.issuer:
                raise self._wire.unavailable("describes itself as another issuer")
            given = [name for name in OPTIONAL if metadata.get(name)]
            if not all(is_safe_address(str(metadata.get(name, ""))) for name in (*NEEDED, *given)):
                raise self._wire.unavailable("addresses are missing or not safe")
            keys = keys_in(await self._wire.get(metadata["jwks_uri"]))
            self._metadata, self._keys = metadata, keys
            self._known_until = time.monotonic() + KEPT_SECONDS
        return self._metadata

    async def _redeem(
        self, metadata: Mapping[str, Any], code: str, attempt: Attempt, back_to: str
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back_to,
            "code_verifier": attempt.verifier,
        }
        ways = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        basic: tuple[str, str] | None = None
        client_id, secret = self.provider.client_id, self.provider.client_secret
        if secret is None:
            form["client_id"] = client_id
        elif "client_secret_basic" in ways:
            basic = quote(client_id, safe=""), quote(secret.get_secret_value(), safe="")  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": client_id, "client_secret": secret.get_secret_value()}
        status, answer = await self._wire.post(metadata["token_endpoint"], form, basic)
        if status == 200:
            return answer
        fault = str(answer.get("error"))
        if fault == "invalid_grant":
            log.info("sso_code_refused provider=%s", self.provider.key)
            raise SignInBroken(CODE_REFUSED)
        raise self._wire.unavailable(f"status {status} {fault if FAULT.fullmatch(fault) else ''}".strip())

    async def _checked(self, token: object, nonce: str) -> dict[str, Any]:
        """Raises Forged."""
        try:
            return claims_of(token, self._keys, self.provider, nonce)
        except UnknownKey:
            self._known_until = 0.0
            await self._described()
        try:
            return claims_of(token, self._keys, self.provider, nonce)
        except UnknownKey:
            raise Forged("unknown key") from None

    async def _completed(
        self, metadata: Mapping[str, Any], claims: dict[str, Any], access_token: object
    ) -> Mapping[str, Any]:
        """With what some providers tell only when asked once more; what the token itself says goes before."""
        provider, endpoint = self.provider, metadata.get("userinfo_endpoint")
        wanted = [provider.email_claim, *filter(None, [provider.company_claim])]
        wanted += [provider.groups_claim] if provider.role_map else []
        wanted += [] if provider.trust_email else ["email_verified"]
        is_whole = all(found(claims, name) is not None for name in wanted)
        if is_whole or not endpoint or not isinstance(access_token, str):
            return claims
        more = await self._wire.get(endpoint, bearer=access_token)
        if more.get("sub") != claims["sub"]:
            log.warning("sso_token_refused provider=%s reason=%s", provider.key, "userinfo_of_somebody_else")
            raise SignInBroken(NOT_BELIEVED)
        if claims.get("email") not in (None, more.get("email")):  # then that one is verified, not this one
            more = {name: value for name, value in more.items() if name != "email_verified"}
        return {**more, **claims}


class Providers:
    """This process's providers, by their names in the settings."""

    def __init__(self) -> None:
        self._known: dict[SsoProvider, OpenId] = {}

    def get(self, key: str | None, settings: Settings) -> OpenId | None:
        provider = settings.sso.get(key or "")
        return self._known.setdefault(provider, OpenId(provider)) if provider else None


def _with_query(url: str, **more: str) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))
