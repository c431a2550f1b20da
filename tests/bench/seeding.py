"""Rows in bulk, made inside PostgreSQL."""

from sqlalchemy import text
from sqlmodel import Session

from core.models import Conversation, ConversationKind, User
from core.permissions import Actor
from tests.support.builders import make_actor, make_company, make_conversation, make_user

QUESTION = "Which of our three suppliers delivered late last month, and what did each of them give as the reason?"
ANSWER = (
    "Two of the three were late. **Northwind** delivered four days after the agreed date and named a strike at the "
    "port; **Fabrikam** was two days late because a part was out of stock.\n\n- Contoso was on time.\n- Northwind has "
    "offered a discount of 3 % on the next order.\n- Fabrikam has not answered yet; a reminder is due on Friday.\n"
)


def make_person(session: Session) -> Actor:
    """Staff of a company of their own."""
    return make_actor(make_user(session, make_company(session)))


def make_talk(session: Session, owner: Actor, messages: int) -> Conversation:
    """A conversation of that many messages: questions and answers by turns, a minute apart."""
    user = session.get_one(User, owner.user_id)
    conversation = make_conversation(session, user, title="Late deliveries", last_seq=messages)
    session.connection().execute(
        text(
            "INSERT INTO messages (id, created_at, conversation_id, seq, sender_id, role, message_type, content,"
            " status, tokens_used) SELECT uuidv7(), now() - (:count - n) * interval '1 minute', :conversation, n,"
            " CASE WHEN n % 2 = 1 THEN CAST(:owner AS uuid) END, CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END,"
            " 'text', CASE WHEN n % 2 = 1 THEN :question ELSE :answer END, 'complete', 60"
            " FROM generate_series(1, :count) n"
        ),
        {
            "conversation": conversation.id,
            "owner": owner.user_id,
            "count": messages,
            "question": QUESTION,
            "answer": ANSWER,
        },
    )
    return conversation


def make_rooms(session: Session, owner: Actor, kind: ConversationKind, rooms: int) -> None:
    """That many rooms of 40 messages, a minute apart; in each a few unread, one of which calls this person by name."""
    given = {"company": owner.company_id, "owner": owner.user_id, "kind": kind.value, "count": rooms}
    for statement in (
        "WITH made AS (INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled,"
        " last_seq, said, member_count, last_message_at, instructions) SELECT uuidv7(), now(), :company, :owner, :kind,"
        " 'Room ' || n, true, 40, 40, 1, now() - n * interval '1 minute', '' FROM generate_series(1, :count) n"
        " RETURNING id) INSERT INTO members (conversation_id, user_id, kind, role, joined_at, last_read_seq, read_said,"
        " muted) SELECT id, :owner, :kind, 'owner', now(), 36, 36, false FROM made",
        "WITH said AS (INSERT INTO messages (id, created_at, conversation_id, seq, role, message_type, content, status)"
        " SELECT uuidv7(), now(), c.id, n, 'assistant', 'text', 'Well.', 'complete' FROM conversations c,"
        " generate_series(1, 40) n WHERE c.owner_id = :owner AND c.kind = :kind RETURNING id, conversation_id, seq)"
        " INSERT INTO mentions (message_id, user_id, conversation_id, seq)"
        " SELECT id, :owner, conversation_id, seq FROM said WHERE seq % 4 = 0",
    ):
        session.connection().execute(text(statement), given)


def make_list(session: Session, owner: Actor, conversations: int) -> None:
    """That many more conversations of this person, an hour apart, with their memberships."""
    session.connection().execute(
        text(
            "WITH made AS (INSERT INTO conversations (id, created_at, company_id, owner_id, kind, title, is_titled,"
            " last_seq, last_message_at, instructions) SELECT uuidv7(), now(), :company, :owner, 'assistant',"
            " 'What changed in week ' || n, false, 0, now() - n * interval '1 hour', ''"
            " FROM generate_series(1, :count) n RETURNING id)"
            " INSERT INTO members (conversation_id, user_id, role, joined_at, last_read_seq, muted)"
            " SELECT id, :owner, 'owner', now(), 0, false FROM made"
        ),
        {"company": owner.company_id, "owner": owner.user_id, "count": conversations},
    )
