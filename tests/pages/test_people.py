from datetime import timedelta

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core import clock
from core.permissions import Role
from core.services.people import LAST_ADMIN
from core.services.people_looking import PAGE
from core.services.sso_claims import vouched_by
from core.sso import SsoProvider
from core.ui.text import WORD_JOINER
from tests.pages.visitor import Desk, Person, go, sentences, text_of, visit
from tests.support.builders import make_company, make_user

HOSTILE = "**Bo** ![x](http://e.example/x.png) :material/home: \u202e"


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.person(Role.ADMIN, Role.STAFF, display_name="Ada Lovelace", email="ada@example.com")


def names(browser: AppTest) -> list[str]:
    return list(browser.dataframe[0].value["Name"])


def markdown(browser: AppTest) -> str:
    return "\n".join(one.value for one in browser.main.markdown).replace(WORD_JOINER, "").replace("\\", "")


def test_everybody_of_the_company_is_listed_by_name_and_nobody_else(desk: Desk, ada: Person) -> None:
    bo = desk.person(Role.MODERATOR, Role.STAFF, display_name="bo")
    with desk.database.transaction() as session:
        make_user(session, make_company(session), display_name="Stranger", email="stranger@example.com")
        make_user(session, desk.company, (), display_name="Cy", is_active=False)
    browser = visit(ada, "people.py")
    table = browser.dataframe[0].value
    assert list(table["Name"]) == ["Ada Lovelace", "bo", "Cy"]
    assert list(table["Roles"]) == ["staff, admin", "staff, moderator", "no role yet"]
    assert list(table["State"]) == ["Active", "Active", "Deactivated"]
    assert list(table["Sign-ins"]) == [1, 1, 0]
    assert "tranger" not in text_of(browser)
    for query, expected in (
        ({"q": "BO"}, ["bo"]),
        ({"q": "ada@ex"}, ["Ada Lovelace"]),
        ({"role": "admin"}, ["Ada Lovelace"]),
        ({"show": "deactivated"}, ["Cy"]),
        ({"show": "active", "role": "staff"}, ["Ada Lovelace", "bo"]),
    ):
        assert names(go(browser, "people.py", **query)) == expected, query
    nobody = go(browser, "people.py", q="100%_'", role="nonsense")
    assert not nobody.dataframe and "Nobody fits all of that." in markdown(nobody)
    assert any("“role=nonsense”" in caption.value for caption in nobody.caption)
    nobody.button(key="people_all").click().run()
    assert names(nobody) == ["Ada Lovelace", "bo", "Cy"]
    assert not go(nobody, "people.py", p=bo.user.id).exception


def test_a_long_list_comes_in_pages(desk: Desk, ada: Person) -> None:
    with desk.database.transaction() as session:
        for number in range(PAGE + 5):
            make_user(session, desk.company, display_name=f"Person {number:03}")
    browser = visit(ada, "people.py")
    assert len(names(browser)) == PAGE
    browser.button(key="people_more").click().run()
    assert names(browser)[-1] == f"Person {PAGE + 4:03}" and len(set(names(browser))) == PAGE + 6
    assert "people_more" not in {button.key for button in browser.button}


def test_one_person_with_all_that_is_known(desk: Desk, ada: Person) -> None:
    bo = desk.person(Role.STAFF, display_name=HOSTILE, email="bo@example.com")
    shown = visit(ada, "people.py", p=bo.user.id)
    text_ = markdown(shown)
    assert "bo@example.com" in text_ and "Active" in text_ and "Firefox on Windows" in text_
    assert "![x](" not in "\n".join(one.value for one in shown.main.markdown)
    assert shown.pills[0].value == [Role.STAFF]
    assert {"password_link", "deactivate", f"end_{bo.session_id}"} <= {button.key for button in shown.button}
    gone = go(shown, "people.py", p="018f0000-0000-7000-8000-000000000000")
    assert "There is no such person here." in markdown(gone)


def test_roles_are_given_and_taken(desk: Desk, ada: Person) -> None:
    bo = desk.person(Role.STAFF, display_name="Bo")
    browser = visit(ada, "people.py", p=bo.user.id)
    assert browser.button(key="save_roles").disabled
    browser.pills[0].set_value([Role.ANALYST, Role.MODERATOR]).run()
    browser.button(key="save_roles").click().run()
    assert not sentences(browser) and browser.pills[0].value == [Role.ANALYST, Role.MODERATOR]
    [person] = [one for one in desk.application.people.list_people(ada.actor) if one.id == bo.user.id]
    assert person.roles == {Role.ANALYST, Role.MODERATOR}
    told = visit(bo, "account.py")
    assert "Ada Lovelace changed your roles. They are now: analyst, moderator." in markdown(told)


def test_the_last_admin_keeps_the_role_and_reads_why(desk: Desk, ada: Person) -> None:
    browser = visit(ada, "people.py", p=ada.user.id)
    browser.pills[0].set_value([Role.STAFF]).run()
    browser.button(key="save_roles").click().run()
    assert sentences(browser) == [LAST_ADMIN]
    assert "password_link" not in {button.key for button in browser.button}, "oneself has the page Account"
    desk.person(Role.ADMIN)
    browser.button(key="save_roles").click().run()
    assert "Managing people needs the role admin." in sentences(browser)


