"""The words of a text, as the index keeps them and a query looks for them.

PostgreSQL's own parser takes identifiers apart where nobody would look for them, and has nothing for languages without
spaces, so the words are made here and handed over as a finished `tsvector`:

- every word as typed, folded (no case, no accents), at its position: `delivered`
- its stem in the language of the text, with the language's letter: `=edeliv`
- two small words in a row as one, so that a phrase of such words need not be looked for in every text: `to be`
- an identifier as a whole beside its parts: `core/db.py`, `core`, `db`, `py`
- of Chinese, Japanese, Korean and other writing without spaces every pair of characters, and the last one alone

Marks, which say who wrote a message and where, begin with `~`. No word of a text begins with `~` or `=`.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

LONGEST_WORD = 200
"""Characters; what is longer is known by its beginning."""
LONGEST_WORDS = 900_000
"""Bytes of words that are kept of one text: PostgreSQL takes up to 1 MB."""
PLACE = 2
"""Bytes of each place of a word."""
LAST_POSITION = 16_383
MOST_PLACES = 255
SHORTEST_TO_STEM = 3
LONGEST_TO_STEM = 40

# Writing without spaces between words.
_UNSPACED = (
    "\u0e00-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17dd"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
    "\u3005-\u3007\u3040-\u30fa\u30fc-\u30ff\u3100-\u312f\u31f0-\u31ff"  # Kana, Bopomofo
    "\u2e80-\u2fdf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
)
_LETTER = rf"[^\W_{_UNSPACED}]"
_JOINT = r"[-_./\\:@+#&'\u2019%=]"
TOKEN = re.compile(rf"(?P<spaced>{_LETTER}+(?:{_JOINT}{{1,3}}{_LETTER}+)*(?:\+\+|\#(?!\w))?)|[{_UNSPACED}]+")
PART = re.compile(rf"{_LETTER}+")
_SIGNED = re.compile(rf"{_LETTER}+(?:\+\+|\#)(?=.)")
_POSSESSIVE = re.compile(r"['\u2019]s$")

# Marks above and below letters, vowel signs included; those that make another kana of one stay.
_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d\u0a81-\u0acd\u0b82-\u0bcd"
    "\u0c00-\u0c04\u0c3c-\u0c4d\u0d00-\u0d4d\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\u200b-\u200f"
    "\u2060\u00ad\ufeff]"
)
# Letters that no decomposition leads to their plain form.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ħ": "h"})


def fold(text: str) -> str:
    """Without case, accents and forms of the same character; letters of other scripts stay what they are."""
    if text.isascii():
        return text.lower()
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", plain).translate(_PLAIN)


@dataclass(frozen=True, slots=True)
class Token:
    """A run of characters that belongs together, folded, and where it stands in the folded text."""

    text: str
    start: int
    position: int
    """Its place among the words: an identifier takes as many as it has parts, unspaced writing one a character."""
    is_unspaced: bool
    is_word: bool
    """True for a plain word, no identifier and no unspaced writing."""

    @property
    def parts(self) -> list[str]:
        return [self.text] if self.is_word else PART.findall(self.text)

    @property
    def grams(self) -> list[str]:
        """Of unspaced writing each pair of neighbours; the last character stands alone."""
        return [self.text[at : at + 2] for at in range(len(self.text))]


def tokens_of(folded: str) -> Iterator[Token]:
    position = 1
    for found in TOKEN.finditer(folded):
        text, is_unspaced = found.group(), found.lastgroup is None
        token = Token(text, found.start(), position, is_unspaced, not is_unspaced and text.isalnum())
        yield token
        position += 1 if token.is_word else len(token.text) if token.is_unspaced else len(token.parts)


def bare(token: Token) -> str:
    """An English possessive without its ending: of `anna's` it is Anna that people look for."""
    return _POSSESSIVE.sub("", token.text)


@dataclass(frozen=True, slots=True, eq=False)  # each is itself: that is quicker to look up
class Language:
    letter: str
    """Before its stems, so that those of one language are not taken for another's."""
    name: str
    """Snowball's."""
    small_words: frozenset[str] = frozenset()
    """Folded, and seldom in other languages: a text is in the language whose small words it has."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LATIN = (
    Language(
        "e",
        "english",
        _words(
            "the of and to is that it for was with as be by this are from or have an they which you not what we "
            "can will there if about who would"
        ),
    ),
    Language(
        "g",
        "german",
        _words(
            "der die und das den von zu ist mit des im dem nicht ein eine als auch es an auf fur sich wir ich sie "
            "wird bei oder einen zum sind haben war wie nach"
        ),
    ),
    Language(
        "f",
        "french",
        _words(
            "le la les des et est un une du dans que qui pour sur pas au avec ce il elle nous vous je sont ne se "
            "par plus aux ou mais cette leur"
        ),
    ),
    Language(
        "s",
        "spanish",
        _words(
            "el la los las de que y en un una es del por con para se no su al lo como mas pero sus este ya o fue "
            "muy esta son"
        ),
    ),
    Language(
        "i",
        "italian",
        _words(
            "il lo la gli le di che e un una per con non del della dei sono si al alla da nel piu questo come "
            "anche ha ma nella"
        ),
    ),
    Language(
        "p",
        "portuguese",
        _words(
            "o a os as de que e em um uma do da dos das no na para com nao por mais como se foi ao pelo pela sao "
            "tem seu sua"
        ),
    ),
    Language(
        "d",
        "dutch",
        _words(
            "de het een van en in is dat op te zijn met voor niet aan er om ook als maar dan wij hij ze bij naar "
            "uit wordt deze nog"
        ),
    ),
)
"""Told apart by their small words."""
OTHERS = {
    "CYRILLIC": Language("r", "russian"),
    "GREEK": Language("k", "greek"),
    "ARABIC": Language("a", "arabic"),
    "ARMENIAN": Language("m", "armenian"),
    "DEVANAGARI": Language("h", "hindi"),
    "TAMIL": Language("t", "tamil"),
}
"""Told by their script."""
ENOUGH = 0.4
"""A second language counts when the text has so many of its small words beside those of the first."""


SMALL_WORDS = frozenset().union(*(language.small_words for language in LATIN))


def pair_of(one: Token | None, other: Token) -> str | None:
    """Two small words in a row as one lexeme; None for all others."""
    if one is None or one.text not in SMALL_WORDS or other.text not in SMALL_WORDS:
        return None
    return f"{one.text} {other.text}" if one.position + 1 == other.position else None


def languages_of(words: list[str]) -> tuple[Language, ...]:
    """The languages in Latin letters that a text with these words is in; all of them when none of its words tells."""
    small = [word for word in words if word in SMALL_WORDS]
    counts = {language: sum(map(language.small_words.__contains__, small)) for language in LATIN}
    most = max(counts.values())
    if most == 0:
        return LATIN
    return tuple(language for language, count in counts.items() if count >= max(1, ENOUGH * most))


@lru_cache(maxsize=100_000)
def stem(word: str, language: Language) -> str | None:
    """With the language's letter before it; None for what has no other forms: numbers, codes, the very short."""
    if not SHORTEST_TO_STEM <= len(word) <= LONGEST_TO_STEM or not word.isalpha():
        return None
    return f"={language.letter}{_stemmer(language.name).stemWord(word)}"


