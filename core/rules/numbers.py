"""Numbers of cards and accounts: only those whose checksum is right, of a length and beginning that are given out."""

import re
from collections.abc import Iterator

from core.rules.found import Found, What
from core.rules.places import Placed

# Digits, and between two of them at most so much: spaces of every kind, dashes, dots.
_RUN = re.compile(r"\d(?:[ .\-]{0,3}\d){11,}")
_GROUP = re.compile(r"\d+")
# What has digits and is no card: days, what comes behind a decimal point, and the beginning of a telephone number.
_DAY = re.compile(r"(?<!\d)(?:(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
                  r"|(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.(?:19|20)\d\d)(?!\d)")  # fmt: skip
_POINT = re.compile(r"(?:\d\.|(?<!\d)0,)$")
LONGEST_PHONE = 15
"""Digits behind its "+" (ITU-T E.164)."""
SHORTEST, LONGEST = 13, 19
# Beginnings as ranges of so many first digits, and the lengths that go with them.
ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({13, 16, 19})),  # Visa
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),
    (6011, 6011, frozenset({16, 19})),  # Discover
    (644, 649, frozenset({16, 19})),
    (65, 65, frozenset({16, 19})),
    (300, 305, frozenset({14, 16, 19})),  # Diners
    (36, 36, frozenset({14, 16, 19})),
    (38, 39, frozenset({14, 16, 19})),
    (3528, 3589, frozenset({16, 17, 18, 19})),  # JCB
    (62, 62, frozenset({16, 17, 18, 19})),  # UnionPay
    (2200, 2204, frozenset({16, 17, 18, 19})),  # Mir
    (5018, 5018, frozenset({13, 14, 15, 16, 17, 18, 19})),  # Maestro
    (5020, 5020, frozenset({13, 14, 15, 16, 17, 18, 19})),
    (5038, 5038, frozenset({13, 14, 15, 16, 17, 18, 19})),
    (6304, 6304, frozenset({13, 14, 15, 16, 17, 18, 19})),
    (6759, 6763, frozenset({13, 14, 15, 16, 17, 18, 19})),
)
# Countries that give out IBANs, and how long theirs are.
IBAN_LENGTHS = {
    country: int(length)
    for length, countries in {
        "15": "NO", "16": "BE", "18": "DK FO FI GL NL SD", "19": "MK SI", "20": "AT BA EE KZ LT LU XK MN",
        "21": "CH HR LI LV", "22": "BG BH CR DE GB GE IE ME RS VA", "23": "AE GI IL IQ OM TL SO",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG", "25": "LY PT ST", "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM", "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA", "30": "JO KW MU", "31": "MT SC", "32": "LC", "33": "RU",
    }.items()
    for country in countries.split()
}  # fmt: skip
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[ -]?(\d[ -]?\d)((?:[ -]?[A-Za-z0-9]){11,29})")


def cards(placed: Placed) -> Iterator[Found]:
    """However the digits are grouped; a number begins and ends where a group does."""
    text = _DAY.sub(lambda day: "/" * len(day.group()), placed.text)
    for run in _RUN.finditer(text):
        yield from _cards_in(placed, run.start(), run.group())


def _has_neighbour(text: str, start: int, end: int) -> bool:
    """Part of a name or of a longer code."""
    return (start > 0 and text[start - 1].isalpha() and text[start - 1].isascii()) or (
        end < len(text) and text[end].isalpha() and text[end].isascii()
    )


def _cards_in(placed: Placed, start: int, run: str) -> Iterator[Found]:
    groups = [(found.start(), found.end()) for found in _GROUP.finditer(run)]
    at = 0
    while at < len(groups):
        last = _card_from(run, groups, at)
        if last is None or _is_other(placed.text, start + groups[at][0], start + groups[last][1]):
            at += 1
            continue
        yield Found(*placed.span(start + groups[at][0], start + groups[last][1]), What.CARD)
        at = last + 1


def _is_other(text: str, start: int, end: int) -> bool:
    """Whether what looks like a card's number there is one of something else."""
    digits, before = _digits(text[start:end]), text[max(start - 3, 0) : start]
    is_fraction = len(digits) == end - start and _POINT.search(before) is not None
    is_phone = before.endswith("+") and len(digits) <= LONGEST_PHONE
    return is_fraction or is_phone or is_barcode(digits) or _has_neighbour(text, start, end)


def _digits(text: str) -> str:
    return "".join(_GROUP.findall(text))


def is_barcode(digits: str) -> bool:
    """Whether it has the sum of an EAN, as an ISBN has too: many begin as cards do, and hardly a card has 13 digits."""
    total = sum(int(one) * (3 if place % 2 else 1) for place, one in enumerate(digits))
    return len(digits) == 13 and total % 10 == 0


def _card_from(run: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The group that a card which begins with the `first` one ends with: the longest there is."""
    digits, found = "", None
    for at in range(first, len(groups)):
        digits += run[slice(*groups[at])]
        if len(digits) > LONGEST:
            break
        if is_card(digits):
            found = at
    return found


def is_card(digits: str) -> bool:
    if not SHORTEST <= len(digits) <= LONGEST:
        return False
    is_issued = any(
        low <= int(digits[: len(str(low))]) <= high and len(digits) in lengths for low, high, lengths in ISSUERS
    )
    return is_issued and luhn(digits)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = sum(int(one) for one in digits[-1::-2])
    return (total + sum(sum(divmod(2 * int(one), 10)) for one in digits[-2::-2])) % 10 == 0


def accounts(placed: Placed) -> Iterator[Found]:
    """IBANs, in groups or not."""
    at = 0
    while found := _IBAN.search(placed.text, at):
        end = _account_end(placed.text, found)
        at = end or found.start() + 1  # what only begins as one may have one in it
        if end:
            yield Found(*placed.span(found.start(), end), What.ACCOUNT)


def _account_end(text: str, found: re.Match[str]) -> int | None:
    """None where it is no IBAN after all."""
    length, at, code = IBAN_LENGTHS.get(found[1].upper()), found.start(), ""
    while length and len(code) < length and at < found.end():
        code += text[at] if text[at].isalnum() else ""
        at += 1
    is_whole = at == len(text) or not text[at].isalnum()
    return at if length and len(code) == length and is_whole and is_iban(code) else None


def is_iban(code: str) -> bool:
    """ISO 13616: the remainder by 97 of the code as a number, its first four characters put at the end."""
    if not code.isascii() or not code.isalnum():
        return False
    return int("".join(str(int(one, 36)) for one in code[4:] + code[:4])) % 97 == 1
