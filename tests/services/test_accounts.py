import threading
from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from core import clock
from core.config import Settings
from core.database.engine import Database
from core.errors import Invalid, LinkExpired, NotSignedIn, WrongCredentials
from core.ids import new_id
from core.models import AuditEvent, Outcome
from core.permissions import Role
from core.repositories.audit import Audit
from core.repositories.users import Users
from core.services.accounts import AccountService
from core.services.identity import UNKNOWN_ZONE
from core.services.people import PeopleService
from core.services.sessions import SignedIn
from tests.support.passwords import GOOD, OTHER, QuickPasswords

BROWSER = "Firefox on Linux"


@pytest.fixture
def passwords() -> QuickPasswords:
    return QuickPasswords()


@pytest.fixture
def accounts(database: Database, settings: Settings, passwords: QuickPasswords) -> AccountService:
    return AccountService(database, settings, passwords)


@pytest.fixture
def ada(accounts: AccountService) -> SignedIn:
    """The first admin, signed in."""
    return set_up(accounts, accounts.issue_setup_link())


def set_up(accounts: AccountService, token: str, **fields: str) -> SignedIn:
    typed = {"company_name": "Engines", "email": "ada@example.com", "display_name": "Ada", "password": GOOD}
    return accounts.set_up(token=token, user_agent=BROWSER, **typed | fields)


def sign_in(accounts: AccountService, email: str = "ada@example.com", password: str = GOOD) -> SignedIn:
    return accounts.sign_in(email=email, password=password, user_agent=BROWSER)


def move_back(database: Database, session_id: object, **ages: timedelta) -> None:
    """As if the session's times lay further in the past."""
    with database.transaction() as session:
        for column, age in ages.items():
            session.connection().execute(
                text(f"UPDATE auth_sessions SET {column} = {column} - :age WHERE id = :id"),
                {"age": age, "id": session_id},
            )


def trail(database: Database) -> list[tuple[str, Outcome]]:
    with database.reading() as session:
        events = list(session.exec(select(AuditEvent).order_by(AuditEvent.sequence)))  # type: ignore[arg-type]
        assert all(Audit(session).verify(event.company_id) is None for event in events)
        return [(event.action, event.outcome) for event in events]


def test_set_up_makes_the_first_admin_and_closes_every_link(accounts: AccountService, database: Database) -> None:
    assert accounts.needs_setup()
    first, second = accounts.issue_setup_link(), accounts.issue_setup_link()
    accounts.check_setup_link(first)
    signed_in = set_up(accounts, first, email=" Ada@Example.com ", display_name="  Ada \n Lovelace ")
    assert not accounts.needs_setup()
    actor = accounts.actor(signed_in.session_id)
    assert (actor.email, actor.display_name) == ("Ada@Example.com", "Ada Lovelace")
    assert actor.roles == {Role.ADMIN, Role.STAFF}
    assert signed_in.max_age == 60 * 24 * 60 * 60
    for token in (first, second, "", "unknown", "\0", "\ud800"):
        with pytest.raises(LinkExpired):
            accounts.check_setup_link(token)
        with pytest.raises(LinkExpired):
            set_up(accounts, token, email="eve@example.com")
    assert [action for action, _ in trail(database)] == ["company:create", "user:create"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("company_name", " "),
        ("company_name", "x" * 121),
        ("display_name", "\0\n"),
        ("email", ""),
        ("email", "ada"),
        ("email", "ada@exam ple.com"),
        ("email", "a\0da@example.com"),
        ("email", "ada@example..com@"),
        ("email", f"{'x' * 64}@{'y' * 200}.com"),
        ("password", "short"),
    ],
)
def test_set_up_refuses_bad_input_and_the_link_stays_good(
    accounts: AccountService, database: Database, field: str, text: str
) -> None:
    token = accounts.issue_setup_link()
    with pytest.raises(Invalid) as refused:
        set_up(accounts, token, **{field: text})
    assert str(refused.value).endswith(".")
    assert accounts.needs_setup()
    assert trail(database) == []
    set_up(accounts, token)


def test_a_link_is_too_old_after_a_day(accounts: AccountService, database: Database) -> None:
    token = accounts.issue_setup_link()
    with database.transaction() as session:
        session.connection().execute(text("UPDATE one_time_links SET expires_at = expires_at - interval '24 hours'"))
    with pytest.raises(LinkExpired):
        accounts.check_setup_link(token)


