import pytest

from core.permissions import Role
from tests.pages.visitor import Desk, sentences, visit


def test_an_admin_names_and_instructs_the_company(desk: Desk) -> None:
    boss = desk.person(Role.ADMIN)
    browser = visit(boss, "settings.py")
    assert browser.text_input[0].value == desk.company.name
    browser.text_input[0].set_value("  Analytical\tEngines ")
    browser.text_area[0].set_value(" Be brief. ")
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == ["Saved."]
    kept = desk.application.companies.get(boss.actor)
    assert (kept.name, kept.instructions) == ("Analytical Engines", "Be brief.")


@pytest.mark.parametrize(
    ("name", "instructions", "sentence"),
    [
        (" ", "x", "The company's name is empty. Write something first."),
        ("x" * 121, "x", "The company's name may have up to 120 characters; this has 121."),
        ("Engines", "x" * 4_001, "Instructions may have up to 4,000 characters; this has 4,001."),
        (
            "Eng\0ines",
            "x",
            "The company's name contains a NUL character, which can't be stored. Remove it and try again.",
        ),
    ],
    ids=["blank", "long name", "long instructions", "nul"],
)
def test_what_cannot_be_kept_is_refused_whole(desk: Desk, name: str, instructions: str, sentence: str) -> None:
    boss = desk.person(Role.ADMIN)
    browser = visit(boss, "settings.py")
    browser.text_input[0].set_value(name)
    browser.text_area[0].set_value(instructions)
    browser.form_submit_button[0].click().run()
    assert sentences(browser) == [sentence]
    kept = desk.application.companies.get(boss.actor)
    assert (kept.name, kept.instructions) == (desk.company.name, "")
