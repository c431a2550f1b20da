from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from core.database.engine import Database
from core.errors import (
    Conflict,
    Invalid,
    ModelUnknown,
    ParleyError,
)
from core.ids import new_id
from core.models import MAX_MESSAGE, AnswerRun, MessageRole, MessageStatus, RunStatus, Score
from core.permissions import Actor
from core.services.feedback import MAX_COMMENT, REASONS
from core.services.views import Asked, MessageView, Queued
from tests.support.snapshots import snapshot
from tests.support.talks import DENIED, DONE, HIDDEN, WHO, Desk, outcome
from tests.support.waiting import at_once


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


Act = Callable[[Desk, Actor, Asked], Any]
FASTER, REFUSED = "Conflict", "Invalid"

ACTS: dict[str, Act] = {
    "ask": lambda desk, actor, asked: desk.chat.ask(actor, "More?", conversation_id=asked.conversation_id),
    "edit_and_resend": lambda desk, actor, asked: desk.chat.edit_and_resend(actor, asked.question_id, "How?"),
    "regenerate": lambda desk, actor, asked: desk.chat.regenerate(actor, asked.answer_id),
    "retry": lambda desk, actor, asked: desk.chat.retry(actor, asked.answer_id),
    "resume": lambda desk, actor, asked: desk.chat.resume(actor, asked.answer_id),
    "show_version": lambda desk, actor, asked: desk.chat.show_version(actor, asked.answer_id),
    "stop": lambda desk, actor, asked: desk.chat.stop(actor, asked.conversation_id),
    "rate": lambda desk, actor, asked: desk.feedback.rate(actor, asked.answer_id, Score.UP),
}
# Each row in the order of WHO.
GRID = {
    "ask": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "edit_and_resend": (DONE, DENIED, HIDDEN, HIDDEN, DENIED),
    "regenerate": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "retry": (FASTER, FASTER, HIDDEN, HIDDEN, DENIED),  # there is nothing to retry nor to continue
    "resume": (FASTER, FASTER, HIDDEN, HIDDEN, DENIED),
    "show_version": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "stop": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
    "rate": (DONE, DONE, HIDDEN, HIDDEN, DENIED),
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", list(ACTS))
def test_who_may_do_what_in_a_conversation(desk: Desk, act: str, who: str) -> None:
    asked = desk.talk()
    actor = desk.somebody(who, asked.conversation_id)
    before = snapshot(desk.database)
    found = outcome(lambda: ACTS[act](desk, actor, asked))
    assert found == GRID[act][WHO.index(who)]
    if found != DONE:
        assert snapshot(desk.database) == before
        assert desk.started == [asked.run_id]


# What no message may be, and whether a message id is one that can be worked on.


@pytest.mark.parametrize("act", list(ACTS))
@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("unknown", {"ask": HIDDEN, "edit_and_resend": HIDDEN, "regenerate": HIDDEN, "show_version": HIDDEN}
         | {"stop": HIDDEN, "rate": HIDDEN, "retry": HIDDEN, "resume": HIDDEN}),
        ("conversation deleted", dict.fromkeys(ACTS, HIDDEN)),
        ("message deleted", {"ask": DONE, "edit_and_resend": FASTER, "regenerate": FASTER, "show_version": DONE}
         | {"stop": DONE, "rate": FASTER, "retry": FASTER, "resume": FASTER}),
        ("superseded", {"ask": DONE, "edit_and_resend": FASTER, "regenerate": FASTER, "show_version": REFUSED}
         | {"stop": DONE, "rate": FASTER, "retry": FASTER, "resume": FASTER}),
        ("the other role", {"ask": DONE, "edit_and_resend": HIDDEN, "regenerate": HIDDEN, "show_version": DONE}
         | {"stop": DONE, "rate": HIDDEN, "retry": HIDDEN, "resume": HIDDEN}),
        ("being answered", {"ask": DONE, "edit_and_resend": "AnswerInProgress"}
         | {"regenerate": "AnswerInProgress", "show_version": "AnswerInProgress", "stop": DONE, "rate": DONE}
         | {"retry": DONE, "resume": "AnswerInProgress"}),
    ],
)  # fmt: skip
def test_what_can_be_done_in_which_state(desk: Desk, act: str, state: str, expected: dict[str, str]) -> None:
    asked = desk.talk()
    match state:
        case "unknown":
            asked = Asked(new_id(), new_id(), new_id(), new_id())
        case "conversation deleted":
            desk.conversations.delete(desk.me, asked.conversation_id)
        case "message deleted":
            desk.delete_message(asked.question_id)
            desk.delete_message(asked.answer_id)
        case "superseded":
            desk.answer(desk.chat.edit_and_resend(desk.me, asked.question_id, "Other words"))
        case "the other role":
            asked = Asked(asked.conversation_id, asked.answer_id, asked.question_id, asked.run_id)
        case "being answered":
            desk.chat.ask(desk.me, "More?", conversation_id=asked.conversation_id)
    before = snapshot(desk.database)
    assert outcome(lambda: ACTS[act](desk, desk.me, asked)) == expected[act]
    if expected[act] != DONE:
        assert snapshot(desk.database) == before


