from uuid import UUID

from sqlmodel import col, delete, exists, select

from core.models import Identity
from core.repositories.base import Repository


class Identities(Repository):
    def add(self, identity: Identity) -> Identity:
        self.session.add(identity)
        self.session.flush()
        return identity

    def get_user_id(self, issuer: str, subject: str) -> UUID | None:
        """Whose it is."""
        statement = select(Identity.user_id).where(Identity.issuer == issuer, Identity.subject == subject)
        return self.session.exec(statement).one_or_none()

    def has(self, user_id: UUID, issuer: str) -> bool:
        """Whether the issuer knows the person already, by whatever name."""
        statement = select(exists().where(col(Identity.user_id) == user_id, col(Identity.issuer) == issuer))
        return bool(self.session.exec(statement).one())

    def delete_of(self, user_id: UUID) -> int:
        """Forgets who a person is to any provider; how many those were."""
        return self.session.exec(delete(Identity).where(col(Identity.user_id) == user_id)).rowcount
