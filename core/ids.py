"""The only place that mints keys and secrets."""

import secrets
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so B-tree inserts stay at the right-hand edge."""
    return UUID(int=uuid_utils.uuid7().int)


def new_token() -> str:
    """A URL-safe secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def parse_id(text: str | None) -> UUID | None:
    """The id that a person or an address bar gave us; None when it is not one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
