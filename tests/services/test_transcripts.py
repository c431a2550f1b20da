from typing import Any

import pytest
from sqlalchemy import event

from core.database.engine import Database
from core.errors import ModelBusy, ModelEmpty, NotFound, ParleyError
from core.models import MessageRole, MessageStatus, Score
from core.repositories.messages import Messages
from core.services.views import Asked, Version
from tests.support.talks import Desk


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_the_newest_messages_come_and_whether_there_are_earlier_ones(desk: Desk) -> None:
    talk = desk.talk(None, "one", "two", "three").conversation_id
    for limit, has_earlier in ((5, True), (6, False), (7, False)):
        transcript = desk.transcripts.read(desk.me, talk, limit=limit)
        assert [message.seq for message in transcript.messages] == list(range(1, 7))[-limit:]
        assert transcript.has_earlier == has_earlier
    question, answer = transcript.messages[-2:]
    assert (question.content, question.role, question.sender_name) == ("three", MessageRole.USER, desk.me.display_name)
    assert (answer.content, answer.role, answer.sender_id) == ("So.", MessageRole.ASSISTANT, None)
    assert (answer.tokens, answer.version, answer.score, answer.problem) == (1, None, None, None)
    assert transcript.active_run_id is None


def test_messages_say_which_of_their_versions_they_are(desk: Desk) -> None:
    first = desk.talk()
    talk = first.conversation_id
    second, third = (desk.answer(desk.chat.regenerate(desk.me, desk.read(talk).messages[-1].id)) for _ in range(2))
    ids = [first.answer_id, second.answer_id, third.answer_id]
    for number in (3, 2, 1):
        desk.chat.show_version(desk.me, ids[number - 1])
        question, answer = desk.read(talk).messages
        assert answer.version == Version(
            number=number,
            total=3,
            previous_id=ids[number - 2] if number > 1 else None,
            next_id=ids[number] if number < 3 else None,
        )
        assert question.version is None
    desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, "How?"))
    question, answer = desk.read(talk).messages
    assert question.version == Version(number=2, total=2, previous_id=first.question_id, next_id=None)
    assert answer.version is None


def test_the_score_is_the_readers_own(desk: Desk) -> None:
    asked, member = desk.talk(), desk.person()
    desk.join(member, asked.conversation_id)
    desk.feedback.rate(member, asked.answer_id, Score.DOWN)
    assert desk.read(asked.conversation_id).messages[-1].score is None
    assert desk.read(asked.conversation_id, member).messages[-1].score is Score.DOWN
    assert not desk.read(asked.conversation_id, member).conversation.is_mine


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (ModelBusy.code, ModelBusy.sentence),
        (ModelEmpty.code, ModelEmpty.sentence),
        ("a code from an earlier Parley", ParleyError.sentence),
    ],
)
def test_a_failed_answer_says_what_happened(desk: Desk, code: str, sentence: str) -> None:
    asked = desk.answer(desk.ask(desk.me, "Why?"), "", error_code=code)
    desk.answer(desk.ask(desk.me, "And now?", conversation_id=asked.conversation_id))
    _, failed, _, answer = desk.read(asked.conversation_id).messages
    assert (failed.status, failed.problem) == (MessageStatus.FAILED, sentence)
    assert answer.problem is None


def test_a_deleted_message_carries_no_text(desk: Desk) -> None:
    asked = desk.talk(None, "secret question")
    desk.delete_message(asked.question_id)
    transcript = desk.read(asked.conversation_id)
    question, answer = transcript.messages
    assert (question.is_deleted, question.content) == (True, "")
    assert (answer.is_deleted, answer.content) == (False, "So.")
    assert "secret" not in repr(transcript.messages)


def test_an_edited_message_says_so(desk: Desk) -> None:
    asked = desk.talk()
    with desk.database.transaction() as session:
        message = Messages(session).get(asked.question_id)
        assert message
        Messages(session).edit(message, "Why, really?", desk.me.user_id)
    question, answer = desk.read(asked.conversation_id).messages
    assert (question.content, question.is_edited, answer.is_edited) == ("Why, really?", True, False)


def test_a_conversation_of_another_is_not_found(desk: Desk) -> None:
    talk = desk.talk().conversation_id
    for actor in (desk.person(), desk.stranger()):
        with pytest.raises(NotFound):
            desk.read(talk, actor)


def test_a_longer_conversation_takes_no_more_queries(desk: Desk) -> None:
    def queries(limit: int) -> int:
        statements: list[str] = []
        count = lambda *args: statements.append(args[2])  # noqa: E731 - kept to be taken off again
        event.listen(desk.database.bind, "before_cursor_execute", count)
        desk.transcripts.read(desk.me, talk, limit=limit)
        event.remove(desk.database.bind, "before_cursor_execute", count)
        return len([statement for statement in statements if statement.startswith("SELECT")])

    talk = desk.talk(None, *(f"Question {number}" for number in range(6))).conversation_id
    assert queries(2) == 6
    assert queries(12) == 7  # above the first message may stand for how long messages are kept


def test_an_answer_that_ends_while_it_is_read_hands_over_to_the_next(fresh_database: Database) -> None:
    """The messages are read before the run: in between, the answer may end and the next question begin."""
    desk = Desk(fresh_database)
    asked = desk.ask(desk.me, "one")
    desk.queue_up(asked, "two")

    ended: list[Asked] = []

    def end(*args: Any) -> None:
        if "FROM messages LEFT OUTER JOIN users" in args[2] and not ended:
            ended.append(asked)
            desk.answer(asked, "So.")

    event.listen(fresh_database.engine, "after_cursor_execute", end)
    shown = desk.read(asked.conversation_id)
    assert ended and [message.content for message in shown.messages] == ["one", "So.", "two", ""]
    assert shown.active_run_id == desk.started[-1] != asked.run_id
    assert shown.queued == ()
