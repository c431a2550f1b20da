"""What a person types about themselves and their company, cleaned or refused with a sentence."""

import re
import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import Invalid
from core.lines import is_blank, one_line

MAX_NAME = 120
MAX_EMAIL = 254
MAX_USER_AGENT = 300
UNKNOWN_ZONE = "That time zone isn't known here. Choose another one."

EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[^\s@,;:<>()\[\]\\\"._-]+(?:[._-]+[^\s@,;:<>()\[\]\\\"._-]+)*")


def clean_email(text: str) -> str:
    """The address without spaces around it. Raises Invalid."""
    email = text.strip()
    if not email:
        raise Invalid("Enter an e-mail address.")
    if not is_email(email):
        raise Invalid("That is not an e-mail address. It looks like name@example.com.")
    return email


def is_email(text: str) -> bool:
    """Whether an account could have this address at all."""
    return len(text) <= MAX_EMAIL and text.isprintable() and EMAIL.fullmatch(text) is not None


def clean_name(text: str, *, what: str) -> str:
    """One line, and on it what is seen. `what` names it in the sentence, "your name". Raises Invalid."""
    name = one_line(without_controls(text))
    if is_blank(name):
        raise Invalid(f"Enter {what}.")
    if len(name) > MAX_NAME:
        raise Invalid(f"Shorten {what} to {MAX_NAME} characters.")
    return name


def require_zone(name: str) -> None:
    """Raises Invalid unless it is the IANA name of a time zone that is known here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(UNKNOWN_ZONE) from error


def clean_user_agent(text: str) -> str:
    return without_controls(text)[:MAX_USER_AGENT]


def without_controls(text: str) -> str:
    """Controls become spaces and lone surrogates vanish: PostgreSQL takes neither NUL nor those."""
    return "".join(
        " " if unicodedata.category(character) == "Cc" else character
        for character in text
        if not "\ud800" <= character <= "\udfff"
    )
