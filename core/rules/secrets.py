"""Keys, tokens and passwords, by the forms that those who give them out have given them."""

from collections.abc import Iterator
from typing import Any

import re2

from core.rules.found import Found, What
from core.rules.patterns import OPTIONS
from core.rules.places import Placed

TOKENS = (
    r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # Amazon
    r"(?i:\baws_?(?:secret_?)?(?:access_?)?key\b.{0,20}?)[=:\s\"']+[A-Za-z0-9/+]{40}\b",
    r"\bAIza[0-9A-Za-z_\-]{35}",  # Google
    r"\bya29\.[0-9A-Za-z_\-]{20,}",
    r"\bGOCSPX-[0-9A-Za-z_\-]{20,}",
    r"\bAccountKey=[A-Za-z0-9+/=]{40,}",  # Azure
    r"\bgh[pousr]_[A-Za-z0-9]{20,}",  # GitHub
    r"\bgithub_pat_[A-Za-z0-9_]{22,}",
    r"\bglpat-[A-Za-z0-9_\-]{20,}",  # GitLab
    r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}",  # Slack
    r"\bxapp-[A-Za-z0-9\-]{20,}",
    r"\bhooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"\b[srp]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"\bwhsec_[A-Za-z0-9+/=]{24,}",
    r"\bhf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"\bnpm_[A-Za-z0-9]{36}",
    r"\bpypi-[A-Za-z0-9_\-]{50,}",
    r"\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",  # SendGrid
    r"\bdop_v1_[a-f0-9]{64}",  # DigitalOcean
    r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}",
    r"\b[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}",  # Telegram
    r"\beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*",  # JSON Web Tokens
)
WITH_DIGITS = (
    r"\bsk-[A-Za-z0-9_\-]{20,}",  # OpenAI, Anthropic and whoever followed them
    r"(?i:\bbearer\s+)[A-Za-z0-9._~+/\-]{20,}=*",
)
"""Without a digit they are words that hyphens join: a token of that length has one."""
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
_URL = r"\b[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s/:@?#]*:([^\s/?#]+)@"
_PLACEHOLDER = r"[*x.•]+|<[^>]*>|\$[A-Za-z0-9_]+|\$?\{[^}]*\}|%s|(?i:password|passwort|secret|pass|pwd)"

_begin, _end, _url, _token, _with_digits, _placeholder = (
    re2.compile(one, OPTIONS)
    for one in (_PRIVATE_KEY, _END, _URL, "|".join(TOKENS), "|".join(WITH_DIGITS), _PLACEHOLDER)
)


def secrets(placed: Placed) -> Iterator[Found]:
    yield from _private_keys(placed)
    for found in _token.finditer(placed.text):
        yield _found(placed, found.start(), found.end(), What.KEY)
    for found in _with_digits.finditer(placed.text):
        if any(one.isdigit() for one in found.group()):
            yield _found(placed, found.start(), found.end(), What.KEY)
    for found in _url.finditer(placed.text):
        if not _placeholder.fullmatch(found.group(1)):
            yield _found(placed, found.start(1), found.end(1), What.PASSWORD)


def _private_keys(placed: Placed) -> Iterator[Found]:
    """From the first line to the last; to the end of the text where that is missing: a key cut short is one still."""
    at = 0
    while begin := _begin.search(placed.text, at):
        end: Any = _end.search(placed.text, begin.end())
        at = end.end() if end else len(placed.text)
        yield _found(placed, begin.start(), at, What.PRIVATE_KEY)


def _found(placed: Placed, start: int, end: int, what: What) -> Found:
    return Found(*placed.span(start, end), what)
