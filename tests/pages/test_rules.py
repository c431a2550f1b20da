"""The tab Rules: what it lists, what a switch does, and the place to try them. Dialogs are driven in tests/e2e."""

import pytest
from streamlit.testing.v1 import AppTest

from core.models import ConversationKind, RuleAction, RuleKind
from core.permissions import Role
from core.services.rules import WantedRule
from tests.pages.visitor import Desk, Person, sentences, text_of, visit

KINDS = tuple(ConversationKind)
CARD = "4111 1111 1111 1111"
ODD = WantedRule("Odd $5 :red[x] `", RuleKind.PATTERN, RuleAction.REFUSE, KINDS[:1], pattern=r"`\$+:red[x]")


@pytest.fixture
def mo(desk: Desk) -> Person:
    return desk.person(Role.MODERATOR, display_name="Mo")


def opened(who: Person) -> AppTest:
    browser = visit(who, "moderation.py", tab="rules")
    assert not browser.exception
    return browser


def test_without_rules_it_says_so(desk: Desk, mo: Person) -> None:
    assert "There is no rule yet, so nothing is looked for." in [one.value for one in opened(mo).markdown]


def test_rules_stand_with_all_that_they_do(desk: Desk, mo: Person) -> None:
    rules = desk.application.rules
    rules.add(mo.actor, ODD)
    rules.add(mo.actor, WantedRule("Cards", RuleKind.CARDS, RuleAction.MASK, KINDS))
    browser = opened(mo)
    texts = [one.value for one in browser.markdown if "Since" in one.value]
    assert "**Cards** · Mask, everywhere" in texts[0] and "by Mo" in texts[0]
    assert r"**Odd \$5 \:red\[x\] \`** · Refuse, chats with the assistant" in texts[1]
    assert r"A pattern: `` `\$+:red[x] ``" in texts[1]


def test_a_switch_acts_and_one_of_an_old_page_says_so(desk: Desk, mo: Person) -> None:
    rules = desk.application.rules
    key = rules.add(mo.actor, WantedRule("Cards", RuleKind.CARDS, RuleAction.MASK, KINDS))
    first, second = opened(mo), opened(mo)
    first.toggle[0].set_value(False).run()
    assert not rules.list_all(mo.actor)[0].is_on
    assert any(":gray-badge[Off]" in one.value for one in first.markdown)
    second.toggle[0].set_value(False).run()
    assert "changed meanwhile" in sentences(second)[0]
    rules.delete(mo.actor, key, 2)
    first.toggle[0].set_value(True).run()
    assert "Somebody deleted it" in sentences(first)[0]
    assert not first.toggle and not first.exception


def test_trying_says_what_would_happen_and_keeps_nothing(desk: Desk, mo: Person) -> None:
    desk.application.rules.add(mo.actor, WantedRule("Cards", RuleKind.CARDS, RuleAction.REFUSE, KINDS))
    browser = opened(mo)
    browser.text_area("rule_try_text").set_value(f"Look:\n{CARD}")
    look = next(one for one in browser.button if one.label == "Look through it")
    look.click().run()
    assert "- Line 2: a card number. Refused by “Cards”." in [one.value for one in browser.markdown]


def test_what_is_masked_or_refused_is_said_above_the_box(desk: Desk, mo: Person) -> None:
    rules = desk.application.rules
    rules.add(mo.actor, WantedRule("Cards $1 :red[x]", RuleKind.CARDS, RuleAction.MASK, KINDS))
    rules.add(mo.actor, WantedRule("Secret words", RuleKind.WORDS, RuleAction.REFUSE, KINDS, words="manhattan"))
    bo = desk.staff(display_name="Bo")
    room = desk.application.rooms.create(bo.actor, ConversationKind.GROUP, "Ours")
    browser = visit(bo, "chat.py", c=room)
    browser.chat_input[0].set_value("About Manhattan").run()
    assert "This has a listed word, which the rule “Secret words” keeps out" in sentences(browser)[0]
    assert [one.content for one in desk.messages(bo, room)] == ["Bo made this room."]
    assert "About Manhattan" in text_of(browser)
    browser.chat_input[0].set_value(f"My card is {CARD}").run()
    [said] = [one for one in sentences(browser) if "Taken out" in one]
    assert r"Cards \$1 \:red\[x\]" in said
    assert desk.messages(bo, room)[-1].content == "My card is [card number removed]"
