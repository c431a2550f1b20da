"""What the usage page shows, as an address says it: a link is a saved view, and names what a file is to hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Self, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from core.analytics.periods import Period, Preset, period_of
from core.errors import Invalid
from core.ids import parse_id
from core.models import CallPurpose
from core.services.usage_views import Chart, Point, Wanted

YES = "1"
LONGEST_NAME = 200
LONGEST_MARK = 100
MOST_VALUES = 200
"""Of one filter."""

Value = TypeVar("Value")
Params = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Query:
    preset: Preset = Preset.MONTH
    first: date | None = None
    last: date | None = None
    """Both or neither: days that were chosen instead of the preset."""
    zone: ZoneInfo | None = None
    """None: that of the browser."""
    models: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    user_ids: tuple[UUID, ...] = ()
    room_ids: tuple[UUID, ...] = ()
    is_mine: bool = False
    chart: Chart = Chart.MODEL_COST
    shows_calls: bool = False
    """The calls themselves, in place of the figures."""
    at: datetime | None = None
    series: tuple[str, ...] = ()
    """The point of the chart whose calls they are."""
    after: str | None = None
    """Behind which call to go on."""

    @property
    def is_filtered(self) -> bool:
        return bool(self.models or self.purposes or self.user_ids or self.room_ids)

    @property
    def point(self) -> Point | None:
        return Point(self.at, self.series) if self.at or self.series else None

    def looking(self, **changes: Any) -> Self:
        """Other figures; a list of calls that was open is closed, for its point may be none of theirs."""
        return replace(self, **({"shows_calls": False, "at": None, "series": (), "after": None} | changes))

    def calls(self, at: datetime | None = None, series: tuple[str, ...] = ()) -> Self:
        """The list of calls, from its beginning."""
        return replace(self, shows_calls=True, at=at, series=series, after=None)

    def older(self, mark: str | None) -> Self:
        return replace(self, after=mark)

    def period(self, today: date, zone: ZoneInfo) -> Period:
        if self.first and self.last:
            return Period(self.first, self.last, zone)
        return self.preset.period(today, zone)

    def wanted(self, period: Period) -> Wanted:
        return Wanted(
            period.first,
            period.last,
            period.zone,
            models=self.models,
            purposes=self.purposes,
            user_ids=self.user_ids,
            room_ids=self.room_ids,
            is_mine=self.is_mine,
        )

    def fixed(self, period: Period) -> Self:
        """The same view for whoever opens it wherever and whenever."""
        return replace(self, first=period.first, last=period.last, zone=period.zone)

    def params(self) -> dict[str, list[str]]:
        """For the address: what is as it always is stays out of it."""
        has_days = self.first is not None and self.last is not None
        values: dict[str, Sequence[Any]] = {
            "period": () if has_days or self.preset is Preset.MONTH else (self.preset,),
            "from": (self.first,) if has_days else (),
            "to": (self.last,) if has_days else (),
            "zone": (self.zone.key,) if self.zone else (),
            "model": self.models,
            "purpose": self.purposes,
            "person": self.user_ids,
            "room": self.room_ids,
            "mine": (YES,) if self.is_mine else (),
            "chart": () if self.chart is Chart.MODEL_COST else (self.chart,),
            "calls": (YES,) if self.shows_calls else (),
            "at": (_moment_text(self.at),) if self.at else (),
            "of": self.series,
            "after": (self.after,) if self.after else (),
        }
        return {name: [str(value) for value in given] for name, given in values.items() if given}


class Reader:
    """Reads an address. What can't be used is left out, with a sentence in `complaints`."""

    def __init__(self, params: Params) -> None:
        self.params = params
        self.complaints: list[str] = []

    def read(self) -> Query:
        zone = self._one("zone", _zone)
        first, last = self._days(zone or ZoneInfo("UTC"))
        shows_calls = self._one("calls", _yes) or False
        return Query(
            preset=self._one("period", lambda text: Preset(text) if text in list(Preset) else None) or Preset.MONTH,
            first=first,
            last=last,
            zone=zone,
            models=self._all("model", _name),
            purposes=self._all("purpose", lambda text: text if text in list(CallPurpose) else None),
            user_ids=self._all("person", parse_id),
            room_ids=self._all("room", parse_id),
            is_mine=self._one("mine", _yes) or False,
            chart=self._one("chart", lambda text: Chart(text) if text in list(Chart) else None) or Chart.MODEL_COST,
            shows_calls=shows_calls,
            at=self._one("at", _moment) if shows_calls else None,
            series=self._all("of", _name) if shows_calls else (),
            after=self._one("after", _mark) if shows_calls else None,
        )

    def complain(self, name: str) -> None:
        """Says that this part of the address is left out."""
        given = self.params[name][0]
        short = given if len(given) <= 40 else f"{given[:39]}…"
        self.complaints.append(f"“{name}={short}” in the address can't be used and was left out.")

    def _days(self, zone: ZoneInfo) -> tuple[date, date] | tuple[None, None]:
        first, last = self._one("from", _day), self._one("to", _day)
        if first is None or last is None:
            for name, found in (("from", first), ("to", last)):
                if found is not None:  # half a period
                    self.complain(name)
            return None, None
        try:
            period_of(first, last, zone)
        except Invalid as error:
            self.complaints.append(str(error))
            return None, None
        return first, last

    def _one(self, name: str, parse: Callable[[str], Value | None]) -> Value | None:
        return next(iter(self._all(name, parse)[:1]), None)

    def _all(self, name: str, parse: Callable[[str], Value | None]) -> tuple[Value, ...]:
        texts = [text for text in self.params.get(name, ()) if text]
        found = [parse(text) for text in texts[:MOST_VALUES]]
        if None in found or len(texts) > MOST_VALUES:
            self.complain(name)
        return tuple(dict.fromkeys(value for value in found if value is not None))


@cache
def zones() -> tuple[str, ...]:
    """All that there are, by name."""
    return tuple(sorted(available_timezones() - {"localtime", "Factory"}))


def _zone(text: str) -> ZoneInfo | None:
    return ZoneInfo(text) if text in zones() else None


def _yes(text: str) -> bool | None:
    return True if text == YES else None


def _name(text: str) -> str | None:
    return text if len(text) <= LONGEST_NAME and "\0" not in text else None


def _mark(text: str) -> str | None:
    return text if len(text) <= LONGEST_MARK else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(MOMENT)


MOMENT = "%Y-%m-%dT%H:%M:%SZ"
