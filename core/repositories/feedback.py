from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core import clock
from core.ids import new_id
from core.models import Feedback, Score
from core.models.base import table_of
from core.repositories.base import Repository

_feedback = table_of(Feedback)


class Feedbacks(Repository):
    def put(self, message_id: UUID, user_id: UUID, score: Score, tags: list[str], comment: str) -> None:
        """This person's latest word on the answer."""
        said = {"score": score, "tags": tags, "comment": comment}
        row = {"id": new_id(), "created_at": clock.now(), "message_id": message_id, "user_id": user_id}
        statement = insert(_feedback).values(row | said)
        self.session.execute(statement.on_conflict_do_update(index_elements=["message_id", "user_id"], set_=said))

    def remove(self, message_id: UUID, user_id: UUID) -> None:
        self.session.execute(
            delete(_feedback).where(_feedback.c.message_id == message_id, _feedback.c.user_id == user_id)
        )

    def list_scores(self, message_ids: list[UUID], user_id: UUID) -> dict[UUID, Score]:
        statement = select(_feedback.c.message_id, _feedback.c.score).where(
            _feedback.c.message_id.in_(message_ids), _feedback.c.user_id == user_id
        )
        return {row.message_id: row.score for row in self.session.execute(statement)}
