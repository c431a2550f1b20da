"""What the usage page shows, as an address says it: a link is a saved view, and names what a file is to hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from core.analytics.periods import Period, Preset, period_of
from core.errors import Invalid
from core.ids import parse_id
from core.models import CallPurpose
from core.services.addresses import YES, AddressReader, as_day, as_mark, as_name, as_yes, as_zone
from core.services.usage_views import Chart, Point, Wanted


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


class Reader(AddressReader):
    def read(self) -> Query:
        zone = self.one("zone", as_zone)
        first, last = self._days(zone or ZoneInfo("UTC"))
        shows_calls = self.one("calls", as_yes) or False
        return Query(
            preset=self.one("period", lambda text: Preset(text) if text in list(Preset) else None) or Preset.MONTH,
            first=first,
            last=last,
            zone=zone,
            models=self.all("model", as_name),
            purposes=self.all("purpose", lambda text: text if text in list(CallPurpose) else None),
            user_ids=self.all("person", parse_id),
            room_ids=self.all("room", parse_id),
            is_mine=self.one("mine", as_yes) or False,
            chart=self.one("chart", lambda text: Chart(text) if text in list(Chart) else None) or Chart.MODEL_COST,
            shows_calls=shows_calls,
            at=self.one("at", _moment) if shows_calls else None,
            series=self.all("of", as_name) if shows_calls else (),
            after=self.one("after", as_mark) if shows_calls else None,
        )

    def _days(self, zone: ZoneInfo) -> tuple[date, date] | tuple[None, None]:
        first, last = self.one("from", as_day), self.one("to", as_day)
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


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(MOMENT)


MOMENT = "%Y-%m-%dT%H:%M:%SZ"
