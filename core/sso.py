"""Providers of single sign-on, as settings name them: `PARLEY_SSO__KEYCLOAK__ISSUER=…` and so on; see docs/sso.md."""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from core.permissions import Role

KEY = re.compile(r"[a-z][a-z0-9_]{0,30}")
"""A provider's name: it stands in addresses."""
ANY = "*"
NO_ROLES = "none"
DISCOVERY = "/.well-known/openid-configuration"


class SsoProvider(BaseModel):
    """One OpenID Connect provider: how it is reached, and who of its people comes in as what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field("", exclude=True, repr=False)
    """Its name in the settings and in addresses."""
    label: str = Field("", description="What its button on the sign-in page says. Empty: its name.")
    issuer: str = Field(description="The provider's address, exactly as its tokens have it in `iss`.")
    metadata_url: str = Field("", description="Where it describes itself, if not in the usual place below the issuer.")
    client_id: str = Field(min_length=1, description="What Parley is called there.")
    client_secret: SecretStr | None = Field(None, description="Empty for a public client.")
    scopes: str = Field("openid email profile", description="What Parley asks to be told, separated by spaces.")
    patience: int = Field(10, ge=1, le=60, description="Seconds to wait for the provider.")
    domains: str = Field(
        "", description="E-mail domains whose people may come in, separated by commas; `*` for any at all."
    )
    companies: str = Field(
        "",
        description="Who comes into which company, like example.com=Engines, example.org=Bridges: by e-mail domain, or "
        "by what the company claim says. Companies by name or id. Empty: the only one there is.",
    )
    company_claim: str = Field("", description="The claim that `companies` goes by. Empty: the e-mail domain.")
    email_claim: str = Field("email", description="The claim with the e-mail address.")
    trust_email: bool = Field(
        default=False, description="Whether addresses count as verified that the provider doesn't call verified."
    )
    link_by_email: bool = Field(
        default=False, description="Whether somebody comes into the account that has their verified address already."
    )
    groups_claim: str = Field("groups", description="The claim with the groups; a dot leads into an object.")
    roles: str = Field(
        "",
        description="Roles by group, like admins=admin+staff, sales=staff, set again at each sign-in. "
        "Empty: groups count for nothing.",
    )
    everybody: str = Field("staff", description="Roles that everybody has, like staff+analyst, or none.")

    @field_validator("issuer", "metadata_url")
    @classmethod
    def _refuse_open_addresses(cls, url: str) -> str:
        if url and not is_safe_address(url):
            raise ValueError("is no address that is safe to use: it needs https:// and a host")
        return url

    @field_validator("scopes")
    @classmethod
    def _ask_who_it_is(cls, scopes: str) -> str:
        if "openid" not in scopes.split():
            raise ValueError("needs openid among the scopes")
        return scopes

    @field_validator("companies", "roles", "everybody")
    @classmethod
    def _refuse_odd_maps(cls, text: str, info: object) -> str:
        match getattr(info, "field_name", ""):
            case "companies":
                _map_in(text)
            case "roles":
                for roles in _map_in(text).values():
                    _roles_in(roles)
            case _:
                _roles_in(text)
        return text

    @model_validator(mode="after")
    def _say_who_may_come_in(self) -> Self:
        if not (self.domains.strip() or self.companies.strip()):
            raise ValueError(f"{variable('DOMAINS', self.key)} is missing: it says whose people may come in.")
        return self

    @property
    def name(self) -> str:
        """As people read it."""
        return self.label or self.key.replace("_", " ").capitalize()

    @property
    def metadata_address(self) -> str:
        return self.metadata_url or self.issuer.rstrip("/") + DISCOVERY

    @cached_property
    def allowed_domains(self) -> frozenset[str]:
        """In small letters; empty where the map of companies says it."""
        return frozenset(part.strip().lower().removeprefix("@") for part in self.domains.split(",") if part.strip())

    @cached_property
    def company_map(self) -> Mapping[str, str]:
        """Names or ids of companies, by domain or claim in small letters."""
        return {value.lower(): company for value, company in _map_in(self.companies).items()}

    @cached_property
    def role_map(self) -> Mapping[str, frozenset[Role]]:
        return {group: _roles_in(roles) for group, roles in _map_in(self.roles).items()}

    @cached_property
    def roles_of_everybody(self) -> frozenset[Role]:
        return _roles_in(self.everybody)


def variable(name: str, key: str = "name") -> str:
    """The environment variable of a provider's setting."""
    return f"PARLEY_SSO__{key.upper()}__{name.upper()}"


def is_safe_address(url: str) -> bool:
    """True for https:// with a host, and on this machine itself for http:// as well."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if not parts.hostname or parts.fragment or parts.username or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))


def is_loopback(hostname: str) -> bool:
    try:
        return hostname == "localhost" or ip_address(hostname).is_loopback
    except ValueError:
        return False


def _map_in(text: str) -> dict[str, str]:
    """`a=b, c=d`, or the same as a JSON object where names have commas or signs of equality. Raises ValueError."""
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("can't be read as JSON") from None
        if not all(isinstance(value, str) and value for value in found.values()):
            raise ValueError("must have texts in its JSON")
        return dict(found)
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not (name.strip() and value.strip()) for name, _, value in pairs):
        raise ValueError("can't be read: write it like name=value, other=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _roles_in(text: str) -> frozenset[Role]:
    """`staff+analyst`, or none. Raises ValueError."""
    names = [part.strip() for part in text.split("+") if part.strip()]
    if names == [NO_ROLES]:
        return frozenset()
    if not names or not set(names) <= {role.value for role in Role}:
        raise ValueError(f"must have roles joined by +, of {', '.join(Role)}")
    return frozenset(Role(name) for name in names)
