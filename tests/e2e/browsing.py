"""A person in front of a browser: what they look at and what they click, by the names that they would say."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.support.passwords import GOOD

CANDIDATES = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 60_000.0
"""Milliseconds to wait for what a click brings: far longer than it takes, on a machine that does other things too."""
WHOLE = 120_000.0
"""Milliseconds to wait for a whole answer of the embedded model, on a machine that does other things as well."""
NO_BROWSER = (
    "The browser tests need Chromium: install it (on Debian `apt-get install chromium`), "
    "or name its program in the variable CHROMIUM."
)


def chromium() -> str:
    for candidate in (*CANDIDATES, os.environ.get("CHROMIUM", "")):
        if candidate and (found := shutil.which(candidate)):
            return found
    if os.environ.get("CI"):
        pytest.fail(NO_BROWSER, pytrace=False)
    pytest.skip(NO_BROWSER)


@contextmanager
def launched() -> Iterator[Browser]:
    program = chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        browser.close()


def fill_sign_in(page: Page, email: str, password: str = GOOD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def table_of(page: Page) -> Locator:
    """The table, once it hears a click: it is a canvas, drawn by and by, and anew while the script runs."""
    expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible()
    table = page.get_by_test_id("stDataFrame")
    expect(table.locator("table tr").nth(1)).to_be_attached()  # under the one with the names of the columns
    return table.locator(".dvn-scroller")


class Chat:
    """The chat page in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, address: str | None = None) -> "Chat":
        self.page.goto(address or f"{self.url}/chat")
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Ask anything")

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    @property
    def questions(self) -> Locator:
        return self._bubbles("user")

    @property
    def answers(self) -> Locator:
        return self._bubbles("assistant")

    def _bubbles(self, who: str) -> Locator:
        return self.page.get_by_label(f"Chat message from {who}")

    def text_of(self, bubble: Locator) -> str:
        """What is read in it; markup and the row below left out. Empty before the first token."""
        return "\n".join(bubble.get_by_test_id("stMarkdownContainer").first.all_inner_texts())

    @property
    def stop(self) -> Locator:
        return self.page.get_by_role("button", name="Stop", exact=True)

    @property
    def ended(self) -> Locator:
        """Under the last answer, once it has ended, whole or not."""
        return self.answers.last.get_by_role("button", name=re.compile("^(Write this answer again|Retry)$"))

    def act(self, bubble: Locator, name: str) -> None:
        bubble.get_by_role("button", name=name, exact=True).click()

    def wait_whole(self, number: int = 1) -> None:
        """Until that many answers are there and none is being written: the last row under them is drawn."""
        expect(self.stop).to_have_count(0, timeout=WHOLE)
        expect(self.answers).to_have_count(number)
        expect(self.ended).to_have_count(1, timeout=WHOLE)  # while one is put in another's place there are two
        expect(self.ended).to_be_visible()

    def wait_growing(self, times: int = 2) -> list[str]:
        """The texts of the answer in the making, until it was seen to grow that often."""
        seen = self.page.evaluate_handle(
            """([times, patience]) => new Promise((done, failed) => {
                const seen = []
                const look = () => {
                    const bubbles = document.querySelectorAll('[aria-label="Chat message from assistant"]')
                    const text = bubbles[bubbles.length - 1]?.querySelector('[data-testid="stMarkdownContainer"]')
                    const said = (text?.innerText ?? "").replace(/…$/, "").trim()
                    if (said && !said.startsWith("Thinking") && said !== seen.at(-1)) seen.push(said)
                    if (seen.length > times) { watching.disconnect(); done(seen) }
                }
                const watching = new MutationObserver(look)
                watching.observe(document.body, { subtree: true, childList: true, characterData: true })
                setTimeout(() => { watching.disconnect(); failed(new Error(`saw ${JSON.stringify(seen)}`)) }, patience)
                look()
            })""",
            [times, WHOLE],
        )
        return [str(text) for text in seen.json_value()]

    @property
    def id(self) -> str:
        """The open conversation's, as the address bar has it."""
        self.page.wait_for_url(re.compile(r"[?&]c="), timeout=PATIENCE)
        return self.page.url.rpartition("c=")[2].partition("&")[0]


def words(text: str) -> list[str]:
    """The words alone: Markdown's marks are drawn, not read."""
    return re.findall(r"[^\W\d_]+", text)
