"""What the People page calls things."""

from collections.abc import Iterable

from core.permissions import Role
from core.services.people_looking import PersonState
from core.ui.people_address import Shown

ROLES = {
    Role.STAFF: "chats, and keeps tasks",
    Role.ANALYST: "sees what everybody uses",
    Role.MODERATOR: "looks after what is reported",
    Role.ADMIN: "keeps people, settings and budgets",
}
STATES = {
    PersonState.ACTIVE: "Active",
    PersonState.SUSPENDED: "Suspended",
    PersonState.DEACTIVATED: "Deactivated",
}
BADGES = {
    PersonState.ACTIVE: ":green-badge[:material/check: Active]",
    PersonState.SUSPENDED: ":orange-badge[:material/block: Suspended]",
    PersonState.DEACTIVATED: ":gray-badge[:material/person_off: Deactivated]",
}
SHOWN = {
    Shown.ALL: "Everybody",
    Shown.ACTIVE: "Active",
    Shown.SUSPENDED: "Suspended",
    Shown.DEACTIVATED: "Deactivated",
    Shown.INVITED: "Invited",
}


def role_names(roles: Iterable[Role]) -> str:
    """In the order of the grid; "no role yet" for none."""
    held = set(roles)
    return ", ".join(role.value for role in Role if role in held) or "no role yet"


def what_roles_do() -> str:
    return "  \n".join(f"**{role.value.capitalize()}** {does}." for role, does in ROLES.items())
