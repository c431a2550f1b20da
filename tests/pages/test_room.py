"""An open room: what is said in it as each of its people sees it, and which of the page a change draws anew."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core.models import Conversation, ConversationKind, Member, Message, MessageRole, MessageStatus
from core.services.views import MessageView
from core.ui import composer, room_composer
from core.ui.room_view import BLOCK, EDITING, LONGEST_BLOCK, MOST_NEW, SPARE, VIEW, View
from tests.pages.visitor import Desk, DeskWith, Person, bars, bubbles, go, sentences, text_of, visit
from tests.support.models import Answer, ScriptedModel
from tests.support.waiting import until

NEW = ":green-badge[New]"


class Room:
    """Ada made it, Bo is in it."""

    def __init__(self, desk: Desk, kind: ConversationKind = ConversationKind.GROUP) -> None:
        self.desk = desk
        self.talk, self.members = desk.application.talk, desk.application.members
        self.ada = desk.staff(display_name="Ada Lovelace")
        self.bo = desk.staff(display_name="Bo Diddley")
        rooms = desk.application.rooms
        if kind is ConversationKind.DIRECT:
            self.id = rooms.start_direct(self.ada.actor, self.bo.user.id)
        else:
            self.id = rooms.create(self.ada.actor, kind, "Plans", user_ids=[self.bo.user.id])

    def say(self, person: Person, *texts: str, reply_to: UUID | None = None) -> UUID:
        """The last one's id."""
        return [self.talk.send(person.actor, self.id, text, reply_to_id=reply_to).message_id for text in texts][-1]

    def say_much(self, person: Person, *texts: str) -> None:
        """Past the service, which takes its time for each."""
        with self.desk.database.transaction() as session:
            room = session.get_one(Conversation, self.id)
            who = {"conversation_id": room.id, "sender_id": person.user.id, "role": MessageRole.USER}
            session.add_all(Message(**who, seq=room.last_seq + at, content=text) for at, text in enumerate(texts, 1))
            room.last_seq += len(texts)
            session.get_one(Member, (room.id, person.user.id)).last_read_seq = room.last_seq

    def react(self, person: Person, message_id: UUID, emoji: str = "👍") -> None:
        self.desk.application.reactions.toggle(person.actor, message_id, emoji)

    def open(self, person: Person) -> AppTest:
        browser = visit(person, "chat.py", c=self.id)
        assert not browser.exception
        return browser

    def read(self, person: Person) -> Sequence[MessageView]:
        return self.desk.messages(person, self.id)


@pytest.fixture
def room(desk: Desk) -> Room:
    return Room(desk)


def captions(browser: AppTest) -> list[str]:
    return [caption.value for caption in browser.caption]


def say(browser: AppTest, text: str) -> None:
    browser.chat_input[0].set_value(text).run()
    assert not browser.exception
    browser.run()  # AppTest has lost what the blocks were drawn into


def markdown(browser: AppTest) -> list[str]:
    return [one.value for one in browser.main.markdown]


# What is seen


def test_an_empty_room_says_so_and_whom_to_ask(room: Room) -> None:
    browser = room.open(room.ada)
    assert "Nobody has written here yet. Begin with what this room is for." in captions(browser)
    assert captions(browser)[-1] == "Write @Assistant to ask the assistant, or type /help."
    assert browser.chat_input[0].placeholder == "Message Plans" and not browser.chat_input[0].disabled
    assert bars(browser) == [] and browser.chat_message == []


