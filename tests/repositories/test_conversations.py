from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import hypothesis
import pytest
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import Session, SQLModel, select

from core.database.engine import Database
from core.ids import new_id
from core.models import (
    AnswerRun,
    CallPurpose,
    CallStatus,
    Conversation,
    ConversationKind,
    Feedback,
    Member,
    MemberRole,
    Message,
    MessageRevision,
    MessageRole,
    ModelCall,
    Score,
    UsageSource,
    User,
)
from core.permissions import Actor
from core.repositories.conversations import ConversationLine, Conversations
from core.repositories.messages import Messages
from tests.support.builders import make_actor, make_company, make_conversation, make_messages, make_user
from tests.support.properties import tried

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)


@dataclass
class People:
    owner: User
    me: Actor
    colleague: Actor
    stranger: Actor


def make_people(session: Session) -> People:
    company = make_company(session)
    owner = make_user(session, company)
    colleague, stranger = make_user(session, company), make_user(session, make_company(session))
    return People(owner, make_actor(owner), make_actor(colleague), make_actor(stranger))


def test_a_new_conversation_has_its_owner_as_first_member(database: Database) -> None:
    with database.transaction() as session:
        people = make_people(session)
        added = Conversations(session).add(
            Conversation(company_id=people.me.company_id, owner_id=people.owner.id, last_message_at=NOON)
        )
        session.expire_all()
        assert Conversations(session).get(added.id) == added
        assert (added.kind, added.title, added.last_seq) == (ConversationKind.ASSISTANT, "", 0)
        member = session.get(Member, (added.id, people.owner.id))
        assert member and (member.role, member.left_at) == (MemberRole.OWNER, None)
        assert Conversations(session).get(new_id()) is None


def test_only_present_members_of_the_company_can_read_it(database: Database) -> None:
    with database.transaction() as session:
        people = make_people(session)
        conversation = make_conversation(session, people.owner, kind=ConversationKind.GROUP)
        conversations = Conversations(session)

        def readers() -> list[bool]:
            return [
                conversations.get_readable(actor, conversation.id) is not None
                for actor in (people.me, people.colleague, people.stranger)
            ]

        assert readers() == [True, False, False]
        places = [
            Member(conversation_id=conversation.id, user_id=actor.user_id, joined_at=NOON)
            for actor in (people.colleague, people.stranger)
        ]
        session.add_all(places)
        session.flush()
        assert readers() == [True, True, False]  # the stranger's company is another one, whatever the row says
        assert [line.id for line in conversations.list_recent(people.colleague, ConversationKind.GROUP)] == [
            conversation.id
        ]
        places[0].left_at = NOON
        session.flush()
        assert readers() == [True, False, False]
        assert conversations.list_recent(people.colleague, ConversationKind.GROUP) == []
        conversations.delete(conversation)
        assert readers() == [False, False, False]
        assert conversations.get_readable(people.me, conversation.id, with_deleted=True) == conversation
        assert conversations.get_readable(people.colleague, conversation.id, with_deleted=True) is None


def test_the_list_holds_one_persons_own_with_the_newest_activity_first(database: Database) -> None:
    with database.transaction() as session:
        people = make_people(session)
        conversations = Conversations(session)
        old, new, archived, deleted, group = (
            make_conversation(
                session, people.owner, title=title, last_message_at=NOON + timedelta(hours=hour), **fields
            )
            for hour, (title, fields) in enumerate(
                [
                    ("old", {}),
                    ("new", {}),
                    ("archived", {}),
                    ("deleted", {}),
                    ("group", {"kind": ConversationKind.GROUP}),
                ]
            )
        )
        other = session.get_one(User, people.colleague.user_id)
        make_conversation(session, other, title="somebody else's")
        conversations.archive(archived)
        conversations.delete(deleted)

        def titles(
            actor: Actor, kind: ConversationKind = ConversationKind.ASSISTANT, archived: bool = False
        ) -> list[str]:
            lines = conversations.list_recent(actor, kind, archived=archived)
            assert conversations.count(actor, kind, archived=archived) == len(lines)
            return [line.title for line in lines]

        assert titles(people.me) == ["new", "old"]
        assert titles(people.me, archived=True) == ["archived"]
        assert titles(people.me, ConversationKind.GROUP) == ["group"]
        assert titles(people.colleague) == ["somebody else's"]
        assert titles(people.stranger) == []
        conversations.unarchive(archived)
        conversations.restore(deleted)
        assert titles(people.me) == ["deleted", "archived", "new", "old"]
        Messages(session).append(old.id, role=MessageRole.USER, content="again")
        assert titles(people.me) == ["old", "deleted", "archived", "new"]
        conversations.delete(new)
        assert len(conversations.delete_all_of(people.owner.id)) == 3
        assert titles(people.me) == []
        assert titles(people.me, ConversationKind.GROUP) == ["group"]
        session.refresh(group)
        assert group.deleted_at is None


