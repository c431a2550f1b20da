"""Cases of reported messages: opened by reports, moved on by moderators. Each move names the version that was seen."""

from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, any_, bindparam, case, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from core import clock
from core.ids import new_id
from core.models import Case, CaseStatus, Conversation, Decision, Message, Report, ReportReason, User, UserRole
from core.models.base import table_of
from core.permissions import Role
from core.repositories.base import Repository

CLAIM_HOLDS = timedelta(minutes=30)
"""From then on somebody else may take a claimed case over: who claimed it may have gone home."""
MOST_COUNTED = 100

_cases, _reports = table_of(Case), table_of(Report)
_is_closed = _cases.c.status == CaseStatus.CLOSED
_is_not_final = or_(_cases.c.decision.is_(None), _cases.c.decision.not_in((Decision.GONE, Decision.PURGED)))
_UNDECIDED: dict[str, Any] = {"decision": None, "decided_by": None, "decided_at": None, "reason": ""}


_COUNT_OPEN = text(
    """
    SELECT u.id, (SELECT count(*) FROM (
        SELECT FROM cases c WHERE c.company_id = u.company_id AND c.status = 'open' LIMIT :most) AS few)
    FROM users u WHERE u.id = ANY(:ids)
        AND EXISTS (SELECT FROM user_roles r WHERE r.user_id = u.id AND r.role = 'moderator')
    """
)
# Asked with every transcript, so put together once: SQLAlchemy takes longer for that than PostgreSQL to answer.
_mine = (
    select(_cases.c.message_id, _reports.c.created_at, _cases.c.decision)
    .join(_reports, _reports.c.case_id == _cases.c.id)
    .where(
        _cases.c.message_id == any_(bindparam("messages", type_=ARRAY(Uuid()))),
        _reports.c.reporter_id == bindparam("user", type_=Uuid()),
    )
)


def hash_of_text(text: str) -> bytes:
    return sha256(text.encode()).digest()


