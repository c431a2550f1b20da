"""Who is called by name in a message: people of the room, and the assistant."""

import re
from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from core.lines import one_line

# What stands in code is quoted, and calls nobody.
CODE = re.compile(r"(`{3,}|~{3,}).*?(?:\1|\Z)|(`+)[^\n]+?\2", re.DOTALL)
CALL = re.compile(r"(?<![\w@])@(?=\w)")


def calls_assistant(text: str, assistant_name: str) -> bool:
    """Whether "@Assistant", however capitalised, stands in the text as a word of its own."""
    return any(_begins_with(rest, _plain(assistant_name)) for rest in _called(text))


def called_people(text: str, people: Mapping[UUID, tuple[str, str]]) -> set[UUID]:
    """Who of these people, given by name and e-mail address, is called: by their whole name, by the part of the address
    before the @, or by their first name where nobody else has the same. Of several that fit, the longest name counts.
    """
    names = _names(people)
    longest_first = sorted(names, key=len, reverse=True)
    found = set()
    for rest in _called(text):
        name = next((name for name in longest_first if _begins_with(rest, name)), None)
        found |= {names[name]} if name else set()
    return found


def _names(people: Mapping[UUID, tuple[str, str]]) -> dict[str, UUID]:
    """Everything that exactly one of them answers to."""
    answers = [
        (word, user_id)
        for user_id, (name, email) in people.items()
        for word in {_plain(name), _plain(name).partition(" ")[0], _plain(email).partition("@")[0]} - {""}
    ]
    shared = Counter(word for word, _ in answers)
    return {word: user_id for word, user_id in answers if shared[word] == 1}


def _called(text: str) -> list[str]:
    """What follows each @."""
    spoken = _plain(CODE.sub(" ", text))
    return [spoken[call.end() :] for call in CALL.finditer(spoken)]


def _begins_with(rest: str, name: str) -> bool:
    return rest.startswith(name) and not re.match(r"\w", rest[len(name) :])


def _plain(text: str) -> str:
    return one_line(text).casefold()
