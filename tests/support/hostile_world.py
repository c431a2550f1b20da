"""A company in which everything happened once, and then every text that anybody may have written is a hostile one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, LargeBinary, String, Table, text
from sqlalchemy.dialects.postgresql import BIT, JSONB, TSVECTOR
from sqlmodel import AutoString, Session, SQLModel

from core import clock
from core.bootstrap import Application
from core.models import (
    BudgetPeriod,
    BudgetScope,
    BudgetUnit,
    ConversationKind,
    ReportReason,
    RuleAction,
    RuleKind,
    Score,
    User,
)
from core.models.base import EnumText
from core.permissions import Actor, Role
from core.services.budgets import WantedBudget
from core.services.prices import TypedPrice
from core.services.retention_views import WantedHold
from core.services.rules import WantedRule
from core.services.sessions import SessionLimits
from core.services.task_views import NewTask
from tests.support.cases import case_of
from tests.support.talks import Desk

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WHY = "Because of a complaint"


class Text(StrEnum):
    """What a column of text holds."""

    LINE = "line"
    """What a person, a model or a provider wrote, on one line."""
    PROSE = "prose"
    """The same, on as many as they like."""
    OURS = "ours"
    """What the code makes itself: keys, hashes, codes, words of a fixed set."""
    DATA = "data"
    """JSON, whose texts have tests of their own."""


LINE, PROSE, OURS, DATA = Text
TEXTS: dict[str, Text] = {
    "access_grants.reason": LINE,
    "answer_runs.error_code": OURS,
    "answer_runs.model": LINE,
    "answer_runs.partial": PROSE,
    "audit_checks.hash": OURS,
    "audit_events.action": OURS,
    "audit_events.after": DATA,
    "audit_events.before": DATA,
    "audit_events.hash": OURS,
    "audit_events.previous_hash": OURS,
    "audit_events.reason": LINE,
    "audit_events.target_type": OURS,
    "audit_heads.hash": OURS,
    "auth_sessions.provider": LINE,
    "auth_sessions.replaced_hash": OURS,
    "auth_sessions.token_hash": OURS,
    "auth_sessions.user_agent": LINE,
    "budget_raises.reason": LINE,
    "cases.reason": LINE,
    "cases.reasons": OURS,
    "cases.text_hash": OURS,
    "companies.ask_first": OURS,
    "companies.assistant_name": LINE,
    "companies.default_model": OURS,
    "companies.instructions": PROSE,
    "companies.models": OURS,
    "companies.name": LINE,
    "conversations.direct_key": OURS,
    "conversations.instructions": PROSE,
    "conversations.lock_reason": LINE,
    "conversations.model": LINE,
    "conversations.origin": DATA,
    "conversations.origin_key": OURS,
    "conversations.title": LINE,
    "feedback.comment": PROSE,
    "feedback.tags": OURS,
    "identities.issuer": OURS,
    "identities.subject": OURS,
    "legal_holds.reason": LINE,
    "legal_holds.release_reason": LINE,
    "message_revisions.content": PROSE,
    "message_revisions.reason": LINE,
    "message_words.words": OURS,
    "messages.content": PROSE,
    "messages.delete_reason": LINE,
    "messages.edit_reason": LINE,
    "messages.extra": DATA,
    "model_calls.error_code": OURS,
    "model_calls.model": LINE,
    "model_calls.price_source": LINE,
    "model_calls.provider": LINE,
    "model_prices.model": LINE,
    "notices.key": OURS,
    "notices.kind": OURS,
    "notices.text": LINE,
    "one_time_links.display_name": LINE,
    "one_time_links.email": OURS,
    "one_time_links.roles": OURS,
    "one_time_links.token_hash": OURS,
    "queued_questions.content": PROSE,
    "rate_limit_events.event": OURS,
    "rate_limits.event": OURS,
    "ratings.model": LINE,
    "reactions.emoji": OURS,
    "reports.comment": PROSE,
    "reports.rule": LINE,
    "retention_runs.cutoffs": OURS,
    "retention_runs.removed": OURS,
    "rules.name": LINE,
    "rules.pattern": LINE,
    "rules.places": OURS,
    "rules.words": LINE,
    "suspensions.note": LINE,
    "suspensions.reason": LINE,
    "tasks.description": PROSE,
    "tasks.title": LINE,
    "title_words.words": OURS,
    "usage_errors.code": OURS,
    "usage_errors.model": LINE,
    "usage_errors.purpose": OURS,
    "usage_latencies.model": LINE,
    "usage_latencies.purpose": OURS,
    "usage_presence.model": LINE,
    "usage_presence.people": OURS,
    "usage_presence.purpose": OURS,
    "usage_ratings.model": LINE,
    "usage_slots.model": LINE,
    "usage_slots.purpose": OURS,
    "usage_spans.model": LINE,
    "usage_spans.purpose": OURS,
    "users.chosen_time_zone": OURS,
    "users.display_name": LINE,
    "users.email": OURS,
    "users.password_hash": OURS,
    "users.time_zone": OURS,
}
"""Each column of text that there is."""


def text_columns() -> list[str]:
    """Of all tables, but for those of a fixed set of words."""
    kinds = (String, AutoString, LargeBinary, JSONB, ARRAY, TSVECTOR, BIT)
    return sorted(
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, kinds) and not isinstance(column.type, EnumText) and not _is_of_numbers(column.type)
    )


def _is_of_numbers(kind: object) -> bool:
    return isinstance(kind, ARRAY) and not isinstance(kind.item_type, String)


@dataclass
class World:
    """Everybody of one company, and an example of everything that they may do here."""

    app: Application
    desk: Desk
    people: dict[str, Actor] = field(default_factory=dict)
    rooms: dict[str, UUID] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Of each person's session."""
    cases: dict[str, UUID] = field(default_factory=dict)
    """By what was said."""

    def __post_init__(self) -> None:
        desk = self.desk
        self.people = {
            "all": desk.person(*Role, display_name="Ada"),
            "moderator": desk.person(Role.STAFF, Role.MODERATOR, display_name="Di"),
            **{name: desk.person(display_name=name) for name in ("bo", "cy", "eli")},
        }
        self.tokens = {name: self.signed_in(actor) for name, actor in self.people.items()}
        self._talk()
        self._ask()
        self._plan()
        self._oversee()
        self._administrate()

    @property
    def me(self) -> Actor:
        """With every role."""
        return self.people["all"]

    def signed_in(self, actor: Actor) -> str:
        with self.app.database.transaction() as session:
            user = session.get_one(User, actor.user_id)
            signed_in, _ = SessionLimits(self.app.settings).open(session, user, BROWSER)
        return signed_in.token

    def _talk(self) -> None:
        me, bo, cy = self.me, self.people["bo"], self.people["cy"]
        ids = [bo.user_id, cy.user_id, self.people["eli"].user_id]
        rooms = self.app.rooms
        self.rooms["company"] = rooms.create(me, ConversationKind.COMPANY, "Notices", user_ids=ids)
        self.rooms["locked"] = rooms.create(me, ConversationKind.COMPANY, "Old notices", user_ids=ids)
        self.rooms["group"] = rooms.create(me, ConversationKind.GROUP, "Kitchen", user_ids=ids)
        self.rooms["direct"] = rooms.start_direct(me, bo.user_id)
        for room in self.rooms.values():
            first = self.app.talk.send(me, room, "Who has the keys?")
            self.app.talk.send(bo, room, "I have them", reply_to_id=first.message_id)
            self.app.reactions.react(bo, first.message_id, "👍")
            edited = self.app.talk.send(me, room, "Thank you")
            self.app.talk.edit(me, edited.message_id, "Thank you!")
        self.app.members.remove(me, self.rooms["group"], self.people["eli"].user_id)

    def _ask(self) -> None:
        desk, me = self.desk, self.me
        asked = desk.talk(me, "How are you?", "And why?")
        self.rooms["assistant"] = asked.conversation_id
        answer_id = desk.read(asked.conversation_id, me).messages[-1].id
        desk.feedback.rate(me, answer_id, Score.DOWN, comment="Not so")
        failed = desk.answer(desk.ask(me, "Does it fail?"), "As far", error_code="model_busy")
        self.rooms["failed"] = failed.conversation_id
        waiting = desk.ask(me, "And this?")
        desk.queue_up(waiting, "One more", "And another", actor=me)
        self.rooms["queued"] = waiting.conversation_id
        with desk.database.transaction() as session:
            session.execute(text("UPDATE answer_runs SET partial = 'So far' WHERE id = :id"), {"id": waiting.run_id})

    def _plan(self) -> None:
        me, bo = self.me, self.people["bo"]
        today = clock.now().date()
        for days in (-1, 0, 3, None):
            due = None if days is None else today + timedelta(days=days)
            self.app.tasks.create(me, NewTask("Look after it", "With care", due_on=due))
            self.app.tasks.create(bo, NewTask("Do it", "Well", due_on=due, assignee_id=me.user_id))
        done = self.app.tasks.create(me, NewTask("It is done", "Really"))
        self.app.tasks.complete(me, done.id)

    def _oversee(self) -> None:
        app, moderator, bo, cy = self.app, self.people["moderator"], self.people["bo"], self.people["cy"]
        rule = WantedRule("Walrus", RuleKind.WORDS, RuleAction.REPORT, tuple(ConversationKind), "walrus")
        app.rules.add(self.me, rule)
        app.rules.add(
            self.me,
            WantedRule("Sheep", RuleKind.PATTERN, RuleAction.REFUSE, (ConversationKind.COMPANY,), pattern="sheep[0-9]"),
        )
        for words in ("You walrus", "A fool", "An insult", "Something bad", "Still open"):
            sent = app.talk.send(bo, self.rooms["company"], words)
            app.reports.report(cy, sent.message_id, ReportReason.HARASSMENT, "Please look")
            case_id, version = case_of(self.desk, sent.message_id)
            self.cases[words] = case_id
            if words == "Still open":
                continue
            app.moderation.claim(moderator, case_id, version)
            if words == "A fool":
                app.moderation.edit(moderator, case_id, version + 1, "A friend", WHY)
            elif words == "An insult":
                app.moderation.delete(moderator, case_id, version + 1, WHY)
            elif words == "Something bad":
                app.moderation.dismiss(moderator, case_id, version + 1, WHY)
                app.suspensions.suspend(moderator, case_id, clock.now() + timedelta(days=3), WHY)
                app.room_locks.lock(moderator, self.rooms["locked"], WHY)
        app.access_grants.take(moderator, str(self.rooms["assistant"]), WHY)

    def _administrate(self) -> None:
        app, me = self.app, self.me
        whose: dict[str, UUID]
        for scope, whose in (
            (BudgetScope.COMPANY, {}),
            (BudgetScope.PERSON, {"user_id": self.people["bo"].user_id}),
            (BudgetScope.ROOM, {"room_id": self.rooms["company"]}),
        ):
            wanted = WantedBudget(scope, BudgetPeriod.MONTH, BudgetUnit.USD, "5", **whose)  # type: ignore[arg-type]
            budget = app.budgets.set(me, wanted)
            app.budgets.raise_until_reset(me, budget, amount="9", reason=WHY)
        price = TypedPrice("1", "1", "2")
        app.prices.set_price(me, "some-model", price, starts_on=clock.now().date(), zone=ZoneInfo("UTC"))
        app.invites.invite(me, email="new@example.com", display_name="Somebody", roles=[Role.STAFF])
        app.retention.place_hold(me, WantedHold(WHY, conversation=str(self.rooms["company"])))
        released = app.retention.place_hold(me, WantedHold(WHY, conversation=str(self.rooms["direct"])))
        app.retention.release_hold(me, released, WHY)


