"""People with browsers: AppTest from the entry script, with who asks as the gate puts it into `st.user`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlmodel import Session
from streamlit.testing.v1 import AppTest

from core import clock
from core.bootstrap import Application
from core.config import ROOT, Settings
from core.models import Company, Member, User
from core.permissions import Actor, Role
from core.services.sessions import SessionLimits
from core.services.views import MessageView
from tests.support.builders import make_company, make_user
from tests.support.models import ScriptedModel

ENTRY = ROOT / "pages" / "_shell.py"
PATIENCE = 60.0
"""Seconds a run may take: only a hang takes that long."""

ID_ELSEWHERE = "018f0000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Person:
    user: User
    session_id: UUID
    actor: Actor


class Desk:
    """The installed application and the people of one company."""

    def __init__(self, application: Application) -> None:
        self.application = application
        with self.database.transaction() as session:
            self.company = make_company(session)

    @property
    def database(self) -> Any:
        return self.application.database

    def person(self, *roles: Role, company: Company | None = None, **fields: Any) -> Person:
        """Somebody with these roles who signed in."""
        with self.database.transaction() as session:
            user = make_user(session, company or self.company, roles, **fields)
            return self._signed_in(session, user)

    def staff(self, **fields: Any) -> Person:
        return self.person(Role.STAFF, **fields)

    def join(self, person: Person, conversation_id: UUID) -> None:
        with self.database.transaction() as session:
            session.add(Member(conversation_id=conversation_id, user_id=person.user.id, joined_at=clock.now()))

    def _signed_in(self, session: Session, user: User) -> Person:
        signed_in, actor = SessionLimits(self.application.settings).open(session, user, "Firefox/140 Windows")
        return Person(user, signed_in.session_id, actor)

    def messages(self, person: Person, conversation_id: UUID | str) -> tuple[MessageView, ...]:
        return self.application.transcripts.read(person.actor, UUID(str(conversation_id)), limit=1_000).messages


class DeskWith(Protocol):
    def __call__(self, model: ScriptedModel, settings: Settings = ..., /) -> Desk: ...


def visit(person: Person | None, page: str = "home.py", *, zone: str = "UTC", **query: object) -> AppTest:
    """Opens Parley at that page's address. Without a person: as somebody whom the gate knows nothing of."""
    browser = browser_at(ENTRY, person, zone=zone)
    if page != "home.py":
        return go(browser, page, **query)
    browser.query_params |= {name: str(value) for name, value in query.items()}
    return browser.run()


def go(browser: AppTest, page: str, **query: object) -> AppTest:
    """Navigates, as by a link."""
    browser.query_params = {name: str(value) for name, value in query.items()}
    return browser.switch_page(page).run()


def browser_at(script: Path, person: Person | None, *, zone: str = "UTC") -> AppTest:
    browser = AppTest.from_file(script, default_timeout=PATIENCE)
    browser.user = {"app_uid": str(person.user.id), "app_sid": str(person.session_id)} if person else {}
    browser.context = {"timezone": zone}
    return browser


def text_of(browser: AppTest) -> str:
    """Everything the browser was sent, in the order of the page: texts, labels, the data of our own parts."""
    return "\n".join(_text(node) for node in browser) + str(browser.session_state.to_dict())


def _text(node: Any) -> str:
    if is_own_part(node):
        return json.dumps(_data(node), ensure_ascii=False)
    return str(getattr(node, "proto", ""))


def is_own_part(node: Any) -> bool:
    return getattr(node, "type", None) == "bidi_component"


def _data(node: Any) -> Any:
    """Our parts get theirs as one text, of JSON where it is more than that; None for a part without any."""
    given = json.loads(node.proto.json) if node.proto.json else None
    return json.loads(given) if given and given[0] in "[{" else given


def sentences(browser: AppTest) -> list[str]:
    """What stands in the alerts."""
    return [alert.value for kind in (browser.error, browser.warning, browser.info, browser.success) for alert in kind]


def bubbles(browser: AppTest) -> list[tuple[str, str]]:
    """Who said what, as drawn."""
    return [(one.name, "\n".join(part.value for part in one.markdown)) for one in browser.chat_message]


def bars(browser: AppTest) -> list[Any]:
    """The rows under the messages: what each was given to draw."""
    return [_data(node) for node in browser if is_own_part(node) and str(node.key).startswith("bar_")]


def listed(browser: AppTest) -> dict[str, list[str]]:
    """The sidebar's chats: titles under their headings."""
    parts = [_data(node) for node in browser if is_own_part(node) and node.key == "chat_links"]
    return {group["heading"]: [link["title"] for link in group["links"]] for groups in parts for group in groups}


def told_look(browser: AppTest) -> dict[str, Any]:
    """What the window is told of light and dark."""
    [told] = [_data(node) for node in browser if is_own_part(node) and node.key == "look"]
    return dict(told)
