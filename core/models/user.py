"""People, their roles and the ways they are signed in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from core.models.base import Record, enum_field, one_of, time_field
from core.permissions import Role


class User(Record, table=True):
    __tablename__ = "users"
    __table_args__ = (
        Index("users_lower_email_key", text("lower(email)"), unique=True),
        CheckConstraint("char_length(email) BETWEEN 3 AND 254", name="email"),
        CheckConstraint("char_length(display_name) BETWEEN 1 AND 120", name="display_name"),
    )

    company_id: UUID = Field(foreign_key="companies.id", index=True, ondelete="CASCADE")
    email: str
    display_name: str
    password_hash: str | None = None
    """None for people who sign in elsewhere."""
    is_active: bool = True
    time_zone: str | None = None
    """Of the browser they used last, by its IANA name; None: not known yet."""
    last_seen_at: datetime | None = time_field(None)
    suspended_until: datetime | None = time_field(None)
    """Until then they are kept out; what is past keeps nobody out. The suspension itself is in Suspension."""


class UserRole(SQLModel, table=True):
    __tablename__ = "user_roles"
    __table_args__ = (one_of("role", Role),)

    user_id: UUID = Field(foreign_key="users.id", primary_key=True, ondelete="CASCADE")
    role: Role = enum_field(Role, primary_key=True)


class AuthSession(Record, table=True):
    """A browser that is signed in. The cookie holds the token, this row only its SHA-256."""

    __tablename__ = "auth_sessions"

    user_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    token_hash: bytes = Field(unique=True)
    expires_at: datetime = time_field()
    last_used_at: datetime = time_field()
    revoked_at: datetime | None = time_field(None)
    user_agent: str = ""
    provider: str | None = None
    """Of single sign-on, by its name in the settings; None for who signed in here."""


class Identity(Record, table=True):
    """Who somebody is to a provider of single sign-on: its own name for them, which never becomes another person's."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    user_id: UUID = Field(foreign_key="users.id", index=True, ondelete="CASCADE")
    issuer: str
    subject: str


class LinkPurpose(StrEnum):
    SETUP = "setup"


class OneTimeLink(Record, table=True):
    """A link that works once. Only the SHA-256 of its token is kept."""

    __tablename__ = "one_time_links"
    __table_args__ = (one_of("purpose", LinkPurpose),)

    purpose: LinkPurpose = enum_field(LinkPurpose)
    token_hash: bytes = Field(unique=True)
    expires_at: datetime = time_field()
    used_at: datetime | None = time_field(None)