def test_what_one_says_in_a_row_stands_under_one_name(room: Room) -> None:
    cake = room.say(room.bo, "Who brings the cake?", "And the *tea*?")
    room.say(room.ada, "I do", reply_to=cake)
    edited = room.say(room.ada, "Late")
    room.talk.edit(room.ada.actor, edited, "Later")
    room.talk.delete(room.ada.actor, room.say(room.ada, "a secret"))
    for person in (room.ada, room.bo):
        browser = room.open(person)
        assert [name for name, _ in bubbles(browser)] == ["Bo Diddley", "Ada Lovelace"]
        assert [caption.value for caption in browser.main.caption] == [
            "Today",
            "Ada Lovelace made this room\\.",
            "**Bo Diddley**",
            "**Ada Lovelace**",
            ":material/reply: **Bo Diddley** And the tea?",
            "Message deleted",
        ]
        assert [bar["time"].partition(" · ")[2] for bar in bars(browser)] == ["", "", "", "edited"]
        assert "a secret" not in text_of(browser)
    theirs, mine = ["copy", "task", "report"], ["copy", "edit", "delete", "task", "report"]
    own = [theirs, theirs, mine, mine]
    assert [bar["menu"] for bar in bars(room.open(room.ada))] == own
    assert all(bar["actions"] == ["react", "reply", "more"] for bar in bars(browser))


def test_reactions_are_counted_and_say_whose_they_are(room: Room) -> None:
    message = room.say(room.bo, "Cake at four")
    for person in (room.bo, room.ada):
        room.react(person, message)
    room.react(room.bo, message, "🎂")
    [row] = bars(room.open(room.ada))
    assert row["reactions"] == [
        {"emoji": "👍", "count": 2, "names": "Bo Diddley, Ada Lovelace", "mine": True},
        {"emoji": "🎂", "count": 1, "names": "Bo Diddley", "mine": False},
    ]


@pytest.mark.parametrize(
    ("text", "to_ada", "to_bo"),
    [
        ("Ask @ada", "Ask :green-badge[@ada]", "Ask **@ada**"),
        ("@Ada Lovelace: yes", ":green-badge[@Ada Lovelace]: yes", "**@Ada Lovelace**: yes"),
        ("`@Ada` and me@Ada.org", "`@Ada` and me@Ada.org", "`@Ada` and me@Ada.org"),
        ("@Nobody :red[x] $5", "@Nobody \\:red[x] \\$5", "@Nobody \\:red[x] \\$5"),
        ("**@Ada**\n:blue[@Bo]", "**:green-badge[@Ada]**  \n\\:blue[**@Bo**]", None),
    ],
)
def test_who_is_called_by_name_stands_out(room: Room, text: str, to_ada: str, to_bo: str | None) -> None:
    room.say(room.bo, text)
    assert bubbles(room.open(room.ada)) == [("Bo Diddley", to_ada)]
    if to_bo:
        assert bubbles(room.open(room.bo)) == [("Bo Diddley", to_bo)]


def test_what_is_new_is_marked_for_the_visit_and_counts_as_read(room: Room) -> None:
    room.say(room.ada, "Old")
    room.members.mark_read(room.bo.actor, room.id, 2)
    room.say(room.ada, "One", "Two")
    unread = room.desk.application.rooms.unread
    assert unread(room.bo.actor).total == 2
    browser = room.open(room.bo)
    for _ in range(2):
        assert [one for one in markdown(browser) if one in ("Old", NEW, "One", "Two")] == ["Old", NEW, "One", "Two"]
        assert unread(room.bo.actor).total == 0
        browser.run()
    go(go(browser, "home.py"), "chat.py", c=room.id)
    assert "Two" in markdown(browser) and NEW not in markdown(browser)


def test_the_line_above_what_is_new_stands_first_when_more_is_new_than_fits(room: Room) -> None:
    texts = [f"message {number}" for number in range(59)]
    room.say_much(room.ada, *texts)
    room.members.mark_read(room.bo.actor, room.id, 12)  # the notice, and messages 0 to 10
    browser = room.open(room.bo)
    assert [one for one in markdown(browser) if one == NEW or one in texts][:2] == [NEW, texts[19]]
    room.say(room.ada, "and one more")
    browser.button(key="earlier").click().run()
    lines = [one for one in markdown(browser) if one == NEW or one in texts]
    assert lines.count(NEW) == 1 and lines[lines.index(NEW) + 1] == texts[11]


