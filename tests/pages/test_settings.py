import pytest

from core.models import ConversationKind
from core.permissions import Role
from tests.pages.visitor import Desk, sentences, visit
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
