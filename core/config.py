"""Every setting, its default and what it is for; `.env.example` and docs/configuration.md are written from here."""

import os
import re
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import Misconfigured
from core.ids import new_token
from core.sso import KEY, SsoProvider

ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = ROOT / ".env"

MIN_SECRET_LENGTH = 32
MAKE_A_SECRET = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
LIMIT = re.compile(r"(?P<name>(?:[a-z]+\.)?[a-z]+)=(?P<count>\d{1,6})/(?P<seconds>\d{1,6})")
NOT_IN_ONE = "PARLEY_SSO can't be read: set variables like PARLEY_SSO__KEYCLOAK__ISSUER instead, see docs/sso.md."
LONGEST_WINDOW = 86_400
"""Seconds that a rate limit may look back."""
POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Read from the environment, then from `.env` beside Home.py. Variables without an own name start with PARLEY_."""

    model_config = SettingsConfigDict(
        env_prefix="PARLEY_",
        env_file=ENV_FILE,
        env_ignore_empty=True,
        env_nested_delimiter="__",
        extra="ignore",
        populate_by_name=True,
    )

    environment: Environment = Field(
        Environment.DEVELOPMENT,
        description="development, or production: then a secret is required and session cookies are Secure.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Signs form tokens and cookies; at least 32 characters. Development makes one and keeps it in the "
        "data folder.",
    )
    data_dir: Path = Field(ROOT / "data", description="Where the embedded PostgreSQL and the development secret live.")

    database_url: SecretStr | None = Field(
        None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL 15+ server, postgresql://user:password@host/name. Empty: the embedded server.",
    )
    listen_database_url: SecretStr | None = Field(
        None,
        validation_alias="LISTEN_DATABASE_URL",
        description="The same database past its pooler, where DATABASE_URL leads to PgBouncer in transaction mode: see "
        "docs/operations.md.",
    )
    analytics_database_url: SecretStr | None = Field(
        None,
        validation_alias="ANALYTICS_DATABASE_URL",
        description="A read replica of DATABASE_URL, from which the usage page reads. While it is away, far behind "
        "or promoted, the original is read.",
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Connections kept open by one process.")
    database_max_overflow: int = Field(20, ge=0, le=200, description="Connections beyond the pool under load.")
    database_connect_timeout: int = Field(5, ge=1, le=60, description="Seconds to wait for a connection.")
    database_statement_timeout: int = Field(15, ge=1, le=600, description="Seconds after which a statement is ended.")

    openai_base_url: str | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        description="Any OpenAI-compatible service, https://host/v1. Empty: the embedded model.",
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="The key for that service."
    )
    models: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Models people may choose from, separated by commas; the first is the default. "
        "Needed with OPENAI_BASE_URL.",
    )
    context_tokens: int = Field(
        16_000, ge=1_000, le=2_000_000, description="The remote models' window, in tokens; history is trimmed to it."
    )
    answer_tokens: int = Field(2_000, ge=16, le=100_000, description="Longest answer of a remote model, in tokens.")
    answer_deadline: int = Field(180, ge=5, le=3_600, description="Seconds after which any answer is ended.")
    tool_calls: int = Field(
        12, ge=0, le=100, description="Calls of tools that one answer may make; 0 if the models can't call any."
    )
    tool_seconds: int = Field(15, ge=1, le=300, description="Seconds after which a call of a tool is given up.")
    lost_after: int = Field(
        15,
        ge=2,
        le=600,
        description="Seconds without a sign of life after which an answer counts as interrupted.",
    )
    embedded_threads: int = Field(
        1,
        ge=1,
        le=64,
        description="CPU threads of the embedded model. They wait for each other: more only with cores to spare.",
    )
    embedded_answer_tokens: int = Field(
        320, ge=16, le=2_000, description="Longest answer of the embedded model, in tokens; left alone it rambles."
    )

    edit_minutes: int = Field(
        15, ge=0, le=525_600, description="Minutes for which people may edit what they wrote in a room; 0: for ever."
    )
    rate_limits: str = Field(
        "message=60/60, question=30/60, ask=10/60, react=120/60, room=30/3600, report=30/3600, command=60/60, "
        "invite=60/3600",
        description="What a person may do as count/seconds; with a role before it for that role, like "
        "admin.message=300/60. message, ask and react count in each room, question in all own chats together. What is "
        "left out stays as it is here. Companies can set their own in Settings.",
    )

    import_megabytes: int = Field(
        1_000, ge=1, le=100_000, description="Largest file that people may upload to import conversations from, in MB."
    )

    session_idle_days: int = Field(14, ge=1, le=365, description="Days without use after which a sign-in ends.")
    session_max_days: int = Field(60, ge=1, le=730, description="Days after which a sign-in ends in any case.")
    invite_days: int = Field(7, ge=1, le=90, description="Days for which an invite can be used.")
    public_url: str | None = Field(
        None, description="The address people open, https://parley.example.com. Empty: what the browser asked for."
    )
    local_passwords: bool = Field(
        default=True,
        description="Whether people may sign in by e-mail and password; false leaves single sign-on alone.",
    )
    sso: dict[str, SsoProvider] = Field(
        default_factory=dict,
        description="Providers of single sign-on, each by variables of its own like PARLEY_SSO__KEYCLOAK__ISSUER: see "
        "docs/sso.md.",
    )
    shutdown_grace: int = Field(5, ge=0, le=120, description="Seconds that running answers get to finish at a stop.")
    metrics_token: SecretStr | None = Field(
        None,
        description="What a scraper of /metrics has to send as its bearer token; at least 32 characters. Empty: there "
        "is no such page.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR: what is logged, from there upwards."
    )

    @field_validator("data_dir")
    @classmethod
    def _start_at_root(cls, path: Path) -> Path:
        return ROOT / path.expanduser()

    @field_validator("models", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return _parts(value) if isinstance(value, str) else value

    @field_validator("sso", mode="before")
    @classmethod
    def _name_providers(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        if odd := next((key for key in value if not KEY.fullmatch(key)), None):
            raise ValueError(f"can't have a provider called {odd}: use letters, digits and _")
        return {key: {**fields, "key": key} if isinstance(fields, dict) else fields for key, fields in value.items()}

    @field_validator("rate_limits")
    @classmethod
    def _refuse_odd_limits(cls, text: str) -> str:
        for part in _parts(text):
            found = LIMIT.fullmatch(part)
            if not found:
                raise ValueError(f"can't be read at “{part}”: write limits like message=60/60, admin.message=300/60")
            if int(found["count"]) < 1 or not 1 <= int(found["seconds"]) <= LONGEST_WINDOW:
                raise ValueError(
                    f"is wrong at “{part}”: counts begin at 1, and go with 1 to {LONGEST_WINDOW:,} seconds"
                )
        return text

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _refuse_weak(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and is_weak_secret(secret.get_secret_value()):
            raise ValueError(
                f"is too weak: it needs {MIN_SECRET_LENGTH} characters or more and not a word repeated; "
                f"make one with `{MAKE_A_SECRET}`"
            )
        return secret

    @field_validator("database_url", "listen_database_url", "analytics_database_url")
    @classmethod
    def _refuse_other_databases(cls, url: SecretStr | None) -> SecretStr | None:
        if url and not is_postgresql_address(url.get_secret_value()):
            raise ValueError(
                "does not name a PostgreSQL server: write postgresql://user:password@host/name, "
                "with %40 for an @ in the password, or leave it empty for the embedded one"
            )
        return url

    @field_validator("openai_base_url", "public_url")
    @classmethod
    def _refuse_half_an_address(cls, url: str | None) -> str | None:
        if url and not is_web_address(url):
            raise ValueError("is not a whole address: it needs http:// or https:// and a host")
        return url.rstrip("/") if url else url

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if self.openai_base_url and not self.models:
            raise ValueError(
                "PARLEY_MODELS is missing: OPENAI_BASE_URL needs the names of its models, separated by commas."
            )
        if self.is_production and not self.secret_key:
            raise ValueError(f"PARLEY_SECRET_KEY is missing: production needs one, made with `{MAKE_A_SECRET}`.")
        if self.listen_database_url and not self.database_url:
            raise ValueError("DATABASE_URL is missing: LISTEN_DATABASE_URL names the same database past its pooler.")
        if self.analytics_database_url and not self.database_url:
            raise ValueError("DATABASE_URL is missing: ANALYTICS_DATABASE_URL names a replica of it.")
        if not (self.local_passwords or self.sso):
            raise ValueError("PARLEY_LOCAL_PASSWORDS is false and no PARLEY_SSO__… is set: nobody could sign in.")
        if self.sso and self.is_production and not self.public_url:
            raise ValueError("PARLEY_PUBLIC_URL is missing: single sign-on leads people back to it.")
        return self

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def is_pooled(self) -> bool:
        """Whether PostgreSQL is behind a pooler that gives each transaction another session."""
        return self.listen_database_url is not None

    @property
    def past_pooler(self) -> Self:
        """The same with the way past it, for what needs a session of its own."""
        return self.model_copy(
            update={"database_url": self.listen_database_url or self.database_url, "listen_database_url": None}
        )

    @property
    def is_embedded_model(self) -> bool:
        return self.openai_base_url is None

    @property
    def limits(self) -> dict[str, tuple[int, int]]:
        """`rate_limits` by event, or role.event: so many within so many seconds."""
        found = [LIMIT.fullmatch(part) for part in _parts(self.rate_limits)]
        return {match["name"]: (int(match["count"]), int(match["seconds"])) for match in found if match}

    @cached_property
    def signing_key(self) -> bytes:
        """The secret as bytes: the configured one, or in development one made once and kept beside the data."""
        if self.secret_key:
            return self.secret_key.get_secret_value().encode()
        return _kept_secret(self.data_dir / "secret_key")


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def is_weak_secret(secret: str) -> bool:
    """True for what is short or has few different characters."""
    return len(secret) < MIN_SECRET_LENGTH or len(set(secret)) < 12


def is_postgresql_address(text: str) -> bool:
    """True for what SQLAlchemy reads as the address of a PostgreSQL database. An @ that was left as it is in a password
    would make its end a part of the host, which sentences and logs repeat.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return False
    return url.drivername in POSTGRESQL and "@" not in (url.host or "")


