"""What the assistant is used for and what that costs: the company's for analysts, everybody's own for everybody."""

import streamlit as st

from core import bootstrap, clock
from core.analytics.chart_style import colours
from core.permissions import Actor, Permission
from core.services.usage_query import Query, Reader
from core.services.usage_views import Choices, UsageView
from core.ui import failures, guard
from core.ui.controls import left_out
from core.ui.nothing import nothing
from core.ui.usage_budget import monthly_budget
from core.ui.usage_calls import calls_list
from core.ui.usage_chart import main_chart, month
from core.ui.usage_details import details
from core.ui.usage_filters import browser_zone, checked, filter_row, go, whose_switch
from core.ui.usage_tables import models_table, people_and_rooms, rooms_table
from core.ui.usage_tiles import tiles, trust


def figures(actor: Actor, query: Query, view: UsageView, choices: Choices) -> None:
    is_mine = query.is_mine or not actor.may(Permission.USAGE_OVERSEE)
    if not view.totals.calls:
        nothing_here(query, is_mine=is_mine)
        return
    tiles(view, is_mine=is_mine)
    main_chart(query, view, colours(view.models["model"], choices.models), has_people=not is_mine)
    month(view, monthly_budget(actor, query), what="My spend" if is_mine else "Model spend")
    models_table(query, view)
    if is_mine:
        rooms_table(query, view)
    else:
        people_and_rooms(query, view)
    details(view)


def nothing_here(query: Query, *, is_mine: bool) -> None:
    if query.is_filtered:
        everything = query.looking(models=(), purposes=(), user_ids=(), room_ids=())
        nothing("Nothing in these days fits all of that.").button(
            "Show all", icon=":material/filter_alt_off:", key="usage_all", on_click=go, args=(everything,)
        )
    elif is_mine:
        nothing("You asked nothing in these days. What your questions cost will be shown here.")
    else:
        nothing("Nothing was asked in these days. What the assistant is used for, and its cost, will be shown here.")


actor = guard.require(Permission.USAGE_VIEW)
usage = bootstrap.current().usage
reader = Reader({name: st.query_params.get_all(name) for name in st.query_params})
choices = usage.choices(actor)
query = checked(actor, reader, reader.read(), choices)
zone = query.zone or browser_zone()
period = query.period(clock.now().astimezone(zone).date(), zone)

with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
    st.title("Usage" if actor.may(Permission.USAGE_OVERSEE) and not query.is_mine else "My usage", anchor=False)
    whose_switch(actor, query)
failures.show_notice()
filter_row(actor, query, period, choices)
complaints = st.empty()
if query.shows_calls:
    calls_list(actor, query, period, reader.complaints)
else:
    view = usage.look(actor, query.wanted(period), query.chart)
    trust(view)
    figures(actor, query, view, choices)
with complaints:
    left_out(reader.complaints)
