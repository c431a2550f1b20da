"""The main job in a real browser: ask, watch, leave, come back, stop, try again, find it in every tab."""

import re
from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from core.models import MessageStatus
from core.services.accounts import AccountService
from core.services.transcripts import TranscriptService
from core.services.views import MessageView
from tests.e2e.browsing import Chat, fill_sign_in, words
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import PATIENCE, Parley
from tests.e2e.storyteller import LONG, SHORT, STORYTELLER, Storyteller
from tests.support.openai_server import Reply
from tests.support.waiting import until

pytestmark = pytest.mark.e2e

SIGN_IN = re.compile(r"/account/sign-in")


def kept(parley: Parley, guest: Guest, conversation_id: str) -> Sequence[MessageView]:
    """What PostgreSQL has of a conversation, as this person may read it."""
    with parley.database() as database:
        accounts = AccountService(database, parley.settings)
        identity = accounts.resolve(guest.token)
        assert identity
        actor = accounts.actor(identity.session_id)
        return TranscriptService(database).read(actor, UUID(conversation_id)).messages


def assert_growing(texts: list[str]) -> None:
    assert len(texts) > 2
    assert all(later.startswith(earlier[:-3]) and later > earlier for earlier, later in pairwise(texts))


def test_an_answer_is_seen_growing_and_survives_refresh_second_tab_and_walking_away(
    parley: Parley, ada: Guest, chat: Chat, model: Storyteller
) -> None:
    chat.ask(LONG)
    seen = chat.wait_growing()
    assert_growing(seen)
    expect(chat.stop).to_be_visible()
    address = f"{parley.url}/chat?c={chat.id}"

    chat.page.reload()
    assert chat.wait_growing(1)[0].startswith(seen[0])
    second = Chat(chat.page.context.new_page(), parley.url).open(address)
    expect(second.stop).to_be_visible()
    chat.page.get_by_role("link", name="Home").click()
    expect(chat.page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    chat.page.get_by_role("main").get_by_role("link", name=LONG, exact=True).click()
    assert chat.id in address
    expect(chat.stop).to_be_visible()
    model.end_stories()

    for tab in (chat, second):
        tab.wait_whole()
        expect(tab.questions).to_have_count(1)
    question, answer = kept(parley, ada, chat.id)
    assert answer.status is MessageStatus.COMPLETE and question.content == LONG
    assert len(answer.content) > len(seen[-1])
    for tab in (chat, second):
        assert words(tab.text_of(tab.answers.first)) == words(answer.content)


@pytest.mark.long
def test_stop_keeps_what_was_seen(parley: Parley, ada: Guest, chat: Chat) -> None:
    chat.ask(LONG)
    seen = chat.wait_growing(4)
    chat.stop.click()
    expect(chat.answers.last.get_by_text("Stopped. What had arrived is kept.")).to_be_visible()
    chat.wait_whole()
    shown = chat.text_of(chat.answers.last)
    answer = kept(parley, ada, chat.id)[1]
    assert answer.status is MessageStatus.STOPPED
    assert words(shown) == words(answer.content)
    assert answer.content.startswith(seen[-2])
    chat.page.reload()
    chat.wait_whole()
    assert chat.text_of(chat.answers.last) == shown
    # And the conversation goes on.
    chat.ask(SHORT)
    chat.wait_whole(2)


@pytest.mark.long
def test_what_can_be_done_with_an_answer(parley: Parley, ada: Guest, chat: Chat, model: Storyteller) -> None:
    model.replies_to[SHORT] = [Reply(("Hello.",)), Reply(("Good day.",))]
    chat.ask(SHORT)
    chat.wait_whole()
    answer = chat.answers.last
    first = chat.text_of(answer)

    chat.act(answer, "Copy")
    expect(answer.get_by_role("button", name="Copied")).to_be_visible()
    assert chat.page.evaluate("navigator.clipboard.readText()") == kept(parley, ada, chat.id)[1].content

    chat.act(answer, "Bad answer")
    dialog = chat.page.get_by_role("dialog")
    expect(dialog.get_by_text("What was wrong with it?")).to_be_visible()
    dialog.get_by_text("Too long").click()
    dialog.get_by_label("What would have helped?").fill("One word.")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog).to_have_count(0)
    expect(answer.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    chat.act(answer, "Bad answer")
    expect(answer.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "false")
    expect(dialog).to_have_count(0)
    chat.act(answer, "Good answer")
    expect(answer.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")

    chat.act(answer, "Write this answer again")
    expect(answer.get_by_text("2 of 2")).to_be_visible()
    chat.wait_whole()
    expect(answer.get_by_role("button", name="Later version")).to_be_disabled()
    chat.act(answer, "Earlier version")
    expect(answer.get_by_text("1 of 2")).to_be_visible()
    assert chat.text_of(answer) == first
    chat.act(answer, "Later version")
    expect(answer.get_by_text("2 of 2")).to_be_visible()


@pytest.mark.long
def test_edit_and_send_again_keeps_the_earlier_version(chat: Chat) -> None:
    chat.ask(SHORT)
    chat.wait_whole()
    question = chat.questions.first
    chat.act(question, "Edit and send again")
    editor = chat.page.get_by_role("textbox", name="Your message")
    expect(editor).to_have_value(SHORT)
    chat.page.get_by_role("button", name="Cancel").click()
    expect(editor).to_have_count(0)

    chat.act(question, "Edit and send again")
    editor.fill("   ")
    chat.page.get_by_role("button", name="Send again").click()
    expect(chat.page.get_by_text("The message is empty. Write something first.")).to_be_visible()
    editor.fill("Say goodbye in one short sentence.")
    chat.page.get_by_role("button", name="Send again").click()
    expect(question.get_by_text("2 of 2")).to_be_visible()
    chat.wait_whole()
    assert chat.text_of(question) == "Say goodbye in one short sentence."
    chat.act(question, "Earlier version")
    expect(question.get_by_text("1 of 2")).to_be_visible()
    assert chat.text_of(question) == SHORT
    expect(chat.answers).to_have_count(1)


@pytest.mark.long
def test_what_is_too_long_is_said_and_given_back(chat: Chat) -> None:
    for text in ("x" * 10_001, "y " * 5_001):
        chat.ask(text)
        expect(chat.page.get_by_text(f"this has {len(text):,}.")).to_be_visible()
        expect(chat.box).to_have_value(text)
    expect(chat.questions).to_have_count(0)
    chat.box.fill("")
    chat.ask(SHORT)
    chat.wait_whole()
    expect(chat.page.get_by_text("this has 10,00")).to_have_count(0)


@pytest.mark.long
def test_a_question_sent_while_an_answer_is_written_waits_below_it(chat: Chat) -> None:
    chat.ask(LONG)
    chat.wait_growing(1)
    other = Chat(chat.page.context.new_page(), chat.url).open(chat.page.url)
    expect(other.stop).to_be_visible()
    for question in (SHORT, "And then?"):
        other.ask(question)
        expect(other.questions.last).to_contain_text(question)
    for tab in (other, chat):  # which goes on following the answer
        expect(tab.page.get_by_text("2 of 2")).to_be_visible()
    other.act(other.questions.last, "Remove")
    expect(other.questions).to_have_count(2)
    other.act(other.questions.last, "Send now")
    chat.wait_whole(2)
    expect(chat.answers.first).to_contain_text("Stopped. What had arrived is kept.")
    expect(chat.questions.last).to_contain_text(SHORT)
    other.wait_whole(2)


@pytest.mark.long
def test_a_stopped_answer_is_continued_where_it_stopped(parley: Parley, ada: Guest, chat: Chat) -> None:
    chat.ask(LONG)
    chat.wait_growing(2)
    chat.stop.click()
    chat.wait_whole()
    stopped = kept(parley, ada, chat.id)[1]
    assert stopped.status is MessageStatus.STOPPED
    chat.act(chat.answers.last, "Continue")
    expect(chat.answers.last).not_to_contain_text("Stopped. What had arrived is kept.")
    chat.wait_whole()
    whole = kept(parley, ada, chat.id)[1]
    assert whole.status is MessageStatus.COMPLETE
    assert whole.content.startswith(stopped.content) and len(whole.content) > len(stopped.content)


@pytest.mark.long
def test_a_suggestion_and_the_home_page_begin_chats(parley: Parley, ada: Guest, chat: Chat) -> None:
    chat.page.get_by_text("Explain simply").click()
    expect(chat.questions.first).to_contain_text("Explain in simple words what a database index does.")
    first = chat.id
    chat.page.get_by_role("button", name="Archived chats").click()  # any click while the answer is written
    chat.page.get_by_role("button", name="Back to chats").click()
    chat.wait_whole()
    assert chat.id == first, "the click asked the suggestion once more, in a chat of its own"
    chat.page.get_by_role("link", name="Home").click()
    home = Chat(chat.page, parley.url)
    expect(home.page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    expect(home.page.get_by_text(STORYTELLER)).to_be_visible()  # under the box: it is this page's by now
    home.ask(SHORT)
    expect(home.questions.first).to_contain_text(SHORT)
    home.wait_whole()
    assert home.id != first and kept(parley, ada, home.id)[0].content == SHORT
    chat.page.go_back()
    expect(chat.page.get_by_role("heading", name="Hello, Ada")).to_be_visible()


@pytest.mark.long
def test_the_list_opens_chats_and_marks_the_open_one(parley: Parley, bob: Guest, tab: Open) -> None:
    chat = Chat(tab(bob), parley.url).open()
    addresses = {}
    for text in ("Say one.", "Say two."):
        chat.ask(text)
        chat.wait_whole()
        addresses[text] = chat.id
        chat.page.get_by_role("button", name="New chat").click()
        expect(chat.questions).to_have_count(0)
    links = chat.page.get_by_role("navigation", name="Chats").get_by_role("link")
    expect(links.nth(0)).to_have_text("Say two.")
    expect(links.nth(1)).to_have_text("Say one.")
    links.nth(1).click()
    expect(chat.questions.first).to_contain_text("Say one.")
    assert chat.id == addresses["Say one."]
    expect(links.nth(1)).to_have_attribute("aria-current", "page")

    chat.page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMenuButtonButton").click()
    chat.page.get_by_role("menuitem", name="Delete").or_(chat.page.get_by_role("option", name="Delete")).click()
    expect(chat.page.get_by_text("Deleted “Say one.”.")).to_be_visible()
    expect(links.nth(0)).to_have_text("Say two.")
    expect(links.filter(has_text="Say one.")).to_have_count(0)
    chat.page.get_by_role("button", name="Undo").click()
    expect(links.filter(has_text="Say one.")).to_have_count(1)
    expect(chat.questions.first).to_contain_text("Say one.")


def rename(page: Page, title: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill(title)
    dialog.get_by_role("button", name="Rename").click()


@pytest.mark.long
def test_renaming(chat: Chat) -> None:
    chat.ask(SHORT)
    chat.wait_whole()
    chat.page.get_by_role("button", name=SHORT.rstrip(".")).click()
    rename(chat.page, "x" * 500)
    dialog = chat.page.get_by_role("dialog")
    expect(dialog.get_by_text("The title may have up to 200 characters; this has 500.")).to_be_visible()
    rename(chat.page, "<b>Half</b> :red[price] $5 **and** $6")
    expect(dialog).to_have_count(0)
    expect(
        chat.page.get_by_role("main").get_by_role("button", name="<b>Half</b> :red[price] $5 **and** $6")
    ).to_be_visible()
    expect(chat.page.get_by_role("navigation", name="Chats").get_by_role("link").first).to_have_text(
        "<b>Half</b> :red[price] $5 **and** $6"
    )


def test_another_person_sees_nothing_of_it(parley: Parley, ada: Guest, bob: Guest, chat: Chat, tab: Open) -> None:
    chat.ask("Say hello to the launch code xyzzy4711.")
    chat.wait_whole()
    page = tab(bob)
    page.goto(f"{parley.url}/chat?c={chat.id}")
    expect(page.get_by_role("heading", name="This chat isn't here")).to_be_visible()
    assert "xyzzy" not in page.content() and "Lovelace" not in page.content()
    expect(page.get_by_text("Start a new one below.")).to_be_visible()
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_role("heading", name="What can I do for you, Bob?")).to_be_visible()


def test_signing_out_leaves_nothing_behind_in_any_tab(parley: Parley, ada: Guest, tab: Open) -> None:
    page = tab(None)
    page.goto(f"{parley.url}/chat")
    fill_sign_in(page, ada.email, "not my password at all")
    expect(page.get_by_role("alert")).to_have_text("E-mail and password don't match an account here.")
    fill_sign_in(page, ada.email)
    chat = Chat(page, parley.url)
    chat.ask(SHORT)
    chat.wait_whole()
    address = page.url
    other = Chat(page.context.new_page(), parley.url).open(address)
    other.wait_whole()
    other.box.fill("Anybody here?")  # else the tab would leave by itself, as soon as it is told

    page.goto(f"{parley.url}/account/sign-out")
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.go_back()
    page.goto(address)
    expect(page).to_have_url(SIGN_IN)
    assert SHORT not in page.content()
    other.box.press("Enter")
    expect(other.answers).to_have_count(1)
    other.page.reload()
    expect(other.page).to_have_url(SIGN_IN)

    fill_sign_in(other.page, ada.email)
    expect(other.questions).to_have_count(1)  # and back to where one was; the message of the signed-out tab never came
    assert [len(kept(parley, ada, other.id))] == [2]


@pytest.mark.long
def test_the_way_out_stays_in_its_tab(parley: Parley, bob: Guest, tab: Open) -> None:
    """A second tab for signing out would leave the first one standing there with everything in it."""
    page = tab(bob)
    for address in ("/", "/account"):
        page.goto(parley.url + address)
        links = page.locator('a[href^="/account/"]')
        expect(links.last).to_be_visible()
        assert [link.get_attribute("target") or "_self" for link in links.all()] == ["_self"] * links.count()


@pytest.mark.long
def test_tomorrow_it_is_still_there(parley: Parley, ada: Guest, chat: Chat, tab: Open) -> None:
    chat.ask(LONG)
    half = chat.wait_growing()
    parley.process.terminate()
    parley.process.wait(PATIENCE)  # open tabs and their event streams hold up no stop
    parley.start()

    page = tab(ada)
    page.goto(parley.url)
    expect(page.get_by_role("heading", name="Hello, Ada")).to_be_visible()
    assert parley.log.count("First time here?") == 1
    page.get_by_role("link", name="Chat", exact=True).click()
    later = Chat(page, parley.url)
    page.get_by_role("navigation", name="Chats").get_by_role("link", name=LONG).first.click()
    # The model got its grace to finish; as that was too short, what had arrived is kept, and it says so.
    expect(later.ended).to_be_visible()
    assert later.text_of(later.answers.last).startswith(half[-2])
    expect(chat.ended).to_be_visible()  # by itself
    later.ask("Shorter, please.")
    later.wait_whole(2)


@pytest.mark.crashes
def test_a_page_that_crashes_shows_a_reference_and_no_traceback(parley: Parley, chat: Chat) -> None:
    chat.ask(SHORT)
    chat.wait_whole()
    with parley.database() as database:
        with database.transaction() as session:
            session.connection().exec_driver_sql("ALTER TABLE messages RENAME TO away")
        try:
            chat.page.reload()
            alert = chat.page.get_by_role("alert").filter(has_text="Something went wrong here.")
            expect(alert).to_be_visible()
            reference = re.findall(r"the reference (\w+)\.", alert.inner_text())[0]
            assert not re.search(r"Traceback|psycopg|sqlalchemy|\.py", chat.page.content())
        finally:
            with database.transaction() as session:
                session.connection().exec_driver_sql("ALTER TABLE away RENAME TO messages")
    until(lambda: f"page_crashed reference={reference}" in parley.log)
    chat.page.reload()
    chat.wait_whole()
