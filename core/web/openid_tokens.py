"""Whether an ID token is the provider's, for us, for this sign-in and of just now: OpenID Connect Core 3.1.3.7."""

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey, import_key

from core import clock
from core.services.sso_claims import LONGEST_SUBJECT
from core.sso import SsoProvider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signed with a key that only the provider has: neither `none` nor a secret that is shared."""
LEEWAY = 60
"""Seconds that our clock and the provider's may differ."""
OLDEST = 15 * 60
"""Seconds since the provider made it."""


class UnknownKey(Exception):
    """Signed with a key that isn't among those we know: the provider may have a new one."""


class Forged(Exception):
    """Not a token to believe. Its text names the fault, and nothing of the token."""


def keys_in(answer: Mapping[str, Any]) -> tuple[Key, ...]:
    """Those of a JWK set that can check a signature. What is for something else, or unheard of, is left out."""
    found = answer.get("keys")
    return tuple(key for one in (found if isinstance(found, list) else []) if (key := _key(one)) is not None)


def _key(described: object) -> Key | None:
    if not isinstance(described, dict) or described.get("use", "sig") != "sig":
        return None
    try:
        key = import_key(described)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey) else None


def claims_of(token: object, keys: Iterable[Key], provider: SsoProvider, nonce: str) -> dict[str, Any]:
    """What the token says. Raises Forged, UnknownKey."""
    if not isinstance(token, str):
        raise Forged("no token")
    claims = _signed(token, keys)
    now = int(clock.now().timestamp())
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise Forged(f"{error.error} {getattr(error, 'claim', '')}".strip()) from None
    if claims["iat"] < now - OLDEST:
        raise Forged("too old")
    if not hmac.compare_digest(str(claims["nonce"]).encode(errors="replace"), nonce.encode()):
        raise Forged("nonce of another sign-in")
    if len(claims["sub"]) > LONGEST_SUBJECT or not claims["sub"].isprintable():
        raise Forged("no subject")
    _check_party(claims, provider.client_id)
    return claims


def _signed(token: str, keys: Iterable[Key]) -> dict[str, Any]:
    try:
        header = jws.extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise Forged("algorithm")
        kid = header.get("kid")
        # A key without a name may be the one; a token without one may be signed with any.
        fitting = [key for key in keys if None in (kid, key.kid) or key.kid == kid]
        for key in fitting:
            try:
                return jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            except JoseError as error:
                fault = error.error
    except (JoseError, ValueError, TypeError) as error:
        raise Forged(type(error).__name__) from None
    if not fitting:
        raise UnknownKey
    raise Forged(fault)


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """Meant for several, or made for another: then it has to say that it was made for us."""
    audience, party = claims["aud"], claims.get("azp")
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in (None, client_id):
        raise Forged("made for another client")