@lru_cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name, 0)  # it has no cache of its own: ours is for all of them


@lru_cache(maxsize=100_000)
def possible_languages(word: str) -> tuple[Language, ...]:
    """Those whose script the word is written in."""
    if word.isascii():
        return LATIN
    script = unicodedata.name(word[0], "").split(" ")[0]
    return (OTHERS[script],) if script in OTHERS else LATIN if script == "LATIN" else ()


@lru_cache(maxsize=100_000)
def stems_of(word: str) -> tuple[str, ...]:
    """In every language that it may be of; empty for what has no other forms."""
    return tuple(dict.fromkeys(filter(None, (stem(word, language) for language in possible_languages(word)))))


def accented(text: str) -> list[str]:
    """Its words in Latin letters with marks: in several languages their forms are told by these."""
    if text.isascii():
        return []
    words = dict.fromkeys(PART.findall(unicodedata.normalize("NFC", text.casefold())))
    return [word for word in words if not word.isascii() and possible_languages(word) is LATIN]


def accented_stems_of(text: str, languages: tuple[Language, ...] = LATIN) -> list[str]:
    """The stems of those words as written, without the marks afterwards."""
    found = (stem(word, language) for word in accented(text) for language in languages)
    return list(dict.fromkeys(fold(one) for one in found if one))


def _size(word: str) -> int:
    """Bytes of a word with its first place, as PostgreSQL keeps it."""
    return len(word.encode()) + 2 * PLACE + 4


def vector_of(text: str) -> str:
    """The words of a text as PostgreSQL reads a `tsvector`; empty for a text without any."""
    tokens = list(tokens_of(fold(text)))
    spoken = languages_of([token.text for token in tokens if token.is_word])
    places: dict[str, list[int]] = {one: [] for one in accented_stems_of(text, spoken)}
    left, before = LONGEST_WORDS - sum(map(_size, places)), None
    for token in tokens:
        if left < 0:
            break
        pair = pair_of(before, token)
        before = token
        for word in (*_stems(token, spoken), *([pair] if pair else [])):
            if word not in places:
                left -= _size(word)
                places[word] = []
        for word, position in _places(token):
            at = places.get(word)
            left -= _size(word) if at is None else PLACE
            if at is None:
                places[word] = [position]
            else:
                at.append(position)
    return " ".join([_entry(word, at) for word, at in places.items()])


def _places(token: Token) -> Iterator[tuple[str, int]]:
    if token.is_word:
        yield token.text[:LONGEST_WORD], token.position
        return
    if token.is_unspaced:
        yield from ((gram, token.position + at) for at, gram in enumerate(token.grams))
        return
    yield token.text[:LONGEST_WORD], token.position
    yield from ((signed, token.position) for signed in _SIGNED.findall(token.text))  # C++ of C++17
    yield from ((part[:LONGEST_WORD], token.position + at) for at, part in enumerate(token.parts))


def _stems(token: Token, spoken: tuple[Language, ...]) -> Sequence[str]:
    if token.is_word:
        return stems_in(token.text, spoken)
    if token.is_unspaced:
        return ()
    return [one for part in token.parts for one in stems_in(part, spoken)]


@lru_cache(maxsize=50_000)
def stems_in(word: str, spoken: tuple[Language, ...]) -> tuple[str, ...]:
    """In a text of these languages. Those of another one may be any word."""
    languages = possible_languages(word)
    found = (stem(word, language) for language in (spoken if languages is LATIN else languages))
    return tuple(filter(None, found))


def _entry(word: str, at: list[int]) -> str:
    """Words as typed weigh most (A), stems, which have no places, least."""
    if not at:
        return quoted(word)
    places = ",".join([f"{min(position, LAST_POSITION)}A" for position in at[:MOST_PLACES]])
    return f"{quoted(word)}:{places}"


def quoted(lexeme: str) -> str:
    """As PostgreSQL reads it in a `tsvector` or a `tsquery`."""
    doubled = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
