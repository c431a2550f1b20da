"""The chat page: asking, reading, naming, putting away; and everything it refuses."""

import re
import threading
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic_ai.exceptions import ModelAuthenticationError
from streamlit.testing.v1 import AppTest

from core import bootstrap, clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.errors import ModelCutShort, ModelKeyRefused, ModelMissing
from core.models import Conversation, MessageStatus
from core.permissions import Role
from core.services.limits import Limited
from core.ui.new_chat import SUGGESTIONS
from tests.pages.visitor import (
    ID_ELSEWHERE,
    Desk,
    DeskWith,
    Person,
    bars,
    bubbles,
    go,
    listed,
    sentences,
    text_of,
    visit,
)
from tests.support.builders import make_company, make_conversation, make_messages
from tests.support.models import Answer, ScriptedModel
from tests.support.talks import begun
from tests.support.waiting import until

SECRET = "the-launch-code-is-4711"
NOT_HERE = "Not found. It may have been deleted, or it is not shared with you."


def conversation_of(desk: Desk, person: Person, *contents: str, **fields: Any) -> Conversation:
    with desk.database.transaction() as session:
        conversation = make_conversation(session, person.user, **fields)
        make_messages(session, conversation, list(contents))
        return conversation


def ask(browser: AppTest, text: str) -> AppTest:
    return browser.chat_input[0].set_value(text).run()


def title_of(browser: AppTest) -> str:
    """In the header of an open chat."""
    return browser.button(key="chat_title").label.removeprefix("**").removesuffix("**")


# Beginning


def test_an_empty_chat_greets_and_suggests(desk: Desk) -> None:
    browser = visit(desk.staff(display_name="Ada Lovelace"), "chat.py")
    assert [title.value for title in browser.title] == ["What can I do for you, Ada?"]
    assert 3 <= len(browser.pills[0].options) <= 5
    assert [caption.value for caption in browser.caption][-1] == "SmolLM2-135M-Instruct · runs on this machine"
    assert "Your chats will be listed here." in [caption.value for caption in browser.sidebar.caption]
    assert sentences(browser) == [] and not browser.selectbox


def test_asking_keeps_the_question_and_shows_the_whole_answer(desk_with: DeskWith) -> None:
    model = ScriptedModel("Paris, *of course*.")
    desk = desk_with(model)
    ada = desk.staff()
    browser = ask(visit(ada, "chat.py"), "What is the capital\nof France?")
    assert not browser.exception
    assert bubbles(browser) == [("user", "What is the capital  \nof France?"), ("assistant", "Paris, *of course*.")]
    question, answer = desk.messages(ada, browser.query_params["c"])
    assert (question.content, answer.content) == ("What is the capital\nof France?", "Paris, *of course*.")
    assert answer.status is MessageStatus.COMPLETE
    assert title_of(browser) == "What is the capital of France?"
    assert listed(browser) == {"Today": ["What is the capital of France?"]}
    rows = [["copy", "edit", "more"], ["copy", "up", "down", "regenerate", "more"]]
    assert [bar["actions"] for bar in bars(browser)] == rows
    assert not [button for button in browser.button if button.label == "Stop"]

    ask(browser, "And of Spain?")
    assert bubbles(browser)[2:] == [("user", "And of Spain?"), ("assistant", "Scripted answer.")]
    assert len(model.history[1].messages) > len(model.history[0].messages)


def test_a_suggestion_is_asked_at_a_click(desk_with: DeskWith) -> None:
    browser = visit((desk := desk_with(ScriptedModel("A plan."))).staff(), "chat.py")
    for label, question in SUGGESTIONS.items():
        browser.pills[0].set_value(label).run()
        assert bubbles(browser)[0] == ("user", question)
        browser.button(key="new_chat").click().run()
    assert len(browser.pills[0].options) == len(SUGGESTIONS)
    assert browser.pills[0].value is None and desk.application.runner.is_running


