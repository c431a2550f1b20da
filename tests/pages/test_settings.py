from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.config import Settings
from core.models import ConversationKind
from core.permissions import Role
from core.services.company_models import NONE_LEFT
from core.services.limits import Limited
from core.ui.composer import NO_MODEL
from tests.pages.visitor import ENTRY, Desk, DeskWith, Person, browser_at, go, sentences, text_of, visit
from tests.support.models import ScriptedModel
from tests.support.steps import TOOLS


def test_an_admin_names_and_instructs_the_company(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN)
    browser = visit(boss, "settings.py")
    assert browser.text_input[0].value == desk.company.name
    browser.text_input[0].set_value("  Analytical\tEngines ")
    browser.text_area[0].set_value(" Be brief. ")
    assert browser.text_input[1].value == "Assistant"
    browser.text_input[1].set_value(" Ask \t Ida ")
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == ["Saved."]
    kept = desk.application.companies.get(boss.actor)
    assert (kept.name, kept.instructions, kept.assistant_name) == ("Analytical Engines", "Be brief.", "Ask Ida")


@pytest.mark.parametrize(
    ("name", "instructions", "assistant_name", "sentence"),
    [
        (" ", "x", "Ida", "The company's name is empty. Write something first."),
        ("x" * 121, "x", "Ida", "The company's name may have up to 120 characters; this has 121."),
        ("Engines", "x" * 4_001, "Ida", "Instructions may have up to 4,000 characters; this has 4,001."),
        ("Engines", "x", " ", "The assistant's name is empty. Write something first."),
        (
            "Eng\0ines",
            "x",
            "Ida",
            "The company's name contains a NUL character, which can't be stored. Remove it and try again.",
        ),
    ],
    ids=["blank", "long name", "long instructions", "nameless assistant", "nul"],
)
def test_what_cannot_be_kept_is_refused_whole(
    desk: Desk, name: str, instructions: str, assistant_name: str, sentence: str
) -> None:
    boss = desk.person(Role.ADMIN)
    browser = visit(boss, "settings.py")
    for field, text in zip(browser.text_input, (name, assistant_name), strict=True):
        field.set_value(text)
    browser.text_area[0].set_value(instructions)
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == [sentence]
    kept = desk.application.companies.get(boss.actor)
    assert (kept.name, kept.instructions, kept.assistant_name) == (desk.company.name, "", "Assistant")


def test_the_assistant_answers_to_its_new_name(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN, Role.STAFF)
    room_id = desk.application.rooms.create(boss.actor, ConversationKind.GROUP, "Plans")
    browser = visit(boss, "settings.py")
    browser.text_input[1].set_value("Ida")
    browser.form_submit_button[0].click().run()
    asked = {text: desk.application.talk.send(boss.actor, room_id, text).run_id for text in ("@Assistant?", "@ida?")}
    assert [text for text, run_id in asked.items() if run_id] == ["@ida?"]


def test_an_admin_says_what_the_assistant_may_do(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN)
    desk.application.companies.tools = TOOLS
    browser = visit(boss, "settings.py")
    assert [(one.label, one.value) for one in browser.checkbox] == [(":material/bakery_dining: Bake something", False)]
    browser.checkbox[0].check()
    browser.toggle[0].set_value(False)
    [save] = [one for one in browser.button if one.key == "save_tools"]
    save.click().run()
    assert sentences(browser) == ["Saved."]
    kept = desk.application.companies.get(boss.actor)
    assert (kept.tools_on, kept.ask_first, kept.name) == (False, ("bake",), desk.company.name)
    again = visit(boss, "settings.py")
    assert (again.toggle[0].value, again.checkbox[0].value) == (False, True)


SEVERAL = Settings(_env_file=None, openai_base_url="http://127.0.0.1:9/v1", models="small,large")  # type: ignore[call-arg, arg-type]


def button(browser: AppTest, key: str) -> Any:
    return next(one for one in browser.button if one.key == key)


def test_who_saves_second_keeps_what_they_typed_and_looks_at_theirs_first(desk: Desk) -> None:
    boss, bea = desk.person(Role.ADMIN), desk.person(Role.ADMIN, display_name="Bea *B*")
    companies = desk.application.companies
    browser, name = visit(boss, "settings.py"), desk.company.name
    browser.text_area[0].set_value("Be long.")
    companies.update(bea.actor, name=name, instructions="Be brief.", assistant_name="Ida")
    companies.update_tools(bea.actor, tools_on=False, ask_first=[])
    browser.form_submit_button[0].click().run()
    [said] = sentences(browser)
    assert "Bea" in said and "changed this after you opened it. What you typed is still here" in said
    assert (browser.text_area[0].value, browser.text_input[1].value) == ("Be long.", "Assistant")
    browser.form_submit_button[0].click().run()
    assert len(sentences(browser)) == 1, "sent again it is still not what they looked at"
    button(browser, "company_theirs_0").click().run()
    assert (browser.text_area[0].value, browser.text_input[1].value) == ("Be brief.", "Ida")
    for text in ("Be long.", "Be longer."):  # twice, without leaving the page
        browser.text_area[0].set_value(text)
        browser.form_submit_button[0].click().run()
        assert sentences(browser) == ["Saved."]
    kept = companies.get(boss.actor)
    assert (kept.instructions, kept.assistant_name, kept.tools_on) == ("Be longer.", "Ida", False)


