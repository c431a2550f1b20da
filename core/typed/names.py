"""Whom @name means."""

from collections.abc import Sequence
from difflib import get_close_matches
from uuid import UUID

from core.errors import Invalid
from core.search.words import fold

MOST_NAMED = 5
LONGEST_SHOWN = 60
MYSELF = frozenset({"me", "mich", "mir", "ich", "moi", "mi", "yo"})

Named = tuple[UUID, str]


def person_called(name: str, people: Sequence[Named]) -> Named | None:
    """The one with this name, or with a word of it, or whose name or a word of it begins so; None for oneself (@me).

    Raises Invalid, naming those who may be meant.
    """
    wanted = fold(name.strip())
    names = [(person, fold(person[1])) for person in people]
    if not wanted:
        raise Invalid(f"Behind @ there is no name. {_hint(people)}")
    for meets in (_is_called, _is_part_of, _begins):
        found = [person for person, folded in names if meets(wanted, folded)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(_several(name, found))
    if wanted in MYSELF:
        return None
    parts = {part: person for person, folded in names for part in (folded, *folded.split())}
    similar = [parts[part] for part in get_close_matches(wanted, parts, n=MOST_NAMED, cutoff=0.6)]
    shown = name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"
    raise Invalid(f"Nobody here is called “{shown}”. {_hint(similar or people)} In quotes it stays in the title.")


def _is_called(wanted: str, folded: str) -> bool:
    return folded == wanted


def _is_part_of(wanted: str, folded: str) -> bool:
    return wanted in folded.split()


def _begins(wanted: str, folded: str) -> bool:
    return folded.startswith(wanted) or any(word.startswith(wanted) for word in folded.split())


def _several(name: str, found: Sequence[Named]) -> str:
    called = {person[1] for person in found}
    if len(called) == 1:
        return f"Several people are called {found[0][1]}. Leave the name out, then choose the person in the task."
    return f"“{name}” may be {_listed(sorted(called))}. Write more of the name: {_example(min(called))}."


def _hint(people: Sequence[Named]) -> str:
    names = sorted({person[1] for person in people}, key=fold)
    return f"You can give it to {_listed(names)}." if names else "There is nobody else here yet."


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:MOST_NAMED], *(["somebody else"] if len(names) > MOST_NAMED else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _example(name: str) -> str:
    return f'@"{name}"' if " " in name else f"@{name}"
