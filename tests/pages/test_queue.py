"""Questions that wait on the chat page, and answers that can be had again or continued."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.models import RunStatus
from core.services.chat import ChatService
from core.services.views import Asked
from tests.pages.visitor import Desk, DeskWith, Person, bubbles, sentences, visit
from tests.support.models import ScriptedModel
from tests.support.talks import admit_all, begun, ignore
from tests.support.waiting import until

Waiting = tuple[Desk, Person, AppTest, Asked]


@pytest.fixture
def waiting(desk_with: DeskWith) -> Waiting:
    """Two questions behind an answer that broke off, as Ada sees them."""
    desk = desk_with(ScriptedModel(default="An answer."))
    ada = desk.staff(display_name="Ada")
    store = desk.application.runner.store
    elsewhere = ChatService(desk.database, lambda name: name or "", ignore, ignore, ignore, admit=admit_all)
    asked = begun(elsewhere.ask(ada.actor, "one"))
    for text in ("two", "three"):
        elsewhere.ask(ada.actor, text, conversation_id=asked.conversation_id)
    job = store.begin(asked.run_id)
    assert job
    store.finish(job, RunStatus.INTERRUPTED, "Half an", [], "answer_interrupted")
    return desk, ada, visit(ada, "chat.py", c=asked.conversation_id), asked


def button(browser: AppTest, label: str, at: int = 0) -> AppTest:
    return [one for one in browser.button if one.label == label][at].click().run()


def test_what_waits_is_shown_in_order_with_why(waiting: Waiting) -> None:
    _, _, browser, _ = waiting
    assert [text for _, text in bubbles(browser)] == ["one", "Half an", "two", "three"]
    captions = [caption.value for caption in browser.caption]
    assert "Waiting for you: retry or continue the answer above, or send one of these now." in captions
    assert "Next" in captions and "2 of 2" in captions
    assert [one.label for one in browser.button if one.label in ("Retry", "Continue")] == ["Retry", "Continue"]


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (lambda browser: button(browser, "Retry"), ["one", "An answer.", "two", "An answer.", "three", "An answer."]),
        (
            lambda browser: button(browser, "Continue"),
            ["one", "Half an An answer.", "two", "An answer.", "three", "An answer."],
        ),
        (
            lambda browser: button(browser, "Send now", 1),
            ["one", "Half an", "three", "An answer.", "two", "An answer."],
        ),
    ],
    ids=["retry", "continue", "send now"],
)
def test_a_click_lets_it_go_on(waiting: Waiting, act: Callable[[AppTest], AppTest], expected: list[str]) -> None:
    desk, ada, browser, asked = waiting
    act(browser)
    until(lambda: len(desk.messages(ada, asked.conversation_id)) == 6)
    assert not browser.exception
    until(lambda: [message.content for message in desk.messages(ada, asked.conversation_id)] == expected)


def test_an_edit_is_saved_and_a_removal_takes_back(waiting: Waiting) -> None:
    desk, ada, browser, asked = waiting
    button(browser, "Edit")
    assert [area.value for area in browser.text_area] == ["two"]
    browser.text_area[0].set_value("Two, then.")
    button(browser, "Save")
    button(browser, "Remove", 1)
    assert not browser.exception and not browser.text_area
    shown = desk.application.transcripts.read(ada.actor, asked.conversation_id)
    assert [(question.content, question.is_held) for question in shown.queued] == [("Two, then.", False)]


def test_a_refused_edit_is_given_back(waiting: Waiting) -> None:
    _, _, browser, _ = waiting
    button(browser, "Edit")
    browser.text_area[0].set_value("x" * 10_001)
    button(browser, "Save")
    assert any("10,000" in sentence for sentence in sentences(browser))
    assert browser.text_area[0].value == "x" * 10_001


def test_what_is_written_in_an_editor_outlives_its_question(waiting: Waiting) -> None:
    desk, ada, browser, asked = waiting
    button(browser, "Edit")
    browser.text_area[0].set_value("Two, in other words.")
    first = desk.application.transcripts.read(ada.actor, asked.conversation_id).queued[0].id
    desk.application.queue.remove(ada.actor, first)  # in another tab
    button(browser, "Save")
    assert any("sent meanwhile" in sentence for sentence in sentences(browser))
    assert [area.value for area in browser.text_area] == ["Two, in other words."]
    button(browser, "Ask this as well")
    assert not browser.exception and not browser.text_area
    until(lambda: "Two, in other words." in [message.content for message in desk.messages(ada, asked.conversation_id)])


def test_what_is_edited_elsewhere_says_so_and_is_not_sent(waiting: Waiting) -> None:
    desk, ada, browser, asked = waiting
    first = desk.application.transcripts.read(ada.actor, asked.conversation_id).queued[0].id
    desk.application.queue.hold(ada.actor, first)
    browser.run()
    captions = [caption.value for caption in browser.caption]
    assert "Next · being edited" in captions and "You are editing a question; the others wait for it." in captions
    assert [one.label for one in browser.button if one.label in ("Send now", "Edit here")] == ["Edit here", "Send now"]


def test_others_see_what_waits_without_a_say_in_it(waiting: Waiting) -> None:
    desk, _, _, asked = waiting
    colleague = desk.staff()
    desk.join(colleague, asked.conversation_id)
    browser = visit(colleague, "chat.py", c=asked.conversation_id)
    assert [text for _, text in bubbles(browser)][2:] == ["two", "three"]
    assert "Next · Ada" in [caption.value for caption in browser.caption]
    assert not [one for one in browser.button if one.label in ("Send now", "Edit", "Remove")]


def test_two_people_of_a_room_may_say_the_same(waiting: Waiting) -> None:
    desk, ada, browser, asked = waiting
    button(browser, "Retry")
    until(lambda: len(desk.messages(ada, asked.conversation_id)) == 6)
    colleague = desk.staff()
    desk.join(colleague, asked.conversation_id)
    until(lambda: desk.application.transcripts.read(ada.actor, asked.conversation_id).active_run_id is None)
    tabs = [visit(person, "chat.py", c=asked.conversation_id) for person in (ada, colleague)]
    for tab in tabs:
        tab.chat_input[0].set_value("Agreed.").run()
        assert not sentences(tab)
    said = [(one.sender_id, one.content) for one in desk.messages(ada, asked.conversation_id)]
    assert said.count((ada.user.id, "Agreed.")) == said.count((colleague.user.id, "Agreed.")) == 1


def test_two_tabs_of_one_person_send_the_same_once(waiting: Waiting) -> None:
    desk, ada, browser, asked = waiting
    button(browser, "Retry")
    until(lambda: len(desk.messages(ada, asked.conversation_id)) == 6)
    until(lambda: desk.application.transcripts.read(ada.actor, asked.conversation_id).active_run_id is None)
    tabs = [visit(ada, "chat.py", c=asked.conversation_id) for _ in range(2)]
    for tab in tabs:
        tab.chat_input[0].set_value("Agreed.").run()
    assert [one.content for one in desk.messages(ada, asked.conversation_id)].count("Agreed.") == 1