def test_a_form_that_is_opened_anew_begins_with_what_there_is(desk: Desk) -> None:
    boss, bea = desk.person(Role.ADMIN), desk.person(Role.ADMIN, display_name="Bea")
    browser = visit(boss, "settings.py")
    desk.application.companies.update(bea.actor, name="Bridges", instructions="", assistant_name="Ida")
    browser = go(go(browser, "account.py"), "settings.py")
    assert browser.text_input[0].value == "Bridges"
    assert any("Changed last by Bea, on " in one.value for one in browser.caption)
    browser.text_input[0].set_value("Bridges & Sons")
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == ["Saved."]
    assert any(f"Changed last by {boss.user.display_name}, on " in one.value for one in browser.caption)


def test_a_browser_that_goes_on_at_another_process_undoes_nobodys_work(desk: Desk) -> None:
    """It sends what stood in its fields, also where that is what it was drawn with, and nobody there knows when."""
    boss, bea = desk.person(Role.ADMIN), desk.person(Role.ADMIN, display_name="Bea")
    companies, before = desk.application.companies, visit(boss, "settings.py")
    before.text_area[0].set_value("x" * 4_001)
    before.form_submit_button[0].click().run()
    assert len(elsewhere(before, boss).text_area[0].value or "") == 4_001, "what was typed comes along"
    before = visit(boss, "settings.py")
    companies.update(bea.actor, name="Bridges", instructions="Be brief.", assistant_name="Ida")
    after = elsewhere(before, boss)
    after.form_submit_button[0].click().run()
    kept = companies.get(boss.actor)
    assert (kept.name, kept.instructions, kept.assistant_name) == ("Bridges", "Be brief.", "Ida")


def elsewhere(browser: AppTest, person: Person) -> AppTest:
    """The same window, connected to a process that knows nothing of it."""
    again = browser_at(ENTRY, person).switch_page("settings.py")
    return again._run(browser._tree.get_widget_states())


def test_an_admin_says_which_models_may_be_asked(desk_with: DeskWith) -> None:
    desk = desk_with(ScriptedModel("So."), SEVERAL)
    boss = desk.person(Role.ADMIN, Role.STAFF)
    browser = visit(boss, "settings.py")
    assert browser.multiselect[0].options == ["small", "large"]
    browser.multiselect[0].set_value(["large"])
    browser.selectbox[0].set_value("small")
    button(browser, "save_models").click().run()
    assert sentences(browser) == ["The model that answers where nobody chose has to be one of those that are allowed."]
    browser.selectbox[0].set_value(None)
    button(browser, "save_models").click().run()
    assert sentences(browser) == ["Saved."]
    shown = visit(boss, "chat.py")
    assert not shown.selectbox and "large · by 127.0.0.1" in text_of(shown)
    desk.application.company_models.models = ("small", "medium")  # as after a start with other settings
    browser = visit(boss, "settings.py")
    assert "Nobody gets an answer until you allow others." in sentences(browser)[0]
    assert browser.multiselect[0].placeholder == "None that Parley offers"
    assert NO_MODEL in text_of(visit(boss, "chat.py"))
    button(browser, "save_models").click().run()
    assert NONE_LEFT in sentences(browser), "left empty it is no wish for all of them"
    browser.multiselect[0].set_value(["medium"])
    button(browser, "save_models").click().run()
    assert sentences(browser) == ["Saved."], "what was the matter is so no more"


def test_limits_stand_in_the_settings_with_whose_they_are(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN, display_name="Bea *B*")
    page = text_of(visit(boss, "settings.py", section="Limits"))
    assert page.count("As Parley has it") == len(Limited)
    desk.application.company_limits.set(boss.actor, Limited.ASK, "50", 86_400, seen=None)
    page = "\n".join(one.value for one in visit(boss, "settings.py", section="Limits").markdown)
    assert "50 in one day" in page and r"Set by Bea \*B\* on" in page and "Parley's own: 10 in one minute." in page
    assert page.count("As Parley has it") == len(Limited) - 1
