from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core import clock
from core.ids import new_id
from core.models import CallPurpose, Feedback, ModelCall, Rating, Score, Span, UsageRating
from core.models.base import table_of
from core.repositories.base import Repository

_feedback, _calls, _sums = table_of(Feedback), table_of(ModelCall), table_of(UsageRating)

Place = tuple[UUID, str, date, str]
"""The key of a row of UsageRating."""
PLACE = ("company_id", "span", "start", "model")


class Feedbacks(Repository):
    """What people think of answers; and beside it the ratings that stay when the answer goes, with their sums."""

    def put(self, message_id: UUID, user_id: UUID, score: Score, tags: list[str], comment: str) -> None:
        """This person's latest word on the answer."""
        said = {"score": score, "tags": tags, "comment": comment}
        row = {"id": new_id(), "created_at": clock.now(), "message_id": message_id, "user_id": user_id}
        statement = insert(_feedback).values(row | said)
        # From here on this person's other tabs wait: what follows looks at what they have left.
        self.session.execute(statement.on_conflict_do_update(index_elements=["message_id", "user_id"], set_=said))
        before, now = self._get_rating(message_id, user_id), self._new_rating(message_id, user_id, score)
        if now is None:
            return
        changes = _Changes()
        if before:
            changes.count(before, -1)
            before.model, before.score = now.model, now.score
        rating = before or now
        changes.count(rating, 1)
        self.session.add(rating)
        self.session.flush()
        self._keep(changes)

    def add_past(self, ratings: Sequence[Rating]) -> None:
        """Ratings of answers that are not here, with what they come to."""
        changes = _Changes()
        for rating in ratings:
            changes.count(rating, 1)
        self.session.add_all(ratings)
        self.session.flush()
        self._keep(changes)

    def remove(self, message_id: UUID, user_id: UUID) -> None:
        of_both = (_feedback.c.message_id == message_id, _feedback.c.user_id == user_id)
        statement = delete(_feedback).where(*of_both).returning(_feedback.c.id)
        if self.session.execute(statement).one_or_none() is None:
            return  # what another tab may have put since is not meant
        if rating := self._get_rating(message_id, user_id):
            changes = _Changes()
            changes.count(rating, -1)
            self.session.delete(rating)
            self.session.flush()
            self._keep(changes)

    def list_scores(self, message_ids: list[UUID], user_id: UUID) -> dict[UUID, Score]:
        statement = select(_feedback.c.message_id, _feedback.c.score).where(
            _feedback.c.message_id.in_(message_ids), _feedback.c.user_id == user_id
        )
        return {row.message_id: row.score for row in self.session.execute(statement)}

    def _get_rating(self, message_id: UUID, user_id: UUID) -> Rating | None:
        """As it is now, not as this session may have seen it before."""
        statement = select(Rating).where(col(Rating.message_id) == message_id, col(Rating.user_id) == user_id)
        fresh = statement.with_for_update().execution_options(populate_existing=True)
        return self.session.execute(fresh).scalar_one_or_none()

    def _new_rating(self, message_id: UUID, user_id: UUID, score: Score) -> Rating | None:
        """None for an answer that no model gave here, like an imported one."""
        statement = (
            select(_calls.c.company_id, _calls.c.room_id, _calls.c.model)
            .where(_calls.c.message_id == message_id, _calls.c.purpose == CallPurpose.ANSWER)
            .order_by(_calls.c.id.desc())
            .limit(1)
        )
        call = self.session.execute(statement).one_or_none()
        if call is None:
            return None
        return Rating(
            message_id=message_id,
            user_id=user_id,
            company_id=call.company_id,
            room_id=call.room_id,
            model=call.model,
            score=score,
            created_at=clock.now(),
        )

    def _keep(self, changes: "_Changes") -> None:
        """Adds to the sums, in one order for all who do. A sum that comes to nothing is no row, as when made anew."""
        rows = changes.rows()
        if not rows:
            return
        statement = insert(_sums).values(
            [dict(zip(PLACE, place, strict=True)) | {"up": up, "down": down} for place, (up, down) in rows.items()]
        )
        added = {name: _sums.c[name] + statement.excluded[name] for name in ("up", "down")}
        self.session.execute(statement.on_conflict_do_update(index_elements=PLACE, set_=added))
        fewer = [place for place, (up, down) in rows.items() if up < 0 or down < 0]
        if fewer:
            is_there = tuple_(*(_sums.c[name] for name in PLACE)).in_(fewer)
            self.session.execute(delete(_sums).where(is_there, _sums.c.up == 0, _sums.c.down == 0))


class _Changes:
    """What ratings change of the sums."""

    def __init__(self) -> None:
        self._by_place: dict[Place, dict[Score, int]] = defaultdict(lambda: dict.fromkeys(Score, 0))

    def count(self, rating: Rating, number: int) -> None:
        day = rating.created_at.astimezone(UTC).date()
        for span, start in ((Span.DAY, day), (Span.MONTH, day.replace(day=1))):
            self._by_place[rating.company_id, span, start, rating.model][rating.score] += number

    def rows(self) -> Mapping[Place, tuple[int, int]]:
        """Those that change, in the order of their keys: up, and down."""
        return {
            place: (scores[Score.UP], scores[Score.DOWN])
            for place, scores in sorted(self._by_place.items())
            if any(scores.values())
        }