def test_what_is_said_during_a_visit_is_not_new(room: Room) -> None:
    room.say(room.ada, "Old")
    browser = go(go(room.open(room.bo), "home.py"), "chat.py", c=room.id)
    room.say(room.ada, "Just now")
    assert "Just now" in markdown(browser.run()) and NEW not in markdown(browser)


def test_many_messages_come_forty_at_a_time(room: Room) -> None:
    texts = [f"message {number}" for number in range(45)]
    room.say_much(room.ada, *texts)
    browser = room.open(room.bo)
    assert [one for one in markdown(browser) if one.startswith("message")] == texts[5:]
    browser.button(key="earlier").click().run()
    assert [one for one in markdown(browser) if one.startswith("message")] == texts


# Saying something


def test_what_is_said_is_there_once(room: Room) -> None:
    browser = room.open(room.ada)
    for _ in range(2):  # as by a double click
        seen = browser.session_state[composer.SEEN]
        say(browser, "Tea?\nOr coffee?")
        browser.session_state[composer.SEEN] = seen  # nor had the page shown it when it came again
    assert [one.content for one in room.read(room.ada)][1:] == ["Tea?\nOr coffee?"]
    assert bubbles(browser.run()) == [("Ada Lovelace", "Tea?  \nOr coffee?")]


def test_the_same_words_are_meant_anew_once_the_page_has_shown_them(room: Room) -> None:
    browser = room.open(room.ada)
    for number in range(1, 5):
        unseen = browser.session_state[composer.SEEN]
        say(browser, "+1")
        assert sentences(browser) == [] and len(room.read(room.ada)) == 1 + number
        seen = browser.session_state[composer.SEEN]
        browser.session_state[composer.SEEN] = unseen  # the same frame come twice, before the page had shown it
        say(browser, "+1")
        assert len(room.read(room.ada)) == 1 + number
        browser.session_state[composer.SEEN] = seen
        last = browser.session_state[composer.LAST]
        browser.session_state[composer.LAST] = replace(last, tried_at=last.tried_at - composer.TWICE)


def test_a_repetition_does_not_lengthen_the_time_for_the_next(room: Room) -> None:
    browser = room.open(room.ada)
    say(browser, "+1")
    tried_at = browser.session_state[composer.LAST].tried_at
    unseen = replace(browser.session_state[composer.SEEN], mine=None)
    browser.session_state[composer.SEEN] = unseen
    say(browser, "+1")
    assert browser.session_state[composer.LAST].tried_at == tried_at and len(room.read(room.ada)) == 2


def test_every_conversation_has_a_box_of_its_own(room: Room) -> None:
    """What was typed in one and sent while the next was opened is said where it was typed."""
    other = room.desk.application.rooms.create(room.ada.actor, ConversationKind.GROUP, "Other")
    browser = room.open(room.ada)
    box = browser.chat_input[0]
    browser.query_params["c"] = str(other)
    box.set_value("for Plans").run()
    assert not browser.exception and browser.chat_input[0].placeholder == "Message Other"
    assert browser.chat_input[0].id != box.id
    assert room.read(room.ada)[-1].content == "for Plans"
    assert len(room.desk.messages(room.ada, other)) == 1
    assert go(browser, "chat.py").chat_input[0].id != box.id


def test_nothing_of_a_deleted_message_stays_above_the_box(room: Room) -> None:
    message = room.say(room.bo, "a secret")
    browser = room.open(room.ada)
    browser.session_state[room_composer.REPLIES] = {room.id: message}
    assert ":material/reply: Replying to **Bo Diddley**: a secret" in captions(browser.run())
    room.talk.delete(room.bo.actor, message)
    browser.run()
    assert f":material/reply: {room_composer.DELETED}" in captions(browser) and "a secret" not in text_of(browser)
    say(browser, "What did you say?")
    assert room.read(room.ada)[-1].content == "What did you say?" and room.read(room.ada)[-1].reply is None
    assert f":material/reply: {room_composer.DELETED}" not in captions(browser.run())