def test_a_reloaded_page_and_another_tab_show_the_same(desk_with: DeskWith) -> None:
    desk = desk_with(ScriptedModel("Once."))
    ada = desk.staff()
    browser = ask(visit(ada, "chat.py"), "Tell me")
    other = visit(ada, "chat.py", c=browser.query_params["c"])
    assert bubbles(other) == bubbles(browser.run()) == [("user", "Tell me"), ("assistant", "Once.")]


def test_an_answer_goes_on_while_nobody_watches(desk_with: DeskWith) -> None:
    gate = threading.Event()
    desk = desk_with(ScriptedModel(Answer(["Slowly", " but", " surely."], gate=gate)))
    ada = desk.staff()
    asked = begun(desk.application.chat.ask(ada.actor, "How?"))
    seen: list[AppTest] = []
    watching = threading.Thread(target=lambda: seen.append(visit(ada, "chat.py", c=asked.conversation_id)))
    watching.start()
    until(lambda: desk.application.runner.store.read_since(asked.run_id, 0)[0] == "Slowly but")
    assert watching.is_alive()
    gate.set()
    watching.join()
    assert bubbles(seen[0]) == [("user", "How?"), ("assistant", "Slowly but surely.")]
    assert "transcript_pages" not in seen[0].session_state


def test_a_page_drawn_at_the_moment_an_answer_ends_still_shows_it(desk_with: DeskWith, settings: Settings) -> None:
    """A pending answer without a run to watch would leave the page without the answer, and nothing to draw it anew."""
    desk = desk_with(ScriptedModel(), settings.model_copy(update={"rate_limits": "question=1000/60"}))
    ada = desk.staff()
    for number in range(40):
        asked = begun(desk.application.chat.ask(ada.actor, f"Question {number}"))
        is_over = False
        while not is_over:
            seen = desk.application.transcripts.read(ada.actor, asked.conversation_id)
            is_over = seen.messages[-1].status is not MessageStatus.PENDING
            assert is_over or seen.active_run_id


# Refusals


@pytest.mark.parametrize("page", ["home.py", "chat.py"])
@pytest.mark.parametrize("is_open", [False, True], ids=["new", "open"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("   \n ", "The message is empty. Write something first."),
        ("x" * 10_001, "The message may have up to 10,000 characters; this has 10,001."),
        ("a\0b", "The message contains a NUL character, which can't be stored. Remove it and try again."),
    ],
    ids=["blank", "long", "nul"],
)
def test_a_refused_message_says_why_and_is_given_back(
    desk: Desk, page: str, is_open: bool, text: str, sentence: str
) -> None:
    ada = desk.staff()
    query: dict[str, Any] = {"c": conversation_of(desk, ada, "Q", "A").id} if is_open and page == "chat.py" else {}
    before = len(desk.application.conversations.list_recent(ada.actor))
    browser = visit(ada, page, **query)
    ask(browser, text)
    assert not browser.exception
    assert sentences(browser) == [sentence]
    box = browser.chat_input[0].proto
    assert box.set_value and box.value == text
    assert len(desk.application.conversations.list_recent(ada.actor)) == before
    if query:
        assert len(desk.messages(ada, query["c"])) == 2
    assert sentences(browser.run()) == [sentence]  # until the next action, not until the next draw


@pytest.mark.parametrize("page", ["home.py", "chat.py"])
def test_one_question_too_many_says_when_to_try_again_and_is_given_back(desk: Desk, page: str) -> None:
    ada, boss = desk.staff(), desk.person(Role.ADMIN)
    desk.application.company_limits.set(boss.actor, Limited.QUESTION, "2", 60, seen=None)
    for question in ("What does rye cost?", "And spelt?"):
        desk.application.chat.ask(ada.actor, question)
    browser = ask(visit(ada, page), "And wheat?")
    [said] = sentences(browser)
    assert re.match(
        r"That's the most for now: 2 questions in your own chats in one minute\. Try again in \d+ s\.", said
    )
    assert browser.chat_input[0].proto.value == "And wheat?"
    assert len(desk.application.conversations.list_recent(ada.actor)) == 2


def test_the_longest_message_is_taken(desk_with: DeskWith) -> None:
    desk = desk_with(ScriptedModel("Long."))
    ada = desk.staff()
    browser = ask(visit(ada, "chat.py"), "x" * 10_000)
    assert sentences(browser) == []
    assert [len(message.content) for message in desk.messages(ada, browser.query_params["c"])] == [10_000, 5]