BAD_TEXTS = ["", " \n\t\u2003", "x" * (MAX_MESSAGE + 1), "a\0b", "half \ud83d"]


@pytest.mark.parametrize("text", BAD_TEXTS, ids=[f"{len(text)}:{text[:6]!a}" for text in BAD_TEXTS])
def test_a_bad_message_is_refused_with_a_sentence(desk: Desk, text: str) -> None:
    asked = desk.talk()
    before = snapshot(desk.database)
    for act in (
        lambda: desk.chat.ask(desk.me, text),
        lambda: desk.chat.ask(desk.me, text, conversation_id=asked.conversation_id),
        lambda: desk.chat.edit_and_resend(desk.me, asked.question_id, text),
    ):
        with pytest.raises(Invalid, match=r"^The message .*\.$"):
            act()
    assert snapshot(desk.database) == before
    assert desk.started == [asked.run_id]


def test_a_model_that_is_not_offered_starts_no_conversation(desk: Desk) -> None:
    before = snapshot(desk.database)
    with pytest.raises(ModelUnknown):
        desk.chat.ask(desk.me, "Why?", model="unknown")
    assert snapshot(desk.database) == before


@pytest.mark.parametrize(
    ("tags", "comment"),
    [(("Wrong", "Made up"), ""), ((), "x" * (MAX_COMMENT + 1)), ((), "a\0b"), (("a\0b",), ""), ((), "\ud83d")],
)
def test_a_bad_rating_is_refused_with_a_sentence(desk: Desk, tags: tuple[str, ...], comment: str) -> None:
    asked = desk.talk()
    before = snapshot(desk.database)
    with pytest.raises(Invalid) as refused:
        desk.feedback.rate(desk.me, asked.answer_id, Score.DOWN, tags=tags, comment=comment)
    assert str(refused.value).endswith(".")
    assert snapshot(desk.database) == before


def test_the_latest_word_on_an_answer_counts_and_can_be_taken_back(desk: Desk) -> None:
    asked = desk.talk()
    for score in (Score.UP, Score.DOWN):
        desk.feedback.rate(desk.me, asked.answer_id, score, tags=REASONS[:2], comment=" no ")
        assert score_of(desk, asked) == score
    desk.feedback.rate(desk.me, asked.answer_id, None)
    assert score_of(desk, asked) is None


def score_of(desk: Desk, asked: Asked) -> Score | None:
    return desk.read(asked.conversation_id).messages[-1].score


def test_the_first_question_starts_a_conversation_with_an_answer_on_its_way(desk: Desk) -> None:
    text = "x" * MAX_MESSAGE
    asked = desk.ask(desk.me, text, model="large")
    transcript = desk.read(asked.conversation_id)
    question, answer = transcript.messages
    assert (question.id, question.content, question.sender_id) == (asked.question_id, text, desk.me.user_id)
    assert (answer.id, answer.status, answer.role) == (asked.answer_id, MessageStatus.PENDING, MessageRole.ASSISTANT)
    assert (question.seq, answer.seq) == (1, 2)
    assert transcript.active_run_id == asked.run_id
    assert (transcript.conversation.model, len(transcript.conversation.title)) == ("large", 200)
    assert desk.started == [asked.run_id]
    with desk.database.reading() as session:
        run = session.get_one(AnswerRun, asked.run_id)
    assert (run.status, run.model, run.asked_by) == (RunStatus.QUEUED, "large", desk.me.user_id)


def test_writing_in_an_archived_conversation_brings_it_back(desk: Desk) -> None:
    talk = desk.talk().conversation_id
    desk.conversations.archive(desk.me, talk)
    desk.chat.ask(desk.me, "More?", conversation_id=talk)
    assert not desk.conversations.get(desk.me, talk).is_archived


def test_stopping_reaches_the_run_and_at_rest_has_no_effect(desk: Desk) -> None:
    asked = desk.ask(desk.me, "Why?")
    desk.chat.stop(desk.me, asked.conversation_id)
    with desk.database.reading() as session:
        assert session.get_one(AnswerRun, asked.run_id).stop_requested_at
    desk.answer(asked)
    desk.chat.stop(desk.me, asked.conversation_id)
    assert desk.stopped == [asked.run_id]


