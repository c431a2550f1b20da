"""Around rooms: finding, making and keeping them, in the sidebar, in a room's header and in its dialogs.

A dialog is a fragment of its own, which AppTest knows nothing of: what is asked for in one is drawn by a whole run that
opens it again, as `ask` does.
"""

import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core.models import ConversationKind, History, MemberRole
from core.services.room_views import Added, AddResult
from core.ui import conversation_list, dialogs, room_adding, room_finding, room_header, room_members
from core.ui.conversation_list import FIRST
from tests.pages.visitor import Desk, DeskWith, Person, bubbles, go, is_own_part, sentences, text_of, visit
from tests.support.builders import make_company
from tests.support.models import Answer, ScriptedModel
from tests.support.talks import begun

DIRECT, GROUP, COMPANY = ConversationKind.DIRECT, ConversationKind.GROUP, ConversationKind.COMPANY
SECRET = "the-launch-code-is-4711"
MARKED = "**Bold** :red[x] $5"
AS_TYPED = r"\*\*Bold\*\* \:red\[x\] \$5"


class Company:
    """Ada, Bo and Cy, and what they make."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ada = desk.staff(display_name="Ada Lovelace", email="ada@example.com")
        self.bo = desk.staff(display_name="Bo Diddley", email="bo@example.com")
        self.cy = desk.staff(display_name="Cy Twombly", email="cy@example.com")
        self.app = desk.application

    def room(self, kind: ConversationKind = GROUP, title: str = "Plans", *people: Person, **options: Any) -> UUID:
        """Ada's; with Bo unless told otherwise."""
        user_ids = [person.user.id for person in people or [self.bo]]
        if kind is DIRECT:
            return self.app.rooms.start_direct(self.ada.actor, user_ids[0])
        return self.app.rooms.create(self.ada.actor, kind, title, user_ids=user_ids, **options)

    def say(self, person: Person, room_id: UUID, *texts: str) -> None:
        for text in texts:
            self.app.talk.send(person.actor, room_id, text)

    def role(self, person: Person, room_id: UUID) -> MemberRole | None:
        member = self.app.members.get(self.ada.actor, room_id, person.user.id)
        return None if member.left_at else member.role


@pytest.fixture
def company(desk: Desk) -> Company:
    return Company(desk)


def open_room(person: Person, room_id: UUID) -> AppTest:
    browser = visit(person, "chat.py", c=room_id)
    assert not browser.exception
    return browser


def ask(browser: AppTest, choice: str) -> AppTest:
    """From the room's menu; a run later the dialog is still open, as it is in a browser."""
    browser.session_state[dialogs.OPEN] = choice
    return browser.run()


def begin(person: Person, choice: str) -> AppTest:
    return visit(person, "chat.py").menu_button(key=room_finding.MENU).click(choice).run()


def submit(browser: AppTest, choice: str, *, key: str | None = None) -> AppTest:
    """Clicks the dialog's button, by its key where it has one."""
    (browser.button(key=key) if key else browser.form_submit_button[0]).click()
    browser.session_state[dialogs.OPEN] = choice
    browser.run()
    assert not browser.exception
    return browser


def groups(browser: AppTest) -> list[dict[str, Any]]:
    """The sidebar's rooms as the browser was given them."""
    parts = [node for node in browser if is_own_part(node) and node.key == "room_links"]
    return [group for node in parts for group in json.loads(json.loads(node.proto.json))]


def listed(browser: AppTest) -> dict[str, list[str]]:
    return {group["heading"]: [link["title"] for link in group["links"]] for group in groups(browser)}


def texts(browser: AppTest) -> list[str]:
    return [one.value for one in browser.markdown]


# The lists


def test_rooms_are_listed_by_kind_with_what_is_unread(company: Company) -> None:
    plain, called, muted, both = (company.room(GROUP, title) for title in ("plain", "called", "muted", "both"))
    direct, everybody = company.room(DIRECT), company.room(COMPANY, "everybody")
    company.say(company.bo, plain, "one", "two")
    company.say(company.bo, called, "@Ada")
    company.say(company.bo, muted, "one")
    company.say(company.bo, both, "one", "@Ada two")
    for room_id in (muted, both):
        company.app.members.mute(company.ada.actor, room_id)
    company.say(company.bo, everybody, "hello")
    company.say(company.ada, direct, "hello")
    found = groups(visit(company.ada, "chat.py"))
    assert [group["heading"] for group in found] == ["Direct", "Groups", "Company rooms"]
    assert [(link["title"], link["unread"], link["mentions"], link["muted"]) for link in found[1]["links"]] == [
        ("both", 2, 1, True),
        ("muted", 1, 0, True),
        ("called", 1, 1, False),
        ("plain", 2, 0, False),
    ]
    assert [(link["title"], link["unread"]) for link in found[0]["links"]] == [("Bo Diddley", 0)]
    assert found[2]["links"][0] == {
        "id": str(everybody),
        "title": "everybody",
        "href": f"/chat?c={everybody}",
        "current": False,
        "unread": 1,
        "mentions": 0,
        "muted": False,
    }


