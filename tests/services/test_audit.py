"""The audit trail as people see it: whose acts, under which names, what is never in it, and what is refused."""

import json
from collections.abc import Callable
from datetime import UTC, date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, NotFound, NotPermitted, NotSignedIn, WrongCredentials
from core.ids import new_id
from core.models import TARGETS, AuditAction, ChainProblem, ConversationKind, MemberRole, Outcome, TargetType
from core.permissions import Actor, Permission, Role
from core.repositories.audit import Audit
from core.services.accounts import AccountService
from core.services.audit import AuditService
from core.services.audit_checking import AuditChecks
from core.services.audit_query import SUBJECTS, AuditQuery, Reader
from core.services.audit_refusals import Refusals
from core.services.audit_views import AuditLine
from core.services.companies import CompanyService
from core.services.people import PeopleService
from core.services.sessions import SessionLimits
from tests.support.builders import make_actor, make_company, make_user
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.talks import DONE, Desk, outcome

UTC_ZONE = ZoneInfo("UTC")
ALL = AuditQuery()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def listed(desk: Desk, actor: Actor, query: AuditQuery = ALL, limit: int = 50) -> list[AuditLine]:
    return list(AuditService(desk.database).list_page(actor, query, UTC_ZONE, limit=limit).lines)


VIEWERS = """
                    everybody's  theirs  another's  nobody's  chain   one of another
staff               own          own     refused    refused   refused hidden
analyst             own          own     refused    refused   refused hidden
moderator           all          own     all        all       seen    seen
admin               all          own     all        all       seen    seen
admin elsewhere     none         none    none       none      seen    hidden
no role             refused      refused refused    refused   refused refused
"""


@pytest.mark.parametrize("row", VIEWERS.strip().splitlines()[1:], ids=lambda row: row[:20].strip())
def test_who_sees_whose_acts(desk: Desk, row: str) -> None:
    who, expected = row[:20].strip(), row[20:].split()
    other = desk.person()
    viewer = {
        "staff": lambda: desk.me,
        "analyst": lambda: desk.person(Role.ANALYST),
        "moderator": lambda: desk.person(Role.MODERATOR),
        "admin": lambda: desk.person(Role.ADMIN),
        "admin elsewhere": lambda: make_elsewhere(desk),
        "no role": lambda: make_without_roles(desk.me),
    }[who]()
    with desk.database.transaction() as session:
        for actor in (viewer if who != "admin elsewhere" else None, other, None):
            given = {"target_type": "user", "target_id": new_id(), "company_id": desk.company.id}
            Audit(session).record(AuditAction.SIGNED_OUT, actor=actor, **given)  # type: ignore[arg-type]
    own, theirs, nobodys = {viewer.user_id}, {other.user_id}, {None}
    audit, checks = AuditService(desk.database), AuditChecks(desk.database)

    def seen(query: AuditQuery) -> str:
        try:
            found = {line.actor_id for line in listed(desk, viewer, query)}
        except NotPermitted:
            return "refused"
        if not found:
            return "none"
        if found == own:
            return "own"
        return "all" if found in (own | theirs | nobodys, theirs, nobodys) else str(found)

    def chain() -> str:
        verdicts = {outcome(lambda: checks.state(viewer)), outcome(lambda: list(checks.verify_own(viewer)))}
        return {DONE: "seen", "NotPermitted": "refused"}["".join(verdicts)]

    [event] = [line.sequence for line in listed(desk, desk.person(Role.ADMIN)) if line.actor_id == other.user_id]
    found = outcome(lambda: audit.get(viewer, event))
    assert [
        seen(ALL),
        seen(AuditQuery(is_mine=True)),
        seen(AuditQuery(actor_id=other.user_id)),
        seen(AuditQuery(by_nobody=True)),
        chain(),
        {DONE: "seen", "NotFound": "hidden", "NotPermitted": "refused"}[found],
    ] == expected
    if who != "no role":
        people = audit.people(viewer)
        assert bool(people) is viewer.may(Permission.AUDIT_VIEW)


def make_elsewhere(desk: Desk) -> Actor:
    with desk.database.transaction() as session:
        return make_actor(make_user(session, make_company(session), (Role.ADMIN,)), (Role.ADMIN,))


def make_without_roles(actor: Actor) -> Actor:
    return Actor(actor.user_id, actor.company_id, actor.email, actor.display_name, frozenset())


