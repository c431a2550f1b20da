import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import combinations_with_replacement, cycle

import pytest

from core.assistant.tools.registry import Toolbox
from core.database.engine import Database
from core.errors import Conflict, Invalid, Overtaken
from core.models import AuditAction, Company, CompanyPart
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.services.companies import CompanyService, CompanyView
from core.services.company_changes import TAKEN
from tests.support.builders import make_actor, make_company, make_user
from tests.support.properties import WHOLE
from tests.support.steps import TOOLS
from tests.support.waiting import at_once

ROUNDS = 100 if WHOLE else 20
KEPT = CompanyView("Engines", "", "Assistant")


@pytest.fixture
def boss(database: Database) -> Actor:
    return somebody(database, Role.ADMIN)


def somebody(database: Database, *roles: Role, name: str = KEPT.name) -> Actor:
    """The only person of a company."""
    with database.transaction() as session:
        return make_actor(make_user(session, make_company(session, name=name), roles), roles)


def update(database: Database, actor: Actor, **changes: str) -> None:
    kept: dict[str, str] = {"name": KEPT.name, "instructions": KEPT.instructions, "assistant_name": KEPT.assistant_name}
    service(database).update(actor, **kept | changes)  # type: ignore[arg-type]


def service(database: Database) -> CompanyService:
    return CompanyService(database, instruction_tokens=500, tools=TOOLS)


NAMES = {
    "Ida": "Ida",
    "  Ask\t Ida ": "Ask Ida",
    "7of9": "7of9",
    "Ärmel": "Ärmel",
    "助手": "助手",
    "x" * 40: "x" * 40,
    "Ida (the assistant)": "Ida (the assistant)",
}
REFUSED = {
    "x" * 41: "The assistant's name may have up to 40 characters; this has 41.",
    "": "The assistant's name is empty. Write something first.",
    " \n": "The assistant's name is empty. Write something first.",
    "I\0da": "The assistant's name contains a NUL character, which can't be stored. Remove it and try again.",
    "@Ida": "The assistant's name has to begin with a letter or a digit.",
    "_Ida": "The assistant's name has to begin with a letter or a digit.",
    "🤖": "The assistant's name has to begin with a letter or a digit.",
    "Ida@home": "The assistant's name can't contain an @: that is what people write before it.",
}


@pytest.mark.parametrize("typed", NAMES)
def test_the_assistants_name_is_one_that_can_be_called(database: Database, boss: Actor, typed: str) -> None:
    update(database, boss, assistant_name=typed)
    assert service(database).get(boss).assistant_name == NAMES[typed]


@pytest.mark.parametrize("typed", REFUSED)
def test_another_name_is_refused_with_what_to_change(database: Database, boss: Actor, typed: str) -> None:
    with pytest.raises(Invalid, match=re.escape(REFUSED[typed])):
        update(database, boss, assistant_name=typed)
    assert service(database).get(boss) == KEPT


def test_the_trail_has_the_names_and_the_length_of_the_instructions(database: Database, boss: Actor) -> None:
    update(database, boss, name="Engines & Co", instructions="Be brief.", assistant_name="Ida")
    with database.reading() as session:
        [event] = Audit(session).list_recent(boss.company_id)
        assert event.action == AuditAction.COMPANY_UPDATED
        assert event.before == {"name": "Engines", "instructions_length": 0, "assistant_name": "Assistant"}
        assert event.after == {"name": "Engines & Co", "instructions_length": 9, "assistant_name": "Ida"}


def test_admins_change_their_own_alone(database: Database, boss: Actor) -> None:
    elsewhere = somebody(database, Role.ADMIN, name="Bridges")
    update(database, elsewhere, name="Bridges", assistant_name="Ida")
    service(database).update_tools(elsewhere, tools_on=False, ask_first=["bake"])
    assert service(database).get(boss) == KEPT


