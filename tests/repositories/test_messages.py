from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH
from sqlalchemy import event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from core import clock
from core.database.engine import Database
from core.ids import new_id
from core.models import (
    MAX_MESSAGE,
    Conversation,
    ConversationKind,
    Message,
    MessageRevision,
    MessageRole,
    MessageStatus,
    MessageType,
)
from core.repositories.appending import APPEND
from core.repositories.message_lines import MessageLine
from core.repositories.messages import CONTEXT_PAGE, Messages
from core.repositories.versions import Versions
from tests.support.builders import make_company, make_conversation, make_messages, make_user
from tests.support.properties import tried

ASSISTANT, USER = MessageRole.ASSISTANT, MessageRole.USER
FAR = timedelta(days=900)
quickly = tried(30)


def make_talk(session: Session, *contents: str, **fields: object) -> Conversation:
    conversation = make_conversation(session, make_user(session, make_company(session)), **fields)
    make_messages(session, conversation, list(contents))
    return conversation


def texts(lines: list[MessageLine]) -> list[str]:
    return [line.content for line in lines]


def get(session: Session, conversation: Conversation, seq: int) -> Message:
    statement = select(Message).where(Message.conversation_id == conversation.id, Message.seq == seq)
    return session.exec(statement).one()


def test_appending_is_one_statement_that_moves_order_time_and_first_title(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, last_message_at=datetime(2025, 1, 1, tzinfo=UTC))
        statements: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        key, before = new_id(), clock.now()
        question = Messages(session).append(
            conversation.id,
            role=USER,
            content="Why?",
            sender_id=conversation.owner_id,
            tokens_used=2,
            client_key=key,
            extra={"from": "test"},
            title="Why?",
        )
        assert len(statements) == 1
        answer = Messages(session).append(
            conversation.id, role=ASSISTANT, content="Because.", reply_to_id=question.id, title="Another title"
        )
        session.expire_all()
        assert (question.seq, answer.seq, conversation.last_seq) == (1, 2, 2)
        assert conversation.title == "Why?"
        assert before <= question.created_at <= answer.created_at == conversation.last_message_at
        kept = Messages(session).get_by_client_key(key)
        assert kept and (kept.id, kept.content, kept.tokens_used, kept.extra) == (
            question.id,
            "Why?",
            2,
            {"from": "test"},
        )
        assert Messages(session).get_after(kept) == Messages(session).get(answer.id)
        assert Messages(session).get_by_client_key(new_id()) is None


def test_what_was_appended_is_what_is_read_of_it(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, "Why?")
        said = Messages(session).append(
            conversation.id,
            role=ASSISTANT,
            content="So.",
            status=MessageStatus.STOPPED,
            tokens_used=3,
            reply_to_id=new_id(),
            extra={"a": [1]},
        )
        assert said in session
        assert said not in session.dirty
        columns = Message.model_fields
        appended = {name: said.__dict__[name] for name in columns}
        session.refresh(said)
        assert appended == {name: getattr(said, name) for name in columns}
        said.content = "So it is."
        session.flush()
        assert get(session, conversation, 2).content == "So it is."


def test_psycopg_keeps_the_statement_in_mind() -> None:
    """It takes a longer one apart at each call, and with it a fifth of the time of an append."""
    assert len(str(APPEND.compile(dialect=PGDialect_psycopg()))) <= MAX_CACHED_STATEMENT_LENGTH


def test_what_appending_gives_can_be_worked_on(database: Database) -> None:
    with database.transaction() as session:
        messages = Messages(session)
        conversation = make_talk(session)
        appended = messages.append(conversation.id, role=USER, content="Wy?")
        messages.edit(appended, "Why?", None)
        assert texts(messages.latest(conversation.id)) == ["Why?"]


def test_the_time_of_the_conversation_is_never_moved_back(database: Database) -> None:
    ahead = clock.now() + FAR
    with database.transaction() as session:
        conversation = make_talk(session, last_message_at=ahead, title="named")
        Messages(session).append(conversation.id, role=USER, content="Why?", title="Why?")
        session.refresh(conversation)
        assert (conversation.last_message_at, conversation.title) == (ahead, "named")


