"""A world in which every text is a hostile one, in a real browser: all is shown as text, and nothing is asked for.

The texts are in tests/support/hostile.py; what a page would have understood of them, hostile_page.js beside it finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Locator, Page, Request, ViewportSize, expect

from core import bootstrap
from core.config import ROOT
from core.ui.gist import gist
from core.web.cookies import SESSION
from tests.e2e.browsing import PATIENCE, launched
from tests.e2e.served import NO_MODEL, STREAMLIT, Parley, served
from tests.support.hostile import DISGUISED, ELSEWHERE, MARKUP, TURNED
from tests.support.hostile_world import World, fill
from tests.support.talks import Desk

pytestmark = pytest.mark.e2e

FIND = (ROOT / "tests" / "support" / "hostile_page.js").read_text()
MARKS = dict(seen for one in MARKUP for seen in one.seen)
LEFT = MARKS | {word: mark for one in MARKUP for word, mark in replace(one, text=gist(one.text)).seen}
RUNNING = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# Streamlit's own page has an inline script that the policy keeps out; no element of a page's is one.
WATCH = """document.addEventListener('securitypolicyviolation', (event) => {
  if (event.blockedURI !== 'inline' || event.effectiveDirective !== 'script-src-elem')
    console.error(`kept out: ${event.effectiveDirective} ${event.blockedURI}`)
})"""
# What comes late is drawn: nothing else says that no more will come.
QUIET = """() => new Promise((resolve) => {
  const calm = 150, longest = 3000
  const end = () => { watch.disconnect(); resolve() }
  const watch = new MutationObserver(() => { clearTimeout(last); last = setTimeout(end, calm) })
  let last = setTimeout(end, calm)
  watch.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true })
  setTimeout(end, longest)
})"""
MOST_OPENED = 6
"""Of a kind, on one page."""
MOST_HINTS = 4
WIDE, PHONE = ViewportSize(width=1280, height=1600), ViewportSize(width=390, height=800)


@dataclass
class Visitor:
    """Somebody's browser, and all that it should not have done."""

    page: Page
    url: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_viewport_size(WIDE)
        self.page.add_init_script(WATCH)
        self.page.context.on("request", self._asked)
        self.page.context.on("dialog", self._ran)
        self.page.context.on("console", self._said)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.wrong.append(f"asked for {request.url}")

    def _ran(self, dialog: Dialog) -> None:
        self.wrong.append(f"a script ran: {dialog.message}")
        dialog.dismiss()

    def _said(self, message: ConsoleMessage) -> None:
        if message.text.startswith("kept out"):
            self.wrong.append(message.text)

    def visit(self, address: str) -> None:
        self.page.goto(self.url + address)
        expect(self.page.locator(RUNNING)).to_have_count(1)
        expect(self.page.get_by_test_id("stSidebarNav")).to_be_visible()
        self.look(address)

    def look(self, where: str) -> None:
        self.page.evaluate(QUIET)
        expect(self.page.locator(RUNNING)).to_have_count(1)
        self.wrong += [f"{where}: {one}" for one in self.page.evaluate(FIND, [MARKS, LEFT, ELSEWHERE])]
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.wrong.append(f"{where} scrolls sideways")

    def open_all(self, address: str) -> None:
        """What is folded, what a click opens over the page, and what is said on hovering; all of it on a phone, too."""
        self.visit(address)
        self._unfold()
        self._open("stPopover", "button")
        self._open("stMenuButton", "button")
        for target in self.page.get_by_test_id("stTooltipHoverTarget").all()[:MOST_HINTS]:
            if target.is_visible():
                target.hover(timeout=PATIENCE, force=True)
                self.look(f"{address}, a hint")
        self.page.mouse.move(0, 0)
        self.page.set_viewport_size(PHONE)
        self.look(f"{address} on a phone")
        self.page.set_viewport_size(WIDE)

    def _unfold(self) -> None:
        for folded in self.page.get_by_test_id("stExpander").locator("summary").all()[:MOST_OPENED]:
            if _can_be_clicked(folded):
                folded.click()
        self.look(f"{self.page.url}, unfolded")

    def _open(self, kind: str, handle: str) -> None:
        for place in range(min(MOST_OPENED, self.page.get_by_test_id(kind).count())):
            opened = self.page.get_by_test_id(kind).nth(place).locator(handle).first
            if _can_be_clicked(opened):
                opened.click()
                self.look(f"{self.page.url}, {kind} {place}")
                self.page.keyboard.press("Escape")

    def click(self, name: str) -> None:
        """Opens a dialog and looks at it."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        expect(self.page.get_by_role("dialog")).to_be_visible()
        self.look(f"{self.page.url}, {name}")
        self.page.get_by_role("dialog").get_by_role("button", name="Close").click()


def _can_be_clicked(one: Locator) -> bool:
    """A page whose address opens a dialog has all else inert behind it."""
    return one.is_visible() and one.is_enabled() and bool(one.evaluate("one => !one.closest('[inert]')"))


@dataclass
class Place:
    """A server of its own: every text in its database is hostile."""

    parley: Parley
    world: World
    browser: Browser

    def visitor(self, who: str = "all") -> Visitor:
        context = self.browser.new_context(base_url=self.parley.url)
        cookie = {"name": SESSION, "value": self.world.tokens[who], "url": self.parley.url, "httpOnly": True}
        context.add_cookies([cookie])  # type: ignore[list-item]
        context.set_default_timeout(PATIENCE)
        return Visitor(context.new_page(), self.parley.url)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with served(Parley(tmp_path_factory.mktemp("parley"), STREAMLIT, PARLEY_SHUTDOWN_GRACE="1", **NO_MODEL)) as parley:
        with parley.database() as database:
            world = World(bootstrap.build(parley.settings, database), Desk(database))
            texts = [one.text for one in (*MARKUP, *TURNED, *DISGUISED)]
            with database.transaction() as session:
                fill(session, texts, texts)
        with launched() as browser:
            yield Place(parley, world, browser)


def addresses(world: World) -> list[str]:
    """Every page, with what can be opened on it by its address."""
    case, person = world.cases["Still open"], world.people["bo"].user_id
    return [
        *("/", "/chat", "/tasks", "/tasks?show=all", "/usage", "/usage?calls=1", "/audit", "/audit?event=3"),
        *("/settings", "/account", "/browse?q=zq*", "/browse?q=%3Cb%3Ezqsearch**", "/people", f"/people?p={person}"),
        *("/people?show=invited", "/moderation", "/moderation?status=closed", f"/moderation?case={case}"),
        *(f"/moderation?case={one}&status=closed" for one in world.cases.values()),
        *(f"/moderation?tab={tab}" for tab in ("messages", "in_force", "grants", "rules")),
        *(f"/chat?c={room}" for room in world.rooms.values()),
        *(f"/browse?c={world.rooms[name]}" for name in ("company", "assistant")),
    ]


UNDERSTOOD = f"""
    <p><strong>zqbold</strong> <em>zqslanted</em></p><p><a href="https://{ELSEWHERE}/l">zqlink</a></p><h1>zqheading</h1>
    <p><img src="data:image/png;base64,AAAA" onerror="x()"></p><p><a href="data:text/html,x" rel="noopener">x</a></p>
    <iframe></iframe><p><span style="color: red">zqred</span></p><div class="katex">x</div><script>1</script>
