from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, func, select, update

from core.models import LinkPurpose, OneTimeLink, User
from core.permissions import Role
from core.repositories.base import Repository

_is_open = col(OneTimeLink.used_at).is_(None) & col(OneTimeLink.revoked_at).is_(None)


@dataclass(frozen=True, slots=True)
class InviteLine:
    """Of an invite that nobody has used or revoked. `by`: None for who has left."""

    id: UUID
    email: str
    display_name: str
    roles: frozenset[Role]
    created_at: datetime
    expires_at: datetime
    created_by: UUID | None
    by: str | None

    @property
    def position(self) -> tuple[datetime, UUID]:
        return self.created_at, self.id


class OneTimeLinks(Repository):
    def add(self, link: OneTimeLink) -> OneTimeLink:
        self.session.add(link)
        self.session.flush()
        return link

    def get_usable(
        self, purpose: LinkPurpose, token_hash: bytes, now: datetime, *, lock: bool = False
    ) -> OneTimeLink | None:
        """None when it is unknown, was used or revoked, or is too old. `lock`: of two who use it at once, the second
        waits for the first and finds it used.
        """
        statement = select(OneTimeLink).where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.token_hash == token_hash,
            _is_open,
            OneTimeLink.expires_at > now,
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return self.session.exec(statement).one_or_none()

    def get_invite(self, company_id: UUID, invite_id: UUID) -> OneTimeLink | None:
        """One that is neither used nor revoked, as it is at this moment, locked; expired ones too."""
        statement = select(OneTimeLink).where(
            OneTimeLink.purpose == LinkPurpose.INVITE,
            OneTimeLink.company_id == company_id,
            OneTimeLink.id == invite_id,
            _is_open,
        )
        statement = statement.with_for_update().execution_options(populate_existing=True)
        return self.session.exec(statement).one_or_none()

    def get_reset(self, user_id: UUID) -> OneTimeLink | None:
        """The link for this person's password, if there is one that was not used; also an expired one."""
        statement = select(OneTimeLink).where(
            OneTimeLink.purpose == LinkPurpose.RESET, OneTimeLink.user_id == user_id, _is_open
        )
        return self.session.exec(statement).one_or_none()

    def is_invited(self, company_id: UUID, email: str) -> bool:
        """Expired invites count as well: they can be renewed."""
        return self.session.exec(select(OneTimeLink.id).where(_is_invite_of(company_id, email))).first() is not None

    def has_invites(self, company_id: UUID, number: int) -> bool:
        """Whether there are so many that nobody used or revoked; counted no further."""
        statement = (
            select(OneTimeLink.id)
            .where(OneTimeLink.purpose == LinkPurpose.INVITE, OneTimeLink.company_id == company_id, _is_open)
            .offset(number - 1)
            .limit(1)
        )
        return self.session.exec(statement).first() is not None

    def list_invites(
        self, company_id: UUID, *, after: tuple[datetime, UUID] | None = None, limit: int
    ) -> Sequence[InviteLine]:
        """The newest first."""
        statement = (
            select(OneTimeLink, User.display_name)
            .join(User, col(User.id) == OneTimeLink.created_by, isouter=True)
            .where(OneTimeLink.purpose == LinkPurpose.INVITE, OneTimeLink.company_id == company_id, _is_open)
            .order_by(col(OneTimeLink.created_at).desc(), col(OneTimeLink.id).desc())
            .limit(limit)
        )
        if after:
            place = func.row(col(OneTimeLink.created_at), col(OneTimeLink.id))
            statement = statement.where(place < func.row(*after))
        return [_line(link, by) for link, by in self.session.exec(statement)]

    def get_line(self, link: OneTimeLink) -> InviteLine:
        by = self.session.exec(select(User.display_name).where(User.id == link.created_by)).one_or_none()
        return _line(link, by)

    def use(self, link: OneTimeLink, now: datetime) -> None:
        """It works no more, and knows no longer whom it was for."""
        self._close(link, used_at=now)

    def use_invite_of(self, company_id: UUID, email: str, now: datetime) -> None:
        """The same for an invite into the company for this address, if there is one: its account came otherwise."""
        statement = update(OneTimeLink).where(_is_invite_of(company_id, email))
        self.session.exec(statement.values(used_at=now, email="", display_name=""))

    def revoke(self, link: OneTimeLink, now: datetime) -> None:
        self._close(link, revoked_at=now)

    def _close(self, link: OneTimeLink, **changes: datetime) -> None:
        link.sqlmodel_update(changes | {"email": "", "display_name": ""})
        self.add(link)

    def lock(self, key: int) -> None:
        """Makes whoever wants the same key wait until this transaction ends."""
        self.session.connection().execute(select(func.pg_advisory_xact_lock(key)))

    def use_all(self, purpose: LinkPurpose, now: datetime) -> None:
        """After this none of the links given out for the purpose works."""
        statement = update(OneTimeLink).where(col(OneTimeLink.purpose) == purpose, col(OneTimeLink.used_at).is_(None))
        self.session.exec(statement.values(used_at=now))

    def revoke_reset(self, user_id: UUID, now: datetime) -> int:
        """The link for this person's password works no more; how many there were, at most one."""
        statement = update(OneTimeLink).where(
            col(OneTimeLink.purpose) == LinkPurpose.RESET, col(OneTimeLink.user_id) == user_id, _is_open
        )
        return self.session.exec(statement.values(revoked_at=now)).rowcount


def _is_invite_of(company_id: UUID, email: str) -> Any:
    return (
        (col(OneTimeLink.purpose) == LinkPurpose.INVITE)
        & (col(OneTimeLink.company_id) == company_id)
        & (func.lower(OneTimeLink.email) == func.lower(email))
        & _is_open
    )


def _line(link: OneTimeLink, by: str | None) -> InviteLine:
    return InviteLine(
        link.id,
        link.email,
        link.display_name,
        frozenset(Role(role) for role in link.roles),
        link.created_at,
        link.expires_at,
        link.created_by,
        by,
    )
