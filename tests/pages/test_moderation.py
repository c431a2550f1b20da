"""The moderators' page: the queue, what stands beside it, and what a click does. Dialogs are driven in tests/e2e."""

from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.models import ConversationKind, ReportReason
from core.permissions import Role
from core.services.moderation_views import ReportLine
from core.ui import differences
from core.ui.moderation_acts import dismissing
from core.ui.moderation_list import fitting
from tests.pages.visitor import ENTRY, Desk, Person, bars, browser_at, go, sentences, text_of, visit

BAD = "You are a <b>walrus</b> :red[x] $5 ![x](http://e.example/x.png)"


class House:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.app = desk, desk.application
        self.mo = desk.person(Role.MODERATOR, display_name="Mo")
        self.bo, self.cy = desk.staff(display_name="Bo"), desk.staff(display_name="Cy")
        self.room = self.app.rooms.create(
            self.bo.actor, ConversationKind.GROUP, "Vault of titles", user_ids=[self.cy.user.id]
        )

    def reported(self, words: str = BAD) -> UUID:
        message = self.app.talk.send(self.bo.actor, self.room, words).message_id
        self.app.reports.report(self.cy.actor, message, ReportReason.HARASSMENT, "Please look")
        return message


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def opened(who: Person, **query: object) -> AppTest:
    browser = go(browser_at(ENTRY, who), "moderation.py", **query)
    assert not browser.exception
    return browser


def beside(house: House, who: Person) -> AppTest:
    """The first case, opened by its key."""
    browser = opened(who)
    return browser.button("case_next").click().run()


def labels(browser: AppTest) -> list[str]:
    """Of the actions, in their order."""
    names = ("claim", "dismiss", "edit", "delete", "restore", "reopen", "release")
    return [one.label for one in browser.button if one.key in {f"case_{name}" for name in names}]


def test_an_empty_queue_says_so(house: House) -> None:
    browser = opened(house.mo)
    assert any("Nothing is waiting" in one.value for one in browser.markdown)
    assert not browser.dataframe
    closed = opened(house.mo, status="closed")
    assert any("Nothing has been decided yet" in one.value for one in closed.markdown)


def test_a_line_for_each_case(house: House) -> None:
    house.reported()
    [table] = opened(house.mo).dataframe
    [line] = table.value.to_dict("records")
    assert (line["Message"], line["Author"], line["State"]) == (BAD, "Bo", "Unclaimed")
    assert (line["Reason"], line["Where"]) == ("Insult or harassment", "Group")
    assert table.proto.row_height > 64, "what is lower shows one line of the message, and on a phone half of that"


def test_who_is_told_of_a_dismissal() -> None:
    by_rule, by_person = (
        ReportLine(None, ReportReason.AUTOMATIC, "", clock.now(), rule="Walruses"),
        ReportLine("Cy", ReportReason.SPAM, "", clock.now()),
    )
    assert dismissing([by_rule]) == "The message stays as it is."
    assert dismissing([by_rule, by_person]).endswith("Those who reported it are told so.")


def test_a_line_has_the_beginning_of_a_long_message() -> None:
    assert fitting("word " * 50, 12) == "word word wo…"
    assert fitting("明天开会" * 20, 12) == "明天开会明天…"
    assert fitting("Short", 12) == "Short"


def test_a_case_shows_what_it_takes_and_no_title(house: House) -> None:
    for number in range(5):
        house.app.talk.send(house.cy.actor, house.room, f"Before {number}")
    house.reported()
    browser = beside(house, house.mo)
    shown = text_of(browser)
    assert "Vault of titles" not in shown
    assert [number for number in range(5) if f"Before {number}" in shown] == [2, 3, 4]
    assert "Please look" in shown
    assert any("**Cy**" in one.value for one in browser.markdown)
    assert labels(browser) == ["Claim"]
    assert "case" in browser.query_params


def test_who_claimed_it_has_the_actions(house: House) -> None:
    house.reported()
    browser = beside(house, house.mo).button("case_claim").click().run()
    assert labels(browser) == ["Dismiss", "Edit", "Delete", "Release"]
    assert [one.proto.shortcut.lower() for one in browser.button if one.key == "case_delete"] == ["x"]
    other = house.desk.person(Role.MODERATOR)
    assert labels(beside(house, other)) == []
    browser = browser.button("case_release").click().run()
    assert labels(browser) == ["Claim"]


