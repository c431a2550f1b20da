"""Budgets as an admin sets them and somebody meets them: in windows of their own, beside the box, and in the chat."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

QUESTION = "What is rye?"


def open_dialog(page: Page, button: str) -> Locator:
    page.get_by_role("button", name=button).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def choose(page: Page, dialog: Locator, label: str, option: str) -> None:
    dialog.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()


def submit(dialog: Locator, button: str) -> None:
    dialog.get_by_role("button", name=button, exact=True).click()


def test_a_budget_is_set_refuses_and_is_raised(parley: Parley, ada: Guest, bob: Guest, tab: Open) -> None:
    settings = tab(ada)
    settings.goto(f"{parley.url}/settings?section=Budgets")
    dialog = open_dialog(settings, "Add a budget")
    choose(settings, dialog, "For", "A person")
    submit(dialog, "Add")
    choose(settings, dialog, "Person", bob.name)
    dialog.get_by_text("Tokens", exact=True).click()
    dialog.get_by_text("Day", exact=True).click()
    amount = dialog.get_by_label("Amount")
    for typed, sentence in {
        "-3": "A budget can't be negative.",
        "9" * 30: "That is more than 1,000,000,000,000.",
        "1.5": "Tokens are whole.",
    }.items():
        amount.fill(typed)
        submit(dialog, "Add")
        expect(dialog.get_by_role("alert")).to_contain_text(sentence)
        expect(amount).to_have_value(typed)  # nothing that was typed or chosen is lost
        expect(dialog.get_by_role("combobox", name="Person")).to_have_value(bob.name)
    amount.fill("50")
    submit(dialog, "Add")
    expect(dialog).to_have_count(0)
    expect(settings.get_by_text(f"{bob.name} · 50 tokens a day")).to_be_visible()

    chat = Chat(tab(bob), parley.url).open()
    caption = chat.page.get_by_test_id("stCaptionContainer").last
    expect(caption).to_contain_text(re.compile(r"\d+ of 50 tokens left today, resets \d+ \w+, 00:00 \(UTC\)"))
    chat.ask(QUESTION)
    refusal = chat.page.get_by_role("alert")
    expect(refusal).to_contain_text("Your budget today is 50 tokens")  # other tests may have used some
    expect(refusal).to_contain_text(re.compile(r"It begins again on \d+ \w+, 00:00 \(UTC\)\. An admin can raise it\."))
    expect(chat.box).to_have_value(QUESTION)
    expect(chat.questions).to_have_count(0)

    dialog = open_dialog(settings, "Raise for now")
    dialog.get_by_label("How much more, in Tokens").fill("20000")
    submit(dialog, "Raise")
    expect(dialog.get_by_role("alert")).to_contain_text("The reason")
    dialog.get_by_role("textbox", name="Reason").fill("The autumn fair")
    submit(dialog, "Raise")
    expect(dialog).to_have_count(0)
    expect(
        settings.get_by_text(re.compile(r"^\+20k tokens until .*: The autumn fair \(Ada Lovelace\)$"))
    ).to_be_visible()

    chat.box.press("Enter")
    expect(chat.questions).to_have_count(1)
    expect(refusal).to_have_count(0)
    chat.wait_whole()
    expect(caption).to_contain_text(re.compile(r"(1\d\.\d|20)k of 20k tokens left today"))
    told = chat.page.get_by_text("Your budget has refused a question")
    expect(told).to_be_visible()
    chat.page.get_by_role("button", name="Put away").click()
    expect(told).to_have_count(0)
    chat.page.goto(parley.url)
    expect(chat.page.get_by_role("heading", name=f"Hello, {bob.name.split()[0]}")).to_be_visible()
    expect(told).to_have_count(0)

    settings.goto(parley.url)
    expect(settings.get_by_text(f"The budget of {bob.name} has refused a question")).to_be_visible()
    settings.goto(f"{parley.url}/settings?section=Budgets")
    dialog = open_dialog(settings, "Remove")
    submit(dialog, "Remove it")
    expect(settings.get_by_text("There is no budget yet")).to_be_visible()