def test_a_reply_knows_to_what_and_is_one_message_only(room: Room) -> None:
    message = room.say(room.bo, "Tea?")
    browser = room.open(room.ada)
    browser.session_state[room_composer.REPLIES] = {room.id: message}
    assert ":material/reply: Replying to **Bo Diddley**: Tea?" in captions(browser.run())
    for _ in range(2):
        browser.chat_input[0].set_value("Please").run()
        browser.run()
        assert not [caption for caption in captions(browser) if "Replying" in caption]
    said = room.read(room.ada)[2:]
    assert [(one.content, one.reply and one.reply.id) for one in said] == [("Please", message), ("Please", None)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("   ", "The message is empty. Write something first."),
        ("x" * 10_001, "The message may have up to 10,000 characters; this has 10,001."),
    ],
    ids=["blank", "long"],
)
def test_what_is_refused_is_given_back_with_why(room: Room, text: str, sentence: str) -> None:
    browser = room.open(room.ada)
    browser.chat_input[0].set_value(text).run()
    box = browser.chat_input[0].proto
    assert sentences(browser) == [sentence] and box.set_value and box.value == text
    assert len(room.read(room.ada)) == 1


def test_where_nobody_can_write_the_box_says_why(room: Room) -> None:
    room.desk.application.conversations.archive(room.ada.actor, room.id)
    browser = room.open(room.bo)
    assert browser.chat_input[0].disabled
    assert captions(browser)[-1] == "This room is archived. An owner can bring it back."


def test_who_is_removed_while_the_room_is_open_is_told_and_keeps_what_they_typed(room: Room) -> None:
    room.say(room.ada, "Between us")
    browser = room.open(room.bo)
    room.members.remove(room.ada.actor, room.id, room.bo.user.id)
    browser.chat_input[0].set_value("I was about to").run()
    assert not browser.exception
    assert [title.value for title in browser.title] == ["This room isn't open to you any more"]
    assert browser.chat_input[0].disabled and browser.chat_input[0].proto.value == "I was about to"
    assert "Between us" not in "".join(markdown(browser))


# The assistant


def test_an_answer_in_a_room_grows_without_holding_up_the_page(desk_with: DeskWith) -> None:
    gate = threading.Event()
    room = Room(desk_with(ScriptedModel(Answer(["Slowly", " but", " surely."], gate=gate))))
    room.say(room.bo, "@Assistant, how?")
    run_id = room.read(room.ada)[-1].run_id
    assert run_id
    until(lambda: room.desk.application.runner.glance(run_id).text == "Slowly but")
    room.say(room.bo, "@Assistant, and why?")
    browser = room.open(room.ada)
    assert "Slowly but :shimmer[…]" in markdown(browser)
    assert "Stop" in [button.label for button in browser.button]
    assert any("Waiting for Assistant" in caption for caption in captions(browser))
    gate.set()
    until(lambda: [one.status for one in room.read(room.ada)].count(MessageStatus.COMPLETE) == 5)
    answers = [(name, text) for name, text in bubbles(browser.run()) if name == "Assistant"]
    assert answers == [("Assistant", "Slowly but surely."), ("Assistant", "Scripted answer.")]
    assert bars(browser)[1]["actions"] == ["react", "reply", "up", "down", "more"]


# Drawing anew only what changed


def view_of(browser: AppTest) -> View:
    view: View = browser.session_state[VIEW]
    assert view.is_whole and view.stale() == []
    return view


def takes(room: Room, view: View) -> bool:
    return view.take(room.desk.application.transcripts.read(room.ada.actor, room.id, limit=view.limit))


@pytest.mark.parametrize(
    ("change", "blocks"),
    [
        (lambda room, _: room.say(room.bo, "new"), [2]),
        (lambda room, _: room.say(room.bo, *"abcdefghij"), [2, 3]),
        (lambda room, first: room.react(room.bo, first), [0]),
        (lambda room, first: room.talk.edit(room.bo.actor, first, "other words"), [0]),
        (lambda room, first: room.talk.delete(room.bo.actor, first), [0]),
        (lambda room, first: room.say(room.bo, "yes", reply_to=first), [2]),
        (lambda room, _: room.members.mark_read(room.bo.actor, room.id, 99), []),
    ],
    ids=["message", "ten messages", "reaction", "edit", "deletion", "reply", "read"],
)
def test_a_change_draws_the_blocks_anew_that_it_changes(
    room: Room, change: Callable[[Room, UUID], object], blocks: list[int]
) -> None:
    first = room.say(room.bo, "first")
    room.say_much(room.bo, *(f"message {number}" for number in range(20)))
    view = view_of(room.open(room.ada))
    change(room, first)
    assert takes(room, view) and view.stale() == blocks