def test_who_is_late_is_told_who_was_faster(house: House) -> None:
    house.reported()
    eve = house.desk.person(Role.MODERATOR, display_name="Eve")
    late = beside(house, house.mo)
    beside(house, eve).button("case_claim").click().run()
    late = late.button("case_claim").click().run()
    assert sentences(late) == ["Eve claimed this case meanwhile. Nothing was done."]


def test_a_demotion_acts_at_the_next_click(house: House) -> None:
    house.reported()
    browser = beside(house, house.mo)
    admin = house.desk.person(Role.ADMIN)
    house.app.people.set_roles(admin.actor, house.mo.user.id, [Role.STAFF])
    browser = browser.button("case_claim").click().run()
    assert [one.value for one in browser.title] == ["Not for your role"]
    assert house.app.moderation_queue.count_open(house.desk.person(Role.MODERATOR).actor) == 1


def test_ones_own_message_is_for_others(house: House) -> None:
    both = house.desk.person(Role.STAFF, Role.MODERATOR)
    house.app.members.add(house.bo.actor, house.room, [both.user.id])
    message = house.app.talk.send(both.actor, house.room, "Mine").message_id
    house.app.reports.report(house.cy.actor, message, ReportReason.OTHER)
    browser = beside(house, both)
    assert labels(browser) == []
    assert any("You wrote this message yourself" in one.value for one in browser.caption)


def test_what_was_done_stands_there_and_can_be_taken_back(house: House) -> None:
    house.reported("Plain words")
    browser = beside(house, house.mo).button("case_claim").click().run()
    case_id = UUID(browser.query_params["case"])
    version = house.app.moderation_queue.get(house.mo.actor, case_id).line.version
    house.app.moderation.edit(house.mo.actor, case_id, version, "Other words", "No names")
    browser = browser.run()
    assert labels(browser) == ["Restore"]
    shown = text_of(browser)
    assert ":red-background[~~Plain~~]" in shown
    assert ":green-background[Other]" in shown
    assert any("edited the message: No names" in one.value for one in browser.markdown)
    closed = opened(house.mo, status="closed")
    assert list(closed.dataframe[0].value["State"]) == ["Edited by Mo"]


def test_the_author_sees_the_marker_and_is_told(house: House) -> None:
    house.reported("Plain words")
    browser = beside(house, house.mo).button("case_claim").click().run()
    case_id = UUID(browser.query_params["case"])
    house.app.moderation.delete(house.mo.actor, case_id, 1, "No :red[names] $5")
    chat = visit(house.bo, "chat.py", c=house.room)
    assert any("Message deleted by a moderator" in one.value for one in chat.caption)
    assert "Plain words" not in text_of(chat)
    assert any("A moderator deleted your message" in one.value for one in visit(house.bo).markdown)


def test_only_what_can_be_reported_has_the_entry(house: House) -> None:
    message = house.reported()
    rows = {row["message"]: row for row in bars(visit(house.cy, "chat.py", c=house.room))}
    assert "report" not in rows[str(message)]["menu"]
    chat = visit(house.bo, "chat.py", c=house.room)
    rows = {row["message"]: row for row in bars(chat)}
    assert "report" in rows[str(message)]["menu"]
    assert not any("You reported this" in one.value for one in chat.caption)


@pytest.mark.parametrize(
    "query", [{"status": "soon"}, {"author": "x"}, {"after": "open.x.y"}, {"case": "x"}, {"from": "2026-02-30"}]
)
def test_an_odd_address_is_said_and_left_out(house: House, query: dict[str, str]) -> None:
    house.reported()
    browser = opened(house.mo, **query)
    assert any("address" in one.value or "isn't known" in one.value for one in browser.caption)
    assert browser.dataframe


def test_another_companys_case_is_not_there(house: House) -> None:
    house.reported()
    other = house.desk.person(Role.MODERATOR, company=Desk(house.app).company)
    case_id = beside(house, house.mo).query_params["case"]
    browser = opened(other, case=case_id)
    assert any("This case isn't here" in one for one in sentences(browser))


def test_a_difference_is_word_by_word() -> None:
    assert differences.by_words("the PIN is 4711.", "the PIN is ****.") == (
        r"the PIN is :red-background[~~4711~~] :green-background[\*\*\*\*] \."
    )
    assert differences.by_words("a\nb", "a b") == "a :red-background[~~↵~~] :green-background[␣] b"
    assert differences.is_short("word " * 10, "x")
    assert not differences.is_short("word " * 3_000, "x")
    assert differences.by_lines("a\nb", "a\nc") == "@@ -1,2 +1,2 @@\n a\n-b\n+c"
