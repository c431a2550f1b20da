"""Every way for a text into the database: it comes back as it was typed, or its person is told why not."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text as sql

from core import clock
from core.assistant.provider import Assistant
from core.bootstrap import Application
from core.config import Settings
from core.database.engine import Database
from core.errors import ParleyError
from core.lines import one_line
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
from core.permissions import Role
from core.services.budgets import WantedBudget
from core.services.prices import TypedPrice
from core.services.retention_views import WantedHold
from core.services.rules import WantedRule
from core.services.sessions import SessionLimits
from core.services.sso_claims import vouched_by
from core.services.task_views import NewTask
from core.sso import SsoProvider
from tests.services.test_room_grid import undone
from tests.support.exports import as_file, webui
from tests.support.hostile import BLANK, DISGUISED, HONEST, LONG, MARKUP, SPREADSHEET, TURNED, UNSTORABLE, Hostile
from tests.support.hostile_world import LINE, PROSE, TEXTS, WHY, World, text_columns
from tests.support.models import ScriptedModel
from tests.support.talks import Desk

Way = Callable[[World, str], object]
EVERYWHERE = tuple(ConversationKind)
TODAY = clock.now().date()


def _decided(world: World, text: str, how: str) -> None:
    moderation, moderator, case_id = world.app.moderation, world.people["moderator"], world.cases["Still open"]
    moderation.claim(moderator, case_id, 0)
    if how == "edit":
        moderation.edit(moderator, case_id, 1, "Something else", text)
    elif how == "delete":
        moderation.delete(moderator, case_id, 1, text)
    else:
        moderation.dismiss(moderator, case_id, 1, text)


def _edited(world: World, text: str) -> None:
    sent = world.desk.talks.send(world.me, world.rooms["company"], text)
    world.desk.talks.edit(world.me, sent.message_id, "Something else")


def _reported(world: World, text: str) -> None:
    sent = world.desk.talks.send(world.me, world.rooms["company"], "Something")
    world.desk.reports.report(world.people["cy"], sent.message_id, ReportReason.OTHER, text)


def _asked(world: World, text: str) -> None:
    answer = world.desk.read(world.rooms["assistant"], world.me).messages[-1]
    world.desk.feedback.rate(world.me, answer.id, Score.UP, comment=text)


def _raised(world: World, text: str) -> None:
    wanted = WantedBudget(BudgetScope.COMPANY, BudgetPeriod.DAY, BudgetUnit.USD, "5")
    world.app.budgets.raise_until_reset(world.me, world.app.budgets.set(world.me, wanted), amount="9", reason=text)


def _released(world: World, text: str) -> None:
    hold = world.app.retention.place_hold(world.me, WantedHold(WHY, conversation=str(world.rooms["direct"])))
    world.app.retention.release_hold(world.me, hold, text)


def _lifted(world: World, text: str) -> None:
    moderator = world.people["moderator"]
    [line] = [
        one for one in world.app.suspensions.list_in_force(moderator) if one.user_id == world.people["bo"].user_id
    ]
    world.app.suspensions.lift(moderator, line.id, text)


def _opened(world: World, text: str) -> None:
    with world.app.database.transaction() as session:
        user = session.get_one(User, world.me.user_id)
        SessionLimits(world.app.settings).open(session, user, text)


def _imported(world: World, title: str = "Soup", question: str = "What goes in?") -> None:
    chat = webui(title)
    messages = chat["chat"]["history"]["messages"]
    messages["q"]["content"] = question
    world.app.importing.run(world.me, as_file([chat]))


def _vouched(world: World, text: str) -> None:
    given = {"key": "kc", "issuer": "https://id.example.com", "client_id": "parley", "domains": "sso.example"}
    provider = SsoProvider.model_validate(given)
    claims = {"sub": "new", "email": "new@sso.example", "email_verified": True, "name": text}
    world.app.sso.sign_in(provider, vouched_by(provider, claims), "")


def _ruled(world: World, **given: Any) -> None:
    kind = RuleKind.PATTERN if "pattern" in given else RuleKind.WORDS
    fields = {"name": "Llama", **({} if "pattern" in given else {"words": "llama"})} | given
    world.app.rules.add(world.me, WantedRule(kind=kind, action=RuleAction.REPORT, places=EVERYWHERE, **fields))


WAYS: dict[tuple[str, str], Way] = {
    ("access_grants.reason", "take"): lambda w, t: w.desk.grants.take(w.people["moderator"], str(w.rooms["queued"]), t),
    ("auth_sessions.user_agent", "sign in"): _opened,
    ("budget_raises.reason", "raise"): _raised,
    ("cases.reason", "dismiss"): lambda w, t: _decided(w, t, "dismiss"),
    ("companies.assistant_name", "update"): lambda w, t: w.app.companies.update(
        w.me, name="Mine", instructions="", assistant_name=t
    ),
    ("companies.instructions", "update"): lambda w, t: w.app.companies.update(
        w.me, name="Mine", instructions=t, assistant_name="Parley"
    ),
    ("companies.name", "update"): lambda w, t: w.app.companies.update(
        w.me, name=t, instructions="", assistant_name="Parley"
    ),
    ("companies.name", "command line"): lambda w, t: w.app.companies.create(t),
    ("conversations.instructions", "instruct"): lambda w, t: w.app.conversations.instruct(w.me, w.rooms["group"], t),
    ("conversations.lock_reason", "lock"): lambda w, t: w.app.room_locks.lock(
        w.people["moderator"], w.rooms["company"], t
    ),
    ("conversations.title", "import"): lambda w, t: _imported(w, title=t),
    ("conversations.title", "create"): lambda w, t: w.desk.rooms.create(w.me, ConversationKind.GROUP, t),
    ("conversations.title", "rename"): lambda w, t: w.app.conversations.rename(w.me, w.rooms["company"], t),
    ("conversations.title", "rename a chat"): lambda w, t: w.app.conversations.rename(w.me, w.rooms["assistant"], t),
    ("feedback.comment", "rate"): _asked,
    ("legal_holds.reason", "place"): lambda w, t: w.app.retention.place_hold(
        w.me, WantedHold(t, conversation=str(w.rooms["group"]))
    ),
    ("legal_holds.release_reason", "release"): _released,
    ("message_revisions.content", "edit"): _edited,
    ("message_revisions.reason", "edit"): lambda w, t: _decided(w, t, "edit"),
    ("messages.content", "ask"): lambda w, t: w.desk.chat.ask(w.me, t),
    ("messages.content", "import"): lambda w, t: _imported(w, question=t),
    ("messages.content", "send"): lambda w, t: w.desk.talks.send(w.me, w.rooms["company"], t),
    ("messages.delete_reason", "delete"): lambda w, t: _decided(w, t, "delete"),
    ("messages.edit_reason", "edit"): lambda w, t: _decided(w, t, "edit"),
    ("model_prices.model", "set"): lambda w, t: w.app.prices.set_price(
        w.me, t, TypedPrice("1", "", "2"), starts_on=TODAY, zone=ZoneInfo("UTC")
    ),
    ("one_time_links.display_name", "invite"): lambda w, t: w.app.invites.invite(
        w.me, email="other@example.com", display_name=t, roles=[Role.STAFF]
    ),
    ("queued_questions.content", "ask"): lambda w, t: w.desk.chat.ask(w.me, t, conversation_id=w.rooms["queued"]),
    ("reports.comment", "report"): _reported,
    ("rules.name", "add"): lambda w, t: _ruled(w, name=t),
    ("rules.pattern", "add"): lambda w, t: _ruled(w, pattern=t),
    ("rules.words", "add"): lambda w, t: _ruled(w, words=t),
    ("suspensions.note", "lift"): _lifted,
    ("suspensions.reason", "suspend"): lambda w, t: w.app.suspensions.suspend(
        w.people["moderator"], w.cases["A fool"], clock.now() + timedelta(days=9), t
    ),
    ("tasks.description", "create"): lambda w, t: w.app.tasks.create(w.me, NewTask("Something", t)),
    ("tasks.title", "create"): lambda w, t: w.app.tasks.create(w.me, NewTask(t)),
    ("users.display_name", "add"): lambda w, t: w.app.people.create_user(
        w.me, email="other@example.com", display_name=t, password=None, roles=[Role.STAFF]
    ),
    ("users.display_name", "single sign-on"): _vouched,
    ("users.display_name", "rename"): lambda w, t: w.app.profile.rename(w.me, t),
}
"""By column and act."""
REPLACED = {
    ("conversations.title", "import"),
    ("messages.content", "import"),
    ("users.display_name", "single sign-on"),
}
"""Nobody is there to be told: what is no name gets another, and what can't be kept whole is cut or replaced."""
MODELS = re.compile("usage_|ratings|model_calls")
OTHERS = {
    **dict.fromkeys(("answer_runs.partial", "answer_runs.model", "conversations.model"), "an answer's: tests/e2e"),
    **{name: "of the settings" for name, kind in TEXTS.items() if kind is LINE and MODELS.match(name)},
    "audit_events.reason": "what was given to the act",
    "auth_sessions.provider": "of the settings",
    "notices.text": "a sentence of the code's own with names in it",
    "reports.rule": "the name of a rule",
}
"""Columns into which nobody types, with what gets into them."""
ALIKE = (MARKUP[::8], SPREADSHEET[::6], TURNED, BLANK[::5], DISGUISED)
"""Of which each way is tried with one, each with another."""
NAMES = ("users.display_name", "companies.name", "conversations.title", "tasks.title", "rules.name")
UNSEEN = re.compile("[\u00ad\u200b\u202a-\u202e\u2060-\u2069\ufeff]")
SENTENCE = re.compile(r"[A-Z“*].*[.!?](\s|$)", re.DOTALL)


