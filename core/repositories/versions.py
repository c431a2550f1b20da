"""Versions of messages: which is shown, and what is hidden together with each of the others. See `Message`."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, update

from core.models import Message
from core.models.base import table_of
from core.repositories.base import Repository
from core.repositories.messages import shown_in

_messages = table_of(Message)


class Versions(Repository):
    def supersede_from(self, message: Message) -> None:
        """Hides a visible message and all visible ones after it, as one bundle that `show_version` brings back."""
        self.session.execute(
            update(_messages)
            .where(shown_in(message.conversation_id), _messages.c.seq >= message.seq)
            .values(superseded_with_id=message.id)
        )
        group = message.version_group_id or message.id
        self._set_group(message, group)

    def show_version(self, hidden: Message, shown: Message) -> None:
        """Puts a superseded version in the place of the one shown, each with all that followed it."""
        self.supersede_from(shown)
        self.session.execute(
            update(_messages)
            .where(_messages.c.superseded_with_id == hidden.id, _messages.c.conversation_id == hidden.conversation_id)
            .values(superseded_with_id=None)
        )
        self.session.expire_all()

    def _set_group(self, message: Message, group: UUID) -> None:
        self.session.execute(update(_messages).where(_messages.c.id == message.id).values(version_group_id=group))
        self.session.expire_all()

    def get_shown_version(self, group: UUID) -> Message | None:
        """The version of that group the transcript shows; None while the whole group is hidden in a longer branch."""
        statement = select(Message).where(
            _messages.c.version_group_id == group, _messages.c.superseded_with_id.is_(None)
        )
        return self.session.execute(statement).scalar_one_or_none()

    def list_versions(self, groups: Iterable[UUID]) -> dict[UUID, list[UUID]]:
        """For each group the ids of its versions, first to last."""
        wanted = list(groups)
        if not wanted:
            return {}
        statement = (
            select(_messages.c.version_group_id, _messages.c.id)
            .where(_messages.c.version_group_id.in_(wanted))
            .order_by(_messages.c.version_group_id, _messages.c.seq)
        )
        versions: dict[UUID, list[UUID]] = {}
        for group, message_id in self.session.execute(statement):
            versions.setdefault(group, []).append(message_id)
        return versions
