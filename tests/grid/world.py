"""One company with one of everything in it, and people of every set of roles."""

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import combinations
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core import clock
from core.assistant.steps import StepState
from core.bootstrap import Application
from core.ids import new_id
from core.models import Company, ConversationKind, Member, MemberRole, Notice, User
from core.permissions import Actor, Role
from core.services.prices import TypedPrice
from core.services.retention_views import WantedHold
from core.services.rules import WantedRule
from core.services.sessions import SessionLimits
from tests.support.access import WHY
from tests.support.builders import make_company, make_user
from tests.support.cases import report, suspend
from tests.support.passwords import QuickPasswords
from tests.support.steps import add_step
from tests.support.walk import Walk

ROLE_SETS = tuple(frozenset(some) for size in range(len(Role) + 1) for some in combinations(Role, size))
EVERY_ROLE = frozenset(Role)
STALE = DEACTIVATED, SUSPENDED, WITHOUT_ROLES = "deactivated", "suspended", "without roles"
DAY = timedelta(days=1)
QUEUED = "queued"
"""Of the keys, the one of a question that waits."""


@dataclass(frozen=True)
class Someone:
    actor: Actor
    token: str
    """Of their session."""

    def __str__(self) -> str:
        return "+".join(sorted(self.actor.roles)) or "no role"


class Served(Application):
    """As the web side sees it once it has started."""

    start_error: str | None = None


def methods_of(application: Application) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Every public method of every service: the service's name, its own, and itself."""
    for name, service in sorted(vars(application).items()):
        if type(service).__module__.startswith("core.services."):
            for verb, _ in inspect.getmembers(type(service), inspect.isfunction):
                if not verb.startswith("_"):
                    yield name, verb, getattr(service, verb)


class World(Walk):
    """A group with its owner, to whom the rest belongs; all `people` are among its owners as well."""

    def __init__(self, application: Application) -> None:
        for service in (application.accounts, application.people, application.invites, application.password_links):
            service.passwords = QuickPasswords()
        super().__init__(application, ConversationKind.GROUP)
        self.people = [self._member(roles) for roles in ROLE_SETS]
        # Of no room: they read this one by a grant, as moderators do.
        self.stale = {why: self._signed_in(self.desk.company, EVERY_ROLE) for why in STALE}
        self.grants = {
            one.actor.user_id: self.desk.grants.take(one.actor, str(self.scene.id), WHY) for one in self.stale.values()
        }
        self.stranger = self._stranger()
        self.keys = self._one_of_each(self._only(Role.ADMIN), self._only(Role.MODERATOR))
        # Behind the back of the actors that are held already, as it happens to who has a page open.
        keys = {why: one.actor.user_id for why, one in self.stale.items()}
        application.people.deactivate(None, keys[DEACTIVATED])
        suspend(application.database, keys[SUSPENDED], clock.now() + DAY)
        application.people.set_roles(None, keys[WITHOUT_ROLES], [])

    def _only(self, role: Role) -> Actor:
        return next(one.actor for one in self.people if one.actor.roles == {role})

    def _member(self, roles: Collection[Role]) -> Someone:
        someone = self._signed_in(self.desk.company, roles)
        with self.application.database.transaction() as session:
            session.add(
                Member(
                    conversation_id=self.scene.id, user_id=someone.actor.user_id, kind=ConversationKind.GROUP,
                    role=MemberRole.OWNER, joined_at=clock.now(),
                )
            )  # fmt: skip
        return someone

    def _stranger(self) -> Someone:
        with self.application.database.transaction() as session:
            company = make_company(session)
        return self._signed_in(company, EVERY_ROLE)

    def _signed_in(self, company: Company, roles: Collection[Role]) -> Someone:
        with self.application.database.transaction() as session:
            user = make_user(session, company, tuple(roles))
            signed_in, actor = SessionLimits(self.application.settings).open(session, user, "Firefox")
        return Someone(actor, signed_in.token)

    def _one_of_each(self, admin: Actor, moderator: Actor) -> dict[str, UUID]:
        """By the name of the parameter that asks for it."""
        app, owner, tomorrow = self.application, self.scene.owner, clock.now().date() + DAY
        app.budgets.raise_until_reset(admin, self._latest("budgets"), amount="2", reason=WHY)
        app.prices.set_price(admin, "one", TypedPrice("1", "1", "1"), starts_on=tomorrow, zone=ZoneInfo("UTC"))
        app.invites.invite(admin, email="new@example.com", display_name="", roles=[Role.STAFF])
        app.retention.set_rule(admin, ConversationKind.GROUP, "3000", confirmation="3000", reason=WHY)
        suspend(app.database, self.desk.person().user_id, clock.now() + DAY)
        with app.database.transaction() as session:
            session.add(Notice(user_id=owner.user_id, key="known", kind="known", text="Known"))
        return {
            "case_id": report(self.desk, self.question),
            "budget_id": self._latest("budgets"),
            "raise_id": self._latest("budget_raises"),
            "price_id": self._latest("model_prices"),
            "invite_id": self._latest("one_time_links"),
            "suspension_id": self._latest("suspensions"),
            "notice_id": self._latest("notices"),
            "hold_id": app.retention.place_hold(admin, WantedHold(WHY, user_id=owner.user_id)),
            "rule_id": app.rules.add(moderator, self.typed(moderator)[WantedRule]),
            "step_id": add_step(app.database, owner, self.answer, state=StepState.WAITING),
            "session_id": self._signed_in_again(owner),
            QUEUED: self.desk.queue_up(self.desk.ask(owner, "First?"), "And then?", actor=owner)[0],
        }

    def _latest(self, table: str) -> UUID:
        with self.application.database.reading() as session:
            found: UUID = session.execute(text(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1")).scalar_one()
        return found

    def _signed_in_again(self, actor: Actor) -> UUID:
        with self.application.database.transaction() as session:
            user = session.get_one(User, actor.user_id)
            return SessionLimits(self.application.settings).open(session, user, "Safari")[0].session_id

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Meanwhile all keys are those of things that there are not."""
        kept = self.scene.id, self.question, self.answer, self.grant, self.task, self.keys
        self.scene.id, self.question, self.answer, self.grant, self.task = (new_id() for _ in range(5))
        self.keys = {name: new_id() for name in self.keys}
        yield
        self.scene.id, self.question, self.answer, self.grant, self.task, self.keys = kept
