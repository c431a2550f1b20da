"""The only place that mints keys and secrets."""

import base64
import hmac
import secrets
from datetime import datetime
from uuid import UUID, uuid5

import uuid_utils

_PARLEY = UUID("0d6f0e60-5a8e-5b57-9a39-3f0c5e3a7e11")


def new_id() -> UUID:
    """A UUIDv7: ordered by time, so B-tree inserts stay at the right-hand edge."""
    return UUID(int=uuid_utils.uuid7().int)


def derived_id(*parts: str) -> UUID:
    """The same key for the same parts, wherever it is made."""
    return uuid5(_PARLEY, "\0".join(parts))


def new_token() -> str:
    """A URL-safe secret of 256 random bits."""
    return secrets.token_urlsafe(32)


def derived_token(key: bytes, *parts: str) -> str:
    """The same secret for the same parts, wherever it is made; without the key nobody makes it."""
    digest = hmac.digest(key, "\0".join(parts).encode(errors="replace"), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def reference_of(key: UUID) -> str:
    """A few characters of a key that a person can read out and an operator find in the log."""
    return key.hex[-8:]


def parse_id(text: str | None) -> UUID | None:
    """The id that a person or an address bar gave us; None when it is not one."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def dated_id(moment: datetime, noise: int) -> UUID:
    """The UUIDv7 of another moment, with 74 bits of `noise` where one of now has chance: of what is made up to have
    happened then.
    """
    milliseconds = int(moment.timestamp() * 1_000)
    high = milliseconds << 16 | 7 << 12 | noise >> 62 & 0xFFF
    return UUID(int=high << 64 | 2 << 62 | noise & (1 << 62) - 1)
