"""What the assistant is used for and what that costs: everybody's own, and for analysts the company's."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from uuid import UUID

from pandas import DataFrame
from sqlmodel import Session

from core.analytics import frames, hours
from core.analytics.periods import period_of
from core.analytics.slices import Slice
from core.database.engine import Database
from core.errors import Invalid, NotPermitted
from core.models import ConversationKind, Kind
from core.permissions import DENIALS, Actor, Permission
from core.repositories.usage_lines import CallRow, CallsWanted, UsageLines
from core.services.marks import mark_of, place_of
from core.services.usage_views import (
    CallLine,
    CallsPage,
    Chart,
    Choices,
    Point,
    Table,
    Totals,
    UsageView,
    Wanted,
)

PAGE = 50
EXPORT_PAGE = 2_000
NO_SUCH_PLACE = "That place in the list of calls isn't known. This is its beginning."
NO_SUCH_POINT = "That part of the chart isn't in this period. These are all of its calls."
GONE = "Somebody who is gone"
GONE_ROOM = "A room that is gone"
UNTITLED = {ConversationKind.DIRECT: "A direct chat", ConversationKind.GROUP: "A group"}
SERIES = {Chart.MODEL_COST: "model", Chart.ANSWERS: "model", Chart.PURPOSE_COST: "purpose"}
"""What a chart tells apart; the others nothing."""
NO_NAME = "\n"
"""No model or purpose is called that."""


class UsageService:
    def __init__(self, database: Database) -> None:
        """`database` may be a copy that is a little behind: see core/database/replica.py."""
        self.database = database

    def look(self, actor: Actor, wanted: Wanted, chart: Chart = Chart.MODEL_COST) -> UsageView:
        """Everything the page shows, as of one moment. Raises Invalid for a period that can't be, NotPermitted for the
        use of others without the right to see it.
        """
        slice_ = self._slice(actor, wanted)
        with self.database.snapshot() as session:
            as_of = self.database.as_of(session)
            connection = session.connection()
            frames.settle(connection)
            people = frames.subjects(connection, slice_, Kind.PERSON)
            rooms = frames.subjects(connection, slice_, Kind.ROOM)
            active = frames.people_over_time(connection, slice_)
            over_time = frames.over_time(connection, slice_, SERIES.get(chart))
            sparks = frames.together(over_time, slice_.period) if chart in SERIES else over_time
            return UsageView(
                period=slice_.period,
                as_of=as_of,
                totals=_totals(people, ""),
                before=_totals(people, "before_"),
                main=active if chart is Chart.PEOPLE else over_time,
                sparks=sparks.assign(people=active["people"]),
                models=frames.models(connection, slice_),
                people=_people_named(session, people),
                rooms=_rooms_named(session, rooms, actor),
                latency=frames.latency(connection, slice_),
                errors=frames.errors_by_code(connection, slice_),
                heat=hours.heat(connection, slice_),
            )

    def table(self, actor: Actor, wanted: Wanted, table: Table, chart: Chart = Chart.MODEL_COST) -> DataFrame:
        """The frame behind one part of the page. For Table.CALLS ask `all_calls`."""
        slice_ = self._slice(actor, wanted)
        with self.database.snapshot() as session:
            connection = session.connection()
            frames.settle(connection)
            if table is Table.MAIN and chart is Chart.PEOPLE:
                return frames.people_over_time(connection, slice_)
            if table is Table.MAIN:
                return frames.over_time(connection, slice_, SERIES.get(chart))
            if table is Table.PEOPLE:
                return _people_named(session, frames.subjects(connection, slice_, Kind.PERSON))
            if table is Table.ROOMS:
                return _rooms_named(session, frames.subjects(connection, slice_, Kind.ROOM), actor)
            read = {
                Table.MODELS: frames.models,
                Table.LATENCY: frames.latency,
                Table.ERRORS: frames.errors_by_code,
                Table.HEAT: hours.heat,
            }
            return read[table](connection, slice_)

    def totals(self, actor: Actor, wanted: Wanted) -> Totals:
        """What it all came to, and nothing else of the page. Raises the same."""
        slice_ = self._slice(actor, wanted)
        with self.database.snapshot() as session:
            connection = session.connection()
            frames.settle(connection)
            return _totals(frames.whole(connection, slice_), "")

    def calls(
        self,
        actor: Actor,
        wanted: Wanted,
        chart: Chart = Chart.MODEL_COST,
        point: Point | None = None,
        *,
        after: str | None = None,
        limit: int = PAGE,
    ) -> CallsPage:
        """The calls behind the page, or behind one point of its main chart, the newest first. `after`: the mark `older`
        of the page before. Raises Invalid for what is no such mark or point.
        """
        calls = self._calls_wanted(actor, wanted, chart, point)
        before = place_of(after, NO_SUCH_PLACE) if after else None
        with self.database.reading() as session:
            rows = UsageLines(session).list_calls(actor.user_id, calls, before=before, limit=limit + 1)
        older = mark_of(rows[limit - 1].position) if len(rows) > limit else None
        return CallsPage(tuple(_line(row) for row in rows[:limit]), older)

    def all_calls(
        self, actor: Actor, wanted: Wanted, chart: Chart = Chart.MODEL_COST, point: Point | None = None
    ) -> Iterator[tuple[CallLine, ...]]:
        """The same to the end, in pages, each read for itself: nothing is held open while they are sent."""
        calls, before = self._calls_wanted(actor, wanted, chart, point), None
        while True:
            with self.database.reading() as session:
                rows = UsageLines(session).list_calls(actor.user_id, calls, before=before, limit=EXPORT_PAGE)
            if rows:
                yield tuple(_line(row) for row in rows)
            if len(rows) < EXPORT_PAGE:
                return
            before = rows[-1].position

    def choices(self, actor: Actor) -> Choices:
        """What can be filtered by: of what others use, only for whoever may see that."""
        actor.require(Permission.USAGE_VIEW)
        with self.database.reading() as session:
            lines = UsageLines(session)
            if not actor.may(Permission.USAGE_OVERSEE):
                return Choices(tuple(lines.list_models_of(*_of(actor))), (), ())
            models = lines.list_models(actor.company_id)
            people = lines.list_people(actor.company_id)
            rooms = [(room, _room_name(kind, title)) for room, kind, title in lines.list_rooms(*_of(actor))]
        return Choices(tuple(models), tuple(people), tuple(rooms))

    def _slice(self, actor: Actor, wanted: Wanted) -> Slice:
        actor.require(Permission.USAGE_VIEW)
        slice_ = Slice(
            actor.company_id,
            period_of(wanted.first, wanted.last, wanted.zone),
            models=wanted.models,
            purposes=wanted.purposes,
            user_ids=wanted.user_ids,
            room_ids=wanted.room_ids,
        )
        if actor.may(Permission.USAGE_OVERSEE) and not wanted.is_mine:
            return slice_
        if set(wanted.user_ids) - {actor.user_id}:
            raise NotPermitted(DENIALS[Permission.USAGE_OVERSEE], permission=Permission.USAGE_OVERSEE)
        return replace(slice_, user_ids=(actor.user_id,))

    def _calls_wanted(self, actor: Actor, wanted: Wanted, chart: Chart, point: Point | None) -> CallsWanted:
        slice_ = self._slice(actor, wanted)
        start, end = slice_.period.start, slice_.period.end
        calls = CallsWanted(
            slice_.company_id, start, end, slice_.models, slice_.purposes, slice_.user_ids, slice_.room_ids
        )
        if point is None:
            return calls
        if point.start is not None:
            edges = [*slice_.period.edges, end]
            if point.start not in edges[:-1]:
                raise Invalid(NO_SUCH_POINT)
            place = edges.index(point.start)
            calls = replace(calls, start=edges[place], end=edges[place + 1])
        if point.series and SERIES.get(chart) == "model":
            return replace(calls, models=_both(point.series, calls.models))
        if point.series and SERIES.get(chart) == "purpose":
            return replace(calls, purposes=_both(point.series, calls.purposes))
        return calls


def _both(series: tuple[str, ...], wanted: Collection[str]) -> tuple[str, ...]:
    """Those of a point that the filter leaves; never none, which would be all."""
    return tuple(name for name in series if not wanted or name in wanted) or (NO_NAME,)


def _of(actor: Actor) -> tuple[UUID, UUID]:
    return actor.company_id, actor.user_id


def _totals(people: DataFrame, prefix: str) -> Totals:
    """Out of the last row of the frame of people, which is the sum over all of them, or of that alone."""
    row = people.iloc[-1]
    calls, estimated, missing = (int(row[f"{prefix}{name}"]) for name in ("calls", "estimated", "missing"))
    return Totals(
        calls=calls,
        answers=int(row[f"{prefix}answers"]),
        input_tokens=int(row[f"{prefix}input_tokens"]),
        cached_tokens=int(row[f"{prefix}cached_tokens"]),
        output_tokens=int(row[f"{prefix}output_tokens"]),
        cost=float(row[f"{prefix}cost"]),
        unpriced=int(row[f"{prefix}unpriced"]),
        exact=calls - estimated - missing,
        estimated=estimated,
        missing=missing,
        people=int(row[f"{prefix}people"]),
    )


def _listed(subjects: DataFrame) -> DataFrame:
    """Without the row of the totals and its columns."""
    listed = subjects[subjects["subject"].notna()]
    return listed[[name for name in listed.columns if name != "people" and not name.startswith("before_")]]


def _people_named(session: Session, subjects: DataFrame) -> DataFrame:
    listed = _listed(subjects)
    ids = [UUID(subject) for subject in listed["subject"]]
    names = UsageLines(session).names_of_people(ids)
    return listed.assign(name=[names.get(user_id, GONE) for user_id in ids])


def _rooms_named(session: Session, subjects: DataFrame, actor: Actor) -> DataFrame:
    listed = _listed(subjects)
    ids = [UUID(subject) for subject in listed["subject"]]
    found = UsageLines(session).names_of_rooms(ids, actor.user_id)
    names = {room_id: _room_name(kind, title) for room_id, kind, title in found}
    return listed.assign(name=[names.get(room_id, GONE_ROOM) for room_id in ids])


def _room_name(kind: str, title: str) -> str:
    """What is said in private has its title from there: it is nobody else's to read."""
    return title or UNTITLED.get(ConversationKind(kind), "A room")


def _line(row: CallRow) -> CallLine:
    return CallLine(*(getattr(row, name) for name in CallRow.__slots__))
