"""What people think of answers."""

from uuid import UUID

from core.database.engine import Database
from core.errors import Invalid
from core.models import MessageRole, Score
from core.permissions import Actor
from core.repositories.feedback import Feedbacks
from core.services.messages import own_message
from core.services.texts import checked_text

MAX_COMMENT = 1_000
REASONS = ("Wrong", "Not what I asked", "Too long", "Out of date", "Other")


class FeedbackService:
    def __init__(self, database: Database) -> None:
        self.database = database

    def rate(
        self, actor: Actor, answer_id: UUID, score: Score | None, *, tags: tuple[str, ...] = (), comment: str = ""
    ) -> None:
        """Thumbs up or down on an answer; None takes it back. Tags are from REASONS."""
        comment = checked_text(comment.strip(), field="The comment", limit=MAX_COMMENT)
        if unknown := set(tags) - set(REASONS):
            raise Invalid(f"Unknown reason: {', '.join(sorted(unknown))}.")
        with self.database.transaction() as session:
            answer = own_message(session, actor, answer_id, MessageRole.ASSISTANT)
            if score is None:
                Feedbacks(session).remove(answer.id, actor.user_id)
            else:
                Feedbacks(session).put(answer.id, actor.user_id, score, list(tags), comment)
