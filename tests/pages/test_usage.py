"""What the assistant is used for and what it costs: for whom, narrowed to what, and down to every call."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pandas import DataFrame
from streamlit.testing.v1 import AppTest

from core import clock
from core.analytics.periods import Preset
from core.ids import new_id
from core.models import CallPurpose, CallStatus, UsageSource
from core.permissions import Role
from core.ui.usage_words import change
from tests.pages.visitor import ENTRY, Desk, Person, browser_at, go, text_of
from tests.support.builders import make_company, make_conversation
from tests.support.usage import book, make_call

NOON = datetime(2026, 5, 12, 12, tzinfo=UTC)
MARKED = "<b>**Bold**</b> :red[x] $5 ![x](http://e.example/x.png)"


class House:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.ana = desk.person(Role.ANALYST, display_name="Ana")
        self.ada = desk.staff(display_name="Quillon")
        self.bo = desk.staff(display_name="Bo")

    def asked(self, who: Person, when: datetime = NOON, times: int = 1, **fields: Any) -> None:
        with self.desk.database.transaction() as session:
            calls = [make_call(who.user.company_id, who.user.id, when, **fields) for _ in range(times)]
            book(session, *calls)


@pytest.fixture
def house(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(desk)
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=3))
    return house


def opened(who: Person, /, *, where: str = "UTC", **query: Any) -> AppTest:
    """`where`: the time zone of their browser."""
    browser = go(browser_at(ENTRY, who, zone=where), "usage.py", **query)
    assert not browser.exception
    return browser


def tiles(browser: AppTest) -> dict[str, tuple[str, str]]:
    return {one.label: (one.value.replace("\\", ""), one.delta) for one in browser.metric}


def table(browser: AppTest, alt: str) -> DataFrame:
    [found] = [one for one in browser.dataframe if one.proto.alt.startswith(alt)]
    return found.value


def charts(browser: AppTest) -> list[str]:
    """Their accessible names."""
    return [node.proto.alt for node in browser if getattr(node, "type", "") == "plotly_chart"]


def captions(browser: AppTest) -> str:
    return "\n".join(one.value for one in browser.main.caption)


def said(browser: AppTest) -> str:
    return "\n".join(one.value for one in browser.main.markdown)


# Whose


def test_an_analyst_sees_the_company_and_on_a_switch_their_own(house: House) -> None:
    house.asked(house.ada, times=3)
    house.asked(house.ana, cost=Decimal("0.5"))
    browser = opened(house.ana)
    assert browser.title[0].value == "Usage"
    assert tiles(browser)["Cost"][0] == "$3.50" and tiles(browser)["Active people"][0] == "2"
    assert list(table(browser, "People")["Name"]) == ["Quillon", "Ana"]
    browser.button_group(key="usage_whose").set_value("Mine").run()
    assert browser.title[0].value == "My usage" and browser.query_params["mine"] == "1"
    browser.button_group(key="usage_whose").set_value(None).run()  # as from a browser that had not drawn it
    assert browser.title[0].value == "My usage" and browser.query_params["mine"] == "1"
    assert tiles(browser)["Cost"][0] == "$0.50" and "Active people" not in tiles(browser)


@pytest.mark.parametrize("role", [Role.STAFF, Role.MODERATOR])
def test_everybody_else_sees_their_own_only(house: House, role: Role) -> None:
    eve = house.desk.person(role, display_name="Eve")
    house.asked(house.ada, times=3, model="secret-model")
    house.asked(eve, cost=Decimal("0.25"))
    browser = opened(eve, person=house.ada.user.id, mine="0")
    assert browser.title[0].value == "My usage"
    assert tiles(browser)["Cost"][0] == "$0.25" and tiles(browser)["Answers"][0] == "1"
    assert "left out" in captions(browser)
    assert "Quillon" not in text_of(browser) and "Active people" not in text_of(browser)
    assert not [one for one in browser.dataframe if one.proto.alt.startswith("People")]
    calls = opened(eve, calls=1)
    assert set(table(calls, "Calls")["Who"]) == {"Eve"}


def test_nobody_sees_another_company(house: House) -> None:
    with house.desk.database.transaction() as session:
        elsewhere = make_company(session)
    stranger = house.desk.person(Role.STAFF, company=elsewhere)
    house.asked(stranger)
    browser = opened(house.ana)
    assert not browser.metric and "Nothing was asked in these days." in said(browser)
    assert not opened(house.ana, calls=1).dataframe


# The figures


def test_tiles_compare_with_the_period_before(house: House) -> None:
    house.asked(house.ada, times=3)
    house.asked(house.bo, NOON - timedelta(days=30), times=2)
    browser = opened(house.ana)
    shown = tiles(browser)
    assert shown == {
        "Answers": ("3", "+50 %"),
        "Tokens": ("3.6k", "+50 %"),
        "Cost": ("$3.00", "+50 %"),
        "Active people": ("1", "±0 %"),
    }
    assert "Tokens: 3k in, 1.2k of them cached, and 600 out." in captions(browser)
    assert "against the 30 days before, 14 Mar – 12 Apr 2026." in captions(browser)


def test_what_nobody_knows_the_cost_of_is_never_nothing(house: House) -> None:
    house.asked(house.ada, times=2, cost=None, model="local")
    browser = opened(house.ana)
    assert tiles(browser)["Cost"][0] == "not known"
    assert table(browser, "Models")["Cost"].isna().all() and table(browser, "People")["Cost"].isna().all()
    assert "Nobody knows what this cost" in said(browser) and "There is no price for local." in captions(browser)
    house.asked(house.ada, cost=Decimal("0.0042"))
    browser = opened(house.ana)
    assert tiles(browser)["Cost"][0] == "$0.0042"
    assert "**2 calls** had no price" in said(browser)
    known = table(browser, "Models").set_index("Model")["Cost"]
    assert known["large"] == pytest.approx(0.0042) and known.isna()["local"]


def test_what_there_is_a_little_of_is_not_shown_as_none(house: House) -> None:
    def formats() -> list[str]:
        [models] = [one for one in opened(house.ana).dataframe if one.proto.alt.startswith("Models")]
        columns = json.loads(models.proto.columns)
        return [columns[name]["type_config"]["format"] for name in ("Share", "Errors", "Cost")]

    house.asked(house.ada, times=30)
    house.asked(house.bo, model="small", cost=Decimal(1), status=CallStatus.INTERRUPTED)
    assert formats() == ["%.0f %%", "%.1f %%", "$%,.2f"]
    house.asked(house.bo, model="tiny", cost=Decimal("0.004"))
    house.asked(house.bo, model="big", times=2_500, cost=Decimal("0.01"))
    house.asked(house.bo, model="big", cost=Decimal("0.01"), status=CallStatus.INTERRUPTED)
    assert formats() == ["%.2f %%", "%.2f %%", "$%,.4f"]


def test_the_calls_say_models_without_their_paths(house: House) -> None:
    for model in ("accounts/someone/models/one", "two", "Some/Body"):
        house.asked(house.ada, model=model)
    assert set(table(opened(house.ana, calls=1), "Calls")["Model"]) == {"one", "two", "Body"}
    house.asked(house.ada, model="elsewhere/one")  # only where they stay different
    assert "elsewhere/one" in set(table(opened(house.ana, calls=1), "Calls")["Model"])


def test_answers_of_unknown_cost_are_not_free_in_the_cost_per_answer(house: House) -> None:
    house.asked(house.ada, times=9, cost=None)  # before the model had a price
    house.asked(house.ada, times=2)
    house.asked(house.ada, purpose=CallPurpose.TITLE, cost=Decimal("0.5"))
    house.asked(house.ada, cost=None, status=CallStatus.FAILED, usage_source=UsageSource.MISSING)
    assert list(table(opened(house.ana), "Models")["Per answer"]) == [pytest.approx(2.5 / 3)]


def test_it_says_how_new_and_how_sure_the_figures_are(house: House) -> None:
    house.asked(house.ada, times=97)
    house.asked(house.ada, times=3, usage_source=UsageSource.ESTIMATED)
    labels = [node.proto.popover.label for node in opened(house.ana, where="Europe/Berlin").get("popover")]
    assert "Data as of 17:00 · 97 % exact, 3 % estimated, 0 % missing" in labels


def test_shares_are_never_less_than_nothing(house: House) -> None:
    house.asked(house.ada, times=299, usage_source=UsageSource.ESTIMATED)
    house.asked(house.ada, status=CallStatus.FAILED, usage_source=UsageSource.MISSING)
    [label] = [
        node.proto.popover.label for node in opened(house.ana).get("popover") if "exact" in node.proto.popover.label
    ]
    assert label.endswith("0 % exact, 99 % estimated, 1 % missing")


def test_every_chart_has_a_name(house: House) -> None:
    house.asked(house.ada, status=CallStatus.FAILED, error_code="model_busy")
    house.asked(house.ada)
    names = charts(opened(house.ana, period="7d"))
    assert names == [
        "Cost by model, 6 May – 12 May 2026, $2.00",
        "How long answers take, at most 2.3 s",
        "Errors by kind, most often Model busy, 1 of 1",
        "Calls by weekday and hour, most on Tuesday from 12:00, 2",
    ]
    assert "No answer was rated in this period." in said(opened(house.ana))


def test_this_month_says_where_it_leads(house: House) -> None:
    house.asked(house.ada, times=23)
    words = said(opened(house.ana, period="this-month")).replace("\\", "")
    assert "**$23.00** so far, about **$61.33** by 31 May at this pace" in words
    assert "so far" not in said(opened(house.ana, period="last-month"))


@pytest.mark.parametrize(
    ("chart", "name"),
    [
        ("cost-by-purpose", "Cost by purpose, 12 May 2026, $2.00"),
        ("tokens", "Tokens, 12 May 2026, 2k in and 400 out"),
        ("answers", "Answers, 12 May 2026, 1"),
        ("people", "Active people, 12 May 2026, at most 1 at once"),
    ],
)
def test_the_main_chart_has_a_switch(house: House, chart: str, name: str) -> None:
    house.asked(house.ada)
    house.asked(house.ada, purpose=CallPurpose.TITLE)
    browser = opened(house.ana, period="today")
    browser.button_group(key="usage_chart").set_value(chart).run()
    assert browser.query_params["chart"] == chart and charts(browser)[0] == name


def test_names_are_shown_as_they_are(house: House) -> None:
    eve = house.desk.staff(display_name=MARKED)
    house.asked(eve, model=MARKED)
    browser = opened(house.ana)
    assert table(browser, "Models")["Model"][0] == MARKED and table(browser, "People")["Name"][0] == MARKED
    assert "&lt;b&gt;" in text_of(browser)  # Plotly would read the tags


def test_nothing_yet_says_what_comes_here(house: House) -> None:
    browser = opened(house.ana)
    assert not browser.metric and "will be shown here" in said(browser)
    assert "You asked nothing in these days." in said(opened(house.ada))
    house.asked(house.ada)
    browser = opened(house.ana, purpose="summary")
    assert "Nothing in these days fits all of that." in said(browser)
    browser.button(key="usage_all").click().run()
    assert tiles(browser)["Answers"][0] == "1" and not browser.query_params


# The filters


def test_filters_are_in_the_address(house: House) -> None:
    house.asked(house.ada)
    house.asked(house.bo, times=2, model="small")
    house.asked(house.bo, NOON - timedelta(days=100), times=4)
    browser = opened(house.ana)
    assert tiles(browser)["Answers"][0] == "3"
    browser.button_group(key="usage_period").set_value(Preset.YEAR).run()
    assert tiles(browser)["Answers"][0] == "7" and browser.query_params["period"] == "12m"
    browser.multiselect(key="usage_Person").set_value([house.bo.user.id]).run()
    assert tiles(browser)["Answers"][0] == "6" and browser.query_params["person"] == str(house.bo.user.id)
    browser.multiselect(key="usage_Model").set_value(["small"]).run()
    assert tiles(browser)["Answers"][0] == "2"
    again = opened(house.ana, **browser.query_params)
    assert tiles(again)["Answers"][0] == "2"
    browser.button(key="usage_clear").click().run()
    assert tiles(browser)["Answers"][0] == "7"


def test_days_are_chosen_and_never_reversed(house: House) -> None:
    house.asked(house.ada, NOON - timedelta(days=40))
    browser = opened(house.ana)
    browser.date_input(key="usage_from").set_value(NOON.date() - timedelta(days=40)).run()
    assert browser.query_params["from"] == "2026-04-02" and browser.query_params["to"] == "2026-05-12"
    assert tiles(browser)["Answers"][0] == "1"
    browser.date_input(key="usage_to").set_value(NOON.date() - timedelta(days=50)).run()
    assert browser.query_params["from"] == browser.query_params["to"] == "2026-03-23"
    assert not browser.metric


def test_days_are_those_of_the_time_zone(house: House) -> None:
    house.asked(house.ada, datetime(2026, 5, 11, 23, tzinfo=UTC))
    assert not opened(house.ana, period="today").metric
    assert tiles(opened(house.ana, where="Europe/Berlin", period="today"))["Answers"][0] == "1"
    browser = opened(house.ana, period="today")
    browser.selectbox(key="usage_zone").set_value("Europe/Moscow").run()
    assert tiles(browser)["Answers"][0] == "1" and browser.query_params["zone"] == "Europe/Moscow"


@pytest.mark.parametrize(
    "query",
    [
        {"period": "forever"},
        {"from": "2026-05-01"},
        {"from": "2026-05-09", "to": "2026-05-01"},
        {"from": "1066-10-14", "to": "2026-05-01"},
        {"from": "2010-01-01", "to": "2026-05-01"},
        {"from": "2026-02-30", "to": "2026-05-01"},
        {"to": "0001-01-01"},
        {"zone": "Middle/Earth"},
        {"zone": "../../etc/passwd"},
        {"model": "none such"},
        {"model": "\0"},
        {"purpose": "fun"},
        {"person": "me"},
        {"person": "018f0000-0000-7000-8000-0000000000aa"},
        {"room": "x" * 500},
        {"mine": "maybe"},
        {"chart": "**bold**"},
        {"calls": "2"},
        {"calls": "1", "at": "noon"},
        {"calls": "1", "after": "x" * 500},
        {"calls": "1", "after": "nonsense"},
        {"calls": "1", "at": "2020-01-01T00:00:00Z"},
    ],
    ids=str,
)
def test_what_can_not_be_used_of_an_address_is_left_out_with_a_sentence(house: House, query: dict[str, str]) -> None:
    house.asked(house.ada)
    browser = opened(house.ana, **query)
    if "calls" in query and query["calls"] == "1":
        assert len(table(browser, "Calls")) == 1
    else:
        assert tiles(browser)["Answers"][0] == "1"
    complaint = captions(browser)
    assert any(one in complaint for one in ("left out", "Swap", "Choose", "isn't known", "isn't in this period"))


def test_days_to_come_are_empty(house: House) -> None:
    browser = opened(house.ana, **{"from": "2199-01-01", "to": "2199-01-31"})
    assert not browser.metric and "Nothing was asked in these days." in said(browser)


# The calls


def test_the_calls_behind_a_point_and_the_way_back(house: House) -> None:
    house.asked(house.ada, times=2)
    house.asked(house.bo, model="small", status=CallStatus.FAILED, error_code="model_busy", cost=None)
    house.asked(house.bo, NOON - timedelta(days=1))
    browser = opened(house.ana, calls=1, at="2026-05-12T00:00:00Z", of="small")
    assert browser.header[0].value == "Calls · Tuesday, 12 May 2026 · small"
    [line] = table(browser, "Calls").to_dict("records")
    assert (line["Who"], line["Model"], line["Status"]) == ("Bo", "small", "Failed: Model busy")
    assert line["Cost"] != line["Cost"] and line["In"] == 1_000 and line["Took"] == 2.3
    browser.button(key="usage_back").click().run()
    assert tiles(browser)["Answers"][0] == "3" and not browser.query_params
    assert len(table(opened(house.ana, calls=1), "Calls")) == 4


def test_what_can_be_chosen_behind_a_chart(house: House) -> None:
    house.asked(house.ada, times=2)
    house.asked(house.bo, model="local", cost=None, times=3)
    house.asked(house.bo, NOON - timedelta(days=1), model="local", cost=None)
    browser = opened(house.ana)
    browser.button(key="usage_calls").click().run()
    assert not browser.exception
    when, model = browser.selectbox(key="usage_calls_at"), browser.selectbox(key="usage_calls_of")
    assert when.options == ["Tuesday, 12 May 2026: 5 calls", "Monday, 11 May 2026: 1 call"]
    assert model.options == ["large: 2 calls", "local: 4 calls"]  # also what has no bar, for want of a price
    browser = opened(house.ana, chart="people")
    browser.button(key="usage_calls").click().run()
    assert not [one for one in browser.selectbox if one.key == "usage_calls_of"]


def test_a_long_list_is_paged(house: House) -> None:
    for number in range(60):
        house.asked(house.ada, NOON - timedelta(minutes=number), output_tokens=number)
    browser = opened(house.ana, calls=1)
    assert list(table(browser, "Calls")["Out"]) == list(range(50))
    browser.button(key="usage_older").click().run()
    assert list(table(browser, "Calls")["Out"]) == list(range(50, 60))
    assert browser.button(key="usage_older").disabled
    browser.button(key="usage_newest").click().run()
    assert list(table(browser, "Calls")["Out"]) == list(range(50))


def test_a_conversation_is_open_only_to_who_may_read_it(house: House) -> None:
    with house.desk.database.transaction() as session:
        chat = make_conversation(session, house.ada.user, title="The launch code")
    house.asked(house.ada, conversation_id=chat.id)
    links = table(opened(house.ada, calls=1), "Calls")["Conversation"]
    assert list(links) == [f"/chat?c={chat.id}"]
    browser = opened(house.ana, calls=1)
    assert "Conversation" not in table(browser, "Calls")
    assert str(chat.id) not in text_of(browser) and "launch code" not in text_of(browser)


def test_the_way_to_a_file_holds_the_view(house: House) -> None:
    house.asked(house.ada)
    browser = opened(house.ana, where="Europe/Berlin", chart="answers", model="large")
    browser.button(key="usage_main_save").click().run()
    assert not browser.exception
    address = text_of(browser)
    for part in (
        "/api/usage?table=chart", "from=2026-04-13", "to=2026-05-12", "zone=Europe%2FBerlin", "model=large",
        "chart=answers", "format=csv",
    ):  # fmt: skip
        assert part in address


@pytest.mark.parametrize(
    ("now", "before", "said_"),
    [(3, 2, "+50 %"), (1, 2, "−50 %"), (2, 2, "±0 %"), (1, 0, None), (0, 3, "−100 %"), (5_000, 2, "×2,500")],
)
def test_a_change_in_words(now: float, before: float, said_: str | None) -> None:
    assert change(now, before) == said_


def test_somebody_gone_is_still_counted(house: House) -> None:
    with house.desk.database.transaction() as session:
        book(session, make_call(house.desk.company.id, new_id(), NOON), make_call(house.desk.company.id, None, NOON))
    browser = opened(house.ana)
    assert tiles(browser)["Answers"][0] == "2" and tiles(browser)["Active people"][0] == "1"
    assert set(table(browser, "People")["Name"]) == {"Somebody who is gone"}
    assert set(table(opened(house.ana, calls=1), "Calls")["Who"]) == {"Somebody who is gone"}