def test_of_two_set_ups_at_once_one_succeeds(fresh_database: Database, settings: Settings) -> None:
    accounts = AccountService(fresh_database, settings, QuickPasswords())
    tokens = [accounts.issue_setup_link() for _ in range(4)]
    ready = threading.Barrier(len(tokens))
    done: list[object] = []

    def run(number: int) -> None:
        ready.wait()
        try:
            done.append(set_up(accounts, tokens[number], email=f"admin{number}@example.com"))
        except LinkExpired as error:
            done.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(tokens))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in done) == ["LinkExpired"] * 3 + ["SignedIn"]
    assert len(PeopleService(fresh_database).list_people(None)) == 1


WRONG_WAYS: dict[str, Callable[[], tuple[str, str]]] = {
    "wrong password": lambda: ("ada@example.com", "something else"),
    "empty password": lambda: ("ada@example.com", ""),
    "unknown e-mail": lambda: ("eve@example.com", GOOD),
    "not an e-mail": lambda: ("a\0da\ud800", GOOD),
    "inactive": lambda: ("inactive@example.com", GOOD),
    "without a password": lambda: ("sso@example.com", GOOD),
}


@pytest.mark.parametrize("way", WRONG_WAYS)
def test_every_wrong_sign_in_says_the_same_after_one_verification(
    accounts: AccountService, passwords: QuickPasswords, database: Database, ada: SignedIn, way: str
) -> None:
    people = PeopleService(database, passwords)
    people.create_user(None, email="sso@example.com", display_name="Sam", password=None, roles=[Role.STAFF])
    gone = people.create_user(None, email="inactive@example.com", display_name="Ina", password=GOOD, roles=[Role.STAFF])
    people.deactivate(None, gone.id)
    before, passwords.verified = trail(database), 0
    email, password = WRONG_WAYS[way]()
    with pytest.raises(WrongCredentials) as refused:
        sign_in(accounts, email, password)
    assert str(refused.value) == WrongCredentials.sentence
    assert passwords.verified == 1
    is_known = way not in {"unknown e-mail", "not an e-mail"}
    assert trail(database)[len(before) :] == [("session:sign_in", Outcome.REFUSED)] * is_known


def test_signing_in_opens_a_session_of_its_own(
    accounts: AccountService, passwords: QuickPasswords, database: Database, ada: SignedIn
) -> None:
    passwords.verified = 0
    again = sign_in(accounts, "ADA@example.com ")
    assert passwords.verified == 1
    assert again.user_id == ada.user_id
    assert again.token != ada.token and again.session_id != ada.session_id
    assert again.token not in repr(again)
    for signed_in in (ada, again):
        identity = accounts.resolve(signed_in.token)
        assert identity and (identity.session_id, identity.user_id) == (signed_in.session_id, ada.user_id)
    assert trail(database)[-1] == ("session:sign_in", Outcome.DONE)
    with database.reading() as session:
        stored = session.connection().execute(text("SELECT row_to_json(s)::text FROM auth_sessions s")).scalars()
        assert all(again.token not in row for row in stored)


@pytest.mark.parametrize("token", ["", "unknown", "\0", "\ud800", "x" * 100_000])
def test_nobodys_token_opens_nothing(accounts: AccountService, ada: SignedIn, token: str) -> None:
    assert accounts.resolve(token) is None
    assert not accounts.is_live(new_id())
    with pytest.raises(NotSignedIn):
        accounts.actor(new_id())