def test_an_admin_who_is_none_any_more_does_nothing_with_an_open_page(desk: Desk, ada: Person) -> None:
    bo = desk.person(Role.STAFF, display_name="Bo")
    other = desk.person(Role.ADMIN)
    browser = visit(ada, "people.py", p=bo.user.id)
    browser.pills[0].set_value([Role.ADMIN]).run()
    desk.application.people.set_roles(other.actor, ada.user.id, [Role.STAFF])
    browser.button(key="save_roles").click().run()
    assert "Managing people needs the role admin." in sentences(browser)
    assert not browser.pills and "Bo" not in markdown(browser)
    [person] = [one for one in desk.application.people.list_people(other.actor) if one.id == bo.user.id]
    assert person.roles == {Role.STAFF}


def test_a_session_is_ended_and_a_deactivated_person_comes_back(desk: Desk, ada: Person) -> None:
    bo = desk.person(Role.STAFF, display_name="Bo")
    browser = visit(ada, "people.py", p=bo.user.id)
    browser.button(key=f"end_{bo.session_id}").click().run()
    assert any("No browser is signed in." in caption.value for caption in browser.caption)
    assert sentences(visit(bo)) == ["You are signed out. Sign in to go on."]
    desk.application.people.deactivate(ada.actor, bo.user.id)
    browser.run()
    assert "deactivate" not in {button.key for button in browser.button}
    browser.button(key="reactivate").click().run()
    assert "deactivate" in {button.key for button in browser.button}


def test_who_is_suspended_until_when_and_why(desk: Desk, ada: Person) -> None:
    bo, mo = desk.person(Role.STAFF, display_name="Bo"), desk.person(Role.MODERATOR, display_name="Mo")
    until = clock.now() + timedelta(days=2)
    with desk.database.transaction() as session:
        session.execute(
            text(
                "INSERT INTO suspensions (id, created_at, company_id, user_id, until, reason, suspended_by, note) "
                "VALUES (gen_random_uuid(), now(), :company, :bo, :until, 'Insults', :mo, '')"
            ),
            {"company": desk.company.id, "bo": bo.user.id, "until": until, "mo": mo.user.id},
        )
        session.execute(
            text("UPDATE users SET suspended_until = :until WHERE id = :bo"), {"until": until, "bo": bo.user.id}
        )
    browser = visit(ada, "people.py", p=bo.user.id)
    [said] = sentences(browser)
    assert said.startswith("Suspended until ") and said.endswith("Insults · by Mo")
    assert names(go(browser, "people.py", show="suspended")) == ["Bo"]


def test_invites_are_listed_renewed_in_sight_and_revoked(desk: Desk, ada: Person) -> None:
    invites = desk.application.invites
    empty = visit(ada, "people.py", show="invited")
    assert "Nobody is invited at the moment." in markdown(empty)
    token = invites.invite(ada.actor, email="new@example.com", display_name="", roles=[Role.STAFF]).token
    browser = visit(ada, "people.py", show="invited")
    [line] = invites.list_invites(ada.actor)
    assert "new@example.com" in markdown(browser) and "invited by Ada Lovelace" in markdown(browser)
    assert token not in text_of(browser)
    assert {f"invite_renew_{line.id}", f"invite_revoke_{line.id}"} <= {button.key for button in browser.button}
    with desk.database.transaction() as session:
        session.execute(text("UPDATE one_time_links SET expires_at = now() - interval '1 day'"))
    assert "expired on" in markdown(browser.run())


def test_where_passwords_are_off_nothing_is_offered_that_leads_to_one(desk: Desk, ada: Person) -> None:
    invites, bo = desk.application.invites, desk.staff()
    invites.invite(ada.actor, email="new@example.com", display_name="", roles=[Role.STAFF])
    [line] = invites.list_invites(ada.actor)
    desk.application.settings = desk.application.settings.model_copy(update={"local_passwords": False})
    shown = {button.key for button in visit(ada, "people.py", p=bo.user.id).button}
    listed = {button.key for button in visit(ada, "people.py", show="invited").button}
    assert not (shown | listed) & {"invite_somebody", "password_link", f"invite_renew_{line.id}"}
    assert "deactivate" in shown and f"invite_revoke_{line.id}" in listed


def test_who_came_in_elsewhere_is_said_to(desk: Desk, ada: Person) -> None:
    one = SsoProvider.model_validate(
        {"key": "kc", "issuer": "https://id.example.com", "client_id": "parley", "domains": "example.com"}
    )
    new = vouched_by(one, {"sub": "1", "email": "bo@example.com", "email_verified": True})
    came = desk.application.sso.sign_in(one, new, "")
    assert "came in through kc on" in markdown(visit(ada, "people.py", p=came.user_id))


@pytest.mark.parametrize("role", [Role.STAFF, Role.ANALYST, Role.MODERATOR])
def test_nobody_else_is_shown_anything(desk: Desk, ada: Person, role: Role) -> None:
    me = desk.person(role, display_name="Me")
    browser = visit(me, "people.py", p=ada.user.id, show="invited")
    assert sentences(browser) == ["Managing people needs the role admin."]
    assert "Lovelace" not in text_of(browser) and not browser.button
