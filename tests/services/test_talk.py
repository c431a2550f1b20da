"""What people say in rooms: sent, replied to, edited, taken back, reacted to; and what the assistant is asked there."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from core.assistant.ledger import Call
from core.database.engine import Database
from core.errors import Conflict, Invalid, NotFound, RateLimited, RuleBroken
from core.ids import new_id
from core.models import (
    CallPurpose,
    CallStatus,
    ConversationKind,
    History,
    MemberRole,
    MessageStatus,
    MessageType,
    RunStatus,
    User,
)
from core.permissions import Actor, Role
from core.services.room_views import RoomUnread
from tests.support.talks import EDIT_WINDOW, USAGE, Desk, outcome

GROUP = ConversationKind.GROUP
SECRET = "The launch code is xyzzy."


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, limits={"message": (1_000, 60), "ask": (1_000, 60)})


@pytest.fixture
def bob(desk: Desk) -> Actor:
    return desk.person(display_name="Bo Bell")


@pytest.fixture
def room(desk: Desk, bob: Actor) -> Any:
    return desk.rooms.create(desk.me, GROUP, "Ours", user_ids=[bob.user_id])


def age(desk: Desk, message_id: Any, by: timedelta) -> None:
    with desk.database.transaction() as session:
        session.execute(
            text("UPDATE messages SET created_at = created_at - :by WHERE id = :id"), {"by": by, "id": message_id}
        )


# Sending


def test_a_message_is_kept_as_sent_with_type_data_and_what_it_replies_to(desk: Desk, bob: Actor, room: Any) -> None:
    first = desk.talks.send(desk.me, room, "  Two\nlines ")
    extra = {"file": {"name": "plan.pdf", "pages": 3}}
    desk.talks.send(bob, room, "Here", reply_to_id=first.message_id, message_type=MessageType.TOOL, extra=extra)
    said = desk.read(room).messages[-2:]
    assert [(m.content, m.message_type, m.sender_name, m.is_mine) for m in said] == [
        ("  Two\nlines ", MessageType.TEXT, desk.me.display_name, True),
        ("Here", MessageType.TOOL, "Bo Bell", False),
    ]
    reply = said[1].reply
    assert reply and (reply.id, reply.sender_name) == (first.message_id, desk.me.display_name)
    assert reply.excerpt.strip() == "Two\nlines"
    with desk.database.reading() as session:
        assert session.execute(text("SELECT extra FROM messages WHERE content = 'Here'")).scalar_one() == extra


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"text": " \n "}, "The message is empty"),
        ({"text": "x" * 10_001}, "may have up to 10,000 characters"),
        ({"text": "a\0b"}, "NUL"),
        ({"message_type": MessageType.NOTICE}, "Notices are written by Parley itself"),
        ({"extra": {"x": "y" * 9_000}}, "up to 8,000 characters"),
        ({"extra": {"x": object()}}, "not JSON"),
        ({"extra": {"x": float("nan")}}, "not JSON"),
        ({"extra": {"x": "\0"}}, "NUL"),
        ({"extra": {"reached_limit": True}}, "Name that part"),
    ],
    ids=["blank", "long", "nul", "notice", "much data", "no JSON", "no number", "nul data", "own word"],
)
def test_what_can_not_be_sent_says_why_and_changes_nothing(
    desk: Desk, room: Any, values: dict[str, Any], sentence: str
) -> None:
    before = desk.read(room).state
    with pytest.raises(Invalid, match=sentence):
        desk.talks.send(desk.me, room, **{"text": "Well?"} | values)
    assert desk.read(room).state == before


def test_a_reply_is_to_something_that_is_there(desk: Desk, bob: Actor, room: Any) -> None:
    elsewhere = desk.talks.send(desk.me, desk.rooms.create(desk.me, GROUP, "Other"), SECRET)
    gone = desk.talks.send(desk.me, room, "Soon gone")
    desk.talks.delete(desk.me, gone.message_id)
    for message_id, error in ((elsewhere.message_id, NotFound), (new_id(), NotFound), (gone.message_id, Conflict)):
        with pytest.raises(error, match="isn't here any more"):
            desk.talks.send(bob, room, "To that", reply_to_id=message_id)


def test_sent_twice_it_is_one_message_and_a_key_is_ones_own(desk: Desk, bob: Actor, room: Any) -> None:
    key = new_id()
    first = desk.talks.send(desk.me, room, "Once", client_key=key)
    again = desk.talks.send(desk.me, room, "Once", client_key=key)
    assert (again.message_id, again.seq) == (first.message_id, first.seq)
    assert [m.content for m in desk.read(room).messages].count("Once") == 1
    with pytest.raises(Conflict, match="sent by somebody else"):
        desk.talks.send(bob, room, "Once", client_key=key)


def test_an_archived_room_is_for_reading(desk: Desk, room: Any) -> None:
    message = desk.talks.send(desk.me, room, "Last words").message_id
    desk.conversations.archive(desk.me, room)
    assert desk.rooms.get(desk.me, room).why_not == "This room is archived. An owner can bring it back."
    for act in (
        lambda: desk.talks.send(desk.me, room, "One more"),
        lambda: desk.talks.edit(desk.me, message, "No"),
        lambda: desk.reactions.react(desk.me, message, "👍"),
        lambda: desk.members.add(desk.me, room, [desk.person().user_id]),
    ):
        with pytest.raises(RuleBroken, match="archived"):
            act()
    desk.conversations.unarchive(desk.me, room)
    desk.talks.send(desk.me, room, "One more")


# Editing and taking back


def test_an_edit_keeps_the_earlier_words_and_moves_the_calls(desk: Desk, bob: Actor, room: Any) -> None:
    message = desk.talks.send(desk.me, room, "Hello @bo").message_id
    assert desk.rooms.unread(bob).mentions == 1
    desk.talks.edit(desk.me, message, "Hello all")
    shown = desk.read(room, bob).messages[-1]
    assert (shown.content, shown.is_edited, shown.mentions_me) == ("Hello all", True, False)
    assert desk.rooms.unread(bob).rooms == {room: RoomUnread(1, 0, False)}
    with desk.database.reading() as session:
        assert session.execute(text("SELECT content FROM message_revisions")).scalars().all() == ["Hello @bo"]
    state = desk.read(room).state
    desk.talks.edit(desk.me, message, "Hello all")  # the same words: nothing happened
    assert desk.read(room).state == state
    desk.talks.edit(desk.me, message, "Hello @Bo Bell")
    assert desk.read(room, bob).messages[-1].mentions_me


def test_editing_ends_with_its_time_and_deleting_does_not(desk: Desk, room: Any) -> None:
    message = desk.talks.send(desk.me, room, "Hello").message_id
    age(desk, message, EDIT_WINDOW - timedelta(seconds=30))
    assert desk.read(room).messages[-1].can_edit
    desk.talks.edit(desk.me, message, "In time")
    age(desk, message, timedelta(seconds=40))
    assert not desk.read(room).messages[-1].can_edit and desk.read(room).messages[-1].can_delete
    with pytest.raises(RuleBroken, match="edited for 15 minutes; this one is older"):
        desk.talks.edit(desk.me, message, "Too late")
    desk.talks.delete(desk.me, message)
    gone = desk.read(room).messages[-1]
    assert (gone.is_deleted, gone.content, gone.can_edit, gone.can_delete) == (True, "", False, False)
    for act in (lambda: desk.talks.edit(desk.me, message, "Back"), lambda: desk.talks.delete(desk.me, message)):
        with pytest.raises(Conflict):
            act()


def test_what_is_deleted_shows_nowhere(desk: Desk, bob: Actor, room: Any) -> None:
    message = desk.talks.send(desk.me, room, f"{SECRET} @bo").message_id
    desk.talks.send(bob, room, "What?", reply_to_id=message)
    desk.talks.delete(desk.me, message)
    assert "xyzzy" not in str(desk.read(room, bob)) and desk.rooms.unread(bob).mentions == 0
    moderator = desk.person(Role.STAFF, Role.MODERATOR)
    assert outcome(lambda: desk.talks.page(moderator, room, with_deleted=True)) == "NotFound"  # not in the room
    desk.members.add(desk.me, room, [moderator.user_id])
    assert SECRET in str(desk.talks.page(moderator, room, with_deleted=True))
    assert SECRET not in str(desk.talks.page(moderator, room))


# Reactions


def test_reactions_are_counted_with_whose_they_are(desk: Desk, bob: Actor, room: Any) -> None:
    message = desk.talks.send(desk.me, room, "Cake!").message_id
    desk.reactions.react(bob, message, "🎉")
    desk.reactions.react(desk.me, message, " 🎉 ")
    desk.reactions.react(desk.me, message, "🎉")
    assert desk.reactions.toggle(bob, message, "👍🏽") is True
    shown = [(r.emoji, r.count, r.names, r.is_mine) for r in desk.read(room).messages[-1].reactions]
    assert shown == [("🎉", 2, ("Bo Bell", desk.me.display_name), True), ("👍🏽", 1, ("Bo Bell",), False)]
    assert desk.reactions.toggle(bob, message, "👍🏽") is False
    assert desk.reactions.toggle(bob, message, "🎉") is False
    assert [(r.emoji, r.count) for r in desk.read(room).messages[-1].reactions] == [("🎉", 1)]


NO_EMOJI = ("", " ", "a", "ok", "1", "<b>", "👍 and more", "👍" * 17, "é", "**", "👍👍", "🇨")
HIDDEN = ("\u200d", "👍\u200b", "\u202e👍", "👍\u200d")


@pytest.mark.parametrize("emoji", NO_EMOJI + HIDDEN)
def test_only_an_emoji_is_a_reaction(desk: Desk, room: Any, emoji: str) -> None:
    message = desk.talks.send(desk.me, room, "Well?").message_id
    with pytest.raises(Invalid, match="one emoji"):
        desk.reactions.react(desk.me, message, emoji)


@pytest.mark.parametrize("emoji", ["👍", "❤️", "👨‍👩‍👧‍👦", "🇨🇭", "1️⃣", "‼️", "↔️", "☕️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
def test_every_emoji_is_one(desk: Desk, room: Any, emoji: str) -> None:
    message = desk.talks.send(desk.me, room, "Well?").message_id
    desk.reactions.react(desk.me, message, emoji)
    assert [r.emoji for r in desk.read(room).messages[-1].reactions] == [emoji]


def test_a_message_has_twenty_kinds_of_reactions_at_most(desk: Desk, bob: Actor, room: Any) -> None:
    message = desk.talks.send(desk.me, room, "Well?").message_id
    for number in range(20):
        desk.reactions.react(desk.me, message, chr(ord("🍇") + number))
    with pytest.raises(RuleBroken, match="up to 20"):
        desk.reactions.react(desk.me, message, "👍")
    desk.reactions.react(bob, message, "🍇")
    assert len(desk.read(room).messages[-1].reactions) == 20


# Limits


def test_a_limit_says_when_and_slides(database: Database) -> None:
    desk = Desk(database, limits={"message": (2, 60), "moderator.message": (3, 60)})
    room = desk.rooms.create(desk.me, ConversationKind.COMPANY, "Open")
    for number in range(2):
        desk.talks.send(desk.me, room, f"{number}")
    with pytest.raises(RateLimited, match=r"2 messages here in one minute\. Try again in (60|59) s\.") as refused:
        desk.talks.send(desk.me, room, "Too much")
    assert 58 < refused.value.retry_after <= 60
    move_events(desk, "45 seconds")
    with pytest.raises(RateLimited, match=r"in (15|14) s\."):
        desk.talks.send(desk.me, room, "Still too much")
    move_events(desk, "16 seconds")
    desk.talks.send(desk.me, room, "Now it goes")

    moderator = desk.person(Role.STAFF, Role.MODERATOR)
    desk.rooms.join(moderator, room)
    sent = [outcome(lambda: desk.talks.send(moderator, room, "x")) for _ in range(4)]
    assert sent == ["done", "done", "done", "RateLimited"]


def test_old_events_are_pruned_by_new_ones(database: Database) -> None:
    desk = Desk(database)
    room = desk.rooms.create(desk.me, GROUP, "Ours")
    for number in range(5):
        desk.talks.send(desk.me, room, f"{number}")
    move_events(desk, "25 hours")
    for number in range(3):
        desk.talks.send(desk.me, room, f"{number}")
    with desk.database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM rate_limit_events")).scalar_one() == 3


def move_events(desk: Desk, into_the_past: str) -> None:
    with desk.database.transaction() as session:
        session.execute(
            text("UPDATE rate_limit_events SET created_at = created_at - CAST(:by AS interval)"), {"by": into_the_past}
        )


# The assistant


def asked(desk: Desk, actor: Actor, room: Any, words: str) -> Any:
    run_id = desk.talks.send(actor, room, words).run_id
    assert run_id, "it was not asked"
    return run_id


def test_the_assistant_answers_when_called_and_only_then(desk: Desk, bob: Actor, room: Any) -> None:
    for words in ("Hello", "assistant, are you there?", "me@assistant.example", "`@assistant` is how", "@assistants"):
        assert desk.talks.send(bob, room, words).run_id is None
    run_id = asked(desk, bob, room, "Could you help, @ASSISTANT?")
    assert desk.started == [run_id]
    shown = desk.read(room)
    assert (shown.messages[-1].status, shown.active_run_id) == (MessageStatus.PENDING, run_id)
    desk.talks.send(desk.me, room, "Meanwhile")
    shown = desk.read(room)
    assert shown.active_run_id == run_id == shown.messages[-2].run_id
    desk.end(run_id, "Gladly.")
    answer = desk.read(room, bob).messages[-2]
    assert (answer.content, answer.status, answer.sender_name) == ("Gladly.", MessageStatus.COMPLETE, None)
    assert answer.reply and answer.reply.excerpt == "Could you help, @ASSISTANT?"
    with desk.database.reading() as session:
        row = session.execute(text("SELECT user_id, conversation_id, room_id, message_id FROM model_calls")).one()
    assert tuple(row) == (bob.user_id, room, room, answer.id)


def test_the_ledger_says_in_which_room_after_the_room_is_gone(desk: Desk, room: Any) -> None:
    run_id = asked(desk, desk.me, room, "@assistant?")
    job = desk.store.begin(run_id)
    assert job and job.origin.room_id == room
    with desk.database.transaction() as session:
        session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": room})
    desk.store.finish(
        job, RunStatus.COMPLETE, "So.", [Call(CallPurpose.ANSWER, "small", USAGE, CallStatus.COMPLETE, 1)]
    )
    desk.talk()
    with desk.database.reading() as session:
        rows = session.execute(text("SELECT conversation_id, room_id FROM model_calls ORDER BY id")).all()
    assert [tuple(row)[1] for row in rows] == [room, None]
    assert rows[0].conversation_id is None and rows[1].conversation_id is not None


def test_what_it_cost_is_shown_by_room_and_asker(desk: Desk, bob: Actor, room: Any) -> None:
    elsewhere = desk.rooms.create(desk.me, GROUP, "Other")
    for actor, place in ((desk.me, room), (bob, room), (bob, room), (desk.me, elsewhere)):
        desk.end(asked(desk, actor, place, "@assistant?"))
    with desk.database.transaction() as session:
        session.execute(text("UPDATE model_calls SET cost = 0.25 WHERE user_id = :bob"), {"bob": bob.user_id})
    usage = desk.rooms.usage(bob, room)
    assert [(one.name, one.calls, one.tokens, one.cost) for one in usage.people] == [
        ("Bo Bell", 2, 8, Decimal("0.5")),
        (desk.me.display_name, 1, 4, 0),
    ]
    assert (usage.calls, usage.tokens, usage.cost, usage.unpriced) == (3, 12, Decimal("0.5"), 0)
    assert outcome(lambda: desk.rooms.usage(bob, elsewhere)) == "NotFound"


def test_what_it_is_told_are_the_names_and_what_the_asker_may_see(desk: Desk, bob: Actor) -> None:
    room = desk.rooms.create(desk.me, GROUP, "Ours", history=History.JOINED)
    desk.talks.send(desk.me, room, SECRET)
    desk.members.add(desk.me, room, [bob.user_id])
    desk.talks.send(desk.me, room, "Cake at four.")
    run_id = asked(desk, bob, room, "@Assistant, when is the cake?")
    desk.talks.send(desk.me, room, "That came later.")
    (turn,) = desk.end(run_id).prompt.turns
    assert turn.content == f"{desk.me.display_name}: Cake at four.\n\nBo Bell: when is the cake?"
    prompt = desk.end(asked(desk, desk.me, room, "@assistant and the code?"), "x").prompt
    assert SECRET in prompt.turns[0].content and "room with several people" in prompt.instructions


def test_questions_wait_for_the_answer_before_and_go_on_whatever_becomes_of_it(
    desk: Desk, bob: Actor, room: Any
) -> None:
    first = asked(desk, desk.me, room, "@assistant one?")
    second, third = (desk.talks.send(bob, room, f"@assistant {word}?") for word in ("two", "three"))
    assert second.run_id is third.run_id is None
    assert [m.content for m in desk.read(room).messages if m.is_waiting] == ["@assistant two?", "@assistant three?"]
    assert desk.read(room).queued == ()
    desk.talks.delete(bob, second.message_id)
    desk.talks.send(desk.me, room, "That is another matter.")
    desk.end(first, status=RunStatus.FAILED)
    assert len(desk.started) == 2 and not any(m.is_waiting for m in desk.read(room).messages)
    told = desk.end(desk.started[-1]).prompt.turns[-1].content
    assert told.endswith("Bo Bell: three?")  # not what was said since


def test_an_answer_is_tried_again_in_its_own_place(desk: Desk, bob: Actor, room: Any) -> None:
    run_id = asked(desk, desk.me, room, "@assistant one?")
    answer = desk.fail(run_id, "Half").origin.message_id
    desk.talks.send(bob, room, "It broke.")
    order = [m.id for m in desk.read(room).messages]
    again = desk.chat.retry(bob, answer)
    assert again.answer_id == answer
    desk.end(again.run_id, "Whole.")
    shown = desk.read(room).messages
    assert [m.id for m in shown] == order and shown[-2].content == "Whole." and not shown[-2].is_edited
    with desk.database.reading() as session:
        assert session.execute(text("SELECT content FROM message_revisions")).scalars().all() == ["Half"]
        assert session.execute(text("SELECT user_id FROM model_calls ORDER BY id")).scalars().all() == [
            desk.me.user_id, bob.user_id
        ]  # fmt: skip


def test_somebody_elses_answer_under_way_is_not_taken_for_ones_own(desk: Desk, bob: Actor, room: Any) -> None:
    answer = desk.fail(asked(desk, desk.me, room, "@assistant one?"), "Half").origin.message_id
    asked(desk, bob, room, "@assistant two?")
    for act in (desk.chat.retry, desk.chat.resume):
        assert outcome(partial(act, desk.me, answer)) == "AnswerInProgress"


def test_it_is_called_by_the_name_that_the_company_gave_it(desk: Desk, room: Any) -> None:
    with desk.database.transaction() as session:
        session.execute(text("UPDATE companies SET assistant_name = 'Dr Watson'"))
    assert desk.talks.send(desk.me, room, "@assistant?").run_id is None
    assert desk.rooms.get(desk.me, room).assistant_name == "Dr Watson"
    asked(desk, desk.me, room, "Well, @dr  watson!")


def test_what_somebody_asked_who_left_keeps_nobody_waiting(desk: Desk, bob: Actor, room: Any) -> None:
    first = asked(desk, desk.me, room, "@assistant one?")
    for number in range(20):
        desk.talks.send(bob, room, f"@assistant {number}?")
    with pytest.raises(RuleBroken, match="20 questions wait"):
        desk.talks.send(desk.me, room, "@assistant mine?")
    with desk.database.transaction() as session:
        session.get_one(User, bob.user_id).is_active = False
    assert desk.talks.send(desk.me, room, "@assistant mine?").run_id is None
    with desk.database.transaction() as session:
        session.get_one(User, bob.user_id).is_active = True
    desk.members.leave(bob, room)
    assert [m.content for m in desk.read(room).messages if m.is_waiting] == ["@assistant mine?"]
    desk.end(first)
    assert "mine?" in desk.end(desk.started[-1]).prompt.turns[-1].content
    assert asked(desk, desk.me, room, "@assistant and now?")


@pytest.mark.parametrize("way", ["question deleted", "archived", "newcomer", "too often"])
def test_having_an_answer_written_again_is_asking(database: Database, way: str) -> None:
    """For who sees the question, where one can write, and within the limit; else nothing is offered."""
    desk = Desk(database, limits={"ask": (1, 60)})
    room = desk.rooms.create(desk.me, GROUP, "Ours", history=History.JOINED)
    newcomer = desk.person()
    sent = desk.talks.send(desk.me, room, "@assistant one?")
    assert sent.run_id
    answer = desk.end(sent.run_id, "Half", RunStatus.INTERRUPTED).origin.message_id
    actor = newcomer if way == "newcomer" else desk.me
    if way == "question deleted":
        desk.talks.delete(desk.me, sent.message_id)
    elif way == "archived":
        desk.conversations.archive(desk.me, room)
    elif way == "newcomer":
        desk.members.add(desk.me, room, [newcomer.user_id])
        with desk.database.transaction() as session:  # the answer began after they came, the question was before
            session.execute(text("UPDATE members SET joined_seq = 2 WHERE user_id = :who"), {"who": newcomer.user_id})
    offered = next(m for m in desk.read(room, actor).messages if m.id == answer)
    assert (offered.can_retry, offered.can_resume) == ((way == "too often",) * 2)
    error = "RateLimited" if way == "too often" else "RuleBroken"
    assert [outcome(partial(act, actor, answer)) for act in (desk.chat.retry, desk.chat.resume)] == [error] * 2


def test_only_what_is_said_calls_and_nothing_is_asked_without_a_question(desk: Desk, bob: Actor, room: Any) -> None:
    assert desk.talks.send(bob, room, "@assistant?", message_type=MessageType.TOOL).run_id is None
    sent = desk.talks.send(bob, room, "@assistant secret?")
    desk.talks.delete(bob, sent.message_id)
    assert sent.run_id
    job = desk.store.begin(sent.run_id)
    assert job and job.wants_stop and not job.prompt.turns


def test_a_question_that_waited_is_not_told_with_others_that_have_their_answers(
    desk: Desk, bob: Actor, room: Any
) -> None:
    first = asked(desk, desk.me, room, "@assistant one?")
    for word in ("two", "three"):
        desk.talks.send(bob, room, f"@assistant {word}?")
    desk.end(first, "First.")
    desk.end(desk.started[-1], "Second.")
    turns = desk.end(desk.started[-1], "Third.").prompt.turns
    assert [turn.content for turn in turns] == [
        f"{desk.me.display_name}: one?", "First.", "Bo Bell: two?", "Second.", "Bo Bell: three?"
    ]  # fmt: skip


def test_who_was_removed_can_not_go_on_asking(desk: Desk, bob: Actor, room: Any) -> None:
    first = asked(desk, desk.me, room, "@assistant one?")
    desk.talks.send(bob, room, "@assistant two?")
    desk.members.remove(desk.me, room, bob.user_id)
    desk.end(first)
    assert desk.started == [first]
    assert MemberRole.OWNER is desk.rooms.get(desk.me, room).role