def test_without_rooms_no_heading_stands_there(company: Company) -> None:
    browser = visit(company.cy, "chat.py")
    assert groups(browser) == []
    assert "Your chats will be listed here." in [caption.value for caption in browser.sidebar.caption]


def test_the_newest_six_of_a_kind_are_listed_and_more_on_demand(company: Company) -> None:
    numbers = range(FIRST + 31)
    for number in numbers:  # nobody may make so many in an hour
        maker = company.bo if number % 2 else company.cy
        company.app.rooms.create(maker.actor, GROUP, f"group {number}", user_ids=[company.ada.user.id])
    for number in range(FIRST):
        company.room(COMPANY, f"room {number}")
    newest_first = [f"group {number}" for number in reversed(numbers)]
    browser = visit(company.ada, "chat.py")
    for pages, length, more in ((1, FIRST, "group"), (2, FIRST + 30, "group"), (3, FIRST + 31, None)):
        browser.session_state[conversation_list.PAGES] = {"group": pages}
        found = groups(browser.run())
        assert [link["title"] for link in found[0]["links"]] == newest_first[:length]
        assert (found[0]["more"], found[1]["more"]) == (more, None)


@pytest.mark.parametrize("way", ["never in it", "removed", "deleted", "other company"])
def test_what_is_not_ones_own_is_nowhere(company: Company, way: str) -> None:
    room_id = company.room(GROUP, SECRET, *([company.cy] if way != "removed" else [company.bo, company.cy]))
    company.say(company.ada, room_id, SECRET)
    reader = company.bo
    if way == "removed":
        company.app.members.remove(company.ada.actor, room_id, company.bo.user.id)
    if way == "deleted":
        company.app.conversations.delete(company.ada.actor, room_id)
        reader = company.cy
    if way == "other company":
        with company.desk.database.transaction() as session:
            reader = company.desk.person(*company.bo.actor.roles, company=make_company(session))
    for browser in (visit(reader, "home.py"), visit(reader, "chat.py"), visit(reader, "chat.py", c=room_id)):
        assert not browser.exception and SECRET not in text_of(browser)
    assert SECRET not in text_of(begin(reader, room_finding.BROWSE))


def test_archived_rooms_are_behind_the_link(company: Company) -> None:
    room_id = company.room(GROUP, "Old plans")
    company.room(GROUP, "New plans")
    company.app.conversations.archive(company.ada.actor, room_id)
    browser = visit(company.bo, "chat.py")
    assert listed(browser) == {"Groups": ["New plans"]}
    assert listed(browser.button(key="show_archive").click().run()) == {"Groups": ["Old plans"]}
    assert listed(browser.button(key="leave_archive").click().run()) == {"Groups": ["New plans"]}


def test_the_open_room_is_marked(company: Company) -> None:
    room_id = company.room()
    company.room(GROUP, "Other")
    [group] = groups(open_room(company.bo, room_id))
    assert [(link["title"], link["current"]) for link in group["links"]] == [("Other", False), ("Plans", True)]


# Beginning


def test_everybody_but_oneself_can_be_written_to(company: Company) -> None:
    company.app.people.deactivate(None, company.cy.user.id)
    with company.desk.database.transaction() as session:
        company.desk.person(company=make_company(session), display_name=SECRET)
    browser = begin(company.ada, room_finding.MESSAGE)
    assert browser.selectbox[0].options == ["Bo Diddley · bo@example.com"] and SECRET not in text_of(browser)
    submit(browser, room_finding.MESSAGE)
    assert sentences(browser) == ["Choose somebody first."] and "c" not in browser.query_params


def test_a_direct_chat_is_found_again(company: Company) -> None:
    there = company.room(DIRECT)
    browser = begin(company.bo, room_finding.MESSAGE)
    browser.selectbox[0].select_index(0)
    submit(browser, room_finding.MESSAGE)
    assert browser.query_params["c"] == str(there)
    assert ":material/person: **Ada Lovelace**" in texts(browser)


