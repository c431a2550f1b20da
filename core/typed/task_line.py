"""A task in one line: "Call the bakery @Bo tomorrow".

A day is read at the end of the line, with or without a word like "on" before it, and anywhere behind a word that only a
day follows, like "by". A day that is past is due only behind such a word ("due yesterday"); all else stays in the
title, and so does everything in quotes. Where no day is read, nothing of the line is changed.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from core.errors import Invalid
from core.search.words import fold
from core.typed import day_words
from core.typed.days import day_of, is_dotted_by_custom
from core.typed.names import Named, folded, person_called

NOTHING_TO_DO = "Write what is to be done as well, like “Call the bakery tomorrow”."
LONGEST_PHRASE = 7
"""Words of a day, those before it included."""

_QUOTED = re.compile(r'"[^"]*"|“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|»[^«»]*«|`[^`]*`')
_AT_NAME = re.compile(r'(?<!\S)@(?:["“„](?P<quoted>[^"“”]*)["“”]|(?P<word>[^\s"“„]\S*))')
_ENDING = ".,;:!?"
_NUMBER = re.compile(r"\d{1,2}\.\d{1,2}\.(?:\d{2}[.,;:!?]*)?")
"""A day without its year, or with two digits of it; and as well a version at the end of a sentence."""
_SHAPES = tuple(
    (kind, re.compile(rf"(?:{leads}):? (?P<day>.+)"))
    for kind, leads in (
        ("deadline", day_words.DEADLINE),
        ("before", day_words.BEFORE),
        ("on", day_words.ON),
        ("for", day_words.FOR),
    )
)
_LEADS = f"{day_words.DEADLINE}|{day_words.BEFORE}|{day_words.ON}|{day_words.FOR}"
_KEEPING = day_words.KEEPING | {lead.split()[-1] for lead in _LEADS.split("|")}
"""A day with one of the latter before it was read together with that word, or not at all."""


@dataclass(frozen=True, slots=True)
class ParsedTask:
    title: str
    due_on: date | None
    """None: some day."""
    assignee_id: UUID | None
    """None: nobody else than who writes it."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    folded: str
    """Empty within quotes: nothing is read there."""


@dataclass(frozen=True, slots=True)
class _Found:
    day: date
    start: int
    """The words that say it, as a range."""
    end: int
    also: str = ""
    """What the title keeps of them."""


def read_task_line(text: str, *, today: date, locale: str, people: Sequence[Named]) -> ParsedTask:
    """Raises Invalid for a line without a title, a name that is nobody's or several people's, a day like 31 April.

    `today`: the writer's; `locale`: like "en-US", it decides between 5/6 and 6/5; `people`: who may be named behind @.
    """
    text, assignee_id = _without_name(" ".join(text.split()), people)
    words = _words(text)
    found = _day_at_the_end(words, today, locale) or _day_behind_a_deadline(words, today, locale)
    if found is None:
        title, due_on = text, None
    else:
        title, due_on = _without_day(words, found), found.day
    if not title:
        raise Invalid(NOTHING_TO_DO)
    return ParsedTask(title, due_on, assignee_id)


def _without_name(text: str, people: Sequence[Named]) -> tuple[str, UUID | None]:
    spans, called = [], {}
    quotes = [found.span() for found in _QUOTED.finditer(text)]
    for found in _AT_NAME.finditer(text):
        if any(start <= found.start() < end for start, end in quotes):
            continue
        person, end = _person(text, found, people)
        called[person.id if person else None] = text[found.start() : end]
        spans.append((found.start(), end))
    if len(called) > 1:
        raise Invalid(f"A task is given to one person. Leave one of {', '.join(called.values())}.")
    for start, end in reversed(spans):
        before, after = text[:start], text[end:]
        text = (before.rstrip() if after[:1] in _ENDING else before) + after
    return " ".join(text.split()) if spans else text, next(iter(called), None)


def _person(text: str, found: "re.Match[str]", people: Sequence[Named]) -> tuple[Named | None, int]:
    """Whom it means, and where the name ends: as many of the words behind @ as somebody's whole name has."""
    if found["quoted"] is not None:
        return _called(found["quoted"], people), found.end()
    start = found.start("word")
    names = {form: person.name for person in people for form in _forms(folded(person.name))}
    behind = list(re.finditer(r"\S+", text[start:]))
    for last in reversed(behind[1 : max((len(name.split()) for name in names), default=1)]):
        for whole in _forms(text[start : start + last.end()]):
            if name := names.get(folded(whole)):
                return _called(name, people), start + len(whole)
    word = found["word"].rstrip(_ENDING) or found["word"]
    return _called(word, people), start + len(word)


