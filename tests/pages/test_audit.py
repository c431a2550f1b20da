"""The audit page: whose acts, narrowed to what, and what is said of the chain."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pandas import DataFrame
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from core.ids import new_id
from core.models import AuditAction, ChainProblem, ConversationKind, Outcome, TargetType
from core.permissions import Role
from core.repositories.audit import Audit
from core.services.audit_query import AuditQuery
from core.ui import audit_words
from core.ui.audit_chain import SMALL
from core.ui.audit_download import address_of
from core.ui.audit_filters import ABOUT_REASONS
from core.ui.audit_words import ACTIONS, FAILED, SUBJECTS, TYPES, changes, choice, did
from tests.pages.visitor import Desk, Person, sentences, text_of, visit

MARKED = "<b>**Bold**</b> :red[x] $5 ![x](http://e.example/x.png)"


def opened(who: Person, /, **query: Any) -> AppTest:
    browser = visit(who, "audit.py", **query)
    assert not browser.exception
    return browser


def table(browser: AppTest) -> DataFrame:
    [found] = browser.dataframe
    return found.value


def lines(browser: AppTest) -> list[tuple[str, str]]:
    if not browser.dataframe:
        return []
    frame = table(browser)
    return list(zip(frame["Who"], frame["Did"], strict=True))


def captions(browser: AppTest) -> str:
    return "\n".join(one.value for one in browser.caption)


def act(desk: Desk, who: Person | None, action: AuditAction = AuditAction.ROLES_CHANGED, **fields: Any) -> None:
    given: dict[str, Any] = {"target_type": TargetType.USER, "target_id": None, "company_id": desk.company.id}
    with desk.database.transaction() as session:
        Audit(session).record(action, actor=who.actor if who else None, **given | fields)


@pytest.fixture
def mo(desk: Desk) -> Person:
    return desk.person(Role.MODERATOR, display_name="Mo")


def test_a_moderator_sees_everybody_and_staff_themselves(desk: Desk, mo: Person) -> None:
    ada = desk.staff(display_name="Ada")
    act(desk, ada, AuditAction.SIGNED_OUT, target_id=ada.user.id)
    act(desk, mo, target_id=ada.user.id, before={"roles": ["staff"]}, after={"roles": ["staff", "admin"]})
    act(desk, None, AuditAction.SIGNED_IN, target_id=ada.user.id, outcome=Outcome.REFUSED)
    browser = opened(mo)
    assert browser.title[0].value == "Audit"
    assert lines(browser) == [
        ("Somebody", "failed to sign in to Ada"),
        ("Mo", "changed the roles of Ada"),
        ("Ada", "signed out of own account"),
    ]
    assert list(table(browser)["Reason"]) == ["Refused", "", ""]
    assert "Chain not verified yet · 3 rows" in captions(browser)
    browser.segmented_control(key="audit_whose").set_value("Mine").run()
    assert browser.title[0].value == "My actions" and browser.query_params["mine"] == "1"
    browser.segmented_control(key="audit_whose").set_value(None).run()  # as from a browser that had not drawn it
    assert browser.title[0].value == "My actions"
    assert [line[0] for line in lines(browser)] == ["Mo"]
    own = opened(ada)
    assert own.title[0].value == "My actions" and [line[0] for line in lines(own)] == ["Ada"]
    assert "Chain" not in captions(own) and not own.segmented_control(key="audit_outcome").disabled
    assert "audit_whose" not in {one.key for one in own.segmented_control}
    other = opened(ada, who=mo.user.id)
    assert "can't be used and was left out" in captions(other) and [line[0] for line in lines(other)] == ["Ada"]
    assert "audit_Who" not in {one.key for one in other.selectbox}


class World:
    def __init__(self, desk: Desk) -> None:
        self.ada = desk.staff(display_name="Ada")
        self.room = desk.application.rooms.create(self.ada.actor, ConversationKind.GROUP, "Fair")
        act(desk, self.ada, target_id=self.ada.user.id, reason="because")
        act(desk, None, AuditAction.SIGNED_IN, target_id=self.ada.user.id, outcome=Outcome.REFUSED)


CONTROLS: dict[str, tuple[Callable[[AppTest, "World"], object], dict[str, Any], int]] = {
    "outcome": (lambda b, w: b.segmented_control(key="audit_outcome").set_value("refused"), {"outcome": "refused"}, 1),
    "who": (lambda b, w: b.selectbox(key="audit_Who").set_value(w.ada.user.id), {"who": "ada"}, 2),
    "nobody": (lambda b, w: b.selectbox(key="audit_Who").set_value("nobody"), {"who": "nobody"}, 1),
    "subject": (lambda b, w: b.multiselect(key="audit_actions").set_value(["room"]), {"action": "room"}, 1),
    "type": (lambda b, w: b.selectbox(key="audit_Done to").set_value("conversation"), {"type": "conversation"}, 1),
    "reason": (lambda b, w: b.text_input(key="audit_reason").set_value(" BECAUSE "), {"reason": "BECAUSE"}, 1),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_each_filter_is_kept_in_the_address(desk: Desk, mo: Person, name: str) -> None:
    world = World(desk)
    browser = opened(mo)
    assert len(lines(browser)) == 3
    use, params, left = CONTROLS[name]
    use(browser, world)
    browser.run()
    found = dict(browser.query_params)
    assert found == {key: str(world.ada.user.id) if value == "ada" else value for key, value in params.items()}
    assert len(lines(browser)) == left
    again = opened(mo, **found)
    assert lines(again) == lines(browser) and not again.error
    assert ABOUT_REASONS in text_of(again)


def test_days_and_clearing(desk: Desk, mo: Person) -> None:
    World(desk)
    browser = opened(mo, **{"from": "2026-01-01", "to": "2026-01-02", "action": "room"})
    assert "No event fits all of that." in [one.value for one in browser.markdown]
    assert str(browser.date_input(key="audit_from").value) == "2026-01-01"
    browser.button(key="audit_all_days").click().run()
    assert len(lines(browser)) == 1 and set(browser.query_params) == {"action"}
    browser.button(key="audit_clear_these").click().run()
    assert len(lines(browser)) == 3 and not browser.query_params
    backwards = opened(mo, **{"from": "2026-01-02", "to": "2026-01-01"})
    assert "The last day is before the first" in captions(backwards) and len(lines(backwards)) == 3
    odd = opened(mo, action="nonsense", older="nowhere", event="12345")
    assert "can't be used" in captions(odd) and "That place in the list isn't known" in captions(odd)
    assert len(lines(odd)) == 3


def test_pages_lead_on_and_back(desk: Desk, mo: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        act(desk, mo, reason=f"reason {number}")
    monkeypatch.setattr("core.services.audit.AuditService.list_page.__kwdefaults__", {"limit": 2})
    browser = opened(mo)
    pages = [list(table(browser)["Reason"])]
    for _ in range(2):
        browser.button(key="audit_older").click().run()
        pages.append(list(table(browser)["Reason"]))
    assert pages == [["reason 4", "reason 3"], ["reason 2", "reason 1"], ["reason 0"]]
    assert browser.button(key="audit_older").disabled
    browser.button(key="audit_newer").click().run()
    assert list(table(browser)["Reason"]) == pages[1]


def test_a_long_search_says_how_far_it_looked(desk: Desk, mo: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    act(desk, mo, reason="needle")
    for _ in range(5):
        act(desk, mo, reason="hay")
    monkeypatch.setattr("core.repositories.audit_lines.AuditLines.list_page.__kwdefaults__",
                        {"before": None, "after": None, "limit": 50, "looked": 3})  # fmt: skip
    browser = opened(mo, reason="needle")
    assert "Nothing found so far." in [one.value for one in browser.markdown]
    assert "Looked back to" in captions(browser)
    further = browser.button(key="audit_older")
    assert further.label == "Look further"
    further.click().run()
    assert list(table(browser)["Reason"]) == ["needle"]


def test_verifying_says_what_was_found(desk: Desk, mo: Person) -> None:
    for _ in range(3):
        act(desk, mo)
    browser = opened(mo)
    browser.button(key="audit_verify").click().run()
    assert "Chain whole as of " in captions(browser) and "3 rows" in captions(browser)
    act(desk, mo)
    assert "4 rows, 1 since" in captions(opened(mo))
    with desk.database.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("DELETE FROM audit_events WHERE sequence = 2"))
        session.execute(text("SET LOCAL session_replication_role = origin"))
    browser = opened(mo)
    browser.button(key="audit_verify").click().run()
    assert "Chain broken at row 2: it is missing" in captions(browser)
    with desk.database.transaction() as session:
        session.execute(text("UPDATE audit_heads SET sequence = :rows"), {"rows": SMALL + 1})
    long = opened(mo)
    assert "python -m core audit verify" in captions(long)
    assert "audit_verify" not in {one.key for one in long.button}


def test_a_page_that_is_refused_is_in_the_trail(desk: Desk, mo: Person) -> None:
    ada = desk.staff(display_name="Ada")
    for _ in range(3):
        assert sentences(visit(ada, "settings.py")) == ["Changing settings needs the role admin."]
    assert lines(opened(mo)) == [("Ada", "was refused")]
    assert list(table(opened(mo))["Reason"]) == ["Refused: Changing settings needs the role admin."]


def test_what_people_wrote_is_text(desk: Desk, mo: Person) -> None:
    eve = desk.staff(display_name=MARKED)
    act(desk, eve, target_id=eve.user.id, reason=MARKED)
    assert lines(opened(mo)) == [(MARKED, "changed the roles of own account")]
    choices = opened(mo).selectbox(key="audit_Who").options
    assert MARKED in choices


def test_words_are_there_for_everything() -> None:
    assert set(ACTIONS) == set(AuditAction) and set(TYPES) == set(TargetType)
    assert set(audit_words.PROBLEMS) == set(ChainProblem)
    assert {action.subject for action in AuditAction} == set(SUBJECTS)
    labels = [choice(action.value) for action in AuditAction] + [choice(subject) for subject in SUBJECTS]
    assert len(set(labels)) == len(labels)
    too_long = [words for words in [*ACTIONS.values(), *FAILED.values()] if len(words) > 31]
    assert not too_long  # what it was done to stands behind them, in a line that is 60 wide at 1280 pixels
    assert did("something:new", Outcome.DONE) == "something:new"
    assert did("session:sign_in", Outcome.REFUSED) == FAILED[AuditAction.SIGNED_IN]
    bob = str(new_id())
    assert changes(
        {"roles": ["staff"], "marks": []},
        {"roles": ["staff", "admin"], "marks": [80], "members": [bob], "is_mine": False, "filter": {"who": bob}},
        {bob: "Bob  Boole"},
    ) == [
        ("Roles", "staff", "staff, admin"),
        ("Marks", "–", "80"),
        ("Members", None, "Bob Boole"),
        ("Is mine", None, "no"),
        ("Filter", None, "Who: Bob Boole"),
    ]


def test_the_file_is_asked_for_with_the_filters_of_the_page() -> None:
    query = AuditQuery(actions=("room", "user:roles"), outcome=Outcome.REFUSED, older="1.1", event=3)
    assert address_of(query, ZoneInfo("Asia/Tokyo")) == (
        "/api/audit?zone=Asia%2FTokyo&action=room&action=user%3Aroles&outcome=refused"
    )
