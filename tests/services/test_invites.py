import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import select

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Conflict, Invalid, LinkExpired, ParleyError, RateLimited, RefusedByRule
from core.ids import new_token
from core.models import ConversationKind, OneTimeLink, RuleAction, RuleKind
from core.permissions import Actor, Role
from core.repositories.audit import Audit
from core.repositories.users import Users
from core.services.invites import CLOSED, INVITED, MOST_OPEN, InviteService
from core.services.limits import RateLimiter
from core.services.names import UNNAMED
from core.services.people import TAKEN, PeopleService
from core.services.rules import RuleService, WantedRule
from core.services.sessions import hash_of
from core.services.sso import SsoService
from core.services.sso_claims import vouched_by
from core.sso import SsoProvider
from tests.support.builders import make_company
from tests.support.passwords import GOOD, QuickPasswords
from tests.support.talks import DENIED, DONE, Desk, outcome

EMAIL = "New@example.com"
OPEN = text("""
    INSERT INTO one_time_links (id, created_at, purpose, token_hash, expires_at, company_id, email)
    SELECT gen_random_uuid(), now(), 'invite', sha256(n::text::bytea), now(), :company, 'open' || n || '@example.com'
    FROM generate_series(1, :number) n""")


@pytest.fixture
def invites(database: Database, settings: Settings) -> InviteService:
    return InviteService(database, settings, QuickPasswords())


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def admin(desk: Desk) -> Actor:
    return desk.person(Role.ADMIN)


def invite(invites: InviteService, actor: Actor, email: str = EMAIL, name: str = "", *roles: Role) -> str:
    return invites.invite(actor, email=email, display_name=name, roles=roles or (Role.STAFF,)).token


def accept(invites: InviteService, token: str, name: str = "New Person", password: str = GOOD) -> Actor:
    signed_in = invites.accept(token=token, display_name=name, password=password, user_agent="Firefox/140 Linux")
    with invites.database.reading() as session:
        actor = Users(session).get_actor(signed_in.session_id, clock.now())
    assert actor
    return actor


def test_from_the_link_to_an_account_that_is_signed_in(
    invites: InviteService, admin: Actor, database: Database
) -> None:
    token = invite(invites, admin, EMAIL, "  New\n Person ", Role.STAFF, Role.ANALYST)
    shown = invites.check(token)
    assert (shown.email, shown.display_name) == (EMAIL, "New Person")
    [line] = invites.list_invites(admin)
    assert (line.email, line.roles, line.by) == (EMAIL, frozenset({Role.STAFF, Role.ANALYST}), admin.display_name)
    assert timedelta(days=6, hours=23) < line.expires_at - clock.now() < timedelta(days=7)

    person = accept(invites, token, "Nora")
    assert (person.email, person.display_name, person.roles) == (EMAIL, "Nora", frozenset({Role.STAFF, Role.ANALYST}))
    assert person.company_id == admin.company_id
    assert invites.list_invites(admin) == ()
    for again in (lambda: invites.check(token), lambda: accept(invites, token, "Nina")):
        with pytest.raises(LinkExpired, match=CLOSED):
            again()
    with database.reading() as session:
        created, made = Audit(session).list_recent(admin.company_id, 2)
        assert token not in str(session.get_one(OneTimeLink, made.target_id).model_dump())
        assert session.get_one(OneTimeLink, made.target_id).email == ""
    assert (made.action, made.actor_id, made.after) == ("invite:make", admin.user_id, {"roles": ["analyst", "staff"]})
    assert (created.action, created.actor_id, created.target_id) == ("user:create", person.user_id, person.user_id)
    assert created.after == {"roles": ["analyst", "staff"], "invited_by": str(admin.user_id)}
    assert "example.com" not in str((created, made))


def test_an_admin_of_a_moment_ago_invites_nobody(invites: InviteService, desk: Desk, admin: Actor) -> None:
    desk.person(Role.ADMIN)
    people = PeopleService(desk.database, QuickPasswords())
    invite(invites, admin)
    [line] = invites.list_invites(admin)
    people.set_roles(None, admin.user_id, [Role.STAFF])
    for act in (
        lambda: invite(invites, admin, "other@example.com"),
        lambda: invites.renew(admin, line.id),
        lambda: invites.revoke(admin, line.id),
    ):
        assert outcome(act) == DENIED
    people.deactivate(None, admin.user_id)
    assert outcome(lambda: invite(invites, admin, "other@example.com")) == "NotSignedIn"


