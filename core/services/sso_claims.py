"""What a provider of single sign-on says about somebody, read from the claims of a token that was checked before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import SignInRefused
from core.lines import is_blank, one_line
from core.services.identity import MAX_NAME, is_email, without_controls
from core.sso import SsoProvider

LONGEST_SUBJECT = 255
MOST_GROUPS = 2_000

NO_EMAIL = "The place where you sign in didn't say your e-mail address, and Parley needs one. Tell an admin."
TOO_MANY_GROUPS = "You are in more groups than the place where you sign in can list. Tell an admin."

Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Vouched:
    """Somebody as a provider knows them."""

    issuer: str
    subject: str
    email: str
    is_verified: bool
    """Whether the provider says that the address is theirs."""
    name: str
    groups: frozenset[str]
    company_values: frozenset[str]
    """By which their company is found, in small letters: what the claim for it says, or the domain of the address."""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()


def vouched_by(provider: SsoProvider, claims: Claims) -> Vouched:
    """Raises SignInRefused where Parley can't do without what is missing."""
    email = str(found(claims, provider.email_claim) or "").strip()
    if not is_email(email):
        raise SignInRefused(NO_EMAIL)
    if provider.role_map and are_groups_left_out(claims, provider.groups_claim):
        raise SignInRefused(TOO_MANY_GROUPS)
    values = _texts(found(claims, provider.company_claim)) if provider.company_claim else [email.rpartition("@")[2]]
    return Vouched(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=email,
        is_verified=_is_verified(claims, email),
        name=_name(claims, email),
        groups=frozenset(_texts(found(claims, provider.groups_claim))),
        company_values=frozenset(value.lower() for value in values),
    )


def found(claims: Claims, name: str) -> Any:
    """A claim; where there is none of that name, a dot leads into an object. None if there is neither."""
    if name in claims:
        return claims[name]
    outer, dot, inner = name.partition(".")
    within = claims.get(outer)
    return found(within, inner) if dot and isinstance(within, Mapping) else None


def are_groups_left_out(claims: Claims, groups_claim: str) -> bool:
    """Entra ID names no groups where they are many, but another place to ask; to take that for none would be wrong."""
    elsewhere = claims.get("_claim_names")
    return bool(claims.get("hasgroups")) or (isinstance(elsewhere, Mapping) and groups_claim in elsewhere)


def _is_verified(claims: Claims, email: str) -> bool:
    """What the provider says of the claim `email` it says of that alone: a name that people choose proves nothing."""
    named = claims.get("email")
    is_the_one = isinstance(named, str) and named.strip() == email
    return is_the_one and claims.get("email_verified") in (True, "true")


def _name(claims: Claims, email: str) -> str:
    both = " ".join(_texts([claims.get("given_name"), claims.get("family_name")]))
    for text in (claims.get("name"), both, claims.get("preferred_username"), email):
        name = one_line(without_controls(text))[:MAX_NAME].strip() if isinstance(text, str) else ""
        if not is_blank(name):
            return name
    return email[:MAX_NAME]


def _texts(value: Any) -> list[str]:
    """One text, or the texts of a list; whatever else is in it is left out."""
    several: Iterable[Any] = value if isinstance(value, list) else [value]
    return [text for text in several if isinstance(text, str) and text][:MOST_GROUPS]
