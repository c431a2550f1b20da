"""What people see of tasks, and what becomes of what they do there."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.errors import NotFound
from core.models import TaskStatus
from core.repositories.users import Users
from core.services.task_views import NewTask, TasksWanted
from core.ui.task_list import FIRST
from tests.pages.visitor import ENTRY, Desk, Person, bars, browser_at, go, sentences, text_of, visit

PAGE = "tasks.py"
NOW = datetime(2026, 5, 6, 11, tzinfo=UTC)
TODAY = date(2026, 5, 6)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def ada(desk: Desk) -> Person:
    return desk.staff(display_name="Ada L")


@pytest.fixture
def bo(desk: Desk) -> Person:
    return desk.staff(display_name="Bo")


def make(desk: Desk, who: Person, title: str, **fields: object) -> UUID:
    return desk.application.tasks.create(who.actor, NewTask(title, **fields)).id  # type: ignore[arg-type]


def add(browser: AppTest, line: str) -> AppTest:
    browser.text_input(key="task_line").set_value(line)
    return button(browser, "Add").click().run()


def button(browser: AppTest, label: str) -> Any:
    return next(one for one in browser.button if one.label == label)


def rows(browser: AppTest) -> list[str]:
    return [one.label for one in browser.main.checkbox]


def groups(browser: AppTest) -> list[str]:
    return [one.label for one in browser.expander]


def kept(desk: Desk, who: Person) -> list[tuple[str, date | None, str]]:
    page = desk.application.tasks.list_page(who.actor, TasksWanted())
    return [(one.title, one.due_on, one.assignee_name) for one in page.tasks]


def test_a_line_becomes_a_task_that_can_be_taken_back(desk: Desk, ada: Person, bo: Person) -> None:
    browser = add(visit(ada, PAGE), "Call the bakery @Bo tomorrow")
    assert not browser.exception and not sentences(browser)
    assert kept(desk, ada) == kept(desk, bo) == [("Call the bakery", TOMORROW, "Bo")]
    assert groups(browser) == ["Upcoming · 1", "Done"]
    assert browser.text_input(key="task_line").value == ""
    assert "Added “Call the bakery” for Bo, due tomorrow." in text_of(browser)
    browser.button(key="task_undo").click().run()
    assert kept(desk, ada) == [] and groups(browser) == ["Done"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("Ask @nobody", "Nobody here is called “nobody”. You can give it to Ada L or Bo."),
        ("tomorrow", "Write what is to be done as well"),
        ("", "Write what is to be done as well"),
        ("Pay by 31 April", "There is no day like 31 april."),
        ("x" * 256, "The title may have up to 255 characters; this has 256."),
    ],
)
def test_what_cannot_be_read_stays_in_the_field(desk: Desk, ada: Person, bo: Person, line: str, sentence: str) -> None:
    browser = add(visit(ada, PAGE), line)
    [said] = sentences(browser)
    assert said.startswith(sentence)
    assert browser.text_input(key="task_line").value == line
    assert kept(desk, ada) == []


def test_a_double_click_makes_one_task_and_the_same_words_later_another(
    desk: Desk, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = add(add(visit(ada, PAGE), "Call"), "Call")
    assert len(kept(desk, ada)) == 1
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    add(browser, "Call")
    assert len(kept(desk, ada)) == 2


def test_groups_have_what_is_theirs_and_say_whose_it_is(desk: Desk, ada: Person, bo: Person) -> None:
    make(desk, ada, "Late", due_on=YESTERDAY)
    make(desk, bo, "Now", due_on=TODAY, assignee_id=ada.user.id)
    make(desk, ada, "Soon", due_on=TODAY + timedelta(days=2), assignee_id=bo.user.id)
    make(desk, ada, "Whenever", description="More of it")
    make(desk, bo, "Secret", due_on=TODAY)
    browser = visit(ada, PAGE)
    assert groups(browser) == ["Overdue · 1", "Today · 1", "Upcoming · 1", "Someday · 1", "Done"]
    assert rows(browser) == [
        "Late  :small[:gray[:red[yesterday]]]",
        "Now  :small[:gray[today · from Bo]]",
        "Soon  :small[:gray[Friday · for Bo]]",
        "Whenever  :small[:gray[:material/notes:]]",
    ]
    assert "Secret" not in text_of(browser)


@pytest.mark.parametrize(
    ("zone", "shown"), [("Pacific/Kiritimati", "Today · 1"), ("Europe/Berlin", "Upcoming · 1"), ("UTC", "Upcoming · 1")]
)
def test_today_is_the_readers_and_their_zone_is_remembered(desk: Desk, ada: Person, zone: str, shown: str) -> None:
    make(desk, ada, "Call", due_on=TOMORROW)
    browser = visit(ada, PAGE, zone=zone)
    assert groups(browser)[0] == shown
    with desk.database.reading() as session:
        assert Users(session).list_zones([ada.user.id]) == {ada.user.id: zone}


def test_a_tick_is_done_and_can_be_undone(desk: Desk, ada: Person) -> None:
    task = make(desk, ada, "Call", due_on=TODAY)
    browser = visit(ada, PAGE)
    browser.main.checkbox[0].check().run()
    assert desk.application.tasks.get(ada.actor, task).line.status is TaskStatus.DONE
    assert rows(browser) == [] and "Done: “Call”." in text_of(browser)
    browser.button(key="task_undo").click().run()
    assert desk.application.tasks.get(ada.actor, task).line.status is TaskStatus.OPEN
    assert len(rows(browser)) == 1 and browser.main.checkbox[0].value is False


def test_what_is_done_can_be_opened_again_and_cleared(desk: Desk, ada: Person) -> None:
    task = make(desk, ada, "Call")
    desk.application.tasks.complete(ada.actor, task)
    browser = visit(ada, PAGE)
    browser.session_state["group_done"] = True
    browser.run()
    assert rows(browser) == ["Call"] and browser.main.checkbox[0].value is True
    browser.button(key="clear_done").click().run()
    assert kept(desk, ada) == [] and "One done task was cleared." in text_of(browser)
    browser.button(key="task_undo").click().run()
    browser.main.checkbox[0].uncheck().run()
    assert desk.application.tasks.get(ada.actor, task).line.status is TaskStatus.OPEN


def test_a_task_is_edited_in_its_place(desk: Desk, ada: Person, bo: Person) -> None:
    task = make(desk, ada, "Call", description="Ask for rye", due_on=TODAY)
    browser = visit(ada, PAGE)
    browser.button(key=f"edit_task_{task}").click().run()
    browser.text_input(key=f"title_{task}").set_value("Write")
    browser.text_area(key=f"description_{task}").set_value("")
    browser.date_input(key=f"due_{task}").set_value(None)
    browser.selectbox(key=f"for_{task}").set_value(bo.user.id)
    button(browser, "Save").click().run()
    assert not browser.exception and not sentences(browser)
    view = desk.application.tasks.get(bo.actor, task)
    assert (view.title, view.description, view.line.due_on, view.line.assignee_id) == ("Write", "", None, bo.user.id)
    assert rows(browser) == ["Write  :small[:gray[for Bo]]"]


def test_somebody_elses_change_is_shown_before_it_is_overwritten(desk: Desk, ada: Person, bo: Person) -> None:
    task = make(desk, ada, "Call", assignee_id=bo.user.id)
    browser = visit(ada, PAGE)
    browser.button(key=f"edit_task_{task}").click().run()
    desk.application.tasks.update(bo.actor, task, title="Called by Bo", description="He said yes")
    desk.application.tasks.complete(bo.actor, task)
    browser.text_input(key=f"title_{task}").set_value("Called by Ada")
    button(browser, "Save").click().run()
    assert sentences(browser) == ["This task was changed meanwhile. Look at it again, then change it."]
    assert "By now it is “Called by Bo”, done, without a day, for Bo. Save again" in text_of(browser)
    assert "He said yes" in text_of(browser)
    assert browser.text_input(key=f"title_{task}").value == "Called by Ada"
    assert desk.application.tasks.get(ada.actor, task).title == "Called by Bo"
    button(browser, "Save").click().run()
    assert desk.application.tasks.get(ada.actor, task).title == "Called by Ada"


@pytest.mark.parametrize("end", ["deleted", "handed on"])
def test_a_task_that_went_away_while_it_was_edited_says_so(desk: Desk, ada: Person, bo: Person, end: str) -> None:
    task = make(desk, bo, "Call", assignee_id=ada.user.id)
    browser = visit(ada, PAGE)
    browser.button(key=f"edit_task_{task}").click().run()
    if end == "deleted":
        desk.application.tasks.delete(bo.actor, task)
    else:
        desk.application.tasks.assign(bo.actor, task, bo.user.id)
    browser.text_input(key=f"title_{task}").set_value("Call twice")
    button(browser, "Save").click().run()
    assert not browser.exception
    assert sentences(browser) == [NotFound.sentence] and browser.text_input(key=f"title_{task}").value == "Call twice"
    button(browser, "Cancel").click().run()
    assert rows(browser) == [] and not browser.text_area and not sentences(browser)


def test_the_editor_stays_when_its_task_leaves_the_list(desk: Desk, ada: Person, bo: Person) -> None:
    task = make(desk, ada, "Call", assignee_id=bo.user.id)
    browser = visit(ada, PAGE)
    browser.button(key=f"edit_task_{task}").click().run()
    desk.application.tasks.complete(bo.actor, task)
    browser.run()
    assert rows(browser) == [] and "Nothing to do." in text_of(browser)
    browser.text_input(key=f"title_{task}").set_value("Call twice")
    for title in ("Call", "Call twice"):
        button(browser, "Save").click().run()
        assert desk.application.tasks.get(ada.actor, task).title == title
    assert not browser.text_area and not sentences(browser)


def test_a_link_opens_the_task_it_names_and_nobody_elses(desk: Desk, ada: Person, bo: Person) -> None:
    task, secret = make(desk, ada, "Call"), make(desk, bo, "Secret")
    desk.application.tasks.complete(ada.actor, task)
    browser = visit(ada, PAGE, task=task)
    assert browser.text_input(key=f"title_{task}").value == "Call" and "task" not in browser.query_params
    button(browser, "Cancel").click().run()
    assert not browser.text_area
    for one in (secret, "nonsense"):
        browser = visit(ada, PAGE, task=one)
        assert not browser.text_area and "Secret" not in text_of(browser)
        assert sentences(browser) == ["The task that this leads to isn't there any more, or isn't yours."]


@pytest.mark.parametrize("act", ["add", "tick"])
def test_undo_ends_where_somebody_else_has_changed_the_task_since(
    desk: Desk, ada: Person, bo: Person, act: str
) -> None:
    browser = add(visit(ada, PAGE), "Call @Bo")
    [line] = desk.application.tasks.list_page(ada.actor, TasksWanted()).tasks
    if act == "tick":
        browser.main.checkbox[0].check().run()
    desk.application.tasks.update(bo.actor, line.id, description="He asks to be called back")
    browser.button(key="task_undo").click().run()
    assert sentences(browser) == ["This task was changed meanwhile. Look at it again, then change it."]
    status = TaskStatus.OPEN if act == "add" else TaskStatus.DONE
    assert desk.application.tasks.get(ada.actor, line.id).line.status is status


def test_names_in_a_notice_are_no_markup(desk: Desk, ada: Person) -> None:
    desk.staff(display_name="[Bo](http://x.example)")
    [said] = sentences(add(visit(ada, PAGE), "Ask @nobody"))
    assert "\\[Bo\\](http://" in said and "http://x" not in said


def test_a_deleted_task_comes_back_and_only_its_owner_deletes(desk: Desk, ada: Person, bo: Person) -> None:
    task = make(desk, ada, "Call", assignee_id=bo.user.id)
    theirs, browser = visit(bo, PAGE), visit(ada, PAGE)
    for one in (theirs, browser):
        one.button(key=f"edit_task_{task}").click().run()
    assert "Delete" not in [one.label for one in theirs.button]
    button(browser, "Delete").click().run()
    assert rows(browser) == [] and kept(desk, ada) == []
    browser.button(key="task_undo").click().run()
    assert kept(desk, ada) == [("Call", None, "Bo")]


def test_a_long_group_is_shown_page_by_page(desk: Desk, ada: Person) -> None:
    for number in range(FIRST + 3):
        make(desk, ada, f"Task {number}")
    browser = visit(ada, PAGE)
    assert len(rows(browser)) == FIRST
    browser.button(key="more_someday").click().run()
    assert rows(browser) == [f"Task {number}" for number in range(FIRST + 3)]
    assert "Show more" not in [one.label for one in browser.button]


def test_filters_and_words_narrow_the_list(desk: Desk, ada: Person, bo: Person) -> None:
    cy = desk.staff(display_name="Cy")
    make(desk, ada, "Own")
    make(desk, ada, "For Bo", assignee_id=bo.user.id)
    make(desk, ada, "For Cy", assignee_id=cy.user.id)
    browser = visit(ada, PAGE)
    browser.segmented_control(key="whose").set_value("Mine").run()
    assert rows(browser) == ["Own"]
    browser.segmented_control(key="whose").set_value("Given to others").run()
    assert rows(browser) == ["For Bo  :small[:gray[for Bo]]", "For Cy  :small[:gray[for Cy]]"]
    browser = go(browser, PAGE, person=bo.user.id, source="nonsense")
    assert rows(browser) == ["For Bo  :small[:gray[for Bo]]"]
    browser = visit(ada, PAGE)
    browser.text_input(key="task_words").set_value("own").run()
    assert rows(browser) == ["Own"] and not groups(browser)
    browser.text_input(key="task_words").set_value("nothing of the kind").run()
    assert "No task has all of these words." in text_of(browser)


def test_who_was_chosen_stays_chosen_when_all_with_them_is_done(desk: Desk, ada: Person, bo: Person) -> None:
    cy = desk.staff(display_name="Cy")
    make(desk, ada, "For Bo", assignee_id=bo.user.id)
    make(desk, ada, "Own")
    browser = go(browser_at(ENTRY, ada), PAGE, person=bo.user.id)
    browser.main.checkbox[0].check().run()
    assert rows(browser) == [] and "No open task fits these filters." in text_of(browser)
    assert rows(go(browser_at(ENTRY, ada), PAGE, person=cy.user.id)) == ["Own"], "there is none with them"


def test_titles_are_no_markup(desk: Desk, ada: Person) -> None:
    title = "**x** [a](http://x.example) ![i](http://x.example/i) :red[x] $5 and $6"
    make(desk, ada, title)
    [label] = rows(visit(ada, PAGE))
    assert "](http" not in label.replace("\\]\\(", "") and ":red[" not in label and "**" not in label


def test_a_task_leads_to_its_message_only_for_who_may_read_it(desk: Desk, ada: Person, bo: Person) -> None:
    room = desk.application.rooms.create(ada.actor, "group", "Fair", user_ids=[bo.user.id])  # type: ignore[arg-type]
    said = desk.application.talk.send(ada.actor, room, "Order rolls")
    make(desk, ada, "Order", message_id=said.message_id, assignee_id=bo.user.id)
    assert [one.proto.query_string for one in visit(bo, PAGE).main.page_link] == [f"c={room}&m={said.seq}"]
    desk.application.members.leave(bo.actor, room)
    assert not visit(bo, PAGE).main.page_link


def test_home_shows_what_is_due_and_ticks_it_off(desk: Desk, ada: Person, bo: Person) -> None:
    make(desk, ada, "Late", due_on=YESTERDAY)
    make(desk, ada, "Later", due_on=TOMORROW)
    make(desk, ada, "For Bo", due_on=TODAY, assignee_id=bo.user.id)
    browser = visit(ada)
    assert rows(browser) == ["Late  :small[:gray[:red[yesterday]]]"]
    browser.main.checkbox[0].check().run()
    assert rows(browser) == [] and "Done: “Late”." in text_of(browser)
    assert go(browser, PAGE).title[0].value == "Tasks"


def test_every_readable_message_offers_to_become_a_task(desk: Desk, ada: Person, bo: Person) -> None:
    room = desk.application.rooms.create(ada.actor, "group", "Fair", user_ids=[bo.user.id])  # type: ignore[arg-type]
    desk.application.talk.send(ada.actor, room, "Order rolls")
    [bar] = bars(visit(bo, "chat.py", c=room))
    assert "task" in bar["menu"]
