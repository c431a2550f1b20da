"""Who may do what: one enum, one grid, one sentence of denial each."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.errors import NotPermitted


class Role(StrEnum):
    STAFF = "staff"
    ANALYST = "analyst"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Permission(StrEnum):
    HOME_VIEW = "home:view"
    ACCOUNT_MANAGE = "account:manage"
    CHAT_USE = "chat:use"
    CONVERSATIONS_BROWSE = "conversations:browse"
    ROOMS_OVERSEE = "rooms:oversee"
    DELETED_VIEW = "messages:view_deleted"
    MODERATION_WORK = "moderation:work"
    MESSAGES_PURGE = "messages:purge"
    RULES_MANAGE = "rules:manage"
    ACCESS_GRANT = "access:grant"
    AUDIT_OWN = "audit:own"
    AUDIT_VIEW = "audit:view"
    USAGE_VIEW = "usage:view"
    USAGE_OVERSEE = "usage:oversee"
    BUDGETS_MANAGE = "budgets:manage"
    PRICES_MANAGE = "prices:manage"
    RETENTION_MANAGE = "retention:manage"
    RECORDS_KEEP = "records:keep"
    PEOPLE_MANAGE = "people:manage"
    SETTINGS_MANAGE = "settings:manage"


EVERYBODY = frozenset({Permission.HOME_VIEW, Permission.ACCOUNT_MANAGE, Permission.USAGE_VIEW, Permission.AUDIT_OWN})

GRID: dict[Role, frozenset[Permission]] = {
    Role.STAFF: EVERYBODY | {Permission.CHAT_USE, Permission.CONVERSATIONS_BROWSE, Permission.RECORDS_KEEP},
    Role.ANALYST: EVERYBODY | {Permission.USAGE_OVERSEE},
    Role.MODERATOR: EVERYBODY
    | {
        Permission.CONVERSATIONS_BROWSE,
        Permission.ROOMS_OVERSEE,
        Permission.DELETED_VIEW,
        Permission.MODERATION_WORK,
        Permission.RULES_MANAGE,
        Permission.ACCESS_GRANT,
        Permission.AUDIT_VIEW,
    },
    Role.ADMIN: EVERYBODY
    | {
        Permission.MESSAGES_PURGE,
        Permission.USAGE_OVERSEE,
        Permission.BUDGETS_MANAGE,
        Permission.PRICES_MANAGE,
        Permission.RETENTION_MANAGE,
        Permission.PEOPLE_MANAGE,
        Permission.SETTINGS_MANAGE,
        Permission.AUDIT_VIEW,
    },
}

DENIALS: dict[Permission, str] = {
    Permission.HOME_VIEW: "Your account has no role yet. An admin can give you one.",
    Permission.ACCOUNT_MANAGE: "Your account has no role yet. An admin can give you one.",
    Permission.CHAT_USE: "Chatting needs the role staff. An admin can give it to you.",
    Permission.CONVERSATIONS_BROWSE: "Browsing and searching needs the role staff or moderator.",
    Permission.ROOMS_OVERSEE: "Reading company rooms that one is no member of needs the role moderator.",
    Permission.DELETED_VIEW: "Reading deleted messages needs the role moderator.",
    Permission.MODERATION_WORK: "Seeing and deciding what was reported needs the role moderator.",
    Permission.MESSAGES_PURGE: "Removing a message for good needs the role admin, beside moderator.",
    Permission.RULES_MANAGE: "Changing what is looked for in messages needs the role moderator.",
    Permission.ACCESS_GRANT: "Reading private conversations for a stated reason needs the role moderator.",
    Permission.AUDIT_OWN: "Your account has no role yet. An admin can give you one.",
    Permission.AUDIT_VIEW: "Seeing what everybody did needs the role moderator or admin.",
    Permission.USAGE_VIEW: "Your account has no role yet. An admin can give you one.",
    Permission.USAGE_OVERSEE: "Seeing what everybody uses needs the role analyst or admin.",
    Permission.BUDGETS_MANAGE: "Setting budgets needs the role admin.",
    Permission.PRICES_MANAGE: "Setting prices needs the role admin.",
    Permission.RETENTION_MANAGE: "Saying how long conversations are kept needs the role admin.",
    Permission.RECORDS_KEEP: "Keeping tasks needs the role staff. An admin can give it to you.",
    Permission.PEOPLE_MANAGE: "Managing people needs the role admin.",
    Permission.SETTINGS_MANAGE: "Changing settings needs the role admin.",
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """The union of what these roles allow."""
    return frozenset().union(*(GRID[role] for role in roles))


def roles_with(permission: Permission) -> frozenset[Role]:
    """The roles that each allow this alone."""
    return frozenset(role for role, permissions in GRID.items() if permission in permissions)


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person on whose behalf something is done, as the database has them right now.

    `session_id` is None where there is no browser session: the command line and the answer runner.
    `chosen_time_zone` is None for who takes that of the browser, `theme` for whom Parley looks as their device does.
    """

    user_id: UUID
    company_id: UUID
    email: str
    display_name: str
    roles: frozenset[Role]
    session_id: UUID | None = None
    chosen_time_zone: str | None = None
    theme: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in permissions_of(self.roles)

    def require(self, permission: Permission) -> None:
        """Raises NotPermitted with the permission's own sentence."""
        if not self.may(permission):
            raise NotPermitted(DENIALS[permission], permission=permission)