def test_what_asks_first_is_a_tool_that_changes_something(database: Database, boss: Actor) -> None:
    assert [one.name for one in service(database).list_changing()] == ["bake"]
    service(database).update_tools(boss, tools_on=False, ask_first=["look", "rm -rf", "bake", "bake"])
    kept = service(database).get(boss)
    assert (kept.tools_on, kept.ask_first) == (False, ("bake",))
    with database.reading() as session:
        [event] = Audit(session).list_recent(boss.company_id)
        assert event.action == AuditAction.COMPANY_UPDATED
        assert event.before == {"tools_on": True, "ask_first": []}
        assert event.after == {"tools_on": False, "ask_first": ["bake"]}
    update(database, boss, assistant_name="Ida")
    assert service(database).get(boss) == replace(kept, assistant_name="Ida")


def test_a_tool_that_is_gone_asks_no_more(database: Database, boss: Actor) -> None:
    service(database).update_tools(boss, tools_on=True, ask_first=["bake"])
    assert CompanyService(database, 500, tools=Toolbox([])).get(boss) == KEPT


def test_nobody_takes_another_companys_name(database: Database, boss: Actor) -> None:
    """By it single sign-on may know the company."""
    with database.transaction() as session:
        make_company(session, name="Bridges")
    for taken in ("Bridges", " bridges\n"):
        with pytest.raises(Conflict, match=TAKEN):
            update(database, boss, name=taken)
        with pytest.raises(Conflict, match=TAKEN):
            service(database).create(taken)
    update(database, boss, name="ENGINES")  # one's own, written differently
    assert service(database).get(boss).name == "ENGINES"


@pytest.mark.property
def test_of_two_who_take_a_name_at_once_one_gets_it(fresh_database: Database) -> None:
    """Made, renamed on the command line, or renamed in Settings, in every pairing: the other is told as they would be a
    moment later.
    """
    own, boss = service(fresh_database), somebody(fresh_database, Role.ADMIN)
    other = own.create("Bridges").id
    ways: list[Callable[[str], object]] = [
        own.create,
        partial(own.rename, other),
        lambda name: own.update(boss, name=name, instructions="", assistant_name="Ida"),
    ]
    pairs = cycle(combinations_with_replacement([0, 1, 2], 2))
    for number, (one, two) in zip(range(ROUNDS), pairs, strict=False):
        if one == two != 0:  # a company that is renamed twice to one name
            continue
        names = f"Cranes {number}", f"CRANES {number}"
        results = at_once(2, lambda at: ways[(one, two)[at]](names[at]))  # noqa: B023
        told = [one for one in results if isinstance(one, BaseException)]
        assert [(type(error), str(error)) for error in told] == [(Conflict, TAKEN)]
    called = [line.name.lower() for line in own.list_all()]
    assert len(set(called)) == len(called)


def test_what_another_admin_changed_meanwhile_is_not_undone_unseen(database: Database, boss: Actor) -> None:
    """Each part for itself: a change of the tools is no change of the instructions."""
    with database.transaction() as session:
        user = make_user(session, session.get_one(Company, boss.company_id), (Role.ADMIN,), display_name="Bea")
        bea = make_actor(user, (Role.ADMIN,))
    own = service(database)
    assert own.update_tools(bea, tools_on=False, ask_first=[], seen=0) == 1
    assert own.update(bea, name="Engines", instructions="Be brief.", assistant_name="Ida", seen=0) == 1
    for act in (
        lambda: own.update(boss, name="Engines", instructions="Be long.", assistant_name="Ida", seen=0),
        lambda: own.update_tools(boss, tools_on=True, ask_first=["bake"], seen=0),
    ):
        with pytest.raises(Overtaken, match="Bea changed this after you opened it"):
            act()
    kept = own.get(boss)
    assert (kept.instructions, kept.tools_on) == ("Be brief.", False)
    assert {part: (one.by, one.version) for part, one in kept.changes.items()} == {
        CompanyPart.PROFILE: ("Bea", 1),
        CompanyPart.TOOLS: ("Bea", 1),
    }
    assert own.update(boss, name="Engines", instructions="Be long.", assistant_name="Ida", seen=1) == 2
