"""Cases: one of a message, or many at once, made inside PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import Company, ConversationKind, ReportReason, Suspension, User
from core.permissions import Actor
from tests.support.builders import make_actor, make_conversation, make_user
from tests.support.talks import Desk

MODERATORS = 5
# Of a hundred cases so many are still open, and two are claimed; the rest is closed.
MESSAGES = """
    INSERT INTO messages (id, created_at, conversation_id, seq, sender_id, role, message_type, content, status, extra)
    SELECT md5('message' || n)::uuid, CAST(:now AS timestamptz) - (:count - n) * interval '90 seconds',
        (CAST(:talks AS uuid[]))[1 + n % :talk_count], n, CASE n % 10 WHEN 0 THEN NULL ELSE
        (CAST(:people AS uuid[]))[1 + (hashint4(n) & 2147483647) % :size] END,
        CASE n % 10 WHEN 0 THEN 'assistant' ELSE 'user' END, 'text', 'Something that was said, number ' || n % 5000
        || repeat(' and more of it', n % 20), 'complete', '{}'
    FROM generate_series(1, :count) n"""
CASES = """
    INSERT INTO cases (id, created_at, company_id, message_id, subject_id, conversation_id, kind, role, author_id,
        status, version, claimed_by, claimed_at, said_at, first_reported_at, waiting_since, report_count, reasons,
        text_hash, decision, decided_by, decided_at, reason)
    SELECT md5('case' || n)::uuid, m.created_at, :company, m.id, m.id, m.conversation_id,
        (ARRAY['assistant', 'direct', 'group', 'group', 'company', 'company'])[1 + n % 6], m.role, m.sender_id,
        CASE WHEN n % 100 < :open THEN 'open' WHEN n % 100 < :open + 2 THEN 'claimed' ELSE 'closed' END, 1,
        CASE WHEN n % 100 >= :open THEN (CAST(:moderators AS uuid[]))[1 + n % 5] END,
        CASE WHEN n % 100 >= :open THEN m.created_at + interval '1 hour' END,
        m.created_at, m.created_at + interval '10 minutes', m.created_at + interval '10 minutes', 1 + n % 3,
        CASE WHEN n % 500 = 7 THEN ARRAY['hate'] ELSE ARRAY[(CAST(:reasons AS text[]))[1 + n % 6]] END,
        sha256(convert_to(m.content, 'UTF8')),
        CASE WHEN n % 100 >= :open + 2 THEN (ARRAY['dismissed', 'edited', 'deleted'])[1 + n % 3] END,
        CASE WHEN n % 100 >= :open + 2 THEN (CAST(:moderators AS uuid[]))[1 + n % 5] END,
        CASE WHEN n % 100 >= :open + 2 THEN m.created_at + interval '2 hours' END, ''
    FROM (SELECT *, row_number() OVER (ORDER BY created_at) AS n FROM messages) m"""
REPORTS = """
    INSERT INTO reports (id, created_at, case_id, reporter_id, reason, comment)
    SELECT md5('report' || c.id || k)::uuid, c.created_at, c.id, (CAST(:people AS uuid[]))[k], c.reasons[1],
        'Please look'
    FROM cases c, generate_series(1, c.report_count) k"""


def make_cases(session: Session, company: Company, count: int, *, people: int = 200, still_open: int = 98) -> None:
    """`still_open`: of a hundred cases."""
    users = [make_user(session, company) for _ in range(people)]
    talks = [make_conversation(session, users[number]) for number in range(min(people, 50))]
    moderators = [make_user(session, company) for _ in range(MODERATORS)]
    common = [reason.value for reason in ReportReason if reason is not ReportReason.HATE]
    given: dict[str, Any] = {
        "now": clock.now(),
        "count": count,
        "talks": [one.id for one in talks],
        "talk_count": len(talks),
        "people": [one.id for one in users],
        "size": people,
        "company": company.id,
        "moderators": [one.id for one in moderators],
        "reasons": common,
        "open": still_open,
    }
    for statement in (MESSAGES, CASES, REPORTS):
        session.execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
    session.execute(text("ANALYZE messages, cases, reports"))


def case_of(desk: Desk, message_id: UUID) -> tuple[UUID, int]:
    """The case of a reported message, with the version that it is at."""
    with desk.database.reading() as session:
        found = session.execute(text("SELECT id, version FROM cases WHERE subject_id = :id"), {"id": message_id})
        row = found.one()
    return row.id, row.version


def report(desk: Desk, message_id: UUID) -> UUID:
    """By whoever of the conversation did not write it. The case."""
    with desk.database.reading() as session:
        statement = """SELECT u.id FROM users u JOIN members k ON k.user_id = u.id JOIN messages m
            ON m.conversation_id = k.conversation_id WHERE m.id = :id AND k.left_at IS NULL
            AND m.sender_id IS DISTINCT FROM u.id LIMIT 1"""
        user_id = session.execute(text(statement), {"id": message_id}).scalar_one()
        reporter = make_actor(session.get_one(User, user_id))
    desk.reports.report(reporter, message_id, ReportReason.HARASSMENT)
    return case_of(desk, message_id)[0]


def decided(desk: Desk, moderator: Actor, author: Actor, words: str = "You are a walrus") -> UUID:
    """A case about a message of that person that is dismissed, so that every moderator may go on from it."""
    room = desk.rooms.create(desk.me, ConversationKind.GROUP, "Kitchen", user_ids=[author.user_id])
    case_id = report(desk, desk.talks.send(author, room, words).message_id)
    desk.moderation.claim(moderator, case_id, 0)
    desk.moderation.dismiss(moderator, case_id, 1)
    return case_id


def suspend(database: Database, user_id: UUID, until: datetime, reason: str = "Insults") -> UUID:
    """As a moderator's decision leaves it. The suspension."""
    with database.transaction() as session:
        user = session.get_one(User, user_id)
        user.suspended_until = until
        added = Suspension(
            company_id=user.company_id, user_id=user_id, until=until, reason=reason, suspended_by=new_id(),
            created_at=until - timedelta(days=1),
        )  # fmt: skip
        session.add_all([user, added])
        return added.id