@pytest.fixture
def world(database: Database, settings: Settings) -> World:
    application = Application(settings, database, Assistant(settings, model_factory=lambda _: ScriptedModel()))
    return World(application, Desk(database))


def test_every_column_of_text_has_its_ways_in() -> None:
    assert text_columns() == sorted(TEXTS), "say in tests/support/hostile_world.py what the new column holds"
    typed = {name for name, kind in TEXTS.items() if kind in (LINE, PROSE)}
    assert typed == {name for name, _ in WAYS} | set(OTHERS), "add the act by which it is written to WAYS"


def kept(world: World, column: str) -> set[str]:
    table, _, name = column.partition(".")
    with world.app.database.reading() as session:
        found = session.execute(sql(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL")).scalars().all()
    return {text for value in found for text in (value if isinstance(value, list) else [value])}


def forms(text: str) -> set[str]:
    """As it may be kept: without spaces around it, as one line, or with controls as spaces."""
    storable = re.sub("[\ud800-\udfff]", "", text)
    spaced = re.sub("[\x00-\x1f\x7f-\x9f]", " ", storable)
    return {text, text.strip(), text.strip("\r\n"), one_line(text), one_line(spaced), spaced[:300]}


def wrong_with(world: World, way: tuple[str, str], hostile: Hostile) -> str | None:
    """What should not have become of it."""
    column = way[0]
    with undone(world.app.database):
        try:
            WAYS[way](world, hostile.text)
        except ParleyError as error:
            is_clear = error.is_expected and SENTENCE.match(str(error)) and len(str(error)) < 1_000
            return None if is_clear else f"refused with {str(error)[:200]!r}"
        found = kept(world, column)
    if not (found & forms(hostile.text) or column == "rules.words" or way in REPLACED):  # folded
        return f"not kept: {found}"
    is_seen = TEXTS[column] is LINE and column not in ("auth_sessions.user_agent", "rules.words", "rules.pattern")
    return f"kept unseen: {found}" if is_seen and any(map(UNSEEN.search, found)) else None


def texts_of(number: int) -> tuple[Hostile, ...]:
    """What the way of that number is tried with."""
    return *(kind[number % len(kind)] for kind in ALIKE), *UNSTORABLE, LONG[0]


def test_it_comes_back_or_is_refused_with_a_sentence(world: World) -> None:
    wrong = {
        (way, one.name): wrong_with(world, way, one) for number, way in enumerate(WAYS) for one in texts_of(number)
    }
    assert [f"{key}: {what}" for key, what in wrong.items() if what] == []


def test_honest_names_of_every_language_come_back_unchanged(world: World) -> None:
    for way, act in WAYS.items():
        for text in HONEST if way[0] in NAMES else ():
            with undone(world.app.database):
                act(world, text)
                assert text in kept(world, way[0]), way


def test_a_name_that_nobody_sees_is_none(world: World) -> None:
    for way, act in WAYS.items():
        for hostile in BLANK if way[0] in NAMES and way not in REPLACED else ():
            with undone(world.app.database), pytest.raises(ParleyError, match=r"Enter |is empty"):
                act(world, hostile.text)
