"""A database as large as the screens' queries are judged on, filled inside PostgreSQL."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from core.database.engine import Database
from core.models import ConversationKind, MessageRole
from core.permissions import Actor
from core.repositories.messages import Messages
from core.repositories.rooms import Rooms
from tests.bench.seeding import make_list, make_person, make_rooms, make_talk

FEW, MANY, HIDDEN = 50, 20_000, 5_000
PAGE = 40
ROOMS = 300
REACT = "INSERT INTO reactions (message_id, user_id, emoji, created_at) SELECT id, :person, '👍', now() FROM messages"
HIDE = (
    "UPDATE messages SET superseded_with_id = gen_random_uuid() WHERE conversation_id = :conversation AND seq > :after"
)
# All within the day that a limit may look back on: none is to be taken away yet.
COUNT = (
    "INSERT INTO rate_limit_events (id, created_at, user_id, event, room_id) SELECT uuidv7(),"
    " now() - n * interval '4 seconds', :person, 'message', CAST(:room AS uuid) FROM generate_series(1, :events) n"
)


@dataclass(frozen=True)
class Filled:
    """A person with few conversations and one with many; a short talk of the former and a long one."""

    database: Database
    few: Actor
    many: Actor
    short: UUID
    long: UUID
    rewritten: UUID
    """A talk of 40 visible messages and 5,000 that a later version of a question hides."""
    answers: list[UUID]
    """Of the long talk, its latest."""
    guest: Actor
    """Somebody in ROOMS groups and as many company rooms, beside MANY chats with the assistant."""
    room: UUID
    """One of the groups. Its guest has sent MANY messages there within a day."""


def fill(database: Database) -> Filled:
    with database.transaction() as session:
        few, many = make_person(session), make_person(session)
        make_list(session, few, FEW)
        make_list(session, many, MANY)
        short, long = make_talk(session, few, PAGE).id, make_talk(session, few, MANY).id
        rewritten = make_talk(session, few, PAGE + HIDDEN).id
        session.connection().execute(text(HIDE), {"conversation": rewritten, "after": PAGE})
        _fill_runs(session, few)
        answers = [line.id for line in Messages(session).latest(long, PAGE) if line.role is MessageRole.ASSISTANT]
        guest = make_person(session)
        make_list(session, guest, MANY)
        for kind in (ConversationKind.GROUP, ConversationKind.COMPANY):
            make_rooms(session, guest, kind, ROOMS)
        room = Rooms(session).list_mine(guest, ConversationKind.GROUP, limit=1)[0].id
        session.connection().execute(text(REACT), {"person": few.user_id})
        session.connection().execute(text(COUNT), {"person": guest.user_id, "room": room, "events": MANY})
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
    return Filled(database, few, many, short, long, rewritten, answers, guest, room)


def _fill_runs(session: Session, person: Actor) -> None:
    """A finished run and a ledger row for every message there is."""
    for statement in (
        "INSERT INTO answer_runs (id, created_at, conversation_id, message_id, asked_by, status, partial, heartbeat_at)"
        " SELECT uuidv7(), now(), conversation_id, id, :person, 'complete', '', now() FROM messages",
        "INSERT INTO model_calls (id, created_at, company_id, user_id, conversation_id, message_id, purpose, provider,"
        " model, usage_source, duration_ms, status) SELECT uuidv7(), now(), :company, :person, conversation_id, id,"
        " 'answer', 'embedded', 'one', 'exact', 900, 'complete' FROM messages",
    ):
        session.connection().execute(text(statement), {"person": person.user_id, "company": person.company_id})
