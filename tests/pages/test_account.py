import pytest
from streamlit.testing.v1 import AppTest

from core.permissions import Role
from core.services.sessions import SessionLimits
from core.sso import SsoProvider
from core.ui.text import WORD_JOINER
from tests.pages.visitor import Desk, sentences, text_of, told_look, visit
from tests.support.builders import make_conversation, make_messages

REFUSED = "Nothing was deleted: the words don't match."


def test_it_says_who_one_is_and_where_one_is_signed_in(desk: Desk) -> None:
    ada = desk.person(
        Role.STAFF, Role.ADMIN, display_name="Ada Lovelace", email="ada@example.com", password_hash="known"
    )
    bob = desk.staff()
    with desk.database.transaction() as session:
        SessionLimits(desk.application.settings).open(session, ada.user, "Mozilla/5.0 (iPhone) Safari/605")
        SessionLimits(desk.application.settings).open(session, bob.user, "Edg/1 Android")
    browser = visit(ada, "account.py", zone="Europe/Berlin")
    shown = [text.value for text in browser.main.markdown]
    assert shown[0].replace(WORD_JOINER, "") == "**Ada Lovelace**  \nada@example\\.com · admin, staff"
    assert all(link in text_of(browser) for link in ("/account/password", "/account/sign-out"))
    sessions = [text for text in shown if ":material/devices:" in text]
    assert len(sessions) == 2
    assert "Safari on iPhone" in sessions[0] and "last used just now" in sessions[0]
    assert "Firefox on Windows" in sessions[1] and "this browser" in sessions[1]
    assert "Android" not in text_of(browser)
    assert "/account/password" not in text_of(visit(bob, "account.py"))  # who comes in elsewhere has none here


def test_where_there_are_providers_a_sign_in_says_through_which(desk: Desk) -> None:
    ada, app = desk.person(Role.STAFF, Role.ADMIN), desk.application
    provider = {
        "key": "kc",
        "issuer": "https://id.example.com",
        "client_id": "p",
        "domains": "x.com",
        "label": "Key *Cloak*",
    }
    for name in ("kc", "gone_since", None):
        with desk.database.transaction() as session:
            SessionLimits(app.settings).open(session, ada.user, "Edg/1 Android", provider=name)
    app.settings = app.settings.model_copy(update={"sso": {"kc": SsoProvider.model_validate(provider)}})
    for browser in (visit(ada, "account.py"), visit(ada, "people.py", p=ada.user.id)):
        lines = [line.value for line in browser.main.markdown if ":material/devices:" in line.value]
        ends = ["by password]", r"with gone\_since]", r"with Key \*Cloak\*]", "by password]"]
        assert [line.endswith(end) for line, end in zip(lines, ends, strict=True)] == [True] * 4, lines


def test_of_many_sign_ins_the_first_are_shown_and_the_others_unfold(desk: Desk) -> None:
    ada = desk.staff()
    with desk.database.transaction() as session:
        for _ in range(8):
            SessionLimits(desk.application.settings).open(session, ada.user, "Edg/1 Android")
    browser = visit(ada, "account.py")
    folded = [one for one in browser.expander if one.label == "4 more"]
    assert len(folded) == 1 and len([one for one in folded[0].button if one.label == "Sign out there"]) >= 3
    folded[0].button[-1].click().run()
    assert any(one.label == "3 more" for one in browser.expander)


@pytest.mark.parametrize("typed", ["", "clear", "clear historyx", "CLEAR\nHISTORY", "klar"])
def test_history_stays_unless_the_words_match(desk: Desk, typed: str) -> None:
    ada = desk.staff()
    with desk.database.transaction() as session:
        make_messages(session, make_conversation(session, ada.user), ["Q", "A"])
    browser = visit(ada, "account.py")
    browser.text_input(key="clear_words").set_value(typed)
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == [REFUSED]
    assert desk.application.conversations.count(ada.actor) == 1


@pytest.mark.parametrize(("number", "said"), [(0, "0 chats deleted."), (1, "1 chat deleted."), (2, "2 chats deleted.")])
def test_history_goes_when_the_words_match(desk: Desk, number: int, said: str) -> None:
    ada, bob = desk.staff(), desk.staff()
    with desk.database.transaction() as session:
        for person in [ada] * number + [bob]:
            make_messages(session, make_conversation(session, person.user), ["Q", "A"])
    browser = visit(ada, "account.py")
    browser.text_input(key="clear_words").set_value(" Clear History ")
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == [said]
    assert desk.application.conversations.count(ada.actor) == 0
    assert desk.application.conversations.count(bob.actor) == 1


def test_a_role_without_chats_has_no_history_to_clear(desk: Desk) -> None:
    assert not visit(desk.person(Role.ANALYST), "account.py").form


def test_a_look_is_chosen_for_every_browser(desk: Desk) -> None:
    ada = desk.staff()
    other, browser = visit(ada), visit(ada, "account.py")
    assert look_of(browser) == look_of(other) == {"look": None, "chosen": 0}
    choice = next(one for one in browser.segmented_control if one.key == "own_look")
    assert choice.value == "device"
    choice.set_value("dark").run()
    assert look_of(browser) == {"look": "dark", "chosen": 1}, "this window loads anew"
    assert look_of(other.run()) == {"look": "dark", "chosen": 0}, "that one does when it is opened the next time"
    again = visit(ada, "account.py")
    assert next(one for one in again.segmented_control if one.key == "own_look").value == "dark"


def look_of(browser: AppTest) -> dict[str, object]:
    """What our part tells the browser of it."""
    told = told_look(browser)
    assert {"/", "/chat", "/settings"} <= set(told["paths"])
    return {name: told[name] for name in ("look", "chosen")}
