from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from streamlit.testing.v1 import AppTest

from core import clock
from core.ids import new_id
from core.models import BudgetPeriod, BudgetScope, BudgetUnit, ConversationKind, ReportReason
from core.permissions import Role
from core.services.budgets import WantedBudget
from core.services.room_views import Unread
from core.services.steps import WaitingLine
from core.services.task_views import NewTask
from core.services.views import Continued, ConversationLine
from core.typed.near_days import when
from core.ui.home_waits import MOST, Step, Waits, next_step
from tests.pages.visitor import Desk, DeskWith, bubbles, go, sentences, visit
from tests.support.builders import make_conversation, make_messages
from tests.support.models import ScriptedModel
from tests.support.usage import book, make_call

TILES = {"Unread", "Tasks due", "My answers", "Reports", "Yesterday"}


def tiles(browser: AppTest) -> dict[str, tuple[str, str]]:
    """Value and note, by what they are called."""
    notes = [caption.value for caption in browser.main.caption]
    return {tile.label: (tile.value, note) for tile, note in zip(browser.metric, notes, strict=False)}


def linked(browser: AppTest) -> list[tuple[str, str, str]]:
    """Label, page and query of the links in front of the tiles: the next step, and where a decision is waited for."""
    found = [(link.value, link.proto.page, link.proto.query_string) for link in browser.main.page_link]
    return found[: next((at for at, link in enumerate(found) if link[0] in TILES), None)]


def below(browser: AppTest) -> tuple[list[tuple[str, str]], list[str]]:
    """The links behind those of the tiles, each with its query, and the captions."""
    links = [(link.value, link.proto.query_string) for link in browser.main.page_link]
    last = max(at for at, (label, _) in enumerate(links) if label in TILES)
    return links[last + 1 :], [caption.value for caption in browser.main.caption][len(browser.metric) :]


def test_the_first_visit_says_what_to_do(desk: Desk) -> None:
    browser = visit(desk.staff(display_name="Ada Lovelace"))
    assert browser.title[0].value == "Hello, Ada"
    assert [text.value for text in browser.main.markdown] == [
        "Ask your first question below. Your chats stay here for you alone: should a moderator ever have a reason "
        "to look into one, you are told.",
        "Talk with a colleague, or with several, and ask the assistant to join in.",
    ]
    assert browser.chat_input and below(browser)[0] == []
    assert tiles(browser) == {
        "Unread": ("0", "You have read everything"),
        "Tasks due": ("0", "Nothing is due"),
        "My answers": ("0", r"\$0.00 this month"),
    }


def test_the_tiles_say_what_waits_and_what_was_used_each_role_its_own(desk: Desk) -> None:
    ada, bo = desk.staff(display_name="Ada"), desk.staff(display_name="Bo")
    application, now = desk.application, clock.now()
    room = application.rooms.create(bo.actor, ConversationKind.GROUP, "Bakery", user_ids=[ada.user.id])
    for text in ("look", "@Ada, look", "look again"):
        sent = application.talk.send(bo.actor, room, text)
    application.reports.report(ada.actor, sent.message_id, ReportReason.SPAM)
    for days in (-1, 0, 1):
        application.tasks.create(ada.actor, NewTask(f"in {days}", due_on=now.date() + timedelta(days=days)))
    with desk.database.transaction() as session:
        asked = ((ada, now), (ada, now), (bo, now), (bo, now - timedelta(days=1)))
        calls = [make_call(desk.company.id, one.user.id, at, cost=Decimal("0.25")) for one, at in asked]
        book(session, *calls)
    assert tiles(visit(ada)) == {
        "Unread": ("3", "1 mentions you"),
        "Tasks due": ("2", "today or before"),
        "My answers": ("2", r"\$0.50 this month"),
    }
    assert tiles(visit(desk.person(Role.MODERATOR))) == {"Reports": ("1", "wait for a moderator")}
    assert tiles(visit(desk.person(Role.ANALYST))) == {"Yesterday": (r"\$0.25", "1 answer")}
    assert tiles(visit(desk.person())) == {}