@pytest.mark.parametrize("fault", ["same key", "too long"])
def test_a_message_that_is_refused_moves_nothing(database: Database, fault: str) -> None:
    with database.transaction() as session:
        conversation, key = make_talk(session), new_id()
        Messages(session).append(conversation.id, role=USER, content="x" * MAX_MESSAGE, client_key=key)
        content, again = ("x", key) if fault == "same key" else ("x" * (MAX_MESSAGE + 1), new_id())
        with pytest.raises(IntegrityError), session.begin_nested():
            Messages(session).append(conversation.id, role=USER, content=content, client_key=again)
        session.refresh(conversation)
        assert conversation.last_seq == Messages(session).count(conversation.id) == 1


def test_a_refusal_by_the_database_repeats_no_content(fresh_database: Database) -> None:
    """It may end up in a log."""
    key = new_id()
    with fresh_database.transaction() as session:
        conversation = make_talk(session)
        Messages(session).append(conversation.id, role=USER, content="secret", client_key=key)
    with pytest.raises(IntegrityError) as refused, fresh_database.transaction() as session:
        Messages(session).append(conversation.id, role=USER, content="secret", client_key=key)
    assert "secret" not in str(refused.value)


def test_latest_are_the_newest_in_the_order_they_were_said(database: Database) -> None:
    with database.transaction() as session:
        messages = Messages(session)
        conversation = make_talk(session, *"abcde")
        make_talk(session, "of another conversation")
        assert texts(messages.latest(conversation.id, 3)) == ["c", "d", "e"]
        last = messages.last(conversation.id)
        assert last and (last.content, last.seq, last.role) == ("e", 5, USER)
        assert last.sender_name and last.sender_id == conversation.owner_id
        assert messages.last(make_talk(session).id) is None


@quickly
@hypothesis.given(count=st.integers(0, 9), limit=st.integers(1, 10), data=st.data())
def test_pages_before_and_after_a_seq(database: Database, count: int, limit: int, data: st.DataObject) -> None:
    seq = data.draw(st.integers(0, count + 1))
    with database.transaction() as session:
        messages = Messages(session)
        conversation = make_talk(session, *map(str, range(1, count + 1)))
        numbers = range(1, count + 1)
        page = messages.page(conversation.id, before=seq, limit=limit)
        assert [line.seq for line in page] == [number for number in numbers if number < seq][-limit:]
        page = messages.page(conversation.id, after=seq, limit=limit)
        assert [line.seq for line in page] == [number for number in numbers if number > seq][:limit]
        assert [line.seq for line in messages.latest(conversation.id, limit)] == list(numbers)[-limit:]


def test_an_edit_keeps_the_earlier_text(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, "Wy?", "Because.")
        message, editor = get(session, conversation, 1), conversation.owner_id
        for content in ("Why?", "Why, really?"):
            Messages(session).edit(message, content, editor, reason="typo")
        session.expire_all()
        line = Messages(session).latest(conversation.id)[0]
        assert line.content == "Why, really?" and line.edited_at
        assert message.edited_by == editor
        revisions = session.exec(select(MessageRevision).order_by(col(MessageRevision.id))).all()
        assert [(one.message_id, one.content, one.edited_by, one.reason) for one in revisions] == [
            (message.id, "Wy?", editor, "typo"),
            (message.id, "Why?", editor, "typo"),
        ]


def test_a_deleted_message_keeps_its_place_without_the_text(database: Database) -> None:
    with database.transaction() as session:
        messages = Messages(session)
        conversation = make_talk(session, "a", "secret", "c")
        message = get(session, conversation, 2)
        messages.delete(message, conversation.owner_id)
        lines = messages.latest(conversation.id)
        assert [(line.content, line.deleted_at is not None) for line in lines] == [
            ("a", False),
            ("", True),
            ("c", False),
        ]
        assert messages.count(conversation.id) == 2
        assert "secret" not in repr(lines)
        messages.restore(message)
        assert texts(messages.latest(conversation.id)) == ["a", "secret", "c"]
        assert (message.deleted_at, message.deleted_by, messages.count(conversation.id)) == (None, None, 3)