ENDS: dict[str, Callable[[AccountService, PeopleService, SignedIn], object]] = {
    "sign out": lambda accounts, people, signed_in: accounts.sign_out(signed_in.session_id),
    "sign out everywhere": lambda accounts, people, signed_in: accounts.sign_out_everywhere(
        accounts.actor(signed_in.session_id)
    ),
    "change password": lambda accounts, people, signed_in: accounts.change_password(
        accounts.actor(signed_in.session_id), current=GOOD, new=OTHER, user_agent=BROWSER
    ),
    "deactivate": lambda accounts, people, signed_in: people.deactivate(None, signed_in.user_id),
    "password set by an admin": lambda accounts, people, signed_in: people.set_password(None, signed_in.user_id, OTHER),
    "idle": lambda accounts, people, signed_in: move_back(
        people.database, signed_in.session_id, expires_at=timedelta(days=14), last_used_at=timedelta(days=14)
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_whatever_ends_a_session_ends_it_for_every_use(
    accounts: AccountService, passwords: QuickPasswords, database: Database, ada: SignedIn, end: str
) -> None:
    people = PeopleService(database, passwords)
    bob = people.create_user(None, email="bob@example.com", display_name="Bob", password=GOOD, roles=[Role.STAFF])
    first, second = sign_in(accounts, "bob@example.com"), sign_in(accounts, "bob@example.com")
    ENDS[end](accounts, people, first)
    assert accounts.resolve(first.token) is None
    assert not accounts.is_live(first.session_id)
    with pytest.raises(NotSignedIn):
        accounts.actor(first.session_id)
    ends_only_itself = end in {"sign out", "idle"}
    assert accounts.is_live(second.session_id) == ends_only_itself
    assert accounts.is_live(ada.session_id)
    accounts.sign_out(first.session_id)  # once more changes nothing
    assert bob.id == first.user_id


def test_use_moves_the_end_on_up_to_the_absolute_limit(
    accounts: AccountService, database: Database, ada: SignedIn
) -> None:
    def expiry() -> timedelta:
        with database.reading() as session:
            row = session.connection().execute(
                text("SELECT expires_at, last_used_at FROM auth_sessions WHERE id = :id"), {"id": ada.session_id}
            )
            expires_at, last_used_at = row.one()
            assert clock.now() - last_used_at.astimezone(UTC) < timedelta(minutes=1)
            return expires_at.astimezone(UTC) - clock.now()  # type: ignore[no-any-return]

    nearly = {"expires_at": timedelta(days=13), "last_used_at": timedelta(days=13)}
    for days_old, expected in ((13, 14), (26, 14), (39, 14), (52, 8)):
        move_back(database, ada.session_id, created_at=timedelta(days=13), **nearly)
        assert accounts.is_live(ada.session_id)
        assert round(expiry() / timedelta(days=1)) == expected, days_old
    move_back(database, ada.session_id, expires_at=timedelta(days=8), last_used_at=timedelta(days=8))
    assert accounts.resolve(ada.token) is None


def test_a_use_is_written_down_at_most_once_a_minute(
    accounts: AccountService, database: Database, ada: SignedIn
) -> None:
    statements: list[str] = []

    def cost(use: Callable[[], object]) -> list[str]:
        statements.clear()
        assert use()
        return [statement.split()[0] for statement in statements if "SAVEPOINT" not in statement]

    event.listen(database.bind, "before_cursor_execute", lambda *args: statements.append(args[2]))
    uses = (lambda: accounts.resolve(ada.token), lambda: accounts.is_live(ada.session_id))
    assert [cost(use) for use in uses] == [["SELECT"]] * 2
    for use in uses:
        move_back(database, ada.session_id, last_used_at=timedelta(minutes=2))
        assert cost(use) == ["SELECT", "UPDATE", "UPDATE"]
        assert cost(use) == ["SELECT"]


def test_changing_the_password_needs_the_current_one_and_a_good_new_one(
    accounts: AccountService, database: Database, ada: SignedIn
) -> None:
    actor = accounts.actor(ada.session_id)
    for current, new, error in (("wrong", OTHER, WrongCredentials), (GOOD, GOOD, Invalid), (GOOD, "short", Invalid)):
        with pytest.raises(error):
            accounts.change_password(actor, current=current, new=new, user_agent=BROWSER)
        assert accounts.is_live(ada.session_id)
    changed = accounts.change_password(actor, current=GOOD, new=OTHER, user_agent=BROWSER)
    assert accounts.resolve(changed.token)
    with pytest.raises(WrongCredentials):
        sign_in(accounts, password=GOOD)
    assert sign_in(accounts, password=OTHER).user_id == ada.user_id
    refused, done = ("user:password", Outcome.REFUSED), ("user:password", Outcome.DONE)
    assert [row for row in trail(database) if row[0] == "user:password"] == [refused, done]


def test_a_person_sees_where_they_are_signed_in(accounts: AccountService, ada: SignedIn) -> None:
    other = accounts.sign_in(email="ada@example.com", password=GOOD, user_agent="Safari\0 " + "x" * 400)
    views = accounts.sessions(accounts.actor(ada.session_id))
    assert [(view.id, view.is_current) for view in views] == [(other.session_id, False), (ada.session_id, True)]
    assert (views[1].user_agent, len(views[0].user_agent)) == (BROWSER, 300)


def test_where_somebody_is_is_remembered(accounts: AccountService, ada: SignedIn) -> None:
    actor = accounts.actor(ada.session_id)
    for zone in ("Europe/Berlin", "Europe/Berlin", "Asia/Tokyo"):
        accounts.remember_zone(actor, zone)
    with accounts.database.reading() as session:
        assert Users(session).list_zones([actor.user_id]) == {actor.user_id: "Asia/Tokyo"}


@pytest.mark.parametrize("zone", ["", "Nowhere", "../etc/passwd", "/etc/localtime", "Europe/Berlin\0", "x" * 9_000])
def test_what_is_no_zone_is_not_remembered(accounts: AccountService, ada: SignedIn, zone: str) -> None:
    actor = accounts.actor(ada.session_id)
    with pytest.raises(Invalid, match=UNKNOWN_ZONE):
        accounts.remember_zone(actor, zone)
    with accounts.database.reading() as session:
        assert Users(session).list_zones([actor.user_id]) == {actor.user_id: None}
