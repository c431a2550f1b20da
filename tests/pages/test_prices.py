"""The settings' model prices. A dialog's form is asked for anew with each whole run: see test_rooms_around."""

from datetime import date, timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.assistant.local_model import EMBEDDED_MODEL
from core.permissions import Role
from core.services.prices import TypedPrice
from core.ui import price_dialog
from tests.pages.visitor import Desk, Person, sentences, visit

SECTION = "Model prices"


@pytest.fixture
def boss(desk: Desk) -> Person:
    return desk.person(Role.ADMIN, display_name="Ada")


def open_prices(boss: Person, **options: Any) -> AppTest:
    browser = visit(boss, "settings.py", section=SECTION, **options)
    assert not browser.exception
    return browser


def set_price(
    browser: AppTest, *amounts: str, model: str = EMBEDDED_MODEL, name: str = "", day: date | None = None
) -> AppTest:
    browser.session_state[price_dialog.OPEN] = model
    browser.run()
    fields = list(browser.text_input)
    if not model:
        fields.pop(0).set_value(name)
    for one, amount in zip(fields, amounts, strict=True):
        one.set_value(amount)
    if day:
        browser.date_input[0].set_value(day)
    return send(browser, "Set price", model)


def send(browser: AppTest, label: str, model: str = EMBEDDED_MODEL) -> AppTest:
    browser.session_state[price_dialog.OPEN] = model
    next(button for button in browser.form_submit_button if button.label == label).click()
    browser.run()
    assert not browser.exception
    return browser


def texts(browser: AppTest) -> str:
    """As one reads them: what must not be torn apart at a line's end has another space than this."""
    return "\n".join(one.value for one in browser.markdown).replace("\N{NO-BREAK SPACE}", " ")


def test_the_address_says_which_section_is_open(desk: Desk, boss: Person) -> None:
    browser = visit(boss, "settings.py")
    assert browser.text_input[0].value == desk.company.name
    browser.segmented_control(key="section").set_value(SECTION).run()
    assert not browser.text_input
    assert open_prices(boss).segmented_control(key="section").value == SECTION
    assert visit(boss, "settings.py", section="Nonsense").segmented_control(key="section").value == "Company"


def test_a_price_is_set_changed_taken_back_and_ended(desk: Desk, boss: Person) -> None:
    browser = open_prices(boss)
    assert "Embedded, free" in texts(browser) and not browser.expander
    set_price(browser, "2", "", "8.1255")
    assert not sentences(browser)
    assert r"\$2.00 input · \$8.1255 output" in texts(browser) and "Own price since" in texts(browser)
    tomorrow = clock.now().date() + timedelta(days=1)
    set_price(browser, "3", "0.5", "9", day=tomorrow)
    assert rf"From {tomorrow:%-d %B %Y}: \$3.00 input · \$0.50 cached · \$9.00 output" in texts(browser)
    next(button for button in browser.button if button.label == "Take back").click().run()
    assert "material/schedule" not in texts(browser)
    assert browser.expander[0].label == "History (2)" and "taken back on" in browser.expander[0].markdown[0].value
    browser.session_state[price_dialog.OPEN] = EMBEDDED_MODEL
    assert [field.value for field in browser.run().text_input] == ["2", "", "8.1255"]
    send(browser, "End own price")
    assert "Embedded, free" in texts(browser) and "own price ends" in texts(browser)
    assert "Ada" in texts(browser)


def test_the_buttons_open_the_dialog(desk: Desk, boss: Person) -> None:
    browser = open_prices(boss)
    browser.button(key=f"set_{EMBEDDED_MODEL}").click().run()
    assert [field.label for field in browser.text_input] == ["Input", "Cached input", "Output"]
    browser.button(key="price_another").click().run()
    assert [field.label for field in browser.text_input] == ["Model", "Input", "Cached input", "Output"]


def test_a_model_that_nobody_offers_yet_is_priced_by_its_name(desk: Desk, boss: Person) -> None:
    name = "  *house* :smile: $5 and $6 "
    browser = set_price(open_prices(boss), "0.000001", "0", "1000000", model="", name=name)
    [_, view] = desk.application.prices.list_models(boss.actor)
    assert view.model == "*house* :smile: $5 and $6" and not view.is_offered
    assert r"\$0.000001 input · \$0.00 cached · \$1,000,000.00 output" in texts(browser)
    assert r"\*house\*" in texts(browser)


@pytest.mark.parametrize(
    ("amounts", "options", "sentence"),
    [
        (("-1", "", "8"), {}, "The price of input can't be negative."),
        (("2", "", "1000001"), {}, "The price of output may be up to $1,000,000 per million tokens."),
        (("two", "", "8"), {}, "The price of input has to be a number, like 1.25."),
        (("2", "", "8"), {"model": "", "name": " "}, "The model's name is empty. Write something first."),
        (("2", "", "8"), {"model": "", "name": "x" * 201},
         "The model's name may have up to 200 characters; this has 201."),
        (("2", "", "8"), {"day": date(2020, 1, 1)},
         "A price can't begin before today: what was booked keeps its price."),
    ],
)  # fmt: skip
def test_bad_input_says_what_to_change_and_keeps_what_was_typed(
    desk: Desk, boss: Person, amounts: tuple[str, ...], options: dict[str, Any], sentence: str
) -> None:
    browser = set_price(open_prices(boss), *amounts, **options)
    assert sentences(browser) == [sentence.replace("$", r"\$")]
    assert [field.value for field in browser.text_input][-3:] == list(amounts)
    assert not any(view.history for view in desk.application.prices.list_models(boss.actor))


def test_long_names_that_differ_at_their_ends_are_told_apart(desk: Desk, boss: Person) -> None:
    for end in "ab":
        set_price(open_prices(boss), "1", "", "2", model="", name=f"{'very-long-' * 15}{end}")
    shown = texts(open_prices(boss)).replace("\\", "")
    assert all(f"**{'very-long-' * 15}{end}**" in shown for end in "ab")


def test_what_was_taken_back_in_another_tab_says_so(desk: Desk, boss: Person) -> None:
    day = clock.now().date() + timedelta(days=2)
    service = desk.application.prices
    service.set_price(boss.actor, EMBEDDED_MODEL, TypedPrice("1", "", "1"), starts_on=day, zone=clock.now().tzinfo)  # type: ignore[arg-type]
    browser = open_prices(boss)
    service.take_back(boss.actor, service.list_models(boss.actor)[0].upcoming[0].id)
    next(button for button in browser.button if button.label == "Take back").click().run()
    assert sentences(browser) == ["That price has begun, or was taken back before. Reload to see what holds."]
