"""The pages, and how to get to them."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import streamlit as st
from streamlit.navigation.page import Page

from core.ids import parse_id
from core.ui.failures import NOTICE

PAGES = Path(__file__).resolve().parent.parent.parent / "pages"
FAVICON = str(Path(__file__).with_name("favicon.svg"))
LOGO = str(Path(__file__).with_name("logo.svg"))
CONVERSATION = "c"


@dataclass(frozen=True, slots=True)
class Screen:
    """One entry of the navigation. `page()` makes Streamlit's object for it, anew for each use: `st.navigation` and
    `run` write into theirs, and one that is shared makes the sessions of a process trip over each other.
    """

    script: str
    title: str
    icon: str
    path: str

    def page(self, *, is_listed: bool = True) -> Page:
        """Not listed, it can be reached by its address all the same; the page itself says who may see it."""
        return st.Page(
            PAGES / self.script,
            title=self.title,
            icon=self.icon,
            url_path=self.path,
            default=not self.path,
            visibility="visible" if is_listed else "hidden",
        )

    def is_open(self, page: Page) -> bool:
        return page.url_path == self.path


HOME = Screen("home.py", "Home", ":material/home:", "")
CHAT = Screen("chat.py", "Chat", ":material/chat:", "chat")
BROWSE = Screen("browse.py", "Conversations", ":material/manage_search:", "browse")
TASKS = Screen("tasks.py", "Tasks", ":material/task_alt:", "tasks")
USAGE = Screen("usage.py", "Usage", ":material/monitoring:", "usage")
MODERATION = Screen("moderation.py", "Moderation", ":material/shield:", "moderation")
AUDIT = Screen("audit.py", "Audit", ":material/history_edu:", "audit")
PEOPLE = Screen("people.py", "People", ":material/group:", "people")
SETTINGS = Screen("settings.py", "Settings", ":material/settings:", "settings")
ACCOUNT = Screen("account.py", "Account", ":material/person:", "account")
WIDE = (BROWSE, USAGE, MODERATION, AUDIT, PEOPLE)
"""Those that take all the width there is, for tables and charts; the others are for reading."""


def all_screens() -> tuple[Screen, ...]:
    return tuple(one for one in globals().values() if isinstance(one, Screen))


def screen_at(path: str) -> Screen | None:
    """The one with that path."""
    return next((one for one in all_screens() if one.path == path), None)


def selected_conversation() -> UUID | None:
    """The conversation in the address bar; None for a new chat. What is not an id is one that does not exist."""
    text = st.query_params.get(CONVERSATION)
    if text is None:
        return None
    return parse_id(text) or UUID(int=0)


def select_conversation(conversation_id: UUID | None) -> None:
    st.session_state.pop(NOTICE, None)
    if conversation_id is None:
        st.query_params.pop(CONVERSATION, None)
    else:
        st.query_params[CONVERSATION] = str(conversation_id)
