"""People, their roles and the ways they are signed in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from core.models.base import Record, enum_field, one_of, time_field
from core.permissions import Role


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


class User(Record, table=True):
    __tablename__ = "users"
    __table_args__ = (
        Index("users_lower_email_key", text("lower(email)"), unique=True),
        CheckConstraint("char_length(email) BETWEEN 3 AND 254", name="email"),
        CheckConstraint("char_length(display_name) BETWEEN 1 AND 120", name="display_name"),
        one_of("theme", Theme),
        # The people of a company by name.
        Index("users_by_name_idx", "company_id", text("lower(display_name)"), "id"),
    )

    company_id: UUID = Field(foreign_key="companies.id", index=True, ondelete="CASCADE")
    email: str
    display_name: str
    password_hash: str | None = None
    """None for people who sign in elsewhere."""
    is_active: bool = True
    time_zone: str | None = None
    """Of the browser they used last, by its IANA name; None: not known yet."""
    chosen_time_zone: str | None = None
    """The one that they want times in, whatever their browser says; None: the browser's."""
    theme: Theme | None = enum_field(Theme, None, nullable=True)
    """How Parley looks for them in every browser; None: as the device does."""
    last_seen_at: datetime | None = time_field(None)
    rights_changed_at: datetime | None = time_field(None)
    """When they last got other roles: a session's token from before is due for a new one."""
    suspended_until: datetime | None = time_field(None)
    """Until then they are kept out; what is past keeps nobody out. The suspension itself is in Suspension."""


class UserRole(SQLModel, table=True):
    __tablename__ = "user_roles"
    __table_args__ = (one_of("role", Role),)

    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    role: Role = enum_field(Role, primary_key=True)


class AuthSession(Record, table=True):
    """A browser that is signed in. The cookie holds the token, this row only its SHA-256.

    After a change of rights the token is another one: see docs/decisions/0028-a-new-token-for-new-rights.md.
    """

    __tablename__ = "auth_sessions"

    user_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    token_hash: bytes = Field(unique=True)
    expires_at: datetime = time_field()
    last_used_at: datetime = time_field()
    revoked_at: datetime | None = time_field(None)
    user_agent: str = ""
    provider: str | None = None
    """Of single sign-on, by its name in the settings; None for who signed in here."""
    renewed_at: datetime | None = time_field(None)
    """When it got the token it has; None: it is still the one of the sign-in."""
    replaced_hash: bytes | None = Field(default=None, unique=True)
    """Of the token before that, which opens it as well until `replaced_until`."""
    replaced_until: datetime | None = time_field(None)


class Identity(Record, table=True):
    """Who somebody is to a provider of single sign-on: its own name for them, which never becomes another person's."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    issuer: str
    subject: str


class LinkPurpose(StrEnum):
    SETUP = "setup"
    INVITE = "invite"
    RESET = "reset"


IS_OPEN = "used_at IS NULL AND revoked_at IS NULL"


class OneTimeLink(Record, table=True):
    """A link that works once. Only the SHA-256 of its token is kept.

    Whom an invite is for it says itself, and forgets when it is used or revoked: by then an account does, or nobody.
    """

    __tablename__ = "one_time_links"
    __table_args__ = (
        one_of("purpose", LinkPurpose),
        CheckConstraint(
            "purpose = 'setup' OR (purpose = 'invite' AND company_id IS NOT NULL)"
            " OR (purpose = 'reset' AND user_id IS NOT NULL)",
            name="subject",
        ),
        # Of both kinds there is one at a time for one person.
        Index(
            "one_time_links_invited_key",
            "company_id",
            text("lower(email)"),
            unique=True,
            postgresql_where=text(f"purpose = 'invite' AND {IS_OPEN}"),
        ),
        Index(
            "one_time_links_reset_key",
            "user_id",
            unique=True,
            postgresql_where=text(f"purpose = 'reset' AND {IS_OPEN}"),
        ),
    )

    purpose: LinkPurpose = enum_field(LinkPurpose)
    token_hash: bytes = Field(unique=True)
    expires_at: datetime = time_field()
    used_at: datetime | None = time_field(None)
    company_id: UUID | None = Field(default=None, foreign_key="companies.id", ondelete="CASCADE")
    user_id: UUID | None = Field(default=None, foreign_key="users.id", ondelete="CASCADE")
    """Whose password it changes."""
    created_by: UUID | None = None
    """An admin; the link works for as long as they are one. A plain key, as an account may go."""
    email: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    display_name: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    roles: list[str] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'::jsonb"))
    )
    revoked_at: datetime | None = time_field(None)