def test_pages_lead_both_ways_and_show_each_event_once(desk: Desk) -> None:
    admin = desk.person(Role.ADMIN)
    with desk.database.transaction() as session:
        for _ in range(11):
            Audit(session).record(
                AuditAction.SIGNED_OUT, actor=admin, company_id=admin.company_id, target_type="user", target_id=None
            )
    audit, query, back = AuditService(desk.database), ALL, []
    pages = [audit.list_page(admin, query, UTC_ZONE, limit=4)]
    while mark := pages[-1].older:
        pages.append(audit.list_page(admin, query.looking(older=mark), UTC_ZONE, limit=4))
    sequences = [line.sequence for page in pages for line in page.lines]
    assert sequences == list(range(11, 0, -1)) and [bool(page.newer) for page in pages] == [False, True, True]
    page = pages[-1]
    while mark := page.newer:
        page = audit.list_page(admin, query.looking(newer=mark), UTC_ZONE, limit=4)
        back.append([line.sequence for line in page.lines])
    assert back == [[7, 6, 5, 4], [11, 10, 9, 8]]
    for mark in ("x", "1", "1.x", "9" * 18 + ".1", "1.-1", "²."):
        with pytest.raises(Invalid, match="isn't known"):
            audit.list_page(admin, query.looking(older=mark), UTC_ZONE)


