"""The first figures of the first page: what waits for this person, and what was used."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.analytics.metrics import ANSWERS
from core.analytics.periods import Preset
from core.analytics.units import compact, dollars
from core.permissions import Actor, Permission
from core.services.room_views import Unread
from core.services.spending import Standing
from core.services.usage_query import Query
from core.services.usage_views import Totals
from core.ui import links, times
from core.ui.budget_left import left, tightest
from core.ui.home_waits import Waits
from core.ui.usage_filters import browser_zone

NARROWEST = 120
"""Pixels of a tile."""
NO_PRICE = "no price known"


@dataclass(frozen=True, slots=True)
class Tile:
    screen: links.Screen
    label: str
    value: str
    below: str
    """As Markdown."""
    params: Mapping[str, Sequence[str]] = field(default_factory=dict)


def home_tiles(actor: Actor, waits: Waits, standings: Sequence[Standing]) -> None:
    """`standings`: the budgets that the person's next question has to fit."""
    shown = list(_tiles(actor, waits, standings))
    if not shown:
        return
    with st.grid(len(shown), min_column_width=NARROWEST, gap="small"):
        for tile in shown:
            _draw(tile)


def _tiles(actor: Actor, waits: Waits, standings: Sequence[Standing]) -> Iterator[Tile]:
    if actor.may(Permission.CHAT_USE):
        yield _unread(waits.unread)
    if actor.may(Permission.RECORDS_KEEP):
        yield _due(actor)
    if actor.may(Permission.CHAT_USE):
        yield _answers(actor, standings)
    if actor.may(Permission.MODERATION_WORK):
        yield _reports(waits.reports)
    if actor.may(Permission.USAGE_OVERSEE):
        yield _yesterday(actor)


def _draw(tile: Tile) -> None:
    with st.container(border=True, gap="xxsmall", height="stretch"):
        # Without the screen's icon: beside one the longest label is too long for the narrowest tile.
        st.page_link(tile.screen.page(), label=tile.label, icon="", help="", query_params=dict(tile.params))
        st.metric(tile.label, tile.value, label_visibility="collapsed")
        st.caption(tile.below)


def _unread(unread: Unread) -> Tile:
    rooms = counted(sum(bool(room.counted) for room in unread.rooms.values()), "room")
    mentions = f"{unread.mentions:,} mention{'s' * (unread.mentions == 1)} you"
    note = mentions if unread.mentions else f"in {rooms}"
    return Tile(links.CHAT, "Unread", compact(unread.total), note if unread.total else "You have read everything")


def _due(actor: Actor) -> Tile:
    due = bootstrap.current().tasks.count_due(actor, times.today())
    return Tile(links.TASKS, "Tasks due", compact(due), "today or before" if due else "Nothing is due")


def _answers(actor: Actor, standings: Sequence[Standing]) -> Tile:
    query = Query(Preset.THIS_MONTH, is_mine=True)
    totals = _totals(actor, query)
    note = left(tightest(standings)[0]) if standings else f"{_cost(totals)} this month"
    return Tile(links.USAGE, "My answers", ANSWERS.text(totals.answers), note, query.params())


def _reports(waiting: int) -> Tile:
    return Tile(links.MODERATION, "Reports", compact(waiting), "wait for a moderator" if waiting else "None waits")


def _yesterday(actor: Actor) -> Tile:
    query = Query(Preset.YESTERDAY)
    totals = _totals(actor, query)
    return Tile(links.USAGE, "Yesterday", _cost(totals), counted(totals.answers, "answer"), query.params())


def _totals(actor: Actor, query: Query) -> Totals:
    return bootstrap.current().usage.totals(actor, query.wanted(query.period(times.today(), browser_zone())))


def _cost(totals: Totals) -> str:
    if totals.calls and totals.unpriced == totals.calls:
        return NO_PRICE
    return dollars(totals.cost).replace("$", r"\$")
