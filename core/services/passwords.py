"""Passwords: which ones are good enough, and their argon2id hashes."""

import re
import threading
import unicodedata
from functools import cached_property

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from core.config import Settings
from core.errors import Invalid, ParleyError, SignInRefused

PASSWORDS_OFF = "Passwords are switched off here. Sign in through one of the places on the sign-in page."

MIN_LENGTH = 12
MAX_LENGTH = 1_000
MIN_DIFFERENT = 5
MIN_NAME_PART = 4

TOO_SHORT = "Use 12 characters or more for the password; a few words are easy to remember."
TOO_LONG = "Use at most 1,000 characters for the password."
NAMES_ITS_OWNER = "Leave your name and your e-mail address out of the password."
TOO_COMMON = "That password is among the first that attackers try. Choose another one."
NOT_TEXT = "The password has characters that can't be used. Choose another one."

# What lists of leaked passwords have at twelve characters and more, with digits and signs at the end taken off.
COMMON = frozenset(
    {
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u8i",
        "1qaz2wsx3edc",
        "abcdefghijkl",
        "abcdefghijklm",
        "administrator",
        "administrator123",
        "asdfghjkl",
        "asdfghjklqwerty",
        "baseball",
        "changeme",
        "changemenow",
        "changemeplease",
        "correcthorsebatterystaple",
        "dragon",
        "football",
        "iloveyou",
        "iloveyouforever",
        "iloveyousomuch",
        "letmein",
        "letmeinplease",
        "monkey",
        "mypassword",
        "p@ssw0rd",
        "p@ssword",
        "parley",
        "parleyparley",
        "passw0rd",
        "password",
        "passwordpassword",
        "princess",
        "qwerty",
        "qwertyqwerty",
        "qwertyuiop",
        "qwertyuiopasdf",
        "qwertyuiopasdfghjklzxcvbnm",
        "rootroot",
        "starwars",
        "sunshine",
        "superman",
        "thisismypassword",
        "trustno1",
        "unbelievable",
        "welcome",
        "welcomehome",
        "welcomewelcome",
        "whatever",
        "zaq12wsxcde3",
    }
)
TAIL = re.compile(r"[\d\W_]+$")
RUNS = ("0123456789" * 3, "9876543210" * 3)

# One hash takes tens of megabytes and a core; more than two at once make everybody wait, and memory short.
_turns = threading.BoundedSemaphore(2)


def check_password(password: str, *, email: str, display_name: str) -> None:
    """Raises Invalid with the one sentence that says what to change."""
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Invalid(NOT_TEXT) from None
    if len(password) < MIN_LENGTH:
        raise Invalid(TOO_SHORT)
    if len(password) > MAX_LENGTH:
        raise Invalid(TOO_LONG)
    folded = password.casefold()
    own = [email.partition("@")[0], *display_name.split()]
    if any(len(part) >= MIN_NAME_PART and part.casefold() in folded for part in own):
        raise Invalid(NAMES_ITS_OWNER)
    if len(set(folded)) < MIN_DIFFERENT or _is_common(folded):
        raise Invalid(TOO_COMMON)


def _is_common(folded: str) -> bool:
    return folded in COMMON or TAIL.sub("", folded) in COMMON or any(folded in run for run in RUNS)


class Passwords:
    """Hashes and verifies. Slow on purpose: never inside a transaction, never on the event loop."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash([hasher or Argon2Hasher()])

    def hash(self, password: str) -> str:
        with _turns:
            return self._hash.hash(_normal(password))

    def verify(self, password: str, known: str | None) -> bool:
        """False without a known hash, after as long as it would have taken with one."""
        dummy = self._dummy  # made before the choice, so that the first caller's wait tells nothing either
        with _turns:
            matches = self._hash.verify(_normal(password), known or dummy)
        return matches and known is not None

    @cached_property
    def _dummy(self) -> str:
        return self.hash("nobody's password")


def _normal(password: str) -> bytes:
    """The same bytes for the same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFC", password).encode(errors="surrogatepass")


def require_passwords(settings: Settings, refusal: type[ParleyError] = SignInRefused) -> None:
    """Raises SignInRefused, or another refusal, where nobody signs in by a password."""
    if not settings.local_passwords:
        raise refusal(PASSWORDS_OFF)