def fill(session: Session, lines: Iterable[str], prose: Iterable[str]) -> None:
    """Every text of TEXTS that is not the code's own becomes one of these, whoever wrote it; keys stay different."""
    given = {LINE: list(lines), PROSE: list(prose)}
    for place, (name, kind) in enumerate(TEXTS.items()):
        table, _, column = name.partition(".")
        if kind not in given:
            continue
        found = SQLModel.metadata.tables[table]
        _fill(session, found, column, given[kind], place)


def _fill(session: Session, table: Table, column: str, texts: list[str], offset: int) -> None:
    if table.name == "audit_events":
        return  # it lets nobody change it: what stands there went through the services
    value = "ARRAY[{}]" if isinstance(table.c[column].type, ARRAY) else "{}"
    limit = _limit(table, column)
    fitting = [one for one in texts if len(one) <= limit]
    chosen = value.format("(CAST(:texts AS text[]))[1 + (n.place * 7 + :offset) % :count]")
    session.execute(
        text(
            f"WITH n AS (SELECT ctid, row_number() OVER () AS place FROM {table.name} "
            f"WHERE {column} IS NOT NULL AND CAST({column} AS text) NOT IN ('', '{{}}')) "
            f"UPDATE {table.name} SET {column} = {chosen} FROM n WHERE {table.name}.ctid = n.ctid"
        ),
        {"texts": fitting, "offset": offset, "count": len(fitting)},
    )


def _limit(table: Table, column: str) -> int:
    return {"companies.assistant_name": 40, "rules.name": 60}.get(f"{table.name}.{column}", 100)
