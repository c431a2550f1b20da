"""Conditions of PostgreSQL's `tsquery`, over the words and marks that core.search.words describes."""

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from core.search.words import LONGEST_WORD, Token, bare, fold, pair_of, quoted, stems_of, tokens_of

MOST_IN_PHRASE = 60


class Mark(StrEnum):
    """What is known of a message beside its words, as it stands in the index: the sign, then whose or which."""

    OWNER = "~u"
    """Of a chat with the assistant: whose it is."""
    COMPANY = "~k"
    """Of what is said in company rooms: which company's."""
    SHARED = "~s"
    """Of what is said in rooms of any kind: which company's."""
    CONVERSATION = "~c"
    SENDER = "~f"
    MODEL = "~m"
    """Which model wrote it, folded: its whole name, and each beginning up to a joint of it."""
    MONTH = "~t"
    """In which month it was said, in UTC: like 202611."""
    QUARTER = "~q"
    """Like 20264."""
    YEAR = "~y"
    LATER = "~later"
    """Said in the future, as a clock or an import had it: of no period that ends now."""
    ROLE = "~r"
    EDITED = "~edited"
    REACTION = "~reaction"
    REPORTED = "~reported"
    """Somebody reported it, ever. Only moderators may ask for it."""

    def of(self, value: str) -> str:
        """As a lexeme of a `tsquery`."""
        return quoted(self.value + value)

    def of_id(self, key: UUID) -> str:
        return self.of(id_mark(key))


def id_mark(key: UUID) -> str:
    """The end of a key, which is its random part: short, and nobody else's."""
    return str(key)[-17:]


def word(token: Token) -> str:
    """A word in any of its forms; an identifier as it stands; unspaced writing wherever it is part of something."""
    if token.is_unspaced:
        return phrase([token])
    plain = bare(token)
    if token.is_word or (plain != token.text and plain.isalnum()):
        return any_of([quoted(one) for one in stems_of(plain)] or [quoted(plain[:LONGEST_WORD])])
    whole = quoted(token.text[:LONGEST_WORD])
    return any_of([whole, phrase([token])]) if len(token.parts) > 1 else whole


def called(name: str) -> str | None:
    """The condition for a title that holds these words, the last one perhaps begun only; None where there is none."""
    tokens = list(tokens_of(fold(name)))
    if not tokens:
        return None
    return all_of([*map(word, tokens[:-1]), any_of([word(tokens[-1]), prefix(tokens[-1])])])


def prefix(token: Token) -> str:
    """Whatever begins so."""
    if token.is_unspaced:
        return phrase([token])
    whole = f"{quoted(token.text[:LONGEST_WORD])}:*"
    places = _places(token)
    if len(places) < 2:
        return whole
    *before, (last, _) = places
    return any_of([whole, _in_order([*before, (f"{last}:*", places[-1][1])])])


def phrase(tokens: Sequence[Token]) -> str:
    """These as typed, one behind the other."""
    pairs = [quoted(pair) for one, other in pairwise(tokens) if (pair := pair_of(one, other))]
    return all_of([*pairs, _in_order_of(tokens)])


def _in_order_of(tokens: Sequence[Token]) -> str:
    places = [place for at, token in enumerate(tokens) for place in _places(token, is_last=at == len(tokens) - 1)]
    return _in_order(places[:MOST_IN_PHRASE])


def _places(token: Token, *, is_last: bool = True) -> list[tuple[str, int]]:
    """The lexemes of a token, each with its position."""
    if not token.is_unspaced:
        if len(token.parts) == 1 and not token.is_word:  # C++, C#
            return [(quoted(token.text), token.position)]
        return [(quoted(part[:LONGEST_WORD]), token.position + at) for at, part in enumerate(token.parts)]
    grams = token.grams
    if len(grams) == 1:  # in the middle of a text it is the first of a pair
        return [(f"{quoted(grams[0])}:*", token.position)]
    return [(quoted(gram), token.position + at) for at, gram in enumerate(grams[:-1])]


def _in_order(places: Sequence[tuple[str, int]]) -> str:
    lexemes = [places[0][0]]
    for (_, before), (lexeme, at) in pairwise(places):
        lexemes.append(f"<{at - before}> {lexeme}")
    found = " ".join(lexemes)
    return f"({found})" if len(lexemes) > 1 else found


def any_of(found: list[str]) -> str:
    several = list(dict.fromkeys(found))
    return f"({' | '.join(several)})" if len(several) > 1 else several[0]


def all_of(found: list[str]) -> str:
    return f"({' & '.join(found)})" if len(found) > 1 else found[0]