def test_of_several_budgets_the_one_that_the_box_names_stands_above_it(desk: Desk) -> None:
    """The one with the least left, though more of another may be used up."""
    ada, bo, boss = desk.staff(), desk.staff(), desk.person(Role.ADMIN)
    with desk.database.transaction() as session:
        for one, cost in ((ada, "0.50"), (bo, "12")):
            book(session, make_call(desk.company.id, one.user.id, clock.now(), cost=Decimal(cost)))
    for scope, amount, user_id in ((BudgetScope.COMPANY, "20", None), (BudgetScope.PERSON, "5", ada.user.id)):
        wanted = WantedBudget(scope, BudgetPeriod.MONTH, BudgetUnit.USD, amount, user_id=user_id)
        desk.application.budgets.set(boss.actor, wanted)
    browser = visit(ada)
    said = r"\$4.50 of \$5.00 left this month"
    assert tiles(browser)["My answers"] == ("1", said)
    assert said in browser.caption[-1].value


def test_the_latest_five_chats_lead_on_with_what_was_said_last(desk: Desk) -> None:
    ada = desk.staff()
    with desk.database.transaction() as session:
        hours = [clock.now() - timedelta(hours=number) for number in range(7)]
        latest, second, *_ = [
            make_conversation(session, ada.user, title=f"chat {number}", last_message_at=at)
            for number, at in enumerate(hours)
        ]
        make_messages(session, latest, ["first", "**Last** words:\n\n```sql\nSELECT 1\n```"])
        said = make_messages(session, second, ["kept", "taken back"])
        said[-1].deleted_at = clock.now()
        make_conversation(session, ada.user, title="archived", archived_at=clock.now())
        make_conversation(session, desk.staff().user, title="somebody else's")
        make_conversation(session, ada.user, title="", last_message_at=clock.now() - timedelta(minutes=30))
    links, captions = below(visit(ada))
    assert [title for title, _ in links] == ["chat 0", "New chat", "chat 1", "chat 2", "chat 3"]
    assert links[0][1] == f"c={latest.id}"
    assert captions == [
        "just now",
        r"Last words\: SELECT 1",
        "30 min ago",
        "1 h ago",
        "kept",
        "2 h ago",
        "3 h ago",
    ]


def test_rooms_with_something_new_come_first_and_those_where_one_is_called_before_them(desk: Desk) -> None:
    ada, bo = desk.staff(display_name="Ada"), desk.staff(display_name="Bo")
    application, kind = desk.application, ConversationKind.GROUP
    names = ("muted", "called", "new", "muted and called", "old", "older than five")
    rooms = {name: application.rooms.create(bo.actor, kind, name, user_ids=[ada.user.id]) for name in names}
    for name in ("muted", "muted and called"):
        application.members.mute(ada.actor, rooms[name])
    for name in reversed(names):
        application.talk.send(bo.actor, rooms[name], "@Ada, look" if "called" in name else "look")
    for name in ("old", "older than five"):
        application.members.mark_read(ada.actor, rooms[name], 99)
    browser = visit(ada)
    assert below(browser) == (
        [
            ("**called**", f"c={rooms['called']}"),
            ("**muted and called**", f"c={rooms['muted and called']}"),
            ("**new**", f"c={rooms['new']}"),
            ("muted", f"c={rooms['muted']}"),
            ("old", f"c={rooms['old']}"),
        ],
        ["@ · 1 new", "@ · 1 new", "1 new", "just now", "just now"],
    )
    assert tiles(browser)["Unread"] == ("3", "2 mention you")


def test_asking_here_begins_a_chat_and_goes_there(desk_with: DeskWith) -> None:
    ada = (desk := desk_with(ScriptedModel("Yes."))).staff()
    browser = visit(ada)
    browser.chat_input[0].set_value("Is this on?").run()
    assert not browser.exception
    assert bubbles(browser) == [("user", "Is this on?"), ("assistant", "Yes.")]
    assert [message.content for message in desk.messages(ada, browser.query_params["c"])] == ["Is this on?", "Yes."]
    home = go(browser, "home.py")
    assert home.title[0].value.startswith("Hello, ")
    assert [title for title, _ in below(home)[0]] == ["Is this on?"]


def test_a_role_without_chats_is_told_so(desk: Desk) -> None:
    browser = visit(desk.person(Role.ANALYST))
    said = "Your roles have no chats of their own. Name, password and sign-ins are under Account."
    assert below(browser)[1] == [said]
    assert not browser.chat_input and sentences(browser) == []