@pytest.mark.parametrize("way", ["unknown", "nonsense", "empty", "colleague's", "other company's", "deleted"])
def test_a_chat_that_is_not_ones_own_is_not_here(desk: Desk, way: str) -> None:
    ada, bob = desk.staff(), desk.staff(display_name="Bob Boole")
    with desk.database.transaction() as session:
        elsewhere = desk.person(company=make_company(session))
    theirs = {"title": SECRET, "instructions": SECRET}
    found = {
        "unknown": lambda: ID_ELSEWHERE,
        "nonsense": lambda: "'; DROP TABLE messages; --",
        "empty": lambda: "",
        "colleague's": lambda: conversation_of(desk, bob, SECRET, SECRET, **theirs).id,
        "other company's": lambda: conversation_of(desk, elsewhere, SECRET, SECRET, **theirs).id,
        "deleted": lambda: conversation_of(desk, ada, SECRET, deleted_at=clock.now(), **theirs).id,
    }[way]()
    browser = visit(ada, "chat.py", c=found)
    assert not browser.exception
    assert [title.value for title in browser.title] == ["This chat isn't here"]
    assert [text.value for text in browser.main.markdown] == [NOT_HERE, "Start a new one below."]
    assert browser.chat_input and not browser.chat_message
    assert SECRET not in text_of(browser) and "Boole" not in text_of(browser)


def test_a_colleagues_chat_stays_closed_whatever_the_page_remembers(desk: Desk) -> None:
    """An id that reached the session's state, as by a crafted event, opens and changes nothing."""
    ada, bob = desk.staff(), desk.staff()
    theirs = conversation_of(desk, bob, SECRET, SECRET, title=SECRET)
    browser = visit(ada, "chat.py")
    browser.session_state["undo"] = ("Archived", theirs.id, "x")
    browser.run().button(key="undo_it").click().run()
    assert not browser.exception and SECRET not in text_of(browser)
    browser.session_state["rated_down"] = browser.session_state["editing"] = desk.messages(bob, theirs.id)[1].id
    assert SECRET not in text_of(go(browser, "chat.py", c=theirs.id))


def test_a_question_sent_while_an_answer_is_written_waits_for_its_turn(desk_with: DeskWith) -> None:
    gate = threading.Event()
    desk = desk_with(ScriptedModel(Answer(["One", " two."], gate=gate), "Three."))
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A")
    browser = visit(ada, "chat.py", c=conversation.id)
    desk.application.chat.ask(ada.actor, "From the other tab", conversation_id=conversation.id)
    threading.Timer(0.5, gate.set).start()
    ask(browser, "From this one")
    assert not browser.exception
    assert bubbles(browser)[2:] == [
        ("user", "From the other tab"),
        ("assistant", "One two."),
        ("user", "From this one"),
        ("assistant", "Three."),
    ]


# Answers that did not become whole


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (ModelAuthenticationError("scripted", "bad key sk-123"), ModelKeyRefused.sentence),
        (ModelMissing(), ModelMissing.sentence),
        (RuntimeError("a secret detail"), ModelCutShort.sentence),
    ],
    ids=["key", "missing", "unexpected"],
)
def test_a_failed_answer_says_so_in_a_sentence(desk_with: DeskWith, failure: Exception, sentence: str) -> None:
    desk = desk_with(ScriptedModel(failure))
    ada = desk.staff()
    browser = ask(visit(ada, "chat.py"), "Well?")
    assert not browser.exception
    assert [warning.value for warning in browser.warning] == [sentence]
    shown = text_of(browser)
    assert not any(word in shown for word in ("sk-123", "secret", "Traceback", "RuntimeError", "ModelHTTPError"))
    assert [bar["actions"] for bar in bars(browser)] == [["copy", "edit", "more"], []]
    assert [one.label for one in browser.button if one.label in ("Retry", "Continue")] == ["Retry"]
    assert desk.messages(ada, browser.query_params["c"])[1].status is MessageStatus.FAILED


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (MessageStatus.STOPPED, "Stopped. What had arrived is kept."),
        (MessageStatus.INTERRUPTED, "Interrupted before it was finished. What had arrived is kept."),
    ],
)
def test_a_cut_answer_says_how_it_ended(desk: Desk, status: MessageStatus, words: str) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "Half an answ")
    with desk.database.transaction() as session:
        answer = make_messages(session, session.get(Conversation, conversation.id), ["Q2", "Half"])[1]
        answer.status = status
        session.add(answer)
    browser = visit(ada, "chat.py", c=conversation.id)
    assert [caption.value for caption in browser.chat_message[3].caption] == [words]
    assert browser.chat_message[3].markdown[0].value == "Half"


