"""Everything one may read, on one page: listed, searched, opened, put away; and all of it in the address."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from core import clock
from core.analytics.units import dollars
from core.ids import new_id
from core.models import IMPORTED, Conversation, ConversationKind, Message
from core.permissions import Role
from core.repositories.messages import Messages
from core.repositories.versions import Versions
from core.services.browse_views import State
from core.services.people import PeopleService
from core.services.search_views import Part
from core.ui import browse_list, find
from core.ui.text import as_snippet
from tests.bench.statements import statements_of
from tests.pages.visitor import Desk, Person, sentences, text_of, visit
from tests.support.builders import make_company, make_conversation, make_messages
from tests.support.passwords import QuickPasswords

ASSISTANT, DIRECT, GROUP, COMPANY = ConversationKind
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
MARKED = "<b>**Bold**</b> :red[x] $5 ![x](http://e.example/x.png)"
SECRET = "the launch code is 4711"


class House:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ada = desk.staff(display_name="Ada")
        self.app = desk.application

    def chat(self, title: str = "Flour", *texts: str, owner: Person | None = None, **fields: Any) -> UUID:
        with self.desk.database.transaction() as session:
            chat = make_conversation(session, (owner or self.ada).user, title=title, **fields)
            make_messages(session, chat, list(texts))
            return chat.id

    def room(self, kind: ConversationKind, title: str, *texts: str, owner: Person | None = None) -> UUID:
        owner = owner or self.ada
        room = self.app.rooms.create(owner.actor, kind, title)
        for text in texts:
            self.app.talk.send(owner.actor, room, text)
        return room


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk)


def opened(person: Person, **query: Any) -> AppTest:
    browser = visit(person, "browse.py", **query)
    assert not browser.exception
    return browser


def listed(browser: AppTest) -> list[str]:
    return [title for table in browser.dataframe for title in table.value["Title"]]


def table_key(browser: AppTest) -> str:
    return str(browser.dataframe[0].key)


def select(browser: AppTest, *rows: int, cell: int | None = None) -> AppTest:
    """Ticks these lines, or clicks one."""
    cells = [] if cell is None else [(cell, "Title")]
    browser.session_state[table_key(browser)] = {"selection": {"rows": list(rows), "columns": [], "cells": cells}}
    browser.run()
    assert not browser.exception
    return browser


def said(browser: AppTest) -> list[str]:
    """What stands in the open conversation."""
    return [part.value for one in browser.chat_message for part in one.markdown]


def captions(browser: AppTest) -> str:
    return "\n".join(one.value for one in browser.main.caption)


# The list


def test_an_empty_list_says_what_comes_there(house: House) -> None:
    browser = opened(house.ada)
    assert browser.title[0].value == "Conversations" and not browser.dataframe
    assert browser.main.markdown[0].value == browse_list.NOTHING[State.ACTIVE]
    for state in (State.ARCHIVED, State.DELETED):
        assert opened(house.ada, state=state).main.markdown[0].value == browse_list.NOTHING[state]


def test_a_line_says_what_there_is_to_a_conversation(house: House) -> None:
    house.chat(MARKED, said=12, tokens=3_456, spent="0.0042", last_message_at=NOON)
    house.chat("", last_message_at=NOON + timedelta(hours=1))
    rows = opened(house.ada).dataframe[0].value.to_dict("records")
    assert [row["Title"] for row in rows] == ["New chat", MARKED]
    assert rows[1] | {"Last activity": None} == {
        "Title": MARKED,
        "Kind": "Assistant",
        "Owner": "Ada",
        "Messages": 12,
        "Tokens": 3_456,
        "Spend": "$0.0042",
        "Last activity": None,
    }
    assert rows[1]["Last activity"].to_pydatetime() == NOON


def test_filters_and_order_are_in_the_address(house: House) -> None:
    house.chat("Long", said=9, last_message_at=NOON)
    house.chat("Dear", spent=3, archived_at=NOON)
    house.room(GROUP, "Plans")
    browser = opened(house.ada)
    assert listed(browser) == ["Plans", "Long"]
    browser.button_group(key="browse_kinds").set_value([GROUP]).run()
    assert listed(browser) == ["Plans"] and browser.query_params["kind"] == "group"
    browser.button_group(key="browse_kinds").set_value([]).run()
    assert "kind" not in browser.query_params
    browser.selectbox(key="browse_sort").set_value("size").run()
    assert listed(browser) == ["Long", "Plans"] and browser.query_params["sort"] == "size"
    browser.button_group(key="browse_state").set_value("archived").run()
    browser.button_group(key="browse_state").set_value(None).run()  # as from a browser that had not drawn it
    assert listed(browser) == ["Dear"]
    again = opened(house.ada, **browser.query_params)
    assert listed(again) == ["Dear"] and again.selectbox(key="browse_sort").value == "size"


def test_days_and_models_narrow_it_and_can_be_cleared(house: House) -> None:
    house.chat("Old", last_message_at=NOON)
    house.chat("New")
    browser = opened(house.ada)
    browser.date_input(key="browse_Last activity to").set_value(NOON.date()).run()
    assert listed(browser) == ["Old"] and browser.query_params["to"] == "2026-05-04"
    browser.date_input(key="browse_Last activity from").set_value(NOON.date() + timedelta(days=1)).run()
    assert not browser.dataframe and browser.main.markdown[0].value == "No conversation fits all of that."
    browser.button(key="browse_clear").click().run()
    assert listed(browser) == ["New", "Old"] and not browser.query_params
    model = house.app.assistant.default_model
    browser.selectbox(key="browse_Model").set_value(model).run()
    assert listed(browser) == ["New", "Old"] and browser.query_params["model"] == model


def test_who_oversees_rooms_chooses_among_their_owners(house: House) -> None:
    bo, moderator = house.desk.staff(display_name="Bo"), house.desk.person(Role.MODERATOR)
    house.room(COMPANY, "Ada's")
    house.room(COMPANY, "Bo's", owner=bo)
    house.room(GROUP, "Theirs", owner=bo)
    assert sorted(listed(opened(moderator))) == ["Ada's", "Bo's"]
    browser = opened(moderator, owner=bo.user.id)
    assert listed(browser) == ["Bo's"] and not sentences(browser)
    browser = opened(bo, owner=bo.user.id)
    assert "left out" in captions(browser) and len(listed(browser)) == 2
    assert "browse_Owner of the room" not in text_of(browser)


def test_a_long_list_is_paged_both_ways(house: House) -> None:
    for number in range(30):
        house.chat(f"{number:02}", last_message_at=NOON - timedelta(hours=number))
    browser = opened(house.ada)
    assert listed(browser) == [f"{number:02}" for number in range(25)]
    assert browser.button(key="browse_newer").disabled
    browser.button(key="browse_older").click().run()
    assert listed(browser) == [f"{number:02}" for number in range(25, 30)]
    assert browser.button(key="browse_older").disabled and "older" in browser.query_params
    browser.button(key="browse_newer").click().run()
    assert listed(browser) == [f"{number:02}" for number in range(25)]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "group,nonsense"},
        {"state": "**bold**"},
        {"sort": "colour"},
        {"order": "worst"},
        {"model": "none such"},
        {"owner": "me"},
        {"owner": "018f0000-0000-7000-8000-0000000000aa"},
        {"from": "yesterday"},
        {"to": "0001-01-01"},
        {"to": "9999-12-31"},
        {"older": "nonsense"},
        {"newer": "1_2"},
        {"older": "x" * 500},
        {"c": "nonsense"},
        {"m": "-1"},
        {"m": "9" * 30},
        {"before": "soon"},
        {"after": "\0"},
    ],
    ids=str,
)
def test_what_can_not_be_used_of_an_address_is_left_out_with_a_sentence(house: House, query: dict[str, str]) -> None:
    house.chat("Flour")
    browser = opened(house.ada, **query)
    assert listed(browser) == (["Flour"] if "kind" not in query else [])
    assert any(one in captions(browser) for one in ("left out", "isn't known"))


@pytest.mark.parametrize("query", [{"q": "flour", "more": "nonsense"}, {"q": "flour", "order": "x"}], ids=str)
def test_nor_is_a_search_lost_by_it(house: House, query: dict[str, str]) -> None:
    house.room(GROUP, "Plans", "flour")
    assert any("flour" in one.value for one in opened(house.ada, **query).main.markdown)


# Several at once


def test_several_are_put_away_and_brought_back(house: House) -> None:
    for number in range(3):
        house.chat(f"{number}", last_message_at=NOON - timedelta(hours=number))
    browser = select(opened(house.ada), 0, 2)
    assert not browser.chat_message and "2 selected" in captions(browser)
    browser.button(key="selected_archive").click().run()
    assert listed(browser) == ["1"] and "2 conversations archived." in [one.value for one in browser.main.markdown]
    assert "0 selected" in captions(browser) and browser.button(key="selected_archive").disabled
    browser.button(key="browse_undo").click().run()
    assert listed(browser) == ["0", "1", "2"]
    assert "2 conversations brought back." in [one.value for one in browser.main.markdown]
    browser = select(opened(house.ada), 1)
    browser.button(key="selected_delete").click().run()
    assert listed(browser) == ["0", "2"]
    browser = select(opened(house.ada, state="deleted"), 0)
    browser.button(key="selected_restore").click().run()
    assert listed(opened(house.ada)) == ["0", "1", "2"]


def test_what_may_not_be_put_away_says_why_and_the_others_are(house: House) -> None:
    bo = house.desk.staff(display_name="Bo :red[x]")
    house.app.rooms.start_direct(house.ada.actor, bo.user.id)
    house.chat("Mine", last_message_at=NOON)
    browser = select(opened(house.ada), 0, 1)
    browser.button(key="selected_archive").click().run()
    [sentence] = sentences(browser)
    assert "A direct chat belongs to its two people" in sentence and r"Bo \:red\[x\]" in sentence
    assert "1 conversation archived." in [one.value for one in browser.main.markdown]


def test_a_right_taken_away_acts_at_the_next_click(house: House) -> None:
    chat = house.chat("Flour")
    browser = select(opened(house.ada), 0)
    PeopleService(house.desk.database, QuickPasswords()).set_roles(None, house.ada.user.id, [Role.ANALYST])
    browser.button(key="selected_delete").click().run()
    assert sentences(browser) == ["Browsing and searching needs the role staff or moderator."]
    with house.desk.database.reading() as session:
        assert session.get_one(Conversation, chat).deleted_at is None


# One that is open


def test_a_click_opens_it_and_closing_it_closes_it(house: House) -> None:
    chat = house.chat("Flour", "Why?", "Because.")
    browser = select(opened(house.ada), cell=0)
    assert said(browser) == ["Why?", "Because."] and browser.query_params["c"] == str(chat)
    [link] = browser.page_link
    assert (link.value, link.proto.query_string) == ("Continue here", f"c={chat}")
    browser.button(key="browse_close").click().run()
    assert not browser.chat_message and not browser.query_params
    assert said(select(browser, cell=0)) == ["Why?", "Because."]


def test_nothing_of_it_becomes_markup(house: House) -> None:
    chat = house.chat(MARKED, MARKED, "So.")
    browser = opened(house.ada, c=chat)
    assert said(browser)[0] == r"<b>**Bold**</b> \:red[x] \$5 [x](http://e.example/x.png)"
    heading = next(one.value for one in browser.main.markdown if one.value.startswith(":material/chat:"))
    assert heading.startswith(r":material/chat: **\<b\>\*\*Bold\*\*\</b\> \:red\[x\]")


def test_what_is_not_theirs_is_not_found_in_the_same_words_as_what_is_not_there(house: House) -> None:
    bo = house.desk.staff()
    with house.desk.database.transaction() as session:
        company = make_company(session)
    theirs = [house.chat("Launch", SECRET, owner=bo), house.room(GROUP, "Launch", SECRET, owner=bo)]
    theirs.append(house.chat("Launch", SECRET, owner=house.desk.person(Role.STAFF, company=company)))
    for conversation_id in (*theirs, new_id()):
        browser = opened(house.ada, c=conversation_id, m=1)
        assert sentences(browser) == ["Not found. It may have been deleted, or it is not shared with you."]
        assert "4711" not in text_of(browser) and "Launch" not in text_of(browser)


def test_a_moderator_reads_a_company_room_and_can_not_go_on_in_it(house: House) -> None:
    room = house.room(COMPANY, "News", "Hello", "Gone")
    with house.desk.database.transaction() as session:
        Messages(session).delete(session.get_one(Message, Messages(session).latest(room, 1)[0].id), None)
    for roles in ((Role.MODERATOR,), (Role.STAFF, Role.MODERATOR)):
        browser = opened(house.desk.person(*roles), c=room)
        assert said(browser) == ["Hello", "Gone"]
        assert "Message deleted. What it said:" in captions(browser)
        assert not browser.page_link and "opened_archive" not in text_of(browser)
    assert said(opened(house.ada, c=room)) == ["Hello"]


def test_a_deleted_one_is_read_and_brought_back(house: House) -> None:
    chat = house.chat("Flour", "Why?", "So.", deleted_at=NOON)
    browser = opened(house.ada, c=chat, state="deleted")
    assert said(browser) == ["Why?", "So."] and not browser.page_link
    browser.button(key="opened_restore").click().run()
    assert listed(opened(house.ada)) == ["Flour"]


def test_a_message_stands_out_in_the_middle_and_one_reads_on_both_ways(house: House) -> None:
    chat = house.chat("Long", *map(str, range(1, 101)))
    browser = opened(house.ada, c=chat, m=50)
    texts = said(browser)
    assert "50" in texts and len(texts) == 30
    assert text_of(browser).count("browse_found_here") >= 1
    browser.button(key="browse_earlier_messages").click().run()
    assert said(browser)[-1] == str(int(texts[0]) - 1)
    browser.button(key="browse_back_to_what_was_found").click().run()
    assert said(browser) == texts
    browser.button(key="browse_later_messages").click().run()
    assert said(browser)[0] == str(int(texts[-1]) + 1) and browser.query_params["m"] == "50"
    browser = opened(house.ada, c=chat, m=4_000)
    assert sentences(browser) == ["That message isn't here for you to see."]


def test_versions_reactions_and_costs_are_beside_what_was_said(house: House) -> None:
    chat = house.chat("Flour", "Why?", "So.")
    with house.desk.database.transaction() as session:
        old = session.get_one(Message, Messages(session).latest(chat, 1)[0].id)
        Versions(session).supersede_from(old)
        session.refresh(old)
        group = old.version_group_id
        new = Messages(session).append(chat, role=old.role, content="So, newly.", version_group_id=group)
        Messages(session).append(chat, role=old.role, content="And more.", extra={IMPORTED: {"model": "gpt-4"}})
        assert new.seq == 3
    browser = opened(house.ada, c=chat)
    assert [one.label for one in browser.expander] == ["1 earlier version"]
    assert [one.value for one in browser.expander[0].markdown] == ["So."]
    assert "gpt\\-4" in captions(browser)
    browser = opened(house.ada, c=chat, m=2)
    assert said(browser)[:2] == ["Why?", "So."]
    assert sentences(browser) == ["An earlier version: this is not what the conversation shows now."]
    browser.button(key="browse_what_it_shows_now").click().run()
    assert "So, newly." in said(browser) and "m" not in browser.query_params
    room = house.room(GROUP, "Plans", "Hello")
    message = house.desk.messages(house.ada, room)[-1]
    house.app.reactions.react(house.ada.actor, message.id, "👍")
    assert "👍 Ada" in captions(opened(house.ada, c=room))


# The search


def found(browser: AppTest) -> list[str]:
    return [one.label for one in browser.button if str(one.key).startswith(("open_", "title_"))]


def test_hits_are_listed_and_lead_to_where_it_was_said(house: House) -> None:
    room = house.room(GROUP, "Flour & water", "The flour comes on Friday", "<b>flour</b> :red[x]")
    house.room(GROUP, "Plans", "Nothing of that", owner=house.desk.staff())
    browser = opened(house.ada, q="flour", order="newest")
    assert found(browser)[0].startswith("\u2060:primary-background[Flour]")
    assert found(browser)[1:] == [r"**Flour \& water**"] * 2
    texts = [one.value for one in browser.main.markdown]
    assert any(":primary-background[flour]" in text and r"\<b\>" in text and r"\:red\[x\]" in text for text in texts)
    assert "Ada · " in captions(browser) and not browser.dataframe
    hit = next(one for one in browser.button if str(one.key).startswith("open_"))
    hit.click().run()
    assert browser.query_params["c"] == str(room) and browser.query_params["m"] and browser.query_params["q"]
    assert len(said(browser)) == 2


def test_what_was_not_understood_is_said_and_nothing_found_too(house: House) -> None:
    browser = opened(house.ada, q="from:nobody :red[x]")
    assert r"nobody" in captions(browser) and ":red[x]" not in captions(browser)
    browser = opened(house.ada, q="xylophone")
    assert browser.main.markdown[0].value.startswith("Nothing that you may read has all of that.")


def test_more_hits_follow(house: House) -> None:
    house.room(GROUP, "Plans", *(f"flour {number}" for number in range(25)))
    browser = opened(house.ada, q="flour", order="newest")
    assert len(found(browser)) == 20
    browser.button(key="more_hits").click().run()
    assert len(found(browser)) == 5 and "more" in browser.query_params
    browser.button(key="first_hits").click().run()
    assert len(found(browser)) == 20


def test_typing_a_query_and_taking_it_back(house: House) -> None:
    house.room(GROUP, "Plans", "flour")
    browser = opened(house.ada, sort="size")
    browser.text_input(key="browse_search").set_value("  flour ").run()
    assert len(found(browser)) == 1 and browser.query_params["q"] == "flour"
    browser.button_group(key="browse_order").set_value("newest").run()
    assert browser.query_params["order"] == "newest"
    browser.text_input(key="browse_search").set_value("").run()
    assert listed(browser) == ["Plans"] and "q" not in browser.query_params


@pytest.mark.parametrize("page", ["home.py", "chat.py", "account.py"])
def test_the_sidebars_field_leads_here_from_every_page(house: House, page: str) -> None:
    house.room(GROUP, "Plans", "flour")
    browser = visit(house.ada, page)
    assert f'"{find.KEY}"' in str([node.key for node in browser if getattr(node, "key", None)]).replace("'", '"')
    browser.session_state[find.ASKED] = "flour"
    browser.run()
    assert not browser.exception
    assert browser.title[0].value == "Conversations" and len(found(browser)) == 1
    assert browser.query_params == {"q": "flour"}


def test_who_may_not_browse_has_no_such_field(house: House) -> None:
    for person, is_there in ((house.desk.person(Role.ANALYST), False), (house.desk.person(Role.MODERATOR), True)):
        keys = [getattr(node, "key", None) for node in visit(person)]
        assert (find.KEY in keys) is is_there
    assert find.KEY not in [getattr(node, "key", None) for node in opened(house.ada)]


# Small things


def test_a_snippet_is_plain_but_for_what_was_found() -> None:
    parts = (Part("a  \n* b:", False), Part("c:d]", True), Part("@e.example", False))
    assert as_snippet(parts) == "a \\* b\\:\u2060:primary-background[c\\:d\\]]\u2060@e\\.example"
    assert as_snippet(()) == ""


@pytest.mark.parametrize(
    ("amount", "said"),
    [("0", "$0.00"), ("0.00001", "under $0.0001"), ("0.0042", "$0.0042"), ("0.01", "$0.01"), ("1234.5", "$1,234.50")],
)
def test_amounts(amount: str, said: str) -> None:
    assert dollars(Decimal(amount)) == said


def test_a_page_asks_little_of_the_database(house: House) -> None:
    """However much is listed."""
    counts = []
    for _ in range(2):
        for number in range(8):
            house.chat(f"{number}", "Why?", "So.", last_message_at=clock.now())
        with statements_of(house.desk.database) as sent:
            opened(house.ada)
        counts.append(len(sent))
    assert counts[0] == counts[1]