EVERYTHING = Waits(
    may_ask=True,
    unread=Unread(total=3, mentions=1),
    chats=[Continued(ConversationLine(new_id(), "chat", clock.now()), "")],
    decisions=[WaitingLine(new_id(), ConversationKind.ASSISTANT, "chat")],
    overdue=1,
    reports=1,
)
LESS: dict[Step, dict[str, Any]] = {
    Step.MENTION: {"unread": Unread(total=3)},
    Step.OVERDUE: {"overdue": 0},
    Step.DECISION: {"decisions": ()},
    Step.REPORTS: {"reports": 0},
    Step.UNREAD: {"unread": Unread()},
    Step.CONTINUE: {"chats": ()},
    Step.ASK: {"may_ask": False},
}


def test_of_all_that_waits_the_most_useful_comes_next() -> None:
    """Taken away one by one, from the first to the last."""
    waits, steps = EVERYTHING, []
    while step := next_step(waits):
        steps.append(step)
        waits = replace(waits, **LESS[step])
    assert steps == list(Step) == list(LESS)


def test_what_waits_alone_is_what_comes_next() -> None:
    nothing = Waits()
    for step in Step:
        fields = {name: getattr(EVERYTHING, name) for name in LESS[step]}
        if step is Step.UNREAD:
            fields = {"unread": Unread(total=3)}
        assert next_step(replace(nothing, **fields)) is step
    assert next_step(nothing) is None


def test_the_next_step_leads_where_it_says(desk: Desk) -> None:
    ada, bo = desk.staff(display_name="Ada"), desk.staff(display_name="Bo *Diddley*")
    application, today = desk.application, clock.now().date()
    assert linked(visit(ada)) == [("Ask the assistant a question", "chat", "")]
    with desk.database.transaction() as session:
        chat = make_conversation(session, ada.user, title="", last_message_at=clock.now())
    assert linked(visit(ada)) == [("Go on with **New chat**", "chat", f"c={chat.id}")]
    room = application.rooms.create(bo.actor, ConversationKind.GROUP, "Bakery", user_ids=[ada.user.id])
    application.talk.send(bo.actor, room, "look")
    application.talk.send(bo.actor, room, "look again")
    assert linked(visit(ada)) == [("**Bakery**: 2 new messages", "chat", f"c={room}")]
    for days, title in ((1, "late"), (2, "later"), (-1, "early")):
        application.tasks.create(ada.actor, NewTask(f"*{title}*", due_on=today - timedelta(days=days)))
    due = when(today - timedelta(days=2), today)
    assert linked(visit(ada)) == [(rf"**\*later\*** was due {due} · 1 more", "tasks", "")]
    for number in range(MOST):
        application.tasks.create(ada.actor, NewTask(f"{number}", due_on=today - timedelta(days=1)))
    assert linked(visit(ada)) == [(rf"**\*later\*** was due {due} · at least {MOST - 1} more", "tasks", "")]
    direct = application.rooms.start_direct(bo.actor, ada.user.id)
    application.talk.send(bo.actor, direct, "@Ada, look")
    assert linked(visit(ada)) == [(r"**Bo \*Diddley\***: 1 message mentions you", "chat", f"c={direct}")]
    assert linked(visit(desk.person(Role.ANALYST))) == []


def test_a_call_in_a_room_that_is_not_listed_is_led_to_as_well(desk: Desk) -> None:
    ada, bo = desk.staff(display_name="Ada"), desk.staff(display_name="Bo")
    application, kind = desk.application, ConversationKind.GROUP
    first, *others = [application.rooms.create(bo.actor, kind, str(n), user_ids=[ada.user.id]) for n in range(6)]
    application.talk.send(bo.actor, first, "@Ada, look")
    for room in others:
        application.talk.send(bo.actor, room, "look")
    assert linked(visit(ada)) == [("**0**: 1 message mentions you", "chat", f"c={first}")]


def test_moderators_are_led_to_the_reports(desk: Desk) -> None:
    ada, bo, di = desk.staff(), desk.staff(), desk.person(Role.MODERATOR)
    application = desk.application
    assert linked(visit(di)) == []
    room = application.rooms.create(bo.actor, ConversationKind.GROUP, "Bakery", user_ids=[ada.user.id])
    sent = application.talk.send(bo.actor, room, "look")
    application.reports.report(ada.actor, sent.message_id, ReportReason.SPAM)
    assert linked(visit(di)) == [("**1 report** waits for a moderator", "moderation", "")]