@pytest.mark.parametrize("page", ["home.py", "chat.py"])
def test_without_a_model_the_page_says_which_command_brings_it(
    database: Database, settings: Settings, page: str
) -> None:
    application = Application(settings, database, Assistant(settings))
    bootstrap.install(application)
    browser = visit(Desk(application).staff(), page)
    assert [warning.value for warning in browser.warning] == [ModelMissing.sentence]
    assert "make model" in ModelMissing.sentence and browser.chat_input
    bootstrap.install(None)


# The conversation as a whole


def open_renaming(browser: AppTest) -> AppTest:
    return browser.menu_button(key="chat_menu").click("Rename").run()


@pytest.mark.parametrize("way", ["menu", "title"])
def test_rename(desk: Desk, way: str) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title="Old")
    browser = visit(ada, "chat.py", c=conversation.id)
    (open_renaming(browser) if way == "menu" else browser.button(key="chat_title").click().run())
    assert browser.text_input[0].value == "Old"
    # The dialog is a fragment of its own, which AppTest can't rerun; what its button calls is called here.
    desk.application.conversations.rename(ada.actor, conversation.id, "  New \n name ")
    browser.run()
    assert title_of(browser) == "New name" and listed(browser) == {"Today": ["New name"]}


def open_dialog(browser: AppTest, choice: str) -> AppTest:
    """The dialog stays open over runs, as it does in a browser: AppTest knows no dialogs of their own."""
    browser.session_state["open_dialog"] = choice
    return browser


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("x" * 500, "The title may have up to 200 characters; this has 500."),
        ("  ", "The title is empty. Write something first."),
        ("a\0b", "The title contains a NUL character, which can't be stored. Remove it and try again."),
    ],
    ids=["long", "blank", "nul"],
)
def test_a_refused_name_changes_nothing(desk: Desk, title: str, sentence: str) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title="Old")
    browser = open_renaming(visit(ada, "chat.py", c=conversation.id))
    browser.text_input[0].set_value(title)
    browser.form_submit_button[0].click()
    open_dialog(browser, "Rename").run()
    assert [error.value for error in browser.error] == [sentence]
    assert title_of(browser) == "Old"


def test_a_name_given_in_the_dialog_is_kept(desk: Desk) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title="Old")
    browser = open_renaming(visit(ada, "chat.py", c=conversation.id))
    browser.text_input[0].set_value("Quarterly numbers")
    browser.form_submit_button[0].click()
    open_dialog(browser, "Rename").run()
    assert title_of(browser) == "Quarterly numbers" and not browser.error


def test_instructions_reach_the_model(desk_with: DeskWith) -> None:
    model = ScriptedModel()
    desk = desk_with(model)
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A")
    browser = visit(ada, "chat.py", c=conversation.id)
    browser.menu_button(key="chat_menu").click("Instructions").run()
    browser.text_area[0].set_value("Answer in German.")
    browser.form_submit_button[0].click()
    open_dialog(browser, "Instructions").run()
    assert desk.application.conversations.get(ada.actor, conversation.id).instructions == "Answer in German."
    ask(browser, "How are you?")
    assert "Answer in German." in str(model.history[0].messages)


