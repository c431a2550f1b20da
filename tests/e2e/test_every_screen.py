"""Every screen, light and on a desk, dark and on a phone: axe-core finds nothing grave, and nothing sticks out."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from core import bootstrap, clock
from core.config import ROOT
from core.models import MessageStatus
from core.permissions import Role
from core.services.demo_answers import Answers, DemoAnswers, Does
from core.ui.links import all_screens
from core.ui.moderation_tabs import TABS
from core.web.cookies import SESSION
from core.web.html import page as html
from tests.e2e.browsing import PATIENCE, launched
from tests.e2e.screens import MORE, NOBODY, SCREENS, Shown
from tests.e2e.served import Parley, served
from tests.support.axe import BY_COLOUR_AND_WIDTH, Finding, findings, names_with_markup
from tests.support.hostile_world import World
from tests.support.talks import Desk
from tests.support.usage import book, make_call

TEMPLATES = ROOT / "core" / "web" / "templates"
MODEL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "sk-test", "PARLEY_MODELS": "small,large"}
"""It is not asked here."""
RUNNING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
UNMENDED = '[data-testid="stSidebarNavItems"] li:not([role])'
"""While core/ui/mends.js has not been there yet."""
STILL = """addEventListener('DOMContentLoaded', () => {
  const style = document.createElement('style')
  style.textContent = '* { transition: none !important; animation: none !important }'
  document.head.append(style)
})"""
"""Else colours are still on their way from one to the other when they are looked at."""
SIDEBAR = '[data-testid="stSidebar"]'
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 800}
STOPS = 30
"""Of Tab: from the navigation to the ticks of a list."""
# What has the focus, in our parts too, with the place around it.
FOCUSED = """() => {
  let one = document.activeElement
  while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement
  window.focused = one
  const { x, y, width, height } = one.getBoundingClientRect(), margin = 24
  return [
    `${one.tagName} ${one.ariaLabel ?? one.innerText} ${y}`, Math.max(0, x - margin), Math.max(0, y - margin),
    width + 2 * margin, Math.min(height + 2 * margin, innerHeight),
  ]
}"""
LONG = """Two ways lead there, and the [second](https://example.com/a/very/long/address/that/goes/on) is shorter:

## With a loop

```python
@once  # only
class Line(list[str]):
    def count(self, most: int = 12) -> bool:
        return True and len(self) < most * 0.5 or print(f"and much {more} that does not fit on a phone's screen", None)
```

```html
<a href="https://example.com" class="one">a &amp; b</a> <!-- and this -->
```

1. One `word` of code.
2. > What somebody said.

| what | how many | of which | and then | at last |
| --- | --- | --- | --- | --- |
| apples | 12,000 | 3,000 | 2,000 | 1,000 |

$$e^{i\\pi} + 1 = 0$$
"""

CHARTS = (".main-svg",)
"""Are thousands of lines without a word, drawn by Plotly: tests/e2e/test_usage.py looks at their colours."""
EXCEPTIONS: dict[tuple[str, str], str] = {}
"""Rule and a part of the place or of the element, to the reason: what Streamlit draws, and neither the theme nor a few
lines of CSS or JavaScript mend."""


@dataclass
class Place:
    """A server of its own, in which everything happened once."""

    url: str
    world: World
    ids: dict[str, str]
    """By the names that SCREENS call them by."""
    texts: dict[str, str]
    """Of the forms that take more than an address."""
    browser: Browser

    def tab(self, who: str) -> Page:
        """The scripts of a test may run in it, which the pages' own policy keeps out."""
        context = self.browser.new_context(base_url=self.url, bypass_csp=True)
        if who != NOBODY:
            cookie = {"name": SESSION, "value": self.world.tokens[who], "url": self.url, "httpOnly": True}
            context.add_cookies([cookie])  # type: ignore[list-item]
        context.set_default_timeout(PATIENCE)
        context.add_init_script(STILL)
        context.route("**/onward", lambda route: route.abort())  # to a provider, which is none
        return context.new_page()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with served(Parley(tmp_path_factory.mktemp("parley"), PARLEY_SHUTDOWN_GRACE="1", **MODEL)) as parley:
        texts = {
            "set-up.html": httpx2.get(parley.set_up_link, timeout=60).text,
            "sso-failed.html": _text(
                "sso-failed.html", title="That didn't work", sentence="No.", again="/", others="/"
            ),
            "signed-out.html": _text("signed-out.html", onward="/onward", provider="Keys & Co"),
        }
        with parley.database() as database:
            world = World(bootstrap.build(parley.settings, database), Desk(database))
            ids = _fill(world)
        with launched() as browser:
            yield Place(parley.url, world, ids, texts, browser)


def _text(template: str, **values: str) -> str:
    return bytes(html(template, **values).body).decode()  # type: ignore[arg-type]


def _fill(world: World) -> dict[str, str]:
    app, desk, me = world.app, world.desk, world.me
    world.people["new"] = desk.person(Role.STAFF, display_name="Noa")
    world.tokens["new"] = world.signed_in(world.people["new"])
    links = {
        "invite": app.invites.invite(me, email="one@example.com", display_name="One", roles=[Role.STAFF]).token,
        "password": app.password_links.issue(me, world.people["eli"].user_id).token,
    }
    now = clock.now()
    with desk.database.transaction() as session:
        days = [now - timedelta(days=day, hours=1) for day in range(20)]
        book(
            session, *(make_call(me.company_id, me.user_id, at, model=one) for at in days for one in ("large", "small"))
        )
    world.rooms["long"] = desk.talk(me, "How do I get there?").conversation_id
    desk.answer(desk.ask(me, "In long?", conversation_id=world.rooms["long"]), LONG)
    done = Does("create_task", {"title": "Buy rye"}, "Created “Buy rye”.")
    waits = Answers("", "A task, please", ["I see to it.", done], status=MessageStatus.COMPLETE)
    DemoAnswers(desk.database).add(me, waits)
    world.rooms["steps"] = app.conversations.list_recent(me, limit=1)[0].id
    return {
        **{name: str(room) for name, room in world.rooms.items()},
        "case": str(world.cases["Still open"]),
        "done": str(world.cases["A fool"]),
        "bo": str(world.people["bo"].user_id),
        **links,
    }


def test_every_screen_is_in_the_list() -> None:
    forms = {file.name for file in TEMPLATES.glob("*.html") if "extends" in file.read_text()}
    there = {screen.script for screen in all_screens()} | forms
    listed = {one.drawn_by for one in SCREENS}
    assert listed == there, "say in tests/e2e/screens.py how to come to a new page, and take out what is gone"
    tabs = {f"/moderation?tab={tab}" for tab in TABS}
    assert tabs - {one.address for one in SCREENS} == {"/moderation?tab=queue"}  # which it begins with
    sections = re.findall(r'^    "([\w ]+)": \w+,$', (ROOT / "pages" / "settings.py").read_text(), re.MULTILINE)
    assert sections[0] == "Company" and len(sections) > 3
    assert {f"/settings?section={one}" for one in sections[1:]} <= {one.address for one in SCREENS}


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.xdist_group("every screen")
def test_nothing_grave_on_any_screen(place: Place) -> None:
    tabs = {who: place.tab(who) for who in {one.who for one in SCREENS}}
    found: dict[str, list[Finding]] = {}
    seen: set[tuple[str, str]] = set()
    for shown in SCREENS:
        page, frame = tabs[shown.who], (shown.who, shown.drawn_by)
        _open(place, page, shown)
        without = (*CHARTS, SIDEBAR) if frame in seen else CHARTS  # which is the same on all states of a page
        found[shown.name] = [*_look(page, "light", without), *names_with_markup(page), *_look(page, "dark", without)]
        seen.add(frame)
    used = {key for one in found.values() for finding in one for key in EXCEPTIONS if _is_excepted(finding, key)}
    left = {
        name: [one for one in all_ if not any(_is_excepted(one, key) for key in EXCEPTIONS)]
        for name, all_ in found.items()
    }
    assert {name: ones for name, ones in left.items() if ones} == {}
    assert used == EXCEPTIONS.keys(), "take out of EXCEPTIONS what is mended"


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.xdist_group("every screen")
def test_it_can_be_seen_where_the_keyboard_is(place: Place) -> None:
    """On whatever Tab comes to: with the focus it looks different than without."""
    page = place.tab("all")
    page.emulate_media(reduced_motion="reduce")
    _open(place, page, Shown("tasks.py", "/tasks"))
    unseen, names = [], []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        name, *around = page.evaluate(FOCUSED)
        clip = dict(zip(("x", "y", "width", "height"), around, strict=True))
        focused = page.screenshot(clip=clip)  # type: ignore[arg-type]
        page.evaluate("window.focused.blur()")
        if focused == page.screenshot(clip=clip):  # type: ignore[arg-type]
            unseen.append(name)
        page.evaluate("window.focused.focus()")
        names.append(name)
    assert unseen == []
    assert {"A", "INPUT", "BUTTON"} <= {name.split()[0] for name in names}
    assert len(set(names)) > STOPS / 2, "it went round in a circle"


def _open(place: Place, page: Page, shown: Shown) -> None:
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)  # type: ignore[arg-type]
    if not shown.address:
        page.set_content(place.texts[shown.drawn_by])
        return
    page.goto(shown.at(place.ids))
    if shown.drawn_by.endswith(".html"):
        return
    expect(page.locator(RUNNING)).to_have_count(1)
    expect(page.get_by_test_id("stSidebarNav")).to_be_visible()
    expect(page.locator(UNMENDED)).to_have_count(0)
    expect(page.get_by_role("main").locator('h1, [data-testid="stMarkdown"]').first).to_be_visible()
    for name in shown.opens:
        button = page.get_by_test_id("stMenuButtonButton") if name == MORE else page.get_by_role("button", name=name)
        choice = button.or_(page.get_by_role("menuitem", name=name)).and_(page.locator(":not(:disabled)"))
        choice.locator("visible=true").first.click()
        expect(page.locator('[role=dialog], [data-testid="stPopoverBody"], [role=menu]').first).to_be_visible()
    expect(page.locator(RUNNING)).to_have_count(1)


def _look(page: Page, scheme: Literal["light", "dark"], without: Collection[str]) -> list[Finding]:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(DESK if scheme == "light" else PHONE)  # type: ignore[arg-type]
    if page.locator(".stApp").count():
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
    found = findings(page, () if scheme == "light" else BY_COLOUR_AND_WIDTH, without=without)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(Finding("scrolls-sideways", scheme, "", "Something is wider than the window"))
    return found


def _is_excepted(finding: Finding, key: tuple[str, str]) -> bool:
    rule, place = key
    return finding.rule == rule and place in finding.target + finding.html