@pytest.mark.parametrize("end", ["used", "revoked", "renewed", "expired", "demoted", "deactivated", "unknown"])
def test_a_link_that_ended_opens_nothing(
    invites: InviteService, desk: Desk, admin: Actor, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    other, people = desk.person(Role.ADMIN), PeopleService(desk.database, QuickPasswords())
    token = invite(invites, admin)
    [line] = invites.list_invites(admin)
    later = clock.now() + timedelta(days=7, seconds=1)
    ends = {
        "used": lambda: accept(invites, token),
        "revoked": lambda: invites.revoke(other, line.id),
        "renewed": lambda: invites.renew(other, line.id),
        "expired": lambda: monkeypatch.setattr(clock, "now", lambda: later),
        "demoted": lambda: people.set_roles(other, admin.user_id, [Role.STAFF]),
        "deactivated": lambda: people.deactivate(other, admin.user_id),
        "unknown": lambda: None,
    }
    ends[end]()
    with pytest.raises(LinkExpired, match=CLOSED):
        accept(invites, new_token() if end == "unknown" else token, "Somebody")
    if end in ("expired", "demoted", "deactivated"):  # another admin makes it work again
        again = invites.renew(other, line.id)
        assert accept(invites, again.token).email == EMAIL


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"email": "new"}, Invalid),
        ({"email": ""}, Invalid),
        ({"name": "x" * 121}, Invalid),
        ({"email": "NEW@EXAMPLE.COM"}, Conflict),
    ],
)
def test_a_bad_invite_is_refused_whole(
    invites: InviteService, admin: Actor, fields: dict[str, str], error: type[ParleyError]
) -> None:
    invite(invites, admin, "new@example.com")
    with pytest.raises(error) as refused:
        invite(invites, admin, **{"email": "other@example.com"} | fields)
    assert str(refused.value).endswith(".")
    assert len(invites.list_invites(admin)) == 1


def test_an_address_with_an_account_is_not_invited(invites: InviteService, desk: Desk, admin: Actor) -> None:
    there = desk.person(Role.STAFF)
    with pytest.raises(Conflict, match=TAKEN):
        invite(invites, admin, there.email.upper())


def by_command(desk: Desk, company_id: UUID, _: Settings) -> object:
    return PeopleService(desk.database, QuickPasswords()).create_user(
        None, email=EMAIL.lower(), display_name="New", password=None, roles=[], company_id=company_id
    )


def by_provider(desk: Desk, company_id: UUID, settings: Settings) -> object:
    one = SsoProvider.model_validate(
        {
            "key": "kc",
            "issuer": "https://id.example.com",
            "client_id": "parley",
            "companies": f"example.com={company_id}",
        }
    )
    new = vouched_by(one, {"sub": "1", "email": EMAIL.lower(), "email_verified": True, "name": "Captain Wombat"})
    return SsoService(desk.database, settings).sign_in(one, new, "")


@pytest.mark.parametrize("come", [by_command, by_provider])
def test_who_comes_in_otherwise_ends_their_invite_which_forgets_them(
    invites: InviteService, desk: Desk, admin: Actor, settings: Settings, come: Callable[[Desk, UUID, Settings], object]
) -> None:
    token = invite(invites, admin, EMAIL, "New", Role.ADMIN)
    invite(invites, admin, "other@example.com")
    come(desk, admin.company_id, settings)
    assert [line.email for line in invites.list_invites(admin)] == ["other@example.com"]
    with pytest.raises(LinkExpired, match=CLOSED):
        accept(invites, token)
    with desk.database.reading() as session:
        link = session.exec(select(OneTimeLink).where(OneTimeLink.token_hash == hash_of(token))).one()
        user = Users(session).get_by_email(EMAIL)
        assert user and Role.ADMIN not in Users(session).list_roles(user.id)  # what was meant by the invite isn't given
    assert (link.email, link.display_name) == ("", "")


def test_who_came_into_another_company_is_refused_and_that_companys_invites_stay(
    invites: InviteService, desk: Desk, admin: Actor, settings: Settings
) -> None:
    token = invite(invites, admin)
    with desk.database.transaction() as session:
        elsewhere = make_company(session).id
    by_command(desk, elsewhere, settings)
    with pytest.raises(Conflict, match=TAKEN):
        accept(invites, token)
    assert [line.email for line in invites.list_invites(admin)] == [EMAIL]