def test_a_block_ends_at_another_name_so_that_none_stands_twice(room: Room) -> None:
    everybody = [room.ada, room.bo, room.desk.staff(display_name="Cy")]
    room.members.add(room.ada.actor, room.id, [everybody[2].user.id])

    def talk(turns: str) -> None:
        for turn in turns:
            room.say(everybody[int(turn)], "words")

    talk("0120000112222010101")
    view = view_of(room.open(room.ada))
    talk("1112021" + "2" * 22)  # some of them go on under a name that is there
    before = view.begins
    assert takes(room, view) and view.begins[: len(before)] == before
    blocks = [block for number in view.blocks if (block := view.messages_of(number))]
    assert [message for block in blocks for message in block] == list(view.shown.messages)
    cut = [above for above, below in pairwise(blocks) if view.belongs(above[-1], below[0])]
    assert [len(block) for block in cut] == [LONGEST_BLOCK, LONGEST_BLOCK]
    assert all(len(block) >= BLOCK for block in blocks[:-1])


def test_a_row_under_a_message_leaves_nothing_that_streamlit_would_put_together_at_each_run(room: Room) -> None:
    room.say(room.ada, "one", "two")
    browser = room.open(room.bo)
    assert len(bars(browser)) == 2
    rows = [f"bar_{message.id}" for message in room.read(room.bo)]
    assert not [key for key in (*rows, "drawn_room_foot") if key in browser.session_state]


@pytest.mark.parametrize(
    "change",
    [
        lambda room: room.desk.application.conversations.rename(room.ada.actor, room.id, "Other plans"),
        lambda room: room.members.add(room.ada.actor, room.id, [room.desk.staff().user.id]),
        lambda room: room.desk.application.conversations.archive(room.ada.actor, room.id),
        lambda room: room.say_much(room.bo, *["more"] * (SPARE + 1) * LONGEST_BLOCK),
    ],
    ids=["name", "members", "archived", "no spare block left"],
)
def test_what_stands_around_the_messages_takes_the_page(room: Room, change: Callable[[Room], object]) -> None:
    view = view_of(room.open(room.ada))
    change(room)
    assert not takes(room, view)


def test_the_first_message_on_the_page_stays_when_others_come(room: Room) -> None:
    room.say_much(room.ada, *(f"message {number}" for number in range(60)))
    view = view_of(room.open(room.ada))
    first = view.shown.messages[0]
    room.say_much(room.bo, *["more"] * 25)
    assert takes(room, view) and view.shown.messages[0] == first and len(view.shown.messages) == 65
    view.most = 65
    room.say(room.bo, "one too many")
    assert MOST_NEW > 65 and not takes(room, view)


def test_what_is_being_edited_stays_however_much_is_said(room: Room) -> None:
    others = [room.desk.staff() for _ in range(3)]
    room.members.add(room.ada.actor, room.id, [other.user.id for other in others])
    edited = room.say(room.ada, "draft")
    room.say_much(room.bo, *(f"message {number}" for number in range(39)))
    browser = room.open(room.ada)
    first = view_of(browser).since
    browser.session_state[EDITING] = frozenset({edited})
    for other in others:
        room.say_much(other, *["more"] * 50)
        assert [area.key for area in browser.run().text_area] == [f"edit_{edited}"]
    view = browser.session_state[VIEW]
    assert view.since == first and len(view.shown.messages) == 190
    browser.session_state[EDITING] = frozenset()
    browser.run()
    assert len(view_of(browser.run()).shown.messages) == 40
