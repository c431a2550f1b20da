"""A company with a word of its own in everything that a page can show, everybody who may look, and every address."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session

from core import clock
from core.bootstrap import Application
from core.models import (
    AuthSession,
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    Company,
    ConversationKind,
    ReportReason,
    RuleAction,
    RuleKind,
)
from core.permissions import Actor, Role
from core.services.audit_query import AuditQuery
from core.services.budgets import WantedBudget
from core.services.prices import TypedPrice
from core.services.retention_views import WantedHold
from core.services.rules import WantedRule
from core.services.sessions import SessionLimits
from core.services.task_views import NewTask
from tests.support.builders import make_company, make_user
from tests.support.cases import case_of, suspend
from tests.support.talks import Desk
from tests.support.usage import book, make_call
from tests.support.wire import words_in

UTC = ZoneInfo("UTC")
STAFF, ANALYST, MODERATOR, ADMIN = Role.STAFF, Role.ANALYST, Role.MODERATOR, Role.ADMIN
PEOPLE: dict[str, tuple[Role, ...]] = {
    "owner": (STAFF,),
    "member": (STAFF,),
    "former": (STAFF,),
    "colleague": (STAFF,),
    "analyst": (ANALYST,),
    "moderator": (MODERATOR,),
    "granted": (MODERATOR,),
    "admin": (ADMIN,),
    "several": (STAFF, ANALYST, ADMIN),
    "all": (STAFF, ANALYST, MODERATOR, ADMIN),
    "nothing": (),
    "stranger": (STAFF, ANALYST, MODERATOR, ADMIN),
}
"""The stranger is of another company."""
REFUSED = ("nobody", "made up", "signed out", "suspended", "deactivated", "expired")
"""Who is not let in at all."""

CARE = frozenset({"moderator", "granted", "all"})
ADMINS = frozenset({"admin", "several", "all"})
TALKERS = frozenset({"owner", "member"})
COMPANY = frozenset(PEOPLE) - {"stranger", "nothing"}
BUDGET = "7,391"


@dataclass(frozen=True)
class View:
    """An address, what stands there, and who sees that."""

    page: str
    query: str
    words: tuple[str, ...]
    seen_by: frozenset[str]

    @property
    def address(self) -> str:
        return f"{self.page}?{self.query}" if self.query else self.page or "/"


def word(name: str) -> str:
    """One that stands nowhere else."""
    return f"zq{name}qz"


MAY_SEE: dict[str, frozenset[str]] = {
    word("chat"): frozenset({"owner", "granted"}),
    word("question"): frozenset({"owner", "granted"}),
    word("answer"): frozenset({"owner", "granted"}),
    word("group"): TALKERS,
    word("grouptext"): TALKERS | CARE,
    word("direct"): TALKERS,
    word("town"): CARE | ADMINS | {"owner", "analyst"},
    word("towntext"): CARE | {"owner"},
    word("deleted"): CARE,
    word("task"): frozenset({"owner"}),
    word("note"): frozenset({"owner"}),
    word("comment"): CARE,
    word("suspension"): CARE,
    word("grant"): CARE | ADMINS | {"owner"},
    word("rule"): CARE | ADMINS,
    word("hold"): CARE | ADMINS,
    word("priced"): CARE | ADMINS,
    word("model"): ADMINS | {"owner", "analyst"},
    word("invited"): ADMINS,
    word("instructions"): ADMINS,
    BUDGET: ADMINS,
    word("owner"): COMPANY,
    word("ownermail"): COMPANY,
    word("quiet"): COMPANY,
    word("quietmail"): COMPANY,
    word("suspended"): COMPANY,
}
"""Wherever it may be: what is an act is in the audit trail as well, and what costs something in usage. Who works with
whom is no secret in a company.
"""


class House:
    """It is filled once; whoever serves it on the same database shows it."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.desk = Desk(application.database)
        self.people: dict[str, Actor] = {}
        self.tokens: dict[str, str | None] = {"nobody": None, "made up": "made-up"}
        self._move_in()
        self._talk()
        self._oversee()
        self._set()
        self._close_doors()
        application.indexer.refill()
        list(application.indexer.work())
        application.usage_keeper.begin()
        list(application.usage_keeper.work())

    def _move_in(self) -> None:
        with self.application.database.transaction() as session:
            company, elsewhere = session.merge(self.desk.company), make_company(session)
            for name, roles in PEOPLE.items():
                self._add(session, name, roles, elsewhere if name == "stranger" else company)
            for name in ("signed out", "suspended", "deactivated", "expired", "quiet"):
                self._add(session, name, (STAFF, ADMIN), company)

    def _add(self, session: Session, name: str, roles: tuple[Role, ...], company: Company) -> None:
        known = word(name) if name in ("quiet", "owner", "suspended") else name.title()
        email = f"{word(name + 'mail')}@example.com".replace(" ", "-")
        user = make_user(session, company, roles, display_name=known, email=email)
        signed_in, self.people[name] = SessionLimits(self.application.settings).open(session, user, "Firefox/140 Linux")
        self.tokens[name] = signed_in.token

    def _talk(self) -> None:
        desk, people = self.desk, self.people
        owner, member, former = people["owner"], people["member"], people["former"]
        asked = desk.answer(desk.ask(owner, f"Say {word('question')}"), f"So: {word('answer')}")
        self.chat = asked.conversation_id
        desk.conversations.rename(owner, self.chat, f"Chat {word('chat')}")
        self.group = desk.rooms.create(
            owner, ConversationKind.GROUP, f"Group {word('group')}", user_ids=[member.user_id, former.user_id]
        )
        desk.members.leave(former, self.group)
        self.said = desk.talks.send(member, self.group, f"In the group {word('grouptext')}").message_id
        self.direct = desk.rooms.start_direct(owner, member.user_id)
        desk.talks.send(owner, self.direct, f"Between us {word('direct')}")
        self.town = desk.rooms.create(owner, ConversationKind.COMPANY, f"Town {word('town')}")
        self.town_said = desk.talks.send(owner, self.town, f"To all {word('towntext')}").message_id
        desk.talks.delete(owner, desk.talks.send(owner, self.town, f"Gone {word('deleted')}").message_id)
        app = self.application
        self.task = app.tasks.create(owner, NewTask(f"Task {word('task')}", f"Note {word('note')}")).id
        with app.database.transaction() as session:
            now = clock.now() - timedelta(minutes=5)
            fields: dict[str, Any] = {"model": word("model"), "conversation_id": self.chat}
            book(session, make_call(owner.company_id, owner.user_id, now, **fields))
            book(session, make_call(owner.company_id, owner.user_id, now, model=word("model"), room_id=self.town))

    def _oversee(self) -> None:
        desk, people = self.desk, self.people
        owner, granted = people["owner"], people["granted"]
        desk.reports.report(owner, self.said, ReportReason.HARASSMENT, f"Comment {word('comment')}")
        self.case, version = case_of(desk, self.said)
        desk.moderation.claim(granted, self.case, version)
        self.grant = desk.grants.take(granted, str(self.chat), f"Reason {word('grant')}")
        wanted = WantedRule(
            f"Rule {word('rule')}", RuleKind.WORDS, RuleAction.REPORT, tuple(ConversationKind), words=word("said")
        )
        self.application.rules.add(people["moderator"], wanted)
        until = clock.now() + timedelta(days=2)
        suspend(desk.database, self.person("suspended"), until, f"Why {word('suspension')}")

    def _set(self) -> None:
        app, admin = self.application, self.people["admin"]
        app.companies.update(admin, name="Engines", instructions=f"Be {word('instructions')}", assistant_name="Helper")
        app.budgets.set(
            admin, WantedBudget(BudgetScope.PERSON, BudgetPeriod.MONTH, BudgetUnit.USD, "7391", self.person("quiet"))
        )
        app.prices.set_price(
            admin, word("priced"), TypedPrice("1", "", "2"), starts_on=clock.now().date() + timedelta(days=2), zone=UTC
        )
        app.retention.place_hold(admin, WantedHold(f"Hold {word('hold')}", user_id=self.person("quiet")))
        self.placed = app.audit.list_page(admin, AuditQuery(), UTC).lines[0].sequence
        email = f"{word('invited')}@example.com"
        app.invites.invite(admin, email=email, display_name="", roles=[STAFF])

    def _close_doors(self) -> None:
        app, people = self.application, self.people
        assert people["signed out"].session_id
        app.accounts.sign_out(people["signed out"].session_id)
        app.people.deactivate(None, people["deactivated"].user_id)
        with app.database.transaction() as session:
            expired = session.get_one(AuthSession, people["expired"].session_id)
            expired.expires_at = clock.now() - timedelta(minutes=1)

    def person(self, name: str) -> UUID:
        return self.people[name].user_id

    def guest(self, *roles: Role) -> str:
        """The name of somebody new in the same company, who is signed in."""
        name = f"guest {len(self.people)}"
        with self.application.database.transaction() as session:
            self._add(session, name, roles, session.merge(self.desk.company))
        return name

    @cached_property
    def views(self) -> tuple[View, ...]:
        return tuple(self._views())

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(MAY_SEE)

    def too_much(self, name: str, view: View, shown: bytes) -> set[str]:
        """Words in it that this person may see nowhere, or not at this address."""
        kept_back = {word for word, people in MAY_SEE.items() if name not in people}
        if name not in view.seen_by:
            kept_back |= set(view.words)
        return words_in(shown, sorted(kept_back))

    def missing(self, name: str, view: View, shown: bytes) -> set[str]:
        return set(view.words) - words_in(shown, view.words) if name in view.seen_by else set()

    def _views(self) -> Iterator[View]:
        owner = frozenset({"owner"})
        yield View("", "", (word("chat"),), owner)
        yield View("", "", (word("group"),), TALKERS)
        yield View("chat", f"c={self.chat}", (word("question"), word("answer"), word("chat")), owner)
        yield View("chat", f"c={self.group}", (word("grouptext"), word("group")), TALKERS)
        yield View("chat", f"c={self.direct}", (word("direct"),), TALKERS)
        yield View("chat", f"c={self.town}", (word("towntext"),), owner)
        yield View("browse", "", (word("chat"),), owner)
        yield View("browse", f"c={self.chat}", (word("question"), word("answer")), owner)
        yield View("browse", f"c={self.group}", (word("grouptext"),), TALKERS)
        yield View("browse", f"c={self.town}", (word("towntext"),), owner | CARE)
        yield View("browse", f"c={self.town}&m=3", (word("deleted"),), CARE)
        yield View("browse", "q=Say", (word("chat"), word("question")), owner)
        yield View("tasks", "", (word("task"),), owner)
        yield View("tasks", f"task={self.task}", (word("task"), word("note")), owner)
        yield View("moderation", "", (word("grouptext"),), CARE)
        yield View("moderation", f"case={self.case}", (word("grouptext"), word("comment")), CARE)
        yield View("moderation", f"tab=messages&message={self.town_said}", (word("towntext"), word("town")), CARE)
        yield View("moderation", "tab=in_force", (word("suspension"), word("suspended")), CARE)
        yield View("moderation", "tab=grants", (word("grant"),), CARE)
        granted = frozenset({"granted"})
        yield View("moderation", f"tab=grants&grant={self.grant}", (word("answer"), word("chat")), granted)
        yield View("moderation", "tab=rules", (word("rule"),), CARE)
        yield View("audit", "", (word("quiet"),), CARE | ADMINS)
        yield View("audit", f"event={self.placed}", (word("hold"),), CARE | ADMINS)
        yield View("usage", "", (word("model"), word("town")), owner | ADMINS | {"analyst"})
        yield View("usage", f"person={self.person('owner')}", (word("model"),), owner | ADMINS | {"analyst"})
        yield View("usage", "calls=yes", (word("model"), word("owner")), owner | ADMINS | {"analyst"})
        yield View("people", "", (word("quiet"), word("quietmail")), ADMINS)
        yield View("people", f"p={self.person('quiet')}", (word("quiet"), word("quietmail")), ADMINS)
        yield View("people", "show=invited", (word("invited"),), ADMINS)
        yield View("settings", "", (word("instructions"),), ADMINS)
        yield View("settings", "section=Budgets", (BUDGET,), ADMINS)
        yield View("settings", "section=Model+prices", (word("priced"),), ADMINS)
        yield View("settings", "section=Retention", (word("hold"),), ADMINS)
        yield View("account", "", (word("ownermail"),), owner)
