from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from core.models import Mention, Message
from core.models.base import table_of
from core.repositories.base import Repository

_mentions = table_of(Mention)


_mine = select(_mentions.c.message_id).where(
    _mentions.c.message_id == any_(bindparam("messages", type_=ARRAY(Uuid()))),
    _mentions.c.user_id == bindparam("user", type_=Uuid()),
)


class Mentions(Repository):
    def put(self, message: Message, user_ids: Collection[UUID]) -> None:
        """These people and nobody else are called by name in the message."""
        gone = delete(_mentions).where(_mentions.c.message_id == message.id, _mentions.c.user_id.not_in(user_ids))
        self.session.execute(gone)
        if user_ids:
            place = {"message_id": message.id, "conversation_id": message.conversation_id, "seq": message.seq}
            rows = [place | {"user_id": user_id} for user_id in user_ids]
            self.session.execute(insert(_mentions).values(rows).on_conflict_do_nothing())

    def list_mine(self, message_ids: Collection[UUID], user_id: UUID) -> set[UUID]:
        """Which of these messages call this person by name."""
        if not message_ids:
            return set()
        given = {"messages": list(message_ids), "user": user_id}
        return set(self.session.execute(_mine, given).scalars())
