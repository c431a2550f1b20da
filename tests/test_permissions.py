from collections.abc import Iterable

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


@pytest.mark.parametrize(("role", "permission"), expected())
def test_the_grid(role: Role, permission: Permission) -> None:
    assert actor(role).may(permission) is expected()[role, permission]


def test_several_roles_may_what_any_of_them_may() -> None:
    everybody = permissions_of([Role.ANALYST])
    assert permissions_of([Role.STAFF, Role.ADMIN]) == everybody | {
        Permission.CHAT_USE,
        Permission.CONVERSATIONS_BROWSE,
        Permission.MESSAGES_PURGE,
        Permission.BUDGETS_MANAGE,
        Permission.PRICES_MANAGE,
        Permission.AUDIT_VIEW,
        Permission.RETENTION_MANAGE,
        Permission.RECORDS_KEEP,
        Permission.PEOPLE_MANAGE,
        Permission.SETTINGS_MANAGE,
    }
    assert permissions_of(Role) == set(Permission)


@pytest.mark.parametrize("roles", [[], ()])
def test_nobody_may_nothing(roles: Iterable[Role]) -> None:
    assert permissions_of(roles) == frozenset()


@pytest.mark.parametrize("permission", Permission)
def test_each_denial_is_a_sentence_of_its_permission(permission: Permission) -> None:
    with pytest.raises(NotPermitted) as denied:
        actor().require(permission)
    assert str(denied.value) == DENIALS[permission]
    assert DENIALS[permission].endswith(".")


def test_denials_name_every_permission() -> None:
    assert set(DENIALS) == set(Permission)


def test_requiring_what_is_granted_says_nothing() -> None:
    actor(Role.STAFF).require(Permission.CHAT_USE)
