"""A room in one tab: what its people see and click, by the names that they would say."""

from typing import Self
from uuid import UUID

from playwright.sync_api import Locator, Page, expect

SOON = 30_000.0
"""Milliseconds within which what others do has to show. The aim is one second, on a machine that does nothing else;
what gets lost shows at the next reload and not before."""


class Room:
    def __init__(self, page: Page, url: str, conversation_id: UUID) -> None:
        self.page = page
        self.address = f"{url}/chat?c={conversation_id}"

    def open(self) -> Self:
        self.page.goto(self.address)
        expect(self.box).to_be_visible()
        return self

    @property
    def box(self) -> Locator:
        return self.page.get_by_test_id("stChatInputTextArea")

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def said(self, text: str) -> Locator:
        """What was said with those words; what replies to it quotes it otherwise."""
        return self.page.get_by_test_id("stChatMessage").get_by_text(text, exact=True)

    def row(self, text: str) -> Locator:
        """The row under the message with those words, the last of its bubble."""
        bubble = self.page.get_by_test_id("stChatMessage").filter(has=self.page.get_by_text(text, exact=True))
        return bubble.locator(".bar").last

    def notice(self, text: str) -> Locator:
        return self.page.get_by_text(text, exact=True)