def test_a_group_is_made_with_its_people(company: Company) -> None:
    browser = begin(company.ada, room_finding.NEW_GROUP)
    browser.text_input[0].set_value("  Spring \t fair ")
    browser.multiselect[0].set_value([browser.multiselect[0].options[0]])
    browser.radio[0].set_value(History.JOINED)
    submit(browser, room_finding.NEW_GROUP)
    room = company.app.rooms.get(company.bo.actor, UUID(browser.query_params["c"]))
    assert (room.title, room.member_count, room.history, room.kind) == ("Spring fair", 2, History.JOINED, GROUP)
    submit(begin(company.ada, room_finding.NEW_GROUP), room_finding.NEW_GROUP)
    assert company.app.rooms.count_mine(company.ada.actor, GROUP) == 1  # a name was asked for


def test_a_dialog_submitted_twice_makes_one_room(company: Company) -> None:
    browser = begin(company.ada, room_finding.NEW_COMPANY_ROOM)
    for _ in range(2):
        ask(browser, room_finding.NEW_COMPANY_ROOM).text_input[0].set_value("Announcements")
        submit(browser, room_finding.NEW_COMPANY_ROOM)
        assert listed(browser) == {"Company rooms": ["Announcements"]}


@pytest.mark.parametrize("choice", [room_finding.NEW_GROUP, room_finding.NEW_COMPANY_ROOM])
@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        (" ", "The room's name is empty. Write something first."),
        ("x" * 201, "The room's name may have up to 200 characters; this has 201."),
        ("a\0b", "The room's name contains a NUL character, which can't be stored. Remove it and try again."),
    ],
    ids=["blank", "long", "nul"],
)
def test_a_refused_name_is_kept_in_its_field(company: Company, choice: str, title: str, sentence: str) -> None:
    browser = begin(company.ada, choice)
    browser.text_input[0].set_value(title)
    submit(browser, choice)
    assert sentences(browser) == [sentence] and browser.text_input[0].value == title
    assert listed(browser) == {}


def test_too_many_new_rooms_are_a_sentence(company: Company) -> None:
    for number in range(30):
        company.room(COMPANY, f"room {number}")
    browser = begin(company.ada, room_finding.NEW_COMPANY_ROOM)
    browser.text_input[0].set_value("One more")
    submit(browser, room_finding.NEW_COMPANY_ROOM)
    assert sentences(browser)[0].startswith("That's the most for now: 30 new rooms in one hour. Try again in ")


def test_company_rooms_can_be_browsed_and_joined(company: Company) -> None:
    empty = begin(company.bo, room_finding.BROWSE)
    assert any(text.startswith("There are no company rooms yet.") for text in texts(empty))
    theirs = company.room(COMPANY, MARKED, company.cy)
    mine = company.room(COMPANY, "Mine", company.bo)
    company.room(GROUP, SECRET, company.cy)
    browser = begin(company.bo, room_finding.BROWSE)
    assert "2 rooms. Everybody in the company may join." in [caption.value for caption in browser.caption]
    assert f"**{AS_TYPED}**  \n:small[2 members · active just now]" in texts(browser)
    assert SECRET not in text_of(browser)
    labels = [browser.button(key=f"enter_{room_id}").label for room_id in (theirs, mine)]
    assert labels == ["Join", "Open"]
    submit(browser, room_finding.BROWSE, key=f"enter_{theirs}")
    assert browser.query_params["c"] == str(theirs) and company.role(company.bo, theirs) is MemberRole.MEMBER


def test_many_company_rooms_come_page_by_page(company: Company) -> None:
    for person in (company.ada, company.bo):  # nobody may make so many in an hour
        for number in range(16):
            company.app.rooms.create(person.actor, COMPANY, f"room {number}")
    browser = begin(company.cy, room_finding.BROWSE)
    for length in (30, 32):
        assert sum(button.label == "Join" for button in browser.button) == length
        more = [button for button in browser.button if button.key == "more_rooms"]
        assert bool(more) is (length < 32)
        if more:
            submit(browser, room_finding.BROWSE, key="more_rooms")


def test_a_dialog_asked_for_on_the_first_page_opens_with_the_chat_page(company: Company) -> None:
    browser = visit(company.ada)
    browser.button(key=f"home_{room_finding.MESSAGE}").click().run()
    assert not browser.exception and browser.selectbox[0].label == "To"


