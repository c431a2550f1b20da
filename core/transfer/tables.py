"""Rows as files for spreadsheets and programs, written while they come."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

BLOCK = 64 * 1024
# How a text begins that a spreadsheet would take for a formula: behind blanks, quotes and what nobody sees as well, and
# in the wide signs of East Asian writing. One that parts columns by semicolons or tabs begins anew behind each.
FORMULA = re.compile(
    "((?:^|[;\t\r\n])[\\s\ufeff\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\"']*+)"
    "([=+\\-@\uff1d\uff0b\uff0d\uff20])"
)
NO_CHARACTER = re.compile("[\ufffe\uffff]")
"""XML has none of these: a spreadsheet would call the file broken. Controls are written as it wants them."""
LONGEST_CELL = 32_767
"""Characters, in Excel."""
MONEY_DIGITS, MONEY_PLACES = 16, 8


class Kind(StrEnum):
    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    MONEY = "money"
    """Decimal, USD."""
    TIME = "time"
    """Aware."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: Kind


Row = Sequence[Any]
"""A value for each column; None where there is none."""
Rows = Iterable[Sequence[Row]]
"""In batches. An empty batch is a pause in which others may work."""


def write_csv(columns: Sequence[Column], rows: Rows, zone: ZoneInfo) -> Iterator[bytes]:
    """UTF-8, RFC 4180, moments in ISO 8601 with their distance from UTC. A text that a spreadsheet would take for a
    formula begins with an apostrophe.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(column.name for column in columns)
    cells = [_CELLS[column.kind] for column in columns]
    for batch in rows:
        for row in batch:
            writer.writerow("" if value is None else cell(value, zone) for cell, value in zip(cells, row, strict=True))
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    yield text.getvalue().encode()


def write_xlsx(columns: Sequence[Column], rows: Rows, zone: ZoneInfo) -> Iterator[bytes]:
    """A workbook, row by row through a temporary file: in memory is no more than one of them. Texts are texts, never
    formulas or links; moments are those of the zone, which the heading names.
    """
    from xlsxwriter import Workbook  # slow to import, and few ask for it

    with TemporaryDirectory(prefix="parley-") as folder:
        path = Path(folder, "table.xlsx")
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        workbook = Workbook(str(path), options)
        sheet = workbook.add_worksheet()
        styles = {
            Kind.TIME: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            Kind.MONEY: workbook.add_format({"num_format": "$#,##0.00######"}),
            Kind.WHOLE: workbook.add_format({"num_format": "#,##0"}),
        }
        bold = workbook.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, 20)
            name = f"{column.name} ({zone.key})" if column.kind is Kind.TIME else column.name
            sheet.write_string(0, place, name, bold)
        cells, number = _Sheet(sheet, styles, zone), 0
        for batch in rows:
            for row in batch:
                number += 1
                for place, (column, value) in enumerate(zip(columns, row, strict=True)):
                    cells.write(number, place, column.kind, value)
            yield b""
        workbook.close()
        with path.open("rb") as file:
            yield from _blocks(file)


def write_parquet(columns: Sequence[Column], rows: Rows, zone: ZoneInfo) -> Iterator[bytes]:
    """Typed columns, a row group a batch: money exact to its last digit, moments with the zone."""
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        Kind.TEXT: pa.string(),
        Kind.WHOLE: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.MONEY: pa.decimal128(MONEY_DIGITS, MONEY_PLACES),
        Kind.TIME: pa.timestamp("us", tz=zone.key),
    }
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    pipe = _Pipe()
    with parquet.ParquetWriter(pa.PythonFile(cast(BinaryIO, pipe), mode="w"), schema, compression="zstd") as writer:
        for batch in rows:
            if batch:
                values = zip(*batch, strict=True)
                arrays = [pa.array(list(column), field.type) for column, field in zip(values, schema, strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema=schema))
            yield pipe.take()
    yield pipe.take()


FORMATS: dict[str, Callable[[Sequence[Column], Rows, ZoneInfo], Iterator[bytes]]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


class _Pipe(io.RawIOBase):
    """A file that is taken away while it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()
        self.taken = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def tell(self) -> int:
        return self.taken + len(self.waiting)

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self.taken += len(taken)
        self.waiting.clear()
        return taken


def harmless(text: str) -> str:
    """With an apostrophe before what a spreadsheet would take for a formula."""
    text = FORMULA.sub(r"\1'\2", text)
    return f"'{text}" if text.startswith(("\t", "\r")) else text


def _text(value: Any, zone: ZoneInfo) -> str:
    return harmless(str(value))


def _plain(value: Any, zone: ZoneInfo) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _time(value: Any, zone: ZoneInfo) -> str:
    return str(value.astimezone(zone).isoformat())


_CELLS: dict[Kind, Callable[[Any, ZoneInfo], str]] = {
    Kind.TEXT: _text,
    Kind.WHOLE: _plain,
    Kind.NUMBER: _plain,
    Kind.MONEY: _plain,
    Kind.TIME: _time,
}


class _Sheet:
    """Writes cells by the kind of their column."""

    def __init__(self, sheet: Any, styles: Mapping[Kind, Any], zone: ZoneInfo) -> None:
        self.sheet = sheet
        self.styles = styles
        self.zone = zone

    def write(self, row: int, place: int, kind: Kind, value: Any) -> None:
        if value is None:
            return
        if kind is Kind.TEXT:
            self.sheet.write_string(row, place, NO_CHARACTER.sub("\ufffd", str(value)[:LONGEST_CELL]))
        elif kind is Kind.TIME:
            moment: datetime = value.astimezone(self.zone).replace(tzinfo=None)
            self.sheet.write_datetime(row, place, moment, self.styles[kind])
        else:
            self.sheet.write_number(row, place, float(value), self.styles.get(kind))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