def page_through(conversations: Conversations, actor: Actor, size: int) -> list[ConversationLine]:
    found: list[ConversationLine] = []
    while page := conversations.list_recent(actor, limit=size, before=found[-1].position if found else None):
        assert len(page) <= size
        found += page
    return found


@tried(25)
@hypothesis.given(hours=st.lists(st.integers(0, 3), max_size=12), size=st.integers(1, 13))
def test_pages_of_any_size_are_the_whole_list(database: Database, hours: list[int], size: int) -> None:
    """Ties on the time of activity included: few hours, many conversations."""
    with database.transaction() as session:
        people = make_people(session)
        made = [
            make_conversation(session, people.owner, last_message_at=NOON + timedelta(hours=hour)) for hour in hours
        ]
        expected = sorted(((one.last_message_at, one.id) for one in made), reverse=True)
        pages = page_through(Conversations(session), people.me, size)
        assert [line.position for line in pages] == expected


def test_update_leaves_what_is_not_named(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_conversation(session, make_people(session).owner, title="before", model="large")
        Conversations(session).update(conversation, title="after", instructions="Be brief.")
        session.expire_all()
        assert (conversation.title, conversation.instructions, conversation.model) == ("after", "Be brief.", "large")


def test_purging_leaves_nothing_but_the_ledger_with_its_links_blanked(database: Database) -> None:
    with database.transaction() as session:
        people = make_people(session)
        conversation, kept = make_conversation(session, people.owner), make_conversation(session, people.owner)
        question, answer, *_ = make_messages(session, conversation, ["Why?", "Because."])
        make_messages(session, kept, ["Stays."])
        Messages(session).edit(question, "Why, really?", people.owner.id)
        run = AnswerRun(
            conversation_id=conversation.id, message_id=answer.id, asked_by=people.owner.id, heartbeat_at=NOON
        )
        session.add_all([run, Feedback(message_id=answer.id, user_id=people.owner.id, score=Score.UP)])
        session.add(
            ModelCall(
                company_id=people.me.company_id,
                user_id=people.owner.id,
                conversation_id=conversation.id,
                message_id=answer.id,
                run_id=run.id,
                purpose=CallPurpose.ANSWER,
                provider="embedded",
                model="small",
                output_tokens=7,
                usage_source=UsageSource.EXACT,
                duration_ms=5,
                status=CallStatus.COMPLETE,
            )
        )
        session.flush()
        purged, run_id = conversation.id, run.id
        Conversations(session).purge(purged)

        def left(table: type[SQLModel]) -> list[SQLModel]:
            return [row for row in session.exec(select(table)) if getattr(row, "conversation_id", None) != kept.id]

        assert [left(table) for table in (Member, Message, AnswerRun, MessageRevision, Feedback)] == [[]] * 5
        assert Conversations(session).get(purged) is None
        assert Messages(session).count(kept.id) == 1
        (call,) = session.exec(select(ModelCall))
        assert (call.conversation_id, call.message_id) == (None, None)
        assert (call.user_id, call.output_tokens, call.run_id) == (people.owner.id, 7, run_id)


@pytest.mark.parametrize("act", ["list_recent", "count", "get_readable"])
def test_reading_takes_one_query(database: Database, act: str) -> None:
    with database.transaction() as session:
        people = make_people(session)
        conversation = make_conversation(session, people.owner)
        session.expunge_all()
        statements: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        arguments = [people.me, conversation.id] if act == "get_readable" else [people.me]
        getattr(Conversations(session), act)(*arguments)
        assert len(statements) == 1
        assert "messages" not in statements[0].replace("last_message_at", "")