def test_a_dialog_over_an_answer_being_written_does_not_wait_for_its_end(desk_with: DeskWith) -> None:
    """A dialog's buttons ask for a run of the dialog, which Streamlit begins when the page's run is over."""
    gate = threading.Event()
    desk = desk_with(ScriptedModel(Answer(["Slowly", " but", " surely."], gate=gate)))
    ada = desk.staff()
    asked = begun(desk.application.chat.ask(ada.actor, "How?"))
    browser = visit(ada, "chat.py")
    browser.session_state[dialogs.OPEN] = room_finding.NEW_GROUP
    go(browser, "chat.py", c=asked.conversation_id)
    assert browser.text_input[0].label == "Name" and bubbles(browser)[-1][0] == "assistant"
    gate.set()
    assert bubbles(browser.run())[-1] == ("assistant", "Slowly but surely.")  # dismissed


# The header

OWNERS = [
    "Members",
    "Add people",
    "Rename",
    "Instructions",
    "What newcomers see",
    "Model spend",
    "Export",
    "Mute",
    "Leave",
]
LOOKED = [*OWNERS[:-2], "Who looked", *OWNERS[-2:]]
MENUS: dict[tuple[ConversationKind, str], list[str]] = {
    (DIRECT, "owner"): ["Model spend", "Export", "Who looked", "Mute"],
    (DIRECT, "member"): ["Model spend", "Export", "Who looked", "Mute"],
    (GROUP, "owner"): [*LOOKED, "Archive", "Delete"],
    (GROUP, "admin"): LOOKED,
    (GROUP, "member"): ["Members", "Model spend", "Export", "Who looked", "Mute", "Leave"],
    (COMPANY, "owner"): [*OWNERS, "Archive", "Delete"],
    (COMPANY, "admin"): OWNERS,
    (COMPANY, "member"): ["Members", "Add people", "Model spend", "Export", "Mute", "Leave"],
}


@pytest.mark.parametrize(("kind", "role"), MENUS)
def test_the_menu_offers_what_one_may(company: Company, kind: ConversationKind, role: str) -> None:
    room_id = company.room(kind)
    reader = company.ada if role == "owner" else company.bo
    if role == "admin":
        company.app.members.change_role(company.ada.actor, room_id, company.bo.user.id, MemberRole.ADMIN)
    browser = open_room(reader, room_id)
    assert browser.menu_button(key=room_header.MENU).options == MENUS[kind, role]
    may_rename = "Rename" in MENUS[kind, role]
    assert bool([button for button in browser.button if button.key == "room_title"]) is may_rename
    people = {"owner": "bo@example.com", "member": "ada@example.com"}[role] if kind is DIRECT else "2 members"
    assert browser.button(key="room_people").label.replace("\u2060", "").replace("\\", "") == people


def test_who_looks_after_a_room_without_owners_has_their_menu(company: Company) -> None:
    room_id = company.room()
    company.app.people.deactivate(None, company.ada.user.id)
    assert "Delete" in open_room(company.bo, room_id).menu_button(key=room_header.MENU).options


def test_names_are_shown_as_they_were_typed(company: Company) -> None:
    room_id = company.room(GROUP, MARKED, company.desk.staff(display_name=MARKED))
    browser = ask(open_room(company.ada, room_id), room_members.MEMBERS)
    assert browser.button(key="room_title").label == f":material/group: **{AS_TYPED}**"
    assert any(text.startswith(f"**{AS_TYPED}**  \n") for text in texts(browser))
    assert listed(browser) == {"Groups": [MARKED]}


def test_a_long_name_is_cut(company: Company) -> None:
    browser = open_room(company.ada, company.room(GROUP, "x" * 200))
    assert len(browser.button(key="room_title").label) < 120


@pytest.mark.parametrize("way", ["menu", "title"])
def test_a_room_is_renamed(company: Company, way: str) -> None:
    room_id = company.room()
    browser = open_room(company.ada, room_id)
    if way == "menu":
        browser.menu_button(key=room_header.MENU).click("Rename").run()
    else:
        browser.button(key="room_title").click().run()
    browser.text_input[0].set_value("Better plans")
    submit(browser, "Rename")
    assert browser.button(key="room_title").label == ":material/group: **Better plans**"


def test_muting_says_what_it_does(company: Company) -> None:
    room_id = company.room()
    browser = open_room(company.bo, room_id)
    for choice, words, muted in (
        ("Mute", "Muted: only messages that mention you are counted.", True),
        ("Unmute", "Not muted any more: every message is counted.", False),
    ):
        browser.menu_button(key=room_header.MENU).click(choice).run()
        assert [toast.value for toast in browser.toast] == [words]
        assert company.app.rooms.get(company.bo.actor, room_id).muted is muted