def test_days_are_those_of_the_zone(desk: Desk) -> None:
    admin = desk.person(Role.ADMIN)
    with desk.database.transaction() as session:
        event = Audit(session).record(
            AuditAction.SIGNED_OUT, actor=admin, company_id=admin.company_id, target_type="user", target_id=None
        )
    for zone in (ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu"), UTC_ZONE):
        day = event.created_at.astimezone(zone).date()
        for first, last, there in (
            (day, day, True),
            (day - timedelta(days=9), None, True),
            (None, day, True),
            (day + timedelta(days=1), None, False),
            (None, day - timedelta(days=1), False),
        ):
            page = AuditService(desk.database).list_page(admin, AuditQuery(first=first, last=last), zone)
            assert bool(page.lines) is there


def test_a_link_is_a_saved_search(desk: Desk) -> None:
    query = AuditQuery(
        first=date(2026, 5, 1), last=date(2026, 5, 9), zone=ZoneInfo("Asia/Tokyo"), actor_id=new_id(),
        actions=("room", "user:roles"), target_type=TargetType.USER, target_id=new_id(), outcome=Outcome.REFUSED,
        text="asked for", is_mine=True, older="1.2", event=7,
    )  # fmt: skip
    reader = Reader(query.params())
    assert (reader.read(), reader.complaints) == (query, [])
    assert Reader(AuditQuery(by_nobody=True).params()).read().by_nobody
    assert AuditQuery().params() == {}
    odd = {
        "from": ["2026-05-09"], "to": ["2026-05-01"], "who": ["x"], "action": ["user:roles", "nonsense"], "type": ["?"],
        "target": ["1"], "outcome": ["maybe"], "reason": ["x" * 300], "event": ["-1"], "zone": ["Middle/Earth"],
        "older": ["9" * 200],
    }  # fmt: skip
    reader = Reader(odd)
    assert reader.read() == AuditQuery(actions=("user:roles",))
    assert len(reader.complaints) == len(odd) - 1  # of the two days one
    assert Reader({"from": ["9999-12-31"]}).read().first is None


def test_targets_have_names_only_for_who_may_read_them(desk: Desk) -> None:
    me, bob = desk.me, desk.person(display_name="Bob Boole")
    moderator, admin = desk.person(Role.MODERATOR), desk.person(Role.ADMIN)
    group = desk.rooms.create(me, ConversationKind.GROUP, "Secret merger", user_ids=[bob.user_id])
    company = desk.rooms.create(me, ConversationKind.COMPANY, "Kitchen")
    direct = desk.rooms.start_direct(me, bob.user_id)
    chat = desk.talk(me, "Am I ill?").conversation_id
    desk.conversations.rename(me, chat, "My illness")
    said = desk.talks.send(me, group, "hush").message_id
    desk.talks.delete(me, said)
    desk.conversations.delete(me, chat)

    def targets(viewer: Actor, key: UUID) -> set[str]:
        return {line.target for line in listed(desk, viewer, AuditQuery(target_id=key, is_mine=viewer is me))}

    short = {key: key.hex[-8:] for key in (group, company, direct, chat)}
    for viewer in (moderator, admin):
        assert targets(viewer, group) == {f"a group · {short[group]}"}
        assert targets(viewer, direct) == {f"a direct chat · {short[direct]}"}
        assert targets(viewer, chat) == {f"an assistant chat · {short[chat]}"}
        assert targets(viewer, company) == {"“Kitchen”"}
        assert targets(viewer, said) == {"a message in a group"}
        texts = json.dumps([str(line) for line in listed(desk, viewer)])
        assert "merger" not in texts and "illness" not in texts
    assert targets(me, group) == {"“Secret merger”"} and targets(me, chat) == {"“My illness”"}
    assert targets(me, said) == {"a message in “Secret merger”"}
    desk.leave(me, group)
    assert targets(me, group) == {f"a group · {short[group]}"}
    desk.conversations.delete(me, company)
    assert targets(admin, company) == {f"a company room · {short[company]}"}
    with desk.database.transaction() as session:
        session.execute(text("DELETE FROM conversations WHERE id = :id"), {"id": direct})
        session.execute(text("DELETE FROM users WHERE id = :id"), {"id": bob.user_id})
    assert targets(admin, direct) == {f"a conversation that is gone · {short[direct]}"}
    with desk.database.transaction() as session:
        Audit(session).record(
            AuditAction.ROLES_CHANGED, actor=bob, company_id=bob.company_id, target_type="user", target_id=me.user_id
        )
    [line] = listed(desk, admin, AuditQuery(actions=("user",)))
    assert (line.actor, line.target) == (f"someone who has left · {bob.user_id.hex[-8:]}", me.display_name)


def test_nothing_that_was_said_typed_or_secret_is_ever_in_it(desk: Desk, settings: Settings) -> None:
    """Whatever services do, with the same word in all that people write."""
    word, secret = "xylophone", f"{GOOD} xylophone"
    me, admin = desk.me, desk.person(Role.ADMIN)
    people = PeopleService(desk.database, QuickPasswords())
    accounts = AccountService(desk.database, settings, QuickPasswords())
    bob = people.create_user(admin, email="bob@example.com", display_name="Bob", password=GOOD, roles=[Role.STAFF])
    asked = desk.talk(me, f"About my {word}")
    desk.conversations.rename(me, asked.conversation_id, f"The {word}")
    desk.conversations.instruct(me, asked.conversation_id, f"Think of the {word}.")
    room = desk.rooms.create(me, ConversationKind.GROUP, f"{word} players", user_ids=[bob.id])
    message = desk.talks.send(me, room, f"My {word} is broken").message_id
    desk.talks.edit(me, message, f"My {word} is whole")
    desk.members.change_role(me, room, bob.id, MemberRole.ADMIN)
    desk.members.remove(me, room, bob.id)
    desk.talks.delete(me, message)
    for act in (desk.conversations.archive, desk.conversations.unarchive, desk.conversations.delete):
        act(me, room)
    desk.conversations.clear_history(me)
    CompanyService(desk.database, 2_000).update(
        admin, name="Bakery", instructions=f"Mention the {word}.", assistant_name="Parley"
    )
    people.set_password(admin, bob.id, secret)
    signed_in = accounts.sign_in(email="bob@example.com", password=secret, user_agent=word)
    for email, password in (("bob@example.com", word), (word, word), (f"{word}@example.com", GOOD)):
        with pytest.raises(WrongCredentials):
            accounts.sign_in(email=email, password=password, user_agent=word)
    actor = accounts.actor(signed_in.session_id)
    with pytest.raises(WrongCredentials):
        accounts.change_password(actor, current=word, new=secret, user_agent=word)
    accounts.sign_out(signed_in.session_id)
    with desk.database.reading() as session:
        rows = session.execute(
            text("SELECT to_jsonb(e) - 'hash' - 'previous_hash' FROM audit_events e WHERE company_id = :company"),
            {"company": desk.company.id},
        ).scalars()
        kept = [json.dumps(row) for row in rows]
    assert len(kept) > 15
    assert not [row for row in kept if word in row or GOOD in row or signed_in.token in row]


def test_failed_sign_ins_are_kept_a_few_times_and_only_of_people(desk: Desk, settings: Settings) -> None:
    accounts = AccountService(desk.database, settings, QuickPasswords())
    people, admin = PeopleService(desk.database, QuickPasswords()), desk.person(Role.ADMIN)
    bob = people.create_user(admin, email="bob@example.com", display_name="Bob", password=GOOD, roles=[Role.STAFF])
    for email in ["bob@example.com"] * 14 + ["hunter2", "nobody@example.com"]:
        with pytest.raises(WrongCredentials):
            accounts.sign_in(email=email, password="wrong", user_agent="")
    found = listed(desk, admin, AuditQuery(outcome=Outcome.REFUSED))
    assert len(found) == 10 and {(line.actor, line.target) for line in found} == {("Somebody", "Bob")}
    assert found[0].after and not any(line.after for line in found[1:])
    actor = accounts.actor(accounts.sign_in(email="bob@example.com", password=GOOD, user_agent="").session_id)
    for _ in range(14):
        with pytest.raises(WrongCredentials):
            accounts.change_password(actor, current="wrong", new="other", user_agent="")
    [*refused] = listed(desk, actor, AuditQuery(outcome=Outcome.REFUSED, is_mine=True))
    assert len(refused) == 10 and {line.action for line in refused} == {AuditAction.PASSWORD_CHANGED}
    assert bob.id == actor.user_id


def test_refusals_are_kept_once_an_hour_with_their_sentence(desk: Desk, settings: Settings) -> None:
    refusals, admin = Refusals(desk.database), desk.person(Role.ADMIN)
    with desk.database.transaction() as session:
        user = make_user(session, desk.company, (Role.STAFF,))
        signed_in, me = SessionLimits(settings).open(session, user, "")

    def refused(act: Callable[[], object]) -> None:
        with pytest.raises(NotPermitted) as error:
            act()
        refusals.note(signed_in.session_id, error.value)

    for _ in range(5):
        refused(lambda: me.require(Permission.PEOPLE_MANAGE))
        refused(lambda: AuditService(desk.database).list_page(me, AuditQuery(by_nobody=True), UTC_ZONE))
    found = listed(desk, admin, AuditQuery(actions=("permission",)))
    assert [(line.actor_id, line.outcome, line.after, line.reason) for line in found] == [
        (me.user_id, Outcome.REFUSED, {"permission": permission}, sentence)
        for permission, sentence in (
            ("audit:view", "Seeing what everybody did needs the role moderator or admin."),
            ("people:manage", "Managing people needs the role admin."),
        )
    ]
    for session_id, error in ((signed_in.session_id, NotFound()), (signed_in.session_id, NotSignedIn()),
                              (None, NotPermitted()), (new_id(), NotPermitted())):  # fmt: skip
        refusals.note(session_id, error)
    assert len(listed(desk, admin, AuditQuery(actions=("permission",)))) == 2


def test_the_state_of_the_chain_is_what_the_last_verification_found(desk: Desk) -> None:
    admin, checks = desk.person(Role.ADMIN), AuditChecks(desk.database)
    assert (checks.state(admin).rows, checks.state(admin).checked_at) == (0, None)
    for number in range(3):
        desk.rooms.create(desk.me, ConversationKind.GROUP, f"Room {number}")
    [*_, last] = checks.verify_own(admin)
    assert (last.rows, last.total, last.is_over, last.broken) == (3, 3, True, None)
    desk.rooms.create(desk.me, ConversationKind.GROUP, "One more")
    state = checks.state(admin)
    assert (state.rows, state.checked_rows, state.problem) == (4, 3, None)
    assert state.checked_at and clock.now() - state.checked_at.astimezone(UTC) < timedelta(minutes=1)
    with desk.database.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_events SET reason = 'x' WHERE sequence = 2"))
        session.execute(text("SET LOCAL session_replication_role = origin"))
    [*_, last] = checks.verify_own(admin)
    assert last.broken and (last.broken.sequence, last.broken.problem) == (2, ChainProblem.CHANGED)
    assert (checks.state(admin).checked_rows, checks.state(admin).problem) == (1, ChainProblem.CHANGED)


def test_each_action_has_its_subject_and_its_kind_of_target() -> None:
    assert set(TARGETS) == set(AuditAction) and set(TARGETS.values()) == set(TargetType)
    assert {action.subject for action in AuditAction} == set(SUBJECTS)
