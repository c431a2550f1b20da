"""Every control says what it is, also to those who don't see it."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from core.ui.composer import ASK
from tests.e2e.browsing import Chat
from tests.e2e.conftest import Guest, Open
from tests.e2e.served import Parley

pytestmark = [pytest.mark.e2e, pytest.mark.long]

# Controls in the page and in the shadow roots of our parts, each with the name that a screen reader says. Roughly
# the order of the specification: aria-labelledby, aria-label, its label, its content, title; a placeholder last.
NAMELESS = """() => {
  const controls = 'button, a[href], input:not([type=hidden]), textarea, select, [role=button], [role=link], '
    + '[role=textbox], [role=combobox], [role=menuitem], [role=tab], [role=switch], [role=checkbox], [role=radio]'
  const texts = (root, ids) => (ids ?? '').split(' ').map(id => root.getElementById?.(id)?.textContent ?? '').join(' ')
  const content = (element) => [...element.childNodes].map(node =>
    node.nodeType === Node.TEXT_NODE ? node.textContent
    : node.nodeType !== Node.ELEMENT_NODE || node.getAttribute('aria-hidden') === 'true' ? ''
    : node.getAttribute('aria-label') ?? node.getAttribute('alt') ?? content(node)).join(' ')
  const isShown = (element) => element.checkVisibility({ checkVisibilityCSS: true })
    && !element.closest('[aria-hidden=true], [inert]')
  const nameless = []
  let count = 0
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot)
      if (!element.matches(controls) || !isShown(element)) continue
      count += 1
      const name = [
        texts(element.getRootNode(), element.getAttribute('aria-labelledby')), element.getAttribute('aria-label'),
        ...[...(element.labels ?? [])].map(label => label.textContent),
        element.matches('input, textarea, select') ? '' : content(element),
        element.title, element.placeholder,
      ].join('').trim()
      if (!name) nameless.push(element.outerHTML.slice(0, 300))
    }
  }
  look(document)
  return [count, nameless]
}"""


def assert_named(page: Page, *, at_least: int) -> None:
    count, nameless = page.evaluate(NAMELESS)
    assert nameless == []
    assert count >= at_least, "the page was not there yet"
    assert page.title() not in ("", "Streamlit")
    assert page.evaluate("document.documentElement.lang") != ""


@pytest.mark.parametrize("width", [1280, 390])
def test_every_control_of_every_page_has_a_name(parley: Parley, ada: Guest, tab: Open, width: int) -> None:
    page = tab(ada)
    page.set_viewport_size({"width": width, "height": 800})
    for address, heading in {
        "/": "Hello, Ada",
        "/account": "Account",
        "/settings": "Settings",
        "/tasks": "Tasks",
        "/usage": "Usage",
        "/chat": "What can I do for you, Ada?",
        "/account/password": "Change password",
        "/account/sign-out": "Sign out",
    }.items():
        page.goto(parley.url + address)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        assert_named(page, at_least=3)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"


# How far the words of an element stand out from the ground that is painted behind them, as WCAG measures it.
CONTRAST = """(element) => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number)
  const grounds = []
  for (let one = element; one; one = one.parentElement) grounds.unshift(parts(getComputedStyle(one).backgroundColor))
  const ground = grounds.reduce((under, [r, g, b, alpha = 1]) =>
    [r, g, b].map((value, at) => alpha * value + (1 - alpha) * under[at]), [255, 255, 255])
  const light = (color) => color.slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0)
  const words = element.querySelector('p') ?? element
  const [high, low] = [light(parts(getComputedStyle(words).color)), light(ground)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_chosen_can_be_read(parley: Parley, ada: Guest, tab: Open, scheme: Literal["light", "dark"]) -> None:
    page = tab(ada)
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{parley.url}/settings")
    chosen = page.get_by_role("radio", checked=True).first
    expect(chosen).to_be_visible()
    assert chosen.evaluate(CONTRAST) >= 4.5
    assert page.get_by_role("button", name="Save").first.evaluate(CONTRAST) >= 4.5


def test_every_control_of_a_chat_has_a_name(chat: Chat) -> None:
    chat.ask("Say hello in one short sentence.")
    chat.wait_whole()
    assert_named(chat.page, at_least=15)
    chat.act(chat.answers.first, "Bad answer")
    expect(chat.page.get_by_role("dialog")).to_be_visible()
    assert_named(chat.page, at_least=15)
    chat.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    chat.act(chat.questions.first, "Edit and send again")
    expect(chat.page.get_by_role("textbox", name="Your message")).to_be_visible()
    assert_named(chat.page, at_least=15)
    chat.page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMenuButtonButton").click()
    assert_named(chat.page, at_least=18)


def test_a_chat_can_be_begun_with_the_keyboard_alone(chat: Chat) -> None:
    expect(chat.box).to_be_visible()
    for _ in range(40):
        if chat.page.evaluate("document.activeElement.placeholder") == ASK:
            break
        chat.page.keyboard.press("Tab")
    chat.page.keyboard.type("Say hello in one short sentence.")
    chat.page.keyboard.press("Enter")
    chat.wait_whole()
    for _ in range(60):
        if chat.page.evaluate("document.activeElement.shadowRoot?.activeElement?.ariaLabel") == "Good answer":
            break
        chat.page.keyboard.press("Tab")
    chat.page.keyboard.press("Enter")
    expect(chat.answers.first.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


def test_the_sign_in_page_names_its_controls(parley: Parley, ada: Guest, tab: Open) -> None:
    page = tab(None)
    page.goto(parley.url)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert_named(page, at_least=3)