def is_web_address(text: str) -> bool:
    """True for http:// or https:// with a host behind it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def variable_of(field: str) -> str:
    """The environment variable that sets this field of Settings."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"PARLEY_{field.upper()}"


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings of this process. Raises Misconfigured with one sentence for each thing to mend."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        # The original repeats the values it refused, and one of them may be a secret: hence `from None`.
        raise Misconfigured(" ".join(_sentence(detail["loc"], detail["msg"]) for detail in error.errors())) from None
    except SettingsError:  # of the one setting that is written in parts
        raise Misconfigured(NOT_IN_ONE) from None


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    fault = message.removeprefix("Value error, ").replace("Input should be", "must be")
    fault = {"Field required": "is missing", "Extra inputs are not permitted": "is no setting"}.get(fault, fault)
    if not place:
        return fault
    field = str(place[0])
    variable = variable_of(field) if field in Settings.model_fields else field
    if len(place) > 1:
        if fault.endswith("."):  # says itself which variable it is about
            return fault
        variable = "__".join([variable, *(str(part).upper() for part in place[1:])])
    return f"{variable} {fault.partition(', unable to parse')[0]}."


def _kept_secret(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_secret(path)
    return path.read_bytes()


def _make_secret(path: Path) -> None:
    """Put in place only when whole: of two processes starting at once one wins, and neither reads half a secret."""
    draft = path.with_name(f".{path.name}-{new_token()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_token())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