def test_instructions_beyond_the_limit_are_refused(desk: Desk) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A")
    browser = visit(ada, "chat.py", c=conversation.id)
    browser.menu_button(key="chat_menu").click("Instructions").run()
    browser.text_area[0].set_value("x" * 4_001)
    browser.form_submit_button[0].click()
    open_dialog(browser, "Instructions").run()
    assert [error.value for error in browser.error] == ["Instructions may have up to 4,000 characters; this has 4,001."]
    assert desk.application.conversations.get(ada.actor, conversation.id).instructions == ""


@pytest.mark.parametrize(("choice", "done"), [("Archive", "Archived"), ("Delete", "Deleted")])
def test_putting_away_can_be_undone(desk: Desk, choice: str, done: str) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title="Numbers")
    browser = visit(ada, "chat.py", c=conversation.id)
    browser.menu_button(key="chat_menu").click(choice).run()
    assert not browser.exception and "c" not in browser.query_params
    assert f"{done} “Numbers”." in [text.value for text in browser.main.markdown]
    assert listed(browser) == {}

    browser.button(key="undo_it").click().run()
    assert browser.query_params["c"] == str(conversation.id)
    assert bubbles(browser) == [("user", "Q"), ("assistant", "A")]
    assert listed(browser) == {"Today": ["Numbers"]}
    assert "Undo" not in [button.label for button in browser.button]


@pytest.mark.parametrize("choice", ["Archive", "Delete"])
def test_the_offer_to_undo_can_be_dismissed(desk: Desk, choice: str) -> None:
    ada = desk.staff()
    browser = visit(ada, "chat.py", c=conversation_of(desk, ada, "Q").id)
    browser.menu_button(key="chat_menu").click(choice).run()
    browser.button(key="undo_not").click().run()
    assert "Undo" not in [button.label for button in browser.button]
    assert desk.application.conversations.list_recent(ada.actor) == []


def test_the_offer_to_undo_outlives_a_walk_to_another_page(desk: Desk) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", title="Numbers")
    browser = visit(ada, "chat.py", c=conversation.id)
    browser.menu_button(key="chat_menu").click("Delete").run()
    go(go(browser, "account.py"), "chat.py").button(key="undo_it").click().run()
    assert desk.application.conversations.get(ada.actor, conversation.id).title == "Numbers"


def test_an_archived_chat_is_found_behind_its_link_and_brought_back(desk: Desk) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title="Old plans", archived_at=clock.now())
    browser = visit(ada, "chat.py")
    assert listed(browser) == {}
    browser.button(key="show_archive").click().run()
    assert listed(browser) == {"Today": ["Old plans"]}
    go(browser, "chat.py", c=conversation.id)
    assert "This chat is archived. Writing in it brings it back." in sentences(browser)
    browser.menu_button(key="chat_menu").click("Bring back").run()
    assert sentences(browser) == []
    browser.button(key="leave_archive").click().run()
    assert listed(browser) == {"Today": ["Old plans"]}


def test_what_others_changed_meanwhile_is_a_sentence(desk: Desk) -> None:
    """Deleted in another tab: the menu of this one still stands, and its use is no crash."""
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A")
    browser = visit(ada, "chat.py", c=conversation.id)
    desk.application.conversations.delete(ada.actor, conversation.id)
    browser.menu_button(key="chat_menu").click("Archive").run()
    assert not browser.exception
    assert [title.value for title in browser.title] == ["This chat isn't here"]


# Models


def test_one_of_several_models_can_be_chosen(desk_with: DeskWith, settings: Settings) -> None:
    several = settings.model_copy(update={"openai_base_url": "http://127.0.0.1:9/v1", "models": ["small", "large"]})
    desk = desk_with(ScriptedModel(), several)
    ada = desk.staff()
    browser = visit(ada, "chat.py")
    assert browser.selectbox[0].options == ["small", "large"]
    browser.selectbox[0].select("large").run()
    assert browser.caption[-1].value == "large · by 127.0.0.1"
    ask(browser, "Hello?")
    conversation_id = UUID(browser.query_params["c"])
    assert desk.application.conversations.get(ada.actor, conversation_id).model == "large"
    assert browser.selectbox[0].value == "large"
    browser.selectbox[0].select("small").run()
    assert desk.application.conversations.get(ada.actor, conversation_id).model == "small"
    assert browser.caption[-1].value.startswith("small · ")