def test_what_newcomers_see_is_changed(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_header.HISTORY)
    browser.radio[0].set_value(History.JOINED)
    submit(browser, room_header.HISTORY)
    assert company.app.rooms.get(company.bo.actor, room_id).history is History.JOINED


# Members


def test_members_are_listed_with_how_they_came(company: Company) -> None:
    room_id = company.room(GROUP, "Plans", company.bo, company.cy)
    company.app.members.remove(company.ada.actor, room_id, company.cy.user.id)
    browser = ask(open_room(company.bo, room_id), room_members.MEMBERS)
    rows = [text.partition("  \n")[0] for text in texts(browser) if "  \n:small[since" in text]
    assert rows == ["**Ada Lovelace**", "**Bo Diddley** (you)"]
    assert any(text.endswith("· added by Ada Lovelace]") for text in texts(browser))
    browser.toggle[0].set_value(True)
    ask(browser, room_members.MEMBERS)
    assert any("Cy Twombly" in text and "was here until" in text for text in texts(browser))


CHOICES = {
    ("owner", "owner"): ["Make admin", "Make member"],
    ("owner", "admin"): ["Make owner", "Make member", "Remove"],
    ("owner", "member"): ["Make owner", "Make admin", "Remove"],
    ("admin", "owner"): None,
    ("admin", "admin"): None,
    ("admin", "member"): ["Remove"],
    ("member", "owner"): None,
    ("member", "member"): None,
}


@pytest.mark.parametrize(("reader", "member"), CHOICES)
def test_what_one_may_do_with_a_member_stands_beside_them(company: Company, reader: str, member: str) -> None:
    people = {"owner": company.ada, "admin": company.bo, "member": company.cy}
    room_id = company.room(GROUP, "Plans", company.bo, company.cy)
    company.app.members.change_role(company.ada.actor, room_id, company.bo.user.id, MemberRole.ADMIN)
    browser = ask(open_room(people[reader], room_id), room_members.MEMBERS)
    key = f"member_{people[member].user.id}"
    found = [menu.options for menu in browser.menu_button if menu.key == key]
    assert found == ([CHOICES[reader, member]] if CHOICES[reader, member] else [])


def test_a_role_is_given_and_the_last_owner_keeps_theirs(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_members.MEMBERS)
    browser.menu_button(key=f"member_{company.bo.user.id}").click("Make admin")
    ask(browser, room_members.MEMBERS)
    assert company.role(company.bo, room_id) is MemberRole.ADMIN
    browser.menu_button(key=f"member_{company.ada.user.id}").click("Make member")
    ask(browser, room_members.MEMBERS)
    assert sentences(browser) == ["This is the last owner of the room. Make somebody else owner first."]
    assert sentences(ask(browser, room_members.MEMBERS)) == []


@pytest.mark.parametrize("is_meant", [True, False])
def test_a_removal_is_confirmed(company: Company, is_meant: bool) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_members.MEMBERS)
    browser.menu_button(key=f"member_{company.bo.user.id}").click("Remove")
    ask(browser, room_members.MEMBERS)
    assert "Remove **Bo Diddley** from **Plans**?" in texts(browser)
    assert company.role(company.bo, room_id) is MemberRole.MEMBER
    if not is_meant:
        submit(browser, room_members.MEMBERS, key="keep_member")
        assert "Remove **Bo Diddley** from **Plans**?" not in texts(browser)
    else:
        browser.button(key="confirm_removal").click()
        browser.session_state[dialogs.OPEN] = room_members.MEMBERS
        browser.run()
    assert company.role(company.bo, room_id) is (None if is_meant else MemberRole.MEMBER)


def test_a_dialog_opened_anew_has_forgotten_the_last_one(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_members.MEMBERS)
    browser.menu_button(key=f"member_{company.bo.user.id}").click("Remove")
    ask(browser, room_members.MEMBERS)
    browser.button(key="room_people").click().run()
    assert "Remove **Bo Diddley** from **Plans**?" not in texts(browser)


def test_people_are_added_and_those_there_are_not_offered(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_adding.ADD_PEOPLE)
    assert browser.multiselect[0].options == ["Cy Twombly · cy@example.com"]
    submit(browser, room_adding.ADD_PEOPLE)
    assert sentences(browser) == ["Choose somebody first."]
    browser.multiselect[0].set_value(browser.multiselect[0].options)
    browser.radio[0].set_value(MemberRole.ADMIN)
    browser.form_submit_button[0].click()
    ask(browser, room_adding.ADD_PEOPLE)
    assert company.role(company.cy, room_id) is MemberRole.ADMIN