def test_clearing_a_history_takes_the_persons_own_chats_only(database: Database) -> None:
    with database.transaction() as session:
        company = make_company(session)
        me, other = make_user(session, company), make_user(session, company)
        mine, room, theirs = (
            make_conversation(session, me),
            make_conversation(session, me, kind=ConversationKind.GROUP),
            make_conversation(session, other),
        )
        for conversation in (mine, room, theirs):
            make_messages(session, conversation, ["Why?", "Because."])
        assert Messages(session).clear_history(me.id) == 2
        assert Messages(session).clear_history(me.id) == 0
        assert [Messages(session).count(one.id) for one in (mine, room, theirs)] == [0, 2, 2]


def test_an_answer_gets_its_text_and_its_end(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, "Why?")
        answer = Messages(session).append(conversation.id, role=ASSISTANT, content="", status=MessageStatus.PENDING)
        Messages(session).complete(answer.id, "Beca", MessageStatus.STOPPED, 1)
        last = Messages(session).last(conversation.id)
        assert last and (last.content, last.status, last.tokens_used) == ("Beca", MessageStatus.STOPPED, 1)


# What a model is told. `len` stands for the estimate: a character is a token.


@quickly
@hypothesis.given(lengths=st.lists(st.integers(1, 6), min_size=1, max_size=8), budget=st.integers(-3, 30))
def test_the_context_is_the_longest_tail_within_the_budget_and_never_empty(
    database: Database, lengths: list[int], budget: int
) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, *("x" * length for length in lengths))
        lines = Messages(session).list_context(
            conversation.id, before=conversation.last_seq + 1, token_budget=budget, estimate=len
        )
        fitting = [count for count in range(1, len(lengths) + 1) if sum(lengths[-count:]) <= budget]
        tail = lengths[-max(fitting, default=1) :]
        assert [len(line.content) for line in lines] == tail
        assert [line.seq for line in lines] == sorted(line.seq for line in lines)


def test_the_context_leaves_out_what_was_not_said_or_taken_back(database: Database) -> None:
    with database.transaction() as session:
        messages = Messages(session)
        conversation = make_talk(session, "a", "deleted", " \n", "b", "hidden", "hidden too")
        messages.delete(get(session, conversation, 2), None)
        Versions(session).supersede_from(get(session, conversation, 5))
        messages.append(conversation.id, role=USER, content="notice", message_type=MessageType.NOTICE)
        messages.append(conversation.id, role=USER, content="c")
        pending = messages.append(conversation.id, role=ASSISTANT, content="", status=MessageStatus.PENDING)
        messages.append(conversation.id, role=USER, content="later")

        def context(budget: int) -> list[str]:
            return texts(messages.list_context(conversation.id, before=pending.seq, token_budget=budget, estimate=len))

        assert context(100) == ["a", "b", "c"]
        assert context(2) == ["b", "c"]


def test_the_context_reads_no_further_back_than_the_budget_reaches(database: Database) -> None:
    with database.transaction() as session:
        conversation = make_talk(session, *(str(number) for number in range(1, 2 * CONTEXT_PAGE + 6)))
        statements: list[str] = []
        event.listen(session.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))

        def context(budget: int) -> list[str]:
            return texts(
                Messages(session).list_context(conversation.id, before=10**6, token_budget=budget, estimate=len)
            )

        assert context(10**6) == [str(number) for number in range(1, 2 * CONTEXT_PAGE + 6)]
        statements.clear()
        assert context(4) == ["84", "85"]
        assert len(statements) == 1


# Versions, against a tree in Python: a place holds versions of a message, each with the place that follows it.


@dataclass
class Node:
    id: UUID
    role: MessageRole
    next: "Place | None" = None


@dataclass
class Place:
    versions: list[Node]
    shown: int = 0