# Versions.


def test_earlier_versions_stay_reachable_with_all_that_followed_them(desk: Desk) -> None:
    def last() -> MessageView:
        return desk.read(talk).messages[-1]

    first = desk.answer(desk.ask(desk.me, "one"), "1")
    talk = first.conversation_id
    desk.answer(desk.ask(desk.me, "two", conversation_id=talk), "2")
    again = desk.answer(desk.chat.regenerate(desk.me, first.answer_id), "1 again")
    assert desk.texts(talk) == ["one", "1 again"]
    assert again.question_id == first.question_id
    edited = desk.answer(desk.chat.edit_and_resend(desk.me, first.question_id, "uno"), "eins")
    assert desk.texts(talk) == ["uno", "eins"]

    with pytest.raises(Invalid, match="earlier branch"):
        desk.chat.show_version(desk.me, first.answer_id)  # it belongs to the first question, which is hidden
    assert desk.chat.show_version(desk.me, first.question_id) == talk
    assert desk.texts(talk) == ["one", "1 again"]
    desk.chat.show_version(desk.me, first.answer_id)
    assert desk.texts(talk) == ["one", "1", "two", "2"]
    assert last().version is None
    desk.chat.show_version(desk.me, first.answer_id)  # shown already
    desk.chat.show_version(desk.me, edited.question_id)
    assert desk.texts(talk) == ["uno", "eins"]

    desk.answer(desk.ask(desk.me, "three", conversation_id=talk), "3")
    assert [message.seq for message in desk.read(talk).messages] == [6, 7, 8, 9]
    assert desk.conversations.get(desk.me, talk).title == "uno"  # as the first question reads now


# Answers that ended too early.


def broken_off(desk: Desk, text: str, status: RunStatus = RunStatus.INTERRUPTED) -> Asked:
    """A question whose answer ended like that."""
    asked = desk.ask(desk.me, "Why?")
    job = desk.store.begin(asked.run_id)
    assert job
    desk.store.finish(job, status, text, [], "answer_interrupted")
    return asked


def test_retrying_what_left_no_text_fills_its_place(desk: Desk) -> None:
    asked = broken_off(desk, "", RunStatus.FAILED)
    again = desk.chat.retry(desk.me, asked.answer_id)
    assert again.answer_id == asked.answer_id and desk.started[-1] == again.run_id != asked.run_id
    desk.answer(again, "Because.")
    answer = desk.read(asked.conversation_id).messages[-1]
    assert (answer.content, answer.status, answer.version) == ("Because.", MessageStatus.COMPLETE, None)
    assert (answer.problem, answer.can_retry, answer.can_resume) == (None, False, False)


def test_retrying_what_left_text_keeps_it_as_a_version(desk: Desk) -> None:
    asked = broken_off(desk, "Beca")
    desk.answer(desk.chat.retry(desk.me, asked.answer_id), "Because.")
    answer = desk.read(asked.conversation_id).messages[-1]
    assert answer.content == "Because." and answer.version and answer.version.previous_id == asked.answer_id


@pytest.mark.parametrize("text", ["", "Beca"])
def test_of_many_retries_one_is_written_and_the_others_watch_it(busy_desk: Desk, text: str) -> None:
    desk = busy_desk
    asked = broken_off(desk, text)
    outcomes = at_once(12, lambda _: desk.chat.retry(desk.me, asked.answer_id))
    assert outcomes == [outcomes[0]] * 12
    assert isinstance(outcomes[0], Asked) and desk.started == [asked.run_id, outcomes[0].run_id]


@pytest.mark.parametrize("status", [RunStatus.INTERRUPTED, RunStatus.STOPPED])
def test_continuing_goes_on_in_the_same_answer(desk: Desk, status: RunStatus) -> None:
    asked = broken_off(desk, "Because it", status)
    shown = desk.read(asked.conversation_id).messages[-1]
    assert (shown.can_resume, shown.can_retry) == (True, status is RunStatus.INTERRUPTED)
    again = desk.chat.resume(desk.me, asked.answer_id)
    assert again.answer_id == asked.answer_id
    assert desk.chat.resume(desk.me, asked.answer_id) == again  # from another tab: the same
    job = desk.store.begin(again.run_id)
    assert job and job.resumed == "Because it"
    assert [(turn.role, turn.content) for turn in job.prompt.turns] == [("user", "Why?"), ("assistant", "Because it")]
    assert desk.read(asked.conversation_id).messages[-1].content == "Because it"
    desk.store.finish(job, RunStatus.COMPLETE, "Because it is.", [])
    answer = desk.read(asked.conversation_id).messages[-1]
    assert (answer.content, answer.status, answer.version) == ("Because it is.", MessageStatus.COMPLETE, None)