def _forms(name: str) -> tuple[str, str]:
    """As it is, and without a stop behind it, which may be the name's own or that of a sentence."""
    return name, name.rstrip(_ENDING)


def _called(name: str, people: Sequence[Named]) -> Named | None:
    return person_called(name, people, advice="In quotes it stays in the title.")


def _words(text: str) -> list[_Word]:
    quotes = [found.span() for found in _QUOTED.finditer(text)]
    words = []
    for word in re.finditer(r"\S+", text):
        is_quoted = any(start < word.end() and word.start() < end for start, end in quotes)
        words.append(_Word(word.group(), "" if is_quoted else fold(word.group().replace("’", "'"))))
    return words


def _day_at_the_end(words: list[_Word], today: date, locale: str) -> _Found | None:
    for tail, also in _tails(words):
        for length in range(min(LONGEST_PHRASE, tail), 0, -1):
            start = tail - length
            if day := _read(words, start, tail, today, locale):
                return _Found(day, start, len(words), also)
    return None


def _tails(words: list[_Word]) -> list[tuple[int, str]]:
    """Where a day at the end may end, and what stands behind it: nothing, a part of the day, or an hour."""
    ends = [(len(words), "")]
    for length in range(1, min(5, len(words))):
        behind = [word.folded for word in words[-length:]]
        said = " ".join(behind).rstrip(_ENDING)
        if not all(behind):
            break
        if said in day_words.DAYPARTS:
            ends.append((len(words) - length, day_words.DAYPARTS[said]))
        elif day_words.HOUR.fullmatch(said):
            ends.append((len(words) - length, " ".join(word.text for word in words[-length:])))
    return ends


def _day_behind_a_deadline(words: list[_Word], today: date, locale: str) -> _Found | None:
    for start in range(len(words)):
        for end in range(min(len(words), start + LONGEST_PHRASE), start + 1, -1):
            said = _said(words, start, end)
            if said and _SHAPES[0][1].fullmatch(said) and (day := _read(words, start, end, today, locale)):
                return _Found(day, start, end)
    return None


def _read(words: list[_Word], start: int, end: int, today: date, locale: str) -> date | None:
    """The day that these words name, all of them."""
    said = _said(words, start, end)
    if not said:
        return None
    for kind, shape in _SHAPES:
        if led := shape.fullmatch(said):
            return _led(kind, led["day"], today, locale)
    before = words[start - 1].folded if start else ""
    if before in _KEEPING or (_NUMBER.fullmatch(said) and _is_numbered(words, start, locale)):
        return None
    day = _possible(said, today, locale, is_led=False)
    return day if day and day >= today else None


def _is_numbered(words: list[_Word], at: int, locale: str) -> bool:
    """Whether what looks like 3.11. is a version: of something that is known to have them; and where nobody writes days
    so, of whatever has a name: the word before begins with a capital, and not because the line does.
    """
    if at == 0:
        return False
    before = words[at - 1]
    if before.folded in day_words.NUMBERED:
        return True
    return at > 1 and before.text[:1].isupper() and not (is_dotted_by_custom(locale) or _is_german(words[:at]))


def _is_german(words: list[_Word]) -> bool:
    """By one of the small words. In capitals it is another, like MIT."""
    return any(word.folded in day_words.GERMAN and not word.text[1:2].isupper() for word in words)


def _led(kind: str, said: str, today: date, locale: str) -> date | None:
    if kind == "deadline":
        try:
            return _day(said, today, locale, is_led=True)
        except ValueError:
            raise Invalid(f"There is no day like {said}. Write another one, or put it in quotes.") from None
    if kind == "on" and said.rstrip(_ENDING) in day_words.MORNINGS:
        return None
    day = _possible(said, today, locale, is_led=kind != "for")
    if day and kind == "before":
        day -= timedelta(days=1)
    return day if day and day >= today else None


def _possible(said: str, today: date, locale: str, *, is_led: bool) -> date | None:
    try:
        return _day(said, today, locale, is_led=is_led)
    except ValueError:
        return None


def _day(said: str, today: date, locale: str, *, is_led: bool) -> date | None:
    return day_of(said, today, locale, is_led=is_led) or day_of(said.rstrip(_ENDING), today, locale, is_led=is_led)


def _said(words: list[_Word], start: int, end: int) -> str:
    """Empty where some of it is in quotes."""
    said = [word.folded for word in words[start:end]]
    return " ".join(said) if all(said) else ""


def _without_day(words: list[_Word], found: _Found) -> str:
    before, after = words[: found.start], words[found.end :]
    title = " ".join(word.text for word in before)
    if not after:
        title = title.rstrip(" ,;:–—-(")
    return " ".join(filter(None, [title, found.also, *(word.text for word in after)]))