@dataclass
class Talk:
    """The same acts on the repository and on the tree."""

    session: Session
    conversation_id: UUID
    root: Place | None = None
    nodes: list[Node] = field(default_factory=list)

    @property
    def messages(self) -> Messages:
        return Messages(self.session)

    def path(self) -> list[tuple[Place, Node]]:
        found, place = [], self.root
        while place:
            node = place.versions[place.shown]
            found.append((place, node))
            place = node.next
        return found

    def ask(self) -> None:
        """Appends a question and its answer."""
        path = self.path()
        question = self._say(USER)
        if path:
            path[-1][1].next = Place([question])
        else:
            self.root = Place([question])
        question.next = Place([self._say(ASSISTANT, question.id)])

    def say_again(self, number: int) -> None:
        """Edits and resends a question of the transcript, or has an answer of it written again."""
        path = self.path()
        if not path:
            return
        place, node = path[number % len(path)]
        message = self._message(node)
        group = message.version_group_id or message.id
        Versions(self.session).supersede_from(message)
        again = self._say(node.role, message.reply_to_id, group)
        if node.role is USER:
            again.next = Place([self._say(ASSISTANT, again.id)])
        place.versions.append(again)
        place.shown = len(place.versions) - 1

    def show(self, number: int, version: int) -> None:
        path = self.path()
        if path:
            place = path[number % len(path)][0]
            self._show(place, version % len(place.versions))

    def reach(self, wanted: Node) -> None:
        """Shows a message, wherever it is hidden, from the beginning of its branch on."""
        for place, version in self._way_to(wanted, self.root):
            self._show(place, version)

    def check(self) -> None:
        lines = self.messages.latest(self.conversation_id, 1_000)
        path = self.path()
        assert [line.id for line in lines] == [node.id for _, node in path]
        assert [line.seq for line in lines] == sorted({line.seq for line in lines})
        versions = Versions(self.session).list_versions(
            line.version_group_id for line in lines if line.version_group_id
        )
        for line, (place, _) in zip(lines, path, strict=True):
            known = versions[line.version_group_id] if line.version_group_id else [line.id]
            assert known == [node.id for node in place.versions]

    def _show(self, place: Place, version: int) -> None:
        if version == place.shown:
            return
        hidden = self._message(place.versions[version])
        assert hidden.version_group_id and hidden.superseded_with_id == hidden.id
        shown = Versions(self.session).get_shown_version(hidden.version_group_id)
        assert shown and shown.id == place.versions[place.shown].id
        Versions(self.session).show_version(hidden, shown)
        place.shown = version

    def _way_to(self, wanted: Node, place: Place | None) -> list[tuple[Place, int]]:
        for version, node in enumerate(place.versions if place else ()):
            assert place
            if node is wanted:
                return [(place, version)]
            if way := self._way_to(wanted, node.next):
                return [(place, version), *way]
        return []

    def _say(self, role: MessageRole, reply_to_id: UUID | None = None, group: UUID | None = None) -> Node:
        said = self.messages.append(
            self.conversation_id, role=role, content="x", reply_to_id=reply_to_id, version_group_id=group
        )
        node = Node(said.id, role)
        self.nodes.append(node)
        return node

    def _message(self, node: Node) -> Message:
        message = self.messages.get(node.id)
        assert message
        return message


acts = st.one_of(
    st.tuples(st.just("ask")),
    st.tuples(st.just("say_again"), st.integers(0, 9)),
    st.tuples(st.just("show"), st.integers(0, 9), st.integers(0, 3)),
)


@quickly
@hypothesis.given(st.lists(acts, min_size=1, max_size=12))
def test_the_transcript_is_always_one_branch_and_every_version_can_be_reached(
    database: Database, script: list[tuple]
) -> None:
    with database.transaction() as session:
        talk = Talk(session, make_talk(session).id)
        other = make_talk(session, "elsewhere", "untouched")
        for name, *numbers in script:
            getattr(talk, name)(*numbers)
            talk.check()
        for node in talk.nodes:
            talk.reach(node)
            talk.check()
            assert node.id in [line.id for line in talk.messages.latest(talk.conversation_id, 1_000)]
        assert texts(talk.messages.latest(other.id)) == ["elsewhere", "untouched"]