def test_only_the_last_answer_is_continued(desk: Desk) -> None:
    asked = broken_off(desk, "Because it")
    desk.answer(desk.ask(desk.me, "And?", conversation_id=asked.conversation_id))
    assert not desk.read(asked.conversation_id).messages[1].can_resume
    with pytest.raises(Conflict, match="Only the last answer"):
        desk.chat.resume(desk.me, asked.answer_id)


# The same act twice, and many at once.


@pytest.fixture
def busy_desk(fresh_database: Database) -> Desk:
    return Desk(fresh_database)


def ask_in(desk: Desk, key: UUID, asked: Asked | None) -> Asked:
    return desk.ask(desk.me, "Again?", conversation_id=asked.conversation_id if asked else None, client_key=key)


def edit(desk: Desk, key: UUID, asked: Asked | None) -> Asked:
    assert asked
    return desk.chat.edit_and_resend(desk.me, asked.question_id, "How?", client_key=key)


WAYS = pytest.mark.parametrize(
    ("is_new", "send"), [(True, ask_in), (False, ask_in), (False, edit)], ids=["new", "existing", "edited"]
)


@WAYS
def test_the_same_key_again_gives_what_the_first_gave(
    desk: Desk, is_new: bool, send: Callable[[Desk, UUID, Asked | None], Asked]
) -> None:
    earlier, key = None if is_new else desk.talk(), new_id()
    first = send(desk, key, earlier)
    before, started = snapshot(desk.database), list(desk.started)
    assert send(desk, key, earlier) == first
    desk.answer(first)
    assert send(desk, key, earlier) == first
    assert desk.started == started
    assert snapshot(desk.database)["messages"][0] == before["messages"][0]


@WAYS
def test_twenty_sends_of_one_message_are_one_message(
    busy_desk: Desk, is_new: bool, send: Callable[[Desk, UUID, Asked | None], Asked]
) -> None:
    desk, key = busy_desk, new_id()
    earlier = desk.talk() if not is_new else None
    before = {name: count for name, (count, _) in snapshot(desk.database).items()}
    outcomes = at_once(20, lambda _: send(desk, key, earlier))
    assert outcomes == [outcomes[0]] * 20
    assert isinstance(outcomes[0], Asked)
    after = {name: count for name, (count, _) in snapshot(desk.database).items()}
    added = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    conversation = {"conversations": 1, "members": 1, "title_words": 1} if is_new else {}
    counted = {"rate_limit_events": 1}
    assert added == {"messages": 2, "message_words": 1, "answer_runs": 1, **counted, **conversation}
    assert desk.started[-1] == outcomes[0].run_id
    assert len(desk.started) == 1 + (0 if is_new else 1)


def test_somebody_elses_key_gives_nothing_of_theirs(desk: Desk) -> None:
    key = new_id()
    desk.chat.ask(desk.person(), "Mine", client_key=key)
    before = snapshot(desk.database)
    with pytest.raises(ParleyError):
        desk.chat.ask(desk.me, "Mine too", client_key=key)
    assert snapshot(desk.database) == before


def test_of_many_questions_at_once_one_is_answered_and_the_others_wait(busy_desk: Desk) -> None:
    desk = busy_desk
    talk = desk.talk().conversation_id
    outcomes = at_once(16, lambda number: desk.chat.ask(desk.me, f"Question {number}", conversation_id=talk))
    (asked,) = [outcome for outcome in outcomes if isinstance(outcome, Asked)]
    assert sum(isinstance(outcome, Queued) for outcome in outcomes) == 15
    transcript = desk.read(talk)
    assert transcript.active_run_id == asked.run_id
    assert [message.seq for message in transcript.messages] == [1, 2, 3, 4]
    assert len({question.content for question in transcript.queued}) == 15


@pytest.mark.parametrize("act", ["regenerate", "edit_and_resend"])
def test_of_two_tabs_changing_the_same_place_one_is_told(busy_desk: Desk, act: str) -> None:
    desk, asked = busy_desk, busy_desk.talk()
    outcomes = at_once(4, lambda _: ACTS[act](desk, desk.me, asked))
    assert sum(isinstance(outcome, Asked) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    assert len(desk.read(asked.conversation_id).messages) == 2
