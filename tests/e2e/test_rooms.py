"""Two and three people in one room, each in a browser of their own, none of whom touches anything to see the others."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core import bootstrap
from core.bootstrap import Application
from core.models import ConversationKind, History
from core.permissions import Actor, Role
from tests.e2e.browsing import WHOLE
from tests.e2e.conftest import Guest, Open, signed_in
from tests.e2e.rooms import SOON, Room
from tests.e2e.served import Parley
from tests.e2e.storyteller import LONG, Storyteller
from tests.support.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.long]

HALF_A_THOUGHT = "And what if we"


@pytest.fixture(scope="module")
def cy(parley: Parley, bob: Guest) -> Guest:
    return signed_in(parley, "cy@example.com", "Cy Curie", Role.STAFF)


@dataclass(frozen=True)
class Elsewhere:
    """Another process on the same PostgreSQL, in which things are done without a browser."""

    application: Application

    def actor(self, guest: Guest) -> Actor:
        identity = self.application.accounts.resolve(guest.token)
        assert identity
        return self.application.accounts.actor(identity.session_id)


@pytest.fixture(scope="module")
def elsewhere(parley: Parley, ada: Guest) -> Iterator[Elsewhere]:
    with parley.database() as database:
        application = bootstrap.build(parley.settings, database)
        application.events.start()
        until(lambda: application.events.is_listening)
        yield Elsewhere(application)
        application.events.stop()


@pytest.fixture
def room_of(elsewhere: Elsewhere) -> Callable[..., UUID]:
    """A group of these people, the first of them its owner."""

    def made(*guests: Guest, history: History = History.ALL, title: str = "Launch") -> UUID:
        owner, *others = (elsewhere.actor(guest) for guest in guests)
        ids = [other.user_id for other in others]
        return elsewhere.application.rooms.create(owner, ConversationKind.GROUP, title, user_ids=ids, history=history)

    return made


Enter = Callable[[Guest, UUID], Room]


@pytest.fixture
def enter(parley: Parley, tab: Open) -> Enter:
    return lambda guest, room: Room(tab(guest), parley.url, room).open()


def test_what_one_says_and_does_the_other_sees(
    ada: Guest, bob: Guest, room_of: Callable[..., UUID], enter: Enter
) -> None:
    room = room_of(ada, bob)
    hers, his = enter(ada, room), enter(bob, room)
    for one in (hers, his):
        expect(one.page.get_by_text("2 here")).to_be_visible(timeout=SOON)

    his.box.fill(HALF_A_THOUGHT)
    hers.say("The cake is at four.")
    expect(his.said("The cake is at four.")).to_be_visible(timeout=SOON)
    expect(hers.page.get_by_text(f"Seen by {bob.name}")).to_be_visible(timeout=SOON)
    expect(hers.box).to_have_value("")
    expect(his.box).to_have_value(HALF_A_THOUGHT)
    expect(his.box).to_be_focused()

    his.row("The cake is at four.").get_by_role("button", name="Add reaction").click()
    his.page.get_by_role("button", name="Party").click()
    chip = hers.row("The cake is at four.").get_by_role("button", name=re.compile(f"🎉 1: {bob.name}"))
    expect(chip).to_be_visible(timeout=SOON)
    expect(his.box).to_have_value(HALF_A_THOUGHT)
    chip.click()
    expect(his.row("The cake is at four.").get_by_role("button", name=re.compile("🎉 2"))).to_be_visible(timeout=SOON)

    hers.row("The cake is at four.").get_by_role("button", name="More").click()
    hers.page.get_by_role("button", name="Edit").click()
    hers.page.get_by_label("Your message").fill("The cake is at five.")
    hers.page.get_by_role("button", name="Save").click()
    expect(his.said("The cake is at five.")).to_be_visible(timeout=SOON)
    expect(his.said("The cake is at four.")).to_have_count(0)
    expect(his.row("The cake is at five.")).to_contain_text("edited")

    his.row("The cake is at five.").get_by_role("button", name="Reply").click()
    expect(his.page.get_by_text(f"Replying to {ada.name}")).to_be_visible()
    his.say("Then I bring coffee.")
    expect(hers.page.get_by_test_id("stChatMessage").filter(has_text="Then I bring coffee.")).to_contain_text(
        "The cake is at five.", timeout=SOON
    )
    hers.row("The cake is at five.").get_by_role("button", name="More").click()
    hers.page.get_by_role("button", name="Delete").click()
    hers.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(his.page.get_by_text("Message deleted")).to_be_visible(timeout=SOON)

    his.page.close()
    expect(hers.page.get_by_text("2 here")).to_be_hidden(timeout=2 * SOON)


def test_both_watch_the_answer_that_one_asked_for(
    ada: Guest, bob: Guest, model: Storyteller, elsewhere: Elsewhere, room_of: Callable[..., UUID], enter: Enter
) -> None:
    room = room_of(ada, bob, title="Questions")
    hers, his = enter(ada, room), enter(bob, room)
    hers.say(f"@Assistant {LONG}")
    for one in (hers, his):
        expect(one.page.get_by_role("button", name="Stop")).to_be_visible(timeout=WHOLE)
    his.say("Good question!")  # the talk goes on meanwhile
    expect(hers.said("Good question!")).to_be_visible(timeout=SOON)
    model.end_stories()
    for one in (hers, his):
        expect(one.page.get_by_role("button", name="Stop")).to_have_count(0, timeout=WHOLE)
        expect(one.page.get_by_role("button", name="Good answer")).to_be_visible(timeout=SOON)
    texts = [one.page.get_by_label("Chat message from Assistant").inner_text() for one in (hers, his)]
    assert texts[0] == texts[1] and len(texts[0]) > 50
    usage = elsewhere.application.rooms.usage(elsewhere.actor(bob), room)
    assert [(person.name, person.calls) for person in usage.people] == [(ada.name, 1)]


def test_who_comes_late_sees_what_the_room_lets_them(
    ada: Guest, bob: Guest, cy: Guest, elsewhere: Elsewhere, room_of: Callable[..., UUID], enter: Enter
) -> None:
    room = room_of(ada, bob, history=History.JOINED, title="Closed past")
    hers = enter(ada, room)
    hers.say("Said before Cy came.")
    expect(hers.said("Said before Cy came.")).to_be_visible(timeout=SOON)
    elsewhere.application.members.add(elsewhere.actor(ada), room, [elsewhere.actor(cy).user_id])
    expect(hers.notice(f"{ada.name} added {cy.name}.")).to_be_visible(timeout=SOON)
    theirs = enter(cy, room)
    expect(theirs.notice(f"{ada.name} added {cy.name}.")).to_be_visible()
    expect(theirs.said("Said before Cy came.")).to_have_count(0)
    hers.say("Welcome, @Cy!")
    expect(theirs.page.get_by_text("Welcome, @Cy!")).to_be_visible(timeout=SOON)
    elsewhere.application.rooms.set_history(elsewhere.actor(ada), room, History.ALL)
    expect(theirs.said("Said before Cy came.")).to_be_visible(timeout=SOON)


def test_who_is_removed_while_typing_is_told_and_keeps_their_words(
    ada: Guest, bob: Guest, elsewhere: Elsewhere, room_of: Callable[..., UUID], enter: Enter
) -> None:
    room = room_of(ada, bob, title="Small circle")
    his = enter(bob, room)
    his.box.fill(HALF_A_THOUGHT)
    elsewhere.application.members.remove(elsewhere.actor(ada), room, elsewhere.actor(bob).user_id)
    expect(his.page.get_by_text("You are no longer a member of this room")).to_be_visible(timeout=SOON)
    expect(his.box).to_have_value(HALF_A_THOUGHT)
    expect(his.box).to_be_disabled()


def test_badges_move_by_themselves_on_every_page(
    parley: Parley, ada: Guest, elsewhere: Elsewhere, room_of: Callable[..., UUID], tab: Open
) -> None:
    mary = signed_in(parley, "mary@example.com", "Mary Somerville", Role.STAFF)  # nothing is unread of other tests
    room = room_of(ada, mary, title="Elsewhere")
    home, chat = tab(mary), tab(mary)
    home.goto(parley.url)
    chat.goto(f"{parley.url}/chat")
    link = chat.get_by_role("link", name=re.compile("^Elsewhere"))
    expect(link).to_be_visible()
    for number, text in enumerate(("One.", f"Two, @{mary.name}."), 1):
        elsewhere.application.talk.send(elsewhere.actor(ada), room, text)
        until(lambda number=number: unread_in(home) == number)  # type: ignore[misc]
    expect(link).to_have_accessible_name("Elsewhere, 2 unread, 1 mentions you")
    room_of(ada, mary, title="Brand new")
    expect(chat.get_by_role("link", name="Brand new")).to_be_visible(timeout=SOON)  # without a message yet
    link.click()
    expect(chat.get_by_test_id("stChatMessage").filter(has_text="Two, @Mary Somerville.")).to_be_visible()
    until(lambda: unread_in(home) == 0)
    expect(chat.get_by_role("link", name=re.compile("^Elsewhere"))).to_have_accessible_name("Elsewhere")


def unread_in(page: Page) -> int:
    """As the title of the tab has it."""
    found = re.match(r"\((\d+)\) ", page.title())
    return int(found[1]) if found else 0


def test_what_the_list_hears_at_the_same_moment_takes_nothing_from_the_room(
    elsewhere: Elsewhere, ada: Guest, bob: Guest, room_of: Callable[..., UUID], enter: Enter
) -> None:
    """Both ask for a run, and Streamlit forgets one of two that come together: it happened once in forty times."""
    room, app = room_of(ada, bob), elsewhere.application
    his = enter(bob, room)
    hers = elsewhere.actor(ada)
    message = app.talk.send(hers, room, "Number 0").message_id
    for number in range(1, 13):
        app.talk.edit(hers, message, f"Number {number}")
        app.events.publish_listed(room)
        expect(his.said(f"Number {number}")).to_be_visible(timeout=SOON)
