from itertools import combinations

import pytest

from core.errors import NotPermitted
from core.ids import new_id
from core.permissions import DENIALS, GRID, Actor, Permission, Role, permissions_of

# x: this role alone is enough. A new permission or role fails here until its column or row is written.
EXPECTED = """
                         staff  analyst  moderator  admin
home:view                  x       x         x        x
account:manage             x       x         x        x
chat:use                   x       -         -        -
conversations:browse       x       -         x        -
rooms:oversee              -       -         x        -
messages:view_deleted      -       -         x        -
moderation:work            -       -         x        -
messages:purge             -       -         -        x
rules:manage               -       -         x        -
access:grant               -       -         x        -
audit:own                  x       x         x        x
audit:view                 -       -         x        x
usage:view                 x       x         x        x
usage:oversee              -       x         -        x
budgets:manage             -       -         -        x
prices:manage              -       -         -        x
retention:manage           -       -         -        x
records:keep               x       -         -        -
people:manage              -       -         -        x
settings:manage            -       -         -        x
"""


def expected() -> dict[tuple[Role, Permission], bool]:
    heading, *rows = EXPECTED.strip().splitlines()
    roles = [Role(name) for name in heading.split()]
    return {
        (role, Permission(permission)): mark == "x"
        for permission, *marks in map(str.split, rows)
        for role, mark in zip(roles, marks, strict=True)
    }


def actor(*roles: Role) -> Actor:
    return Actor(new_id(), new_id(), "ada@example.com", "Ada", frozenset(roles))


def test_the_grid_is_complete() -> None:
    assert set(expected()) == {(role, permission) for role in Role for permission in Permission}
    assert set(GRID) == set(Role)


def test_the_grid() -> None:
    assert {one: actor(one[0]).may(one[1]) for one in expected()} == expected()


def test_several_roles_may_what_any_of_them_may_and_none_nothing() -> None:
    for some in (some for size in range(len(Role) + 1) for some in combinations(Role, size)):
        together = {permission for permission in Permission if any(expected()[role, permission] for role in some)}
        assert permissions_of(some) == together
        assert {permission for permission in Permission if actor(*some).may(permission)} == together


def test_each_permission_has_a_sentence_of_denial() -> None:
    assert set(DENIALS) == set(Permission)
    for permission, sentence in DENIALS.items():
        with pytest.raises(NotPermitted, match=sentence) as denied:
            actor().require(permission)
        assert str(denied.value) == sentence and sentence.endswith(".")
        assert denied.value.permission == permission


def test_requiring_what_is_granted_says_nothing() -> None:
    actor(Role.STAFF).require(Permission.CHAT_USE)