"""


TRACES = "zqbold zqslanted link: zqheading onerror data:text iframe zqred formula".split()  # noqa: SIM905


def test_what_a_page_would_have_understood_is_found() -> None:
    """Else nothing that follows would mean anything."""
    with launched() as browser:
        page = browser.new_page()
        page.set_content(UNDERSTOOD)
        found = " ".join(page.evaluate(FIND, [MARKS, LEFT, ELSEWHERE]))
        assert [trace for trace in TRACES if trace not in found] == []
        page.set_content("<p>**zqbold** [zqlink](https://x)</p><p># zqheading</p><p>:red[zqred]</p>")
        assert page.evaluate(FIND, [MARKS, LEFT, ELSEWHERE]) == []


def test_what_is_hostile_is_shown_as_text(place: Place) -> None:
    """The pages with the most of it; every other one in `make long`."""
    visitor, rooms = place.visitor(), place.world.rooms
    for address in (
        f"/chat?c={rooms['company']}",
        *("/tasks", "/people", f"/moderation?case={place.world.cases['Still open']}"),
    ):
        visitor.visit(address)
    assert visitor.wrong == []


@pytest.mark.long
@pytest.mark.parametrize(("who", "pages"), [("all", "/"), ("moderator", "/moderation?tab="), ("cy", "/chat?c=")])
def test_every_page_with_all_that_opens_on_it(place: Place, who: str, pages: str) -> None:
    """Who may do everything sees all; others see in some places other things."""
    visitor = place.visitor(who)
    for address in addresses(place.world):
        if address.startswith(pages):
            visitor.open_all(address)
    assert visitor.wrong == []


@pytest.mark.long
def test_dialogs_show_it_as_text_too(place: Place) -> None:
    visitor, rooms = place.visitor(), place.world.rooms
    for address, buttons in {
        "/moderation?tab=grants": ("Ask for access",),
        "/browse": ("Import",),
        "/people": ("Invite somebody",),
    }.items():
        visitor.visit(address)
        for name in buttons:
            visitor.click(name)
    visitor.visit(f"/chat?c={rooms['company']}")
    for name in ("Members", "Rename", "Instructions", "Who looked"):
        visitor.page.get_by_test_id("stMainBlockContainer").get_by_test_id("stMenuButtonButton").first.click()
        item = visitor.page.get_by_role("menuitem", name=name)
        if item.count():
            item.first.click()
            expect(visitor.page.get_by_role("dialog")).to_be_visible()
            visitor.look(f"the room, {name}")
            visitor.page.get_by_role("dialog").get_by_role("button", name="Close").click()
        else:
            visitor.page.keyboard.press("Escape")
    assert visitor.wrong == []
