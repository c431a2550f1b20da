"""Whom a name means: one behind @ in a line, or one that a model has from people."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple
from uuid import UUID

from core.errors import Invalid
from core.search.words import fold

MOST_NAMED = 5
LONGEST_SHOWN = 60
MYSELF = frozenset({"me", "mich", "mir", "ich", "moi", "mi", "yo"})


class Named(NamedTuple):
    id: UUID
    name: str
    email: str = ""


def person_called(name: str, people: Sequence[Named], *, may_be_begun: bool = True, advice: str = "") -> Named | None:
    """The one with this e-mail address or this name; or with a word of it, or with what stands before the @ of the
    address; or, unless not `may_be_begun`, whose name or a word of it begins so. None for oneself (@me).

    Raises Invalid, naming those who may be meant, and with the `advice` where nobody is.
    """
    wanted = folded(name)
    if not wanted:
        raise Invalid(f"Behind @ there is no name. {_hint(people)}")
    if wanted in MYSELF:  # first of all: else somebody who takes such a name would be given what one keeps for oneself
        return None
    for meets in (_has_address, _is_called, _is_part_of, *([_begins] if may_be_begun else [])):
        found = [person for person in people if meets(wanted, person)]
        if len(found) == 1:
            return found[0]
        if found:
            raise Invalid(_several(name, found))
    parts = {part: person for person in people for part in (folded(person.name), *folded(person.name).split())}
    similar = [parts[part] for part in get_close_matches(wanted, parts, n=MOST_NAMED, cutoff=0.6)]
    shown = name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"
    raise Invalid(" ".join(filter(None, [f"Nobody here is called “{shown}”.", _hint(similar or people), advice])))


def folded(name: str) -> str:
    """As names are compared: telephones write another apostrophe."""
    return fold(" ".join(name.split()).replace("’", "'"))


def _has_address(wanted: str, person: Named) -> bool:
    return "@" in wanted and folded(person.email) == wanted


def _is_called(wanted: str, person: Named) -> bool:
    return folded(person.name) == wanted


def _is_part_of(wanted: str, person: Named) -> bool:
    return wanted in folded(person.name).split() or wanted == folded(person.email).partition("@")[0]


def _begins(wanted: str, person: Named) -> bool:
    name = folded(person.name)
    return name.startswith(wanted) or any(word.startswith(wanted) for word in name.split())


def _several(name: str, found: Sequence[Named]) -> str:
    called = {person.name for person in found}
    if len(called) == 1:
        addresses = sorted(person.email for person in found if person.email)[:MOST_NAMED]
        instead = f"Use an e-mail address instead: {', '.join(addresses)}." if addresses else "Leave the name out."
        return f"Several people are called {found[0].name}. {instead}"
    return f"“{name}” may be {_listed(sorted(called))}. Write more of the name: {_example(min(called))}."


def _hint(people: Sequence[Named]) -> str:
    names = sorted({person.name for person in people}, key=fold)
    return f"You can give it to {_listed(names)}." if names else "There is nobody else here yet."


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:MOST_NAMED], *(["somebody else"] if len(names) > MOST_NAMED else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _example(name: str) -> str:
    return f'@"{name}"' if " " in name else f"@{name}"
