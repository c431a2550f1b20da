"""Who is meant by a name that somebody typed, or that a model has from them."""

from collections.abc import Sequence

from core.errors import Invalid
from core.permissions import Actor
from core.services.room_views import Colleague
from core.services.texts import one_line

MOST_NAMED = 5
LONGEST = 80


def find_colleague(people: Sequence[Colleague], actor: Actor, named: str) -> Colleague | None:
    """The one of these people who has this name, e-mail address, or part of it before the @, or alone this first name.
    None for oneself. Raises Invalid where nobody has, or several.
    """
    wanted = _plain(named).removeprefix("@")
    myself = Colleague(actor.user_id, actor.display_name, actor.email)
    if wanted in ("", "me"):
        return None
    for names in (_whole, _short):
        found = [one for one in (*people, myself) if wanted in names(one)]
        if len(found) == 1:
            return None if found[0] is myself else found[0]
        if found:
            several = ", ".join(one.email for one in found[:MOST_NAMED])
            raise Invalid(f"Several people are called {one_line(named)[:LONGEST]}. Use an e-mail address: {several}.")
    raise Invalid(f"Nobody here is called {one_line(named)[:LONGEST]}. Use a whole name or an e-mail address.")


def _whole(person: Colleague) -> set[str]:
    return {_plain(person.display_name), _plain(person.email)}


def _short(person: Colleague) -> set[str]:
    return {_plain(person.display_name).partition(" ")[0], _plain(person.email).partition("@")[0]}


def _plain(text: str) -> str:
    return one_line(text).casefold()