TOLD: dict[str, tuple[list[tuple[str | None, str]], str]] = {
    "one": ([("Bo", "added")], "Bo added."),
    "several": ([("Bo", "added"), ("Cy", "added"), ("Di", "added")], "Bo, Cy and Di added."),
    "there": ([("Bo", "added"), ("Cy", "there")], "Bo added. Cy was a member already."),
    "all": (
        [("Bo", "there"), ("Cy", "added"), ("Di", "there"), ("Eli", "inactive"), (None, "unknown")],
        "Cy added. Bo and Di were members already. Eli can't sign in or chat, and was not added. "
        "One of them is nobody of this company.",
    ),
    "marked": ([(MARKED, "added")], f"{AS_TYPED} added."),
}


@pytest.mark.parametrize("case", TOLD)
def test_of_each_is_told_what_became_of_them(case: str) -> None:
    results, sentence = TOLD[case]
    added = [Added(UUID(int=number), name, AddResult(result)) for number, (name, result) in enumerate(results)]
    assert room_adding.told(added) == sentence


# Leaving, putting away


def test_the_last_owner_is_told_what_to_do_first(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_header.LEAVE)
    submit(browser, room_header.LEAVE, key="confirm_leaving")
    assert sentences(browser) == [
        "You are the last owner of this room. Make somebody else owner first, or delete the room."
    ]
    assert browser.query_params["c"] == str(room_id)


@pytest.mark.parametrize(("kind", "back"), [(GROUP, "can add you again"), (COMPANY, "You can join again")])
def test_a_member_leaves(company: Company, kind: ConversationKind, back: str) -> None:
    room_id = company.room(kind)
    browser = ask(open_room(company.bo, room_id), room_header.LEAVE)
    assert any(back in text for text in texts(browser))
    submit(browser, room_header.LEAVE, key="confirm_leaving")
    assert "c" not in browser.query_params and listed(browser) == {}
    assert company.role(company.bo, room_id) is None


def test_an_archived_room_can_be_brought_back(company: Company) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_header.ARCHIVE)
    submit(browser, room_header.ARCHIVE, key="confirm_archiving")
    assert "c" not in browser.query_params and listed(browser) == {}
    assert "Archived “Plans”." in texts(browser)
    assert not company.app.rooms.get(company.bo.actor, room_id).can_write
    go(browser, "chat.py", c=room_id).menu_button(key=room_header.MENU).click("Bring back").run()
    assert [toast.value for toast in browser.toast] == ["The room is open again: everybody here can write."]
    assert company.app.rooms.get(company.bo.actor, room_id).can_write
    assert "Archived “Plans”." not in texts(browser)


@pytest.mark.parametrize(("typed", "is_deleted"), [("", False), ("plans", False), ("Plan", False), (" Plans ", True)])
def test_deleting_takes_the_name(company: Company, typed: str, is_deleted: bool) -> None:
    room_id = company.room()
    browser = ask(open_room(company.ada, room_id), room_header.DELETE)
    browser.text_input[0].set_value(typed)
    submit(browser, room_header.DELETE)
    assert ("Deleted “Plans”." in texts(browser)) is is_deleted
    assert sentences(browser) == ([] if is_deleted else ["Nothing was deleted: the name doesn't match."])
    assert bool(company.app.rooms.count_mine(company.bo.actor, GROUP)) is not is_deleted
    if is_deleted:
        browser.button(key="undo_it").click().run()
        assert browser.query_params["c"] == str(room_id) and listed(browser) == {"Groups": ["Plans"]}


STOLEN: dict[str, Callable[[Company, UUID], object]] = {
    "removed": lambda company, room: company.app.members.remove(company.ada.actor, room, company.bo.user.id),
    "deleted": lambda company, room: company.app.conversations.delete(company.ada.actor, room),
}


@pytest.mark.parametrize("way", STOLEN)
@pytest.mark.parametrize("choice", ["Mute", "Leave", "Members"])
def test_a_menu_of_a_room_that_is_gone_crashes_nothing(company: Company, way: str, choice: str) -> None:
    room_id = company.room()
    browser = open_room(company.bo, room_id)
    STOLEN[way](company, room_id)
    browser.menu_button(key=room_header.MENU).click(choice).run()
    assert not browser.exception and [title.value for title in browser.title]
