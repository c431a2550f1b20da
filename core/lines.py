"""What stands on one line beside other words: names, titles, reasons.

There nobody sees where one text ends and the next begins, so nothing is kept in them that is not seen, turns the
letters around it, or reaches into the lines above and below.
"""

import re
import unicodedata

# The flags of England, Scotland and Wales are spelled with letters that are not seen; those stay.
_UNSEEN = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007f]+)"
    # What parts or joins words unseen, and what turns the letters behind it.
    "|[\u00ad\u180e\u200b\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    # Joiners shape Persian, the scripts of India and emoji; between Latin letters they only make two names of one.
    "|(?:(?<=[\u0001-\u058f\u200c\u200d])|^)[\u200c\u200d]"
)
_CONTROL = re.compile("[\x01-\x1f\x7f-\x9f]")
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILE = re.compile(f"({_MARK}{{4}}){_MARK}+")
"""More accents on one letter than any language has: they would be drawn over the lines around."""
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters, marks and a sign by their category, of which nothing is seen."""
_IGNORED = re.compile("[\u2065\ufdd0-\ufdef\ufff0-\ufff8\U000e0000-\U000e0fff]")
"""What never becomes a letter. All else that this Python knows no category of may be one of a newer Unicode."""
_VARIANTS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def one_line(text: str) -> str:
    """With single spaces, and without what nobody sees. NUL and halves of characters stay, for whoever refuses them."""
    return " ".join(_CONTROL.sub(" ", without_unseen(text)).split())


def without_unseen(text: str) -> str:
    """Part of a line, without what nobody sees; its spaces stay."""
    for _ in range(2):  # what was taken out may have stood between two joiners
        text = _UNSEEN.sub(lambda found: found[1] or "", text)
    return _PILE.sub(r"\1", text)


def is_blank(text: str) -> bool:
    """Whether nobody would see anything of it."""
    seen = _VARIANTS.sub("", "".join(text.split()))
    return all(one in _FILLERS or unicodedata.category(one) in ("Cc", "Cf") or _is_nothing(one) for one in seen)


def _is_nothing(character: str) -> bool:
    """The last two of each plane are no characters either."""
    return bool(_IGNORED.match(character)) or ord(character) & 0xFFFE == 0xFFFE


def isolated(text: str) -> str:
    """As it may stand in a line of ours: what is written from right to left turns nothing but itself."""
    if any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text):
        return f"\u2068{text}\u2069"
    return text