def test_where_nobody_chose_a_model_the_companys_default_answers_whichever_that_is(
    desk_with: DeskWith, settings: Settings
) -> None:
    """In chats that were begun before as well; and what was chosen in another tab, this one shows too."""
    several = settings.model_copy(update={"openai_base_url": "http://127.0.0.1:9/v1", "models": ["small", "large"]})
    desk = desk_with(ScriptedModel(), several)
    ada, boss = desk.staff(), desk.person(Role.ADMIN)
    browser = visit(ada, "chat.py")
    ask(browser, "Hello?")
    assert browser.selectbox[0].value == "small"
    desk.application.company_models.set(boss.actor, None, "large", seen=0)
    browser.run()
    assert browser.selectbox[0].value == "large"
    assert browser.caption[-1].value.startswith("large · ")
    desk.application.conversations.choose_model(ada.actor, UUID(browser.query_params["c"]), "small")
    browser.run()
    assert browser.selectbox[0].value == "small"


def test_a_model_that_is_no_longer_offered_falls_back_to_the_first(desk_with: DeskWith, settings: Settings) -> None:
    several = settings.model_copy(update={"openai_base_url": "http://127.0.0.1:9/v1", "models": ["small", "large"]})
    desk = desk_with(ScriptedModel(), several)
    ada = desk.staff()
    browser = visit(ada, "chat.py", c=conversation_of(desk, ada, "Q", "A", model="retired").id)
    assert not browser.exception and browser.selectbox[0].value == "small"
    ask(browser, "Are you there?")
    assert not browser.exception
    # What the box says is what is asked; a chat must not be stuck with a model that went away.
    assert bubbles(browser)[-1] == ("assistant", "Scripted answer.")


# Long lists


def test_earlier_messages_come_forty_at_a_time(desk: Desk) -> None:
    ada = desk.staff()
    contents = [f"message {number}" for number in range(1, 101)]
    browser = visit(ada, "chat.py", c=conversation_of(desk, ada, *contents).id)
    for shown in (40, 80, 100):
        assert [text for _, text in bubbles(browser)] == contents[-shown:]
        earlier = [button for button in browser.button if button.label == "Earlier messages"]
        assert bool(earlier) is (shown < 100)
        if earlier:
            earlier[0].click().run()


def test_exactly_forty_messages_have_no_earlier_ones(desk: Desk) -> None:
    ada = desk.staff()
    browser = visit(ada, "chat.py", c=conversation_of(desk, ada, *["m"] * 40).id)
    assert len(bubbles(browser)) == 40
    assert "Earlier messages" not in [button.label for button in browser.button]


def test_the_list_groups_by_the_readers_own_days(desk: Desk) -> None:
    ada = desk.staff()
    zone = ZoneInfo("Pacific/Auckland")
    today = clock.now().astimezone(zone).date()

    def chat(days: int, hour: time) -> None:
        moment = datetime.combine(today - timedelta(days=days), hour, zone)
        conversation_of(desk, ada, title=f"{days} {hour:%H:%M}", last_message_at=moment)

    chat(0, time(0, 1))
    chat(1, time(23, 59))
    chat(1, time(0, 1))
    chat(2, time(12))
    chat(6, time(12))
    chat(7, time(12))
    chat(29, time(12))
    chat(400, time(12))
    far = today - timedelta(days=400)
    assert listed(visit(ada, "chat.py", zone="Pacific/Auckland")) == {
        "Today": ["0 00:01"],
        "Yesterday": ["1 23:59", "1 00:01"],
        "Last 7 days": ["2 12:00", "6 12:00"],
        "Last 30 days": ["7 12:00", "29 12:00"],
        f"{far:%B %Y}": ["400 12:00"],
    }
    for nonsense in ("", "Mars/Olympus", "../../etc/passwd"):
        assert not visit(ada, "chat.py", zone=nonsense).exception