@pytest.mark.parametrize(
    "fields", [{"name": " "}, {"name": "x" * 121}, {"password": "short"}, {"password": "new person 12"}]
)
def test_what_was_typed_wrong_leaves_the_link_open(
    invites: InviteService, admin: Actor, fields: dict[str, str]
) -> None:
    token = invite(invites, admin)
    with pytest.raises(Invalid):
        accept(invites, token, **fields)
    assert accept(invites, token).email == EMAIL


def test_a_name_that_a_rule_keeps_out_is_kept_out(invites: InviteService, desk: Desk, admin: Actor) -> None:
    token = invite(invites, admin)
    wanted = WantedRule("Wombats", RuleKind.WORDS, RuleAction.REFUSE, (ConversationKind.COMPANY,), "wombat")
    RuleService(desk.database).add(desk.person(Role.MODERATOR), wanted)
    with pytest.raises(RefusedByRule):
        accept(invites, token, "Captain Wombat")
    with pytest.raises(RefusedByRule):
        invite(invites, admin, "other@example.com", "Wombat")


def test_a_name_from_elsewhere_that_a_rule_refuses_keeps_nobody_out(
    desk: Desk, admin: Actor, settings: Settings
) -> None:
    wanted = WantedRule("Wombats", RuleKind.WORDS, RuleAction.REFUSE, (ConversationKind.COMPANY,), "wombat")
    RuleService(desk.database).add(desk.person(Role.MODERATOR), wanted)
    by_provider(desk, admin.company_id, settings)
    with desk.database.reading() as session:
        user = Users(session).get_by_email(EMAIL)
    assert user and user.display_name == UNNAMED


def test_opened_by_several_at_once_it_makes_one_account(fresh_database: Database, settings: Settings) -> None:
    desk = Desk(fresh_database)
    admin, invites = desk.person(Role.ADMIN), InviteService(fresh_database, settings, QuickPasswords())
    token, ready, outcomes = invite(invites, admin), threading.Barrier(4), list[str]()

    def run(number: int) -> None:
        ready.wait()
        outcomes.append(outcome(lambda: accept(invites, token, f"Person {number}")))

    threads = [threading.Thread(target=run, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([DONE] + ["LinkExpired"] * 3)
    people = PeopleService(fresh_database, QuickPasswords()).list_people(None)
    assert len([person for person in people if person.email == EMAIL]) == 1


def test_two_admins_who_invite_the_same_person_make_one_invite(fresh_database: Database, settings: Settings) -> None:
    desk = Desk(fresh_database)
    admins, ready, outcomes = [desk.person(Role.ADMIN) for _ in range(4)], threading.Barrier(4), list[str]()
    invites = InviteService(fresh_database, settings, QuickPasswords())

    def run(admin: Actor) -> None:
        ready.wait()
        try:
            invite(invites, admin)
            outcomes.append(DONE)
        except Conflict as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=run, args=[admin]) for admin in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([DONE] + [INVITED] * 3)


def test_nobody_makes_links_without_end(desk: Desk, settings: Settings, admin: Actor) -> None:
    """So many an hour, new links of old invites too; and so many that are open, whoever made them."""
    few = InviteService(desk.database, settings, QuickPasswords(), RateLimiter({"invite": (3, 3_600)}))
    for number in range(2):
        invite(few, admin, f"{number}@example.com")
    few.renew(admin, few.list_invites(admin)[0].id)
    with pytest.raises(RateLimited, match="3 invites in one hour"):
        invite(few, admin, "more@example.com")
    with pytest.raises(RateLimited):
        few.renew(admin, few.list_invites(admin)[0].id)
    other = desk.person(Role.ADMIN)
    invite(few, other, "more@example.com")
    with desk.database.transaction() as session:
        session.execute(OPEN, {"company": admin.company_id, "number": MOST_OPEN - 3})
    with pytest.raises(Invalid, match="500 invites are open already"):
        invite(few, other, "evenmore@example.com")
    few.revoke(other, few.list_invites(other)[0].id)
    invite(few, other, "evenmore@example.com")
    assert outcome(lambda: invite(few, desk.stranger(), "x@example.com")) == DENIED
