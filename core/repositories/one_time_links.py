from datetime import datetime

from sqlmodel import col, func, select, update

from core.models import LinkPurpose, OneTimeLink
from core.repositories.base import Repository


class OneTimeLinks(Repository):
    def add(self, link: OneTimeLink) -> OneTimeLink:
        self.session.add(link)
        self.session.flush()
        return link

    def get_usable(self, purpose: LinkPurpose, token_hash: bytes, now: datetime) -> OneTimeLink | None:
        """None when it is unknown, was used or is too old."""
        statement = select(OneTimeLink).where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.token_hash == token_hash,
            col(OneTimeLink.used_at).is_(None),
            OneTimeLink.expires_at > now,
        )
        return self.session.exec(statement).one_or_none()

    def lock(self, key: int) -> None:
        """Makes whoever wants the same key wait until this transaction ends."""
        self.session.connection().execute(select(func.pg_advisory_xact_lock(key)))

    def use_all(self, purpose: LinkPurpose, now: datetime) -> None:
        """After this none of the links given out for the purpose works."""
        statement = update(OneTimeLink).where(col(OneTimeLink.purpose) == purpose, col(OneTimeLink.used_at).is_(None))
        self.session.exec(statement.values(used_at=now))
