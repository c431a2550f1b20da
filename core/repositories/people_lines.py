"""The people of a company as a list, by name, and what is known of how each came here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, text

from core.models import AuditAction
from core.permissions import Role
from core.repositories.base import Repository

Position = tuple[str, UUID]
"""The name as it is sorted, and the key."""


class PersonState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class PeopleWanted:
    """`text`: a part of the name or the e-mail address. None: whichever."""

    text: str = ""
    role: Role | None = None
    state: PersonState | None = None


@dataclass(frozen=True, slots=True)
class PersonLine:
    id: UUID
    email: str
    display_name: str
    roles: frozenset[Role]
    state: PersonState
    suspended_until: datetime | None
    """Only while they are."""
    has_password: bool
    created_at: datetime
    last_seen_at: datetime | None
    sessions: int
    """Browsers that are signed in."""
    sorted_as: str

    @property
    def position(self) -> Position:
        return self.sorted_as, self.id


@dataclass(frozen=True, slots=True)
class Origin:
    """Who made an account, or invited its person; who set Parley up, themselves. None for the command line, and for who
    came by themselves through a provider of single sign-on, of that name in the settings.
    """

    by_id: UUID | None
    by: str | None
    provider: str | None


class PeopleLines(Repository):
    def list_page(
        self, company_id: UUID, wanted: PeopleWanted, now: datetime, *, after: Position | None = None, limit: int
    ) -> Sequence[PersonLine]:
        """By name."""
        conditions, given = _conditions(wanted)
        if after:
            conditions.append("(lower(u.display_name), u.id) > (:after_name, :after_id)")
            given |= {"after_name": after[0], "after_id": after[1]}
        return self._lines(conditions, {"company": company_id, "now": now, "limit": limit} | given)

    def get(self, company_id: UUID, user_id: UUID, now: datetime) -> PersonLine | None:
        given = {"company": company_id, "now": now, "limit": 1, "user": user_id}
        return next(iter(self._lines(["u.id = :user"], given)), None)

    def get_origin(self, company_id: UUID, user_id: UUID) -> Origin | None:
        """As the trail has it. None where it has nothing."""
        given = {"company": company_id, "user": user_id, "action": AuditAction.USER_CREATED.value}
        row = self.session.execute(text(_ORIGIN), given).first()
        return Origin(*tuple(row)) if row else None

    def _lines(self, conditions: list[str], given: dict[str, object]) -> list[PersonLine]:
        statement = _LINES.format(where="".join(f" AND {one}" for one in conditions))
        return [_line(row) for row in self.session.execute(text(statement), given)]


# The page is cut off before anything is looked up for its lines.
_LINES = """
    SELECT p.id, p.email, p.display_name, p.is_active, p.password_hash IS NOT NULL AS has_password, p.created_at,
        p.last_seen_at, CASE WHEN p.suspended_until > :now THEN p.suspended_until END AS suspended_until,
        lower(p.display_name) AS sorted_as,
        ARRAY(SELECT r.role FROM user_roles r WHERE r.user_id = p.id) AS roles,
        (SELECT count(*) FROM auth_sessions s WHERE s.user_id = p.id AND s.revoked_at IS NULL
            AND s.expires_at > :now) AS sessions
    FROM (SELECT * FROM users u WHERE u.company_id = :company{where}
        ORDER BY lower(u.display_name), u.id LIMIT :limit) p
    ORDER BY lower(p.display_name), p.id"""
_ORIGIN = """
    SELECT m.by_id, u.display_name, e.after ->> 'provider' FROM audit_events e
    CROSS JOIN LATERAL (SELECT coalesce(CAST(e.after ->> 'invited_by' AS uuid), e.actor_id) AS by_id) m
    LEFT JOIN users u ON u.id = m.by_id AND u.company_id = e.company_id
    WHERE e.company_id = :company AND e.target_id = :user AND e.action = :action
    ORDER BY e.created_at, e.sequence LIMIT 1"""
_STATES = {
    PersonState.ACTIVE: "u.is_active AND (u.suspended_until IS NULL OR u.suspended_until <= :now)",
    PersonState.SUSPENDED: "u.is_active AND u.suspended_until > :now",
    PersonState.DEACTIVATED: "NOT u.is_active",
}


def _conditions(wanted: PeopleWanted) -> tuple[list[str], dict[str, object]]:
    conditions, given = list[str](), dict[str, object]()
    if wanted.text:
        # Not LIKE: what was typed has no signs of its own.
        has_it = " OR ".join(f"strpos(lower(u.{column}), lower(:text)) > 0" for column in ("display_name", "email"))
        conditions.append(f"({has_it})")
        given["text"] = wanted.text
    if wanted.role:
        conditions.append("EXISTS (SELECT FROM user_roles r WHERE r.user_id = u.id AND r.role = :role)")
        given["role"] = wanted.role.value
    if wanted.state:
        conditions.append(_STATES[wanted.state])
    return conditions, given


def _line(row: Row[tuple[object, ...]]) -> PersonLine:
    values = row._asdict()
    is_active, until = values.pop("is_active"), values["suspended_until"]
    state = PersonState.SUSPENDED if until else PersonState.ACTIVE
    roles = frozenset(Role(role) for role in values["roles"])
    return PersonLine(**values | {"roles": roles, "state": state if is_active else PersonState.DEACTIVATED})
