"""Who is meant by a name that somebody typed, or that a model has from them."""

from collections.abc import Sequence

from core.permissions import Actor
from core.services.room_views import Colleague
from core.typed.names import Named, person_called


def named(people: Sequence[Colleague], actor: Actor) -> tuple[Named, ...]:
    """These people, and oneself, as a line may name them."""
    myself = Named(actor.user_id, actor.display_name, actor.email)
    return (myself, *(Named(one.id, one.display_name, one.email) for one in people))


def find_colleague(
    people: Sequence[Colleague], actor: Actor, name: str, *, may_be_begun: bool = False
) -> Colleague | None:
    """The one of these people who is called so, as `person_called` has it. None for oneself. Raises Invalid."""
    wanted = name.strip().removeprefix("@")
    found = person_called(wanted, named(people, actor), may_be_begun=may_be_begun) if wanted else None
    return next((one for one in people if found and one.id == found.id), None)
