"""Conversations as documents, out and in and out again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core.database.engine import Database
from core.models import (
    Conversation,
    ConversationKind,
    Feedback,
    Member,
    Message,
    MessageRole,
    MessageStatus,
    MessageWords,
    ModelCall,
    Reaction,
    Score,
    TitleWords,
)
from core.permissions import Actor
from core.repositories import documents as documents_module
from core.repositories.conversations import Conversations
from core.repositories.documents import Documents
from core.repositories.messages import Messages
from core.transfer.document import Document, Person, Reacted
from core.transfer.outgoing import EVERYTHING
from core.transfer.parley_json import dumps, from_json
from tests.support.busy import busy_chat, busy_room
from tests.support.documents import BEGAN, documents, talk
from tests.support.properties import tried
from tests.support.streams import counted
from tests.support.talks import Desk

WHOLE = {"versions": True, "reactions": True, "ledger": True}


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def put(database: Database, owner: Actor, document: Document) -> UUID:
    with database.transaction() as session:
        return Documents(session).put(owner, document).id


def read(database: Database, conversation_id: UUID, **options: Any) -> Document:
    with database.reading() as session:
        return Documents(session).read(session.get_one(Conversation, conversation_id), **WHOLE | options)


def again(database: Database, owner: Actor, text: str) -> str:
    """What an export says of what an import of an export made."""
    return dumps(read(database, put(database, owner, from_json(json.loads(text)))))


class Undone(Exception):
    pass


@contextmanager
def undone(database: Database) -> Iterator[Database]:
    try:
        with database.transaction() as session:
            yield Database(session.connection())
            raise Undone  # noqa: TRY301
    except Undone:
        pass


def rows_of(database: Database, conversation_id: UUID) -> list[Message]:
    with database.reading() as session:
        statement = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.seq)  # type: ignore[arg-type]
        return list(session.execute(statement).scalars())


def count(database: Database, model: type[Any]) -> int:
    with database.reading() as session:
        return int(session.execute(select(func.count()).select_from(model)).scalar_one())


@tried(25)
@given(document=documents())
def test_whatever_comes_in_goes_out_again(database: Database, document: Document) -> None:
    text = dumps(document)
    assert dumps(from_json(json.loads(text))) == text
    with undone(database) as inside:
        desk = Desk(inside)
        me, other = desk.person(email="importer@example.com"), desk.stranger()
        assert again(inside, me, text) == text
        assert again(inside, other, text) == text


def test_a_chat_with_versions_goes_from_company_to_company_and_stays_the_same(desk: Desk) -> None:
    chat = busy_chat(desk)
    document = read(desk.database, chat.id)
    text = dumps(document)
    first = put(desk.database, desk.stranger(), from_json(json.loads(text)))
    assert dumps(read(desk.database, first)) == text
    second = put(desk.database, desk.stranger(), read(desk.database, first))
    assert dumps(read(desk.database, second)) == text

    assert (document.source, document.id, document.title, document.is_titled) == (
        "parley", str(chat.id), "Orders & more", True,
    )  # fmt: skip
    assert [(said.seq, said.superseded_with, said.version_group) for said in document.messages] == [
        (1, 1, 1), (2, 1, None), (3, None, 1), (4, None, None), (5, None, None),
        (6, 6, 6), (7, None, 6), (8, None, None), (9, None, None),
    ]  # fmt: skip
    assert [said.reply_to for said in document.messages] == [None, 1, None, 3, None, 5, 5, None, 8]
    assert [said.model for said in document.messages if said.role is MessageRole.ASSISTANT] == ["small"] * 5
    assert document.messages[3].ratings[0].comment == "It is in Łodz." and document.messages[3].ratings[0].by == 0
    assert [len(said.calls) for said in document.messages] == [0, 1, 0, 1, 0, 1, 1, 0, 1]
    [title_call] = document.calls
    assert title_call.purpose == "title" and title_call.by == 0
    assert document.people == (Person(desk.me.display_name, desk.me.email),)
    secret = document.messages[7]
    assert secret.deleted_at and secret.content == "" and "Secret" not in text


def test_a_room_with_several_people_likewise(desk: Desk) -> None:
    room = busy_room(desk)
    document = read(desk.database, room.id)
    text = dumps(document)
    for owner in (desk.me, room.ada, desk.stranger()):
        assert again(desk.database, owner, text) == text
    assert document.kind is ConversationKind.GROUP
    assert {person.name for person in document.people} == {"Ada", "Bo", desk.me.display_name}
    hello = next(said for said in document.messages if said.revisions)
    assert [revision.content for revision in hello.revisions] == ["The launch is at nine."]
    assert document.people[hello.sender or 0].name == document.people[hello.edited_by or 0].name == "Ada"
    by = [(one.emoji, document.people[one.by or 0].name) for one in hello.reactions]
    assert sorted(by) == sorted([("👍", "Bo"), ("👍", desk.me.display_name), ("🎉", desk.me.display_name)])
    assert next(said for said in document.messages if said.content == "Fine.").reply_to == hello.seq
    assert "Never mind" not in text and "nine" in text


def test_what_is_not_asked_for_is_not_there(desk: Desk) -> None:
    chat, room = busy_chat(desk), busy_room(desk)
    bare = read(desk.database, chat.id, versions=False, reactions=False, ledger=False)
    assert [said.seq for said in bare.messages] == [3, 4, 5, 7, 8, 9]
    assert not any(said.version_group or said.superseded_with or said.ratings or said.calls for said in bare.messages)
    assert bare.calls == ()
    assert dumps(from_json(json.loads(dumps(bare)))) == dumps(bare)
    assert again(desk.database, desk.stranger(), dumps(bare)) == dumps(bare)
    bare = read(desk.database, room.id, versions=False, reactions=False, ledger=False)
    assert not any(said.revisions or said.reactions for said in bare.messages)
    assert "nine" not in dumps(bare)
    with_ledger = read(desk.database, chat.id, versions=False)
    assert len(with_ledger.calls) == 3  # for the title, and of two answers that are left out


def test_nothing_up_to_the_floor(desk: Desk) -> None:
    room = busy_room(desk)
    whole = read(desk.database, room.id)
    fine = next(said for said in whole.messages if said.content == "Fine.")
    late = read(desk.database, room.id, floor=fine.seq - 1)
    assert [said.seq for said in late.messages] == [said.seq for said in whole.messages if said.seq >= fine.seq]
    assert fine.reply_to == fine.seq - 1 and late.messages[0].reply_to is None
    assert "launch" not in dumps(late).replace("Launch", "")
    assert again(desk.database, desk.me, dumps(late)) == dumps(late)


def test_calls_of_no_message_from_before_the_floor_are_not_told(desk: Desk) -> None:
    chat = busy_chat(desk)
    with desk.database.transaction() as session:
        session.execute(ModelCall.__table__.update().values(created_at=BEGAN).where(ModelCall.purpose == "title"))  # type: ignore[attr-defined,arg-type]
    assert len(read(desk.database, chat.id, floor=0).calls) == 1
    assert read(desk.database, chat.id, floor=2).calls == ()


def test_what_comes_in_is_a_chat_of_ones_own(desk: Desk) -> None:
    room = busy_room(desk)
    document = read(desk.database, room.id)
    before = count(desk.database, ModelCall)
    conversation_id = put(desk.database, desk.me, document)
    with desk.database.reading() as session:
        made = session.get_one(Conversation, conversation_id)
        assert (made.kind, made.owner_id, made.company_id) == (
            ConversationKind.ASSISTANT, desk.me.user_id, desk.me.company_id,
        )  # fmt: skip
        assert (made.title, made.is_titled, made.created_at) == ("Launch", document.is_titled, document.created_at)
        assert (made.last_message_at, made.last_seq) == (document.last_message_at, len(document.messages))
        assert made.said == sum(said.message_type != "notice" for said in document.messages)
        assert (made.member_count, made.tokens, made.spent, made.direct_key) == (1, 0, Decimal(), None)
        assert made.origin_key == f"parley:{room.id}"
        member = session.get_one(Member, (conversation_id, desk.me.user_id))
        assert (member.kind, member.last_read_seq, member.read_said) == (made.kind, made.last_seq, made.said)
        assert Conversations(session).get_readable(desk.me, conversation_id)
        assert not Conversations(session).get_readable(room.ada, conversation_id)
        assert session.get(TitleWords, conversation_id)
        found_by = select(func.count()).where(MessageWords.conversation_id == conversation_id)  # type: ignore[arg-type]
        assert session.execute(found_by).scalar_one() == sum(
            said.message_type != "notice" and bool(said.content) for said in document.messages
        )
        [found] = Conversations(session).list_recent(desk.me)
        assert found.id == conversation_id
    rows = rows_of(desk.database, conversation_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1)) and rows == sorted(rows, key=lambda row: row.id)
    mine = [
        said.sender is not None and document.people[said.sender].email == desk.me.email for said in document.messages
    ]
    assert [row.sender_id == desk.me.user_id for row in rows] == mine
    assert all(row.sender_id in (None, desk.me.user_id) for row in rows)
    assert {row.sender_id for row in rows_of(desk.database, put(desk.database, desk.stranger(), document))} == {None}
    assert count(desk.database, ModelCall) == before  # what it cost then is no cost of now
    assert desk.texts(conversation_id)[-3:] == ["Ten is fine.", "", "Bo left."]


def test_ones_own_reactions_and_ratings_are_ones_own_here_too(desk: Desk) -> None:
    room = busy_room(desk)
    conversation_id = put(desk.database, room.ada, read(desk.database, room.id))
    with desk.database.reading() as session:
        messages = select(Message.id).where(Message.conversation_id == conversation_id)  # type: ignore[call-overload,arg-type]
        ratings = session.execute(select(Feedback).where(Feedback.message_id.in_(messages))).scalars().all()  # type: ignore[attr-defined]
        assert [(one.user_id, one.score) for one in ratings] == [(room.ada.user_id, Score.UP)]
        assert not session.execute(select(Reaction).where(Reaction.message_id.in_(messages))).all()  # type: ignore[attr-defined]
    shown = next(m for m in desk.read(conversation_id, room.ada).messages if m.content == "Ten is fine.")
    assert shown.score is Score.UP
    desk.feedback.rate(room.ada, shown.id, Score.DOWN, comment="No.")
    rated = next(said for said in read(desk.database, conversation_id).messages if said.ratings)
    assert [(one.score, one.comment) for one in rated.ratings] == [(Score.DOWN, "No.")]
    desk.feedback.rate(room.ada, shown.id, None)
    assert not any(said.ratings for said in read(desk.database, conversation_id).messages)


def test_whoever_writes_on_exports_the_old_and_the_new(desk: Desk) -> None:
    sparse = replace(
        talk(4), messages=tuple(replace(said, seq=said.seq * 10, reply_to=None) for said in talk(4).messages)
    )
    reader = desk.person(email="ada@example.com")
    conversation_id = put(desk.database, reader, sparse)
    assert dumps(read(desk.database, conversation_id)) == dumps(sparse)
    desk.answer(desk.ask(reader, "And then?", conversation_id=conversation_id), "Nothing.")
    desk.conversations.rename(reader, conversation_id, "Later")
    grown = read(desk.database, conversation_id)
    assert [said.seq for said in grown.messages] == [10, 20, 30, 40, 41, 42]
    assert grown.messages[:4] == sparse.messages
    assert [(said.content, said.sender, said.reply_to) for said in grown.messages[4:]] == [
        ("And then?", 0, None), ("Nothing.", None, 41),
    ]  # fmt: skip
    assert (grown.source, grown.id, grown.title, grown.is_titled) == (sparse.source, sparse.id, "Later", True)
    assert grown.people == sparse.people and len(grown.messages[5].calls) == 1
    assert again(desk.database, desk.stranger(), dumps(grown)) == dumps(grown)
    asked = desk.read(conversation_id, reader).messages[2]
    desk.answer(desk.chat.edit_and_resend(reader, asked.id, "Once more"), "Well.")
    branched = read(desk.database, conversation_id)
    assert [said.superseded_with for said in branched.messages] == [None, None, 30, 30, 30, 30, None, None]
    assert [said.version_group for said in branched.messages] == [None, None, 30, None, None, None, 30, None]
    assert again(desk.database, desk.stranger(), dumps(branched)) == dumps(branched)


def test_an_answer_that_was_being_written_is_interrupted_here_and_can_be_had_anew(desk: Desk) -> None:
    asked = desk.ask(desk.me, "Well?")
    document = read(desk.database, asked.conversation_id)
    assert document.messages[1].status is MessageStatus.PENDING
    other = desk.stranger()
    conversation_id = put(desk.database, other, document)
    assert desk.read(conversation_id, other).messages[-1].status is MessageStatus.INTERRUPTED
    assert dumps(read(desk.database, conversation_id)) == dumps(document)
    desk.answer(desk.chat.retry(other, desk.read(conversation_id, other).messages[-1].id), "So.")
    retried = read(desk.database, conversation_id)
    assert [(said.seq, said.content, said.status) for said in retried.messages] == [
        (1, "Well?", MessageStatus.COMPLETE), (2, "So.", MessageStatus.COMPLETE),
    ]  # fmt: skip
    assert again(desk.database, desk.me, dumps(retried)) == dumps(retried)


def test_once_for_each_person(desk: Desk) -> None:
    document, other = talk(2), desk.person()
    with desk.database.transaction() as session:
        repository = Documents(session)
        assert repository.find(desk.me.user_id, document.source, document.id) is None
        made = repository.put(desk.me, document)
        assert repository.find(desk.me.user_id, document.source, document.id) is made
        assert repository.find(other.user_id, document.source, document.id) is None
        Conversations(session).delete(made)
        assert repository.find(desk.me.user_id, document.source, document.id) is made
        repository.put(other, document)
    with pytest.raises(IntegrityError):
        put(desk.database, desk.me, document)


def test_long_titles_and_instructions_are_kept_beside(desk: Desk) -> None:
    document = replace(talk(2), title="  long\ntitle " + "x" * 300, instructions="Be brief. " * 1_000)
    conversation_id = put(desk.database, desk.me, document)
    with desk.database.reading() as session:
        made = session.get_one(Conversation, conversation_id)
        assert len(made.title) == 200 and made.title.startswith("long title xxx") and made.instructions == ""
    assert read(desk.database, conversation_id).title == document.title


def test_messages_longer_than_people_may_send_come_in(desk: Desk) -> None:
    said = replace(talk(1).messages[0], content="x" * 20_000)
    conversation_id = put(desk.database, desk.me, replace(talk(1), messages=(said,)))
    assert len(rows_of(desk.database, conversation_id)[0].content) == 20_000


def test_a_source_that_names_nobody_means_who_imports_it(desk: Desk) -> None:
    document = replace(talk(1), source="chatgpt", people=(Person(""),))
    conversation_id = put(desk.database, desk.me, document)
    assert rows_of(desk.database, conversation_id)[0].sender_id == desk.me.user_id
    assert again(desk.database, desk.stranger(), dumps(document)) == dumps(document)


def test_a_reaction_taken_back_is_gone(desk: Desk) -> None:
    both = (Reacted("👍", 0, BEGAN), Reacted("🎉", 0, BEGAN), Reacted("👍", None, BEGAN))
    said = replace(talk(1).messages[0], reactions=both)
    owner = desk.person(email="ADA@example.com")
    conversation_id = put(desk.database, owner, replace(talk(1), messages=(said,)))
    assert count(desk.database, Reaction) == 2
    with desk.database.transaction() as session:
        session.execute(Reaction.__table__.delete().where(Reaction.emoji == "👍"))  # type: ignore[attr-defined,arg-type]
        message_id = rows_of(desk.database, conversation_id)[0].id
        session.add(Reaction(message_id=message_id, user_id=owner.user_id, emoji="✅", created_at=BEGAN))
    [exported] = read(desk.database, conversation_id).messages
    assert exported.reactions == (both[1], both[2], Reacted("✅", 0, BEGAN))


def test_deleted_messages_keep_their_place_and_nothing_else(desk: Desk) -> None:
    room = busy_room(desk)
    hello = next(row for row in rows_of(desk.database, room.id) if "launch" in row.content.lower() and row.edited_at)
    for conversation_id in (room.id, put(desk.database, desk.me, read(desk.database, room.id))):
        with desk.database.transaction() as session:
            row = next(r for r in rows_of(desk.database, conversation_id) if r.content == hello.content)
            Messages(session).delete(session.get_one(Message, row.id), None)
        found = next(said for said in read(desk.database, conversation_id).messages if said.seq == hello.seq)
        assert (found.content, found.revisions, found.reactions, found.ratings) == ("", (), (), ())
        assert found.deleted_at and "nine" not in dumps(read(desk.database, conversation_id))


def test_a_page_takes_as_many_queries_as_any(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation_id = put(desk.database, desk.me, talk(60))
    taken = []
    for size in (20, 60):
        with desk.database.reading() as session:
            repository = Documents(session)
            passage = repository.begin(session.get_one(Conversation, conversation_id), included=EVERYTHING)
            with counted(desk.database) as statements:
                assert len(repository.next_messages(passage, size)) == size
            taken.append(len(statements))
    assert taken[0] == taken[1] <= 6
    whole = read(desk.database, conversation_id)
    monkeypatch.setattr(documents_module, "PAGE", 7)
    assert read(desk.database, conversation_id) == whole


def test_what_is_said_while_it_is_read_comes_with_the_next_export(desk: Desk) -> None:
    chat = busy_chat(desk)
    before = read(desk.database, chat.id)
    with desk.database.transaction() as session:
        repository = Documents(session)
        passage = repository.begin(session.get_one(Conversation, chat.id), included=EVERYTHING)
        early = repository.next_messages(passage, 4)
        desk.answer(desk.chat.edit_and_resend(desk.me, desk.read(chat.id).messages[0].id, "Anew"), "Yes.")
        while page := repository.next_messages(passage, 4):
            early += page
    document = passage.document(tuple(early), ())
    assert [said.seq for said in early] == [said.seq for said in before.messages]
    assert from_json(json.loads(dumps(document))).messages == document.messages


def test_a_version_switched_while_it_is_read_leaves_a_file_that_can_be_read(desk: Desk) -> None:
    first = desk.talk(desk.me, "One")
    second = desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, "Two"))
    desk.chat.show_version(desk.me, first.question_id)
    with desk.database.transaction() as session:
        repository = Documents(session)
        passage = repository.begin(session.get_one(Conversation, first.conversation_id), included=EVERYTHING)
        said = repository.next_messages(passage, 2)
        desk.chat.show_version(desk.me, second.question_id)
        said += repository.next_messages(passage, 2)
    assert [one.superseded_with for one in said] == [None] * 4
    assert [one.version_group for one in said] == [1, None, None, None]
    document = passage.document(tuple(said), ())
    assert from_json(json.loads(dumps(document))) == document


def test_counted_without_counting(desk: Desk) -> None:
    chat, room = busy_chat(desk), busy_room(desk)
    floors = {chat.id: 0, room.id: 2}
    with desk.database.reading() as session:
        for versions in (True, False):
            found = Documents(session).count_messages(floors, with_hidden=versions)
            chats = read(desk.database, chat.id, versions=versions).messages
            assert found == len(chats) + len(read(desk.database, room.id, floor=2).messages)
        assert Documents(session).count_messages({}, with_hidden=True) == 0