def test_show_more_lengthens_the_list(desk: Desk) -> None:
    ada, bob = desk.staff(), desk.staff()
    began = clock.now() - timedelta(hours=1)
    with desk.database.transaction() as session:
        for number in range(65):
            at = began + timedelta(seconds=number // 3)  # some share their moment
            make_conversation(session, ada.user, title=f"chat {number}", last_message_at=at)
        make_conversation(session, bob.user, title=SECRET)
    browser = visit(ada, "chat.py")
    for length in (30, 60, 65):
        titles = [title for group in listed(browser).values() for title in group]
        assert len(titles) == len(set(titles)) == length
        # What "Show more" tells is told by the browser alone.
        browser.session_state["list_pages"] = {"chats": length // 30 + 1}
        browser.run()
    assert SECRET not in text_of(browser)


# Other people's text is text

TITLES = {
    "**bold** _it_ `code`": r"\*\*bold\*\* \_it\_ \`code\`",
    ":red[x] :material/home: :smile:": "\\:red\\[x\\] \\:\u2060material/home\\: \\:\u2060smile\\:",
    "$5 and $6": r"\$5 and \$6",
    "<script>alert(1)</script>": r"\<script\>alert\(1\)\</script\>",
    "![](https://evil.example/x.png) [a](b)": "\\!\\[\\]\\(https\\://\u2060evil\\.example/x\\.png\\) \\[a\\]\\(b\\)",
    "# 1. - + ~~x~~ a|b \\": r"\# 1\. \- \+ \~\~x\~\~ a\|b \\",
}


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_shown_as_it_was_typed(desk: Desk, title: str) -> None:
    ada = desk.staff()
    conversation = conversation_of(desk, ada, "Q", "A", title=title)
    browser = visit(ada, "chat.py", c=conversation.id)
    assert title_of(browser) == TITLES[title]
    assert listed(browser) == {"Today": [title]}  # set as text, not as HTML
    leads = [link for link in go(browser, "home.py").page_link if link.proto.query_string == f"c={conversation.id}"]
    assert [link.value for link in leads] == [f"Go on with **{TITLES[title]}**", TITLES[title]]
    go(browser, "chat.py", c=conversation.id).menu_button(key="chat_menu").click("Delete").run()
    assert f"Deleted “{TITLES[title]}”." in [text.value for text in browser.main.markdown]


MESSAGES = {
    "**bold** and `:red[x]`": "**bold** and `:red[x]`",
    "it costs $5 and $6": r"it costs \$5 and \$6",
    ":red[x] :material/home: :smile:": "\\:red[x] :\u2060material/home: :\u2060smile:",
    "![](https://evil.example/x.png)": "[](https://evil.example/x.png)",
    "<script>alert(1)</script>": "<script>alert(1)</script>",
    "```\n$5 :red[x]\n```\n$6": "```\n$5 :red[x]\n```\n\\$6",
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages_are_markdown_without_streamlits_own_marks(desk: Desk, text: str) -> None:
    ada = desk.staff()
    browser = visit(ada, "chat.py", c=conversation_of(desk, ada, "Q", text).id)
    answer = browser.chat_message[1].markdown[0]
    assert answer.value == MESSAGES[text]
    assert not answer.proto.allow_html
    assert bars(browser)[1]["copy"] == text


NAMES = {
    "**Bold** Lovelace": r"\*\*Bold\*\*",
    ":red[Ada] Lovelace": r"\:red\[Ada\]",
    "<script>alert(1)</script>": r"\<script\>alert\(1\)\</script\>",
    "$5$ Lovelace": r"\$5\$",
    "![](https://evil.example/x.png) Ada": "\\!\\[\\]\\(https\\://\u2060evil\\.example/x\\.png\\)",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_was_typed(desk: Desk, name: str) -> None:
    ada = desk.staff(display_name=name)
    browser = visit(ada)
    whole = "".join(f"\\{letter}" if letter in "*:[]<>()$!_`.~-" else letter for letter in name)
    whole = whole.replace("//", "//\u2060")  # no address of a page
    assert whole in browser.sidebar.markdown[0].value
    assert browser.title[0].value == f"Hello, {NAMES[name]}"
    assert go(browser, "chat.py").title[0].value == f"What can I do for you, {NAMES[name]}?"
    assert whole in go(browser, "account.py").markdown[0].value