class Cases(Repository):
    def open(self, conversation: Conversation, message: Message, reason: ReportReason, *, reports: int = 1) -> UUID:
        """The message's case, counting so many more reports; a closed one waits again from now on."""
        new = insert(_cases).values(
            **_about(conversation, message), status=CaseStatus.OPEN, report_count=1, reasons=[reason.value]
        )
        named = literal(reason.value) == any_(_cases.c.reasons)
        again = {
            "report_count": _cases.c.report_count + reports,
            "reasons": case((named, _cases.c.reasons), else_=func.array_append(_cases.c.reasons, reason.value)),
            "text_hash": new.excluded.text_hash,
            "first_reported_at": case(
                (_cases.c.report_count == 0, new.excluded.first_reported_at), else_=_cases.c.first_reported_at
            ),
            "status": case((_is_closed, CaseStatus.OPEN.value), else_=_cases.c.status),
            "waiting_since": case((_is_closed, new.excluded.waiting_since), else_=_cases.c.waiting_since),
            "version": _cases.c.version + case((_is_closed, 1), else_=0),
            "claimed_by": case((_is_closed, None), else_=_cases.c.claimed_by),
            "claimed_at": case((_is_closed, None), else_=_cases.c.claimed_at),
            **{name: case((_is_closed, nothing), else_=_cases.c[name]) for name, nothing in _UNDECIDED.items()},
        }
        statement = new.on_conflict_do_update(index_elements=["message_id"], set_=again).returning(_cases.c.id)
        return UUID(str(self.session.execute(statement).scalar_one()))

    def start(self, conversation: Conversation, message: Message, by: UUID) -> UUID:
        """A case of a message that nobody reported, claimed by the moderator who came across it. There must be none."""
        new = insert(_cases).values(
            **_about(conversation, message), status=CaseStatus.CLAIMED, claimed_by=by, claimed_at=clock.now(),
            report_count=0, reasons=[],
        )  # fmt: skip
        return UUID(str(self.session.execute(new.returning(_cases.c.id)).scalar_one()))

    def add_report(self, case_id: UUID, reporter_id: UUID, reason: ReportReason, comment: str) -> bool:
        """False when this person has reported it before; then nothing is added."""
        row = {"id": new_id(), "created_at": clock.now(), "case_id": case_id, "reporter_id": reporter_id}
        statement = insert(_reports).values(row | {"reason": reason, "comment": comment}).on_conflict_do_nothing()
        return self.session.execute(statement.returning(_reports.c.id)).scalar_one_or_none() is not None

    def is_reported_by(self, message_id: UUID, rule_id: UUID) -> bool:
        of_message = select(_cases.c.id).where(_cases.c.message_id == message_id).scalar_subquery()
        statement = select(_reports.c.id).where(_reports.c.case_id == of_message, _reports.c.rule_id == rule_id)
        return self.session.execute(statement).first() is not None

    def put_rule_report(self, case_id: UUID, rule_id: UUID, rule: str) -> None:
        """What a rule found: one report of each rule, with the time of the last find."""
        now = clock.now()
        row = {"id": new_id(), "created_at": now, "case_id": case_id, "rule_id": rule_id, "rule": rule, "comment": ""}
        statement = insert(_reports).values(row | {"reason": ReportReason.AUTOMATIC})
        again = {"created_at": now, "rule": rule}
        self.session.execute(statement.on_conflict_do_update(index_elements=["case_id", "rule_id"], set_=again))

    def list_mine(self, message_ids: Collection[UUID], user_id: UUID) -> dict[UUID, tuple[datetime, Decision | None]]:
        """Which of these messages this person reported, when, and what was decided; None while that is open."""
        if not message_ids:
            return {}
        given = {"messages": list(message_ids), "user": user_id}
        return {key: (at, decision) for key, at, decision in self.session.execute(_mine, given)}

    def list_reporters(self, case_id: UUID) -> list[UUID]:
        """People; rules are told nothing."""
        by_people = _reports.c.reporter_id.is_not(None)
        statement = select(_reports.c.reporter_id).where(_reports.c.case_id == case_id, by_people)
        return list(self.session.execute(statement).scalars())

    def get(self, company_id: UUID, case_id: UUID) -> Case | None:
        """As the database has it at this moment."""
        statement = select(Case).where(_cases.c.id == case_id, _cases.c.company_id == company_id)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def get_of(self, message_id: UUID) -> Case | None:
        """The case of that message, as the database has it at this moment."""
        statement = select(Case).where(_cases.c.message_id == message_id)
        return self.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()

    def count_open_of(self, user_ids: Collection[UUID]) -> dict[UUID, int]:
        """Unclaimed cases, for each of these who is a moderator; those beyond MOST_COUNTED are not counted."""
        found = self.session.execute(_COUNT_OPEN, {"ids": list(user_ids), "most": MOST_COUNTED})
        return {row[0]: row[1] for row in found}

    def list_moderators(self, company_id: UUID) -> list[UUID]:
        """Those who may sign in."""
        statement = (
            select(col(User.id))
            .join(UserRole, col(UserRole.user_id) == col(User.id))
            .where(col(User.company_id) == company_id, col(User.is_active), col(UserRole.role) == Role.MODERATOR)
        )
        return list(self.session.execute(statement).scalars())

    # Moves: False when the case is not, or not any more, as it was seen

    def claim(self, case_id: UUID, version: int, by: UUID) -> bool:
        now = clock.now()
        is_free = or_(
            _cases.c.status == CaseStatus.OPEN,
            and_(_cases.c.status == CaseStatus.CLAIMED, _cases.c.claimed_at < now - CLAIM_HOLDS),
        )
        return self._move(case_id, version, is_free, status=CaseStatus.CLAIMED, claimed_by=by, claimed_at=now)

    def release(self, case_id: UUID, version: int, by: UUID) -> bool:
        return self._move(case_id, version, _is_held(by), status=CaseStatus.OPEN, claimed_by=None, claimed_at=None)

    def decide(
        self, case_id: UUID, version: int, by: UUID, decision: Decision, reason: str, *, unclaimed: bool = False
    ) -> bool:
        """Closes a case that this person holds; `unclaimed`: or nobody."""
        allowed = or_(_is_held(by), _cases.c.status == CaseStatus.OPEN) if unclaimed else _is_held(by)
        return self._move(
            case_id, version, allowed, status=CaseStatus.CLOSED, decision=decision, decided_by=by,
            decided_at=clock.now(), reason=reason,
        )  # fmt: skip

    def reopen(self, case_id: UUID, version: int, by: UUID) -> bool:
        """Takes a decision back, or goes on with an own case: it is this person's to decide anew."""
        allowed = and_(or_(_is_closed, _is_held(by)), _is_not_final)
        now = clock.now()
        return self._move(
            case_id, version, allowed, status=CaseStatus.CLAIMED, claimed_by=by, claimed_at=now, **_UNDECIDED
        )

    def purge(self, case_id: UUID, version: int, by: UUID, reason: str) -> bool:
        """Closes one that this person holds, or that is decided, once and for all."""
        allowed = and_(or_(_is_closed, _is_held(by)), _is_not_final)
        return self._move(
            case_id, version, allowed, status=CaseStatus.CLOSED, decision=Decision.PURGED, decided_by=by,
            decided_at=clock.now(), reason=reason,
        )  # fmt: skip

    def close_gone(self, message_ids: Collection[UUID]) -> None:
        """Those still open about messages that went with another: as when a message vanishes."""
        statement = update(_cases).where(_cases.c.message_id.in_(message_ids), ~_is_closed)
        gone = {"status": CaseStatus.CLOSED, "decision": Decision.GONE, "decided_at": clock.now()}
        self.session.execute(statement.values(version=_cases.c.version + 1, **gone))

    def _move(self, case_id: UUID, version: int, allowed: Any, **values: Any) -> bool:
        statement = (
            update(_cases)
            .where(_cases.c.id == case_id, _cases.c.version == version, allowed)
            .values(version=_cases.c.version + 1, **values)
            .returning(_cases.c.id)
        )
        return self.session.execute(statement).scalar_one_or_none() is not None


def _is_held(by: UUID) -> Any:
    return and_(_cases.c.status == CaseStatus.CLAIMED, _cases.c.claimed_by == by)


def _about(conversation: Conversation, message: Message) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": new_id(),
        "created_at": now,
        "company_id": conversation.company_id,
        "message_id": message.id,
        "subject_id": message.id,
        "conversation_id": conversation.id,
        "kind": conversation.kind,
        "role": message.role,
        "author_id": message.sender_id,
        "version": 0,
        "said_at": message.created_at,
        "first_reported_at": now,
        "waiting_since": now,
        "text_hash": hash_of_text(message.content),
        "reason": "",
    }
