"""What a spreadsheet makes of our tables."""

import csv
import io
import re
from decimal import Decimal
from urllib.parse import unquote
from xml.etree import ElementTree as ET
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.transfer.file_names import FileNames
from core.transfer.tables import Column, Kind, write_csv, write_xlsx
from core.web.sending import attachment
from tests.support.hostile import EVERY, HONEST, SPREADSHEET, Hostile, Trick

UTC = ZoneInfo("UTC")
COLUMNS = (Column("said", Kind.TEXT), Column("cost", Kind.MONEY), Column("count", Kind.WHOLE), Column("why", Kind.TEXT))
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
STORABLE = tuple(one for one in EVERY if "\0" not in one.text and not re.search("[\ud800-\udfff]", one.text))
"""What can have come out of the database."""
HIDDEN = "\ufeff\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\"'"
SEPARATORS = (",", ";", "\t")
"""Of columns, by the country of the spreadsheet: whoever opens a file does not say which."""


def csv_of(*texts: str) -> str:
    rows = [(text, Decimal("-1.50"), -3, text) for text in texts]
    return b"".join(write_csv(COLUMNS, [rows], UTC)).decode()


def runs(cell: str) -> bool:
    """As a spreadsheet might judge it that trims whatever can be trimmed; what begins with an apostrophe is a text."""
    return cell.strip().lstrip(HIDDEN.replace("'", "")).strip()[:1] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def is_number(cell: str) -> bool:
    return re.fullmatch(r"-\d+(\.\d+)?", cell) is not None


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("hostile", STORABLE, ids=lambda hostile: hostile.name)
def test_no_text_of_a_csv_is_a_formula(hostile: Hostile, separator: str) -> None:
    texts = (hostile.text, f"a;{hostile.text};b", f"a\t{hostile.text}", f"a\n{hostile.text}")
    for row in csv.reader(io.StringIO(csv_of(*texts), newline=""), delimiter=separator):
        for cell in row:
            assert is_number(cell) or not runs(cell), cell


@given(st.text(alphabet=list("=+-@;\t\r\n \"'\u200b\ufeff\uff1d,1a"), max_size=12), st.sampled_from(SEPARATORS))
def test_nor_is_any_other(text: str, separator: str) -> None:
    for row in csv.reader(io.StringIO(csv_of(text), newline=""), delimiter=separator):
        assert not [cell for cell in row if runs(cell) and not is_number(cell)]


@pytest.mark.parametrize("text", [*HONEST, "Because - of this", "a=b", "x@example.com", "5 + 5", "late; never"])
def test_other_texts_stay_as_they_are_and_numbers_are_numbers(text: str) -> None:
    [_, [said, cost, count, why]] = csv.reader(io.StringIO(csv_of(text), newline=""))
    assert (said, cost, count, why) == (text, "-1.50", "-3", text)


def test_every_cell_of_a_workbook_is_the_text_itself() -> None:
    texts = [one.text for one in (*STORABLE, *SPREADSHEET)]
    rows = [(text, Decimal("-1.50"), -3, text) for text in texts]
    with ZipFile(io.BytesIO(b"".join(write_xlsx(COLUMNS, [rows], UTC)))) as book:
        for name in book.namelist():
            if name.endswith((".xml", ".rels")):
                ET.fromstring(book.read(name))  # a control character that XML does not have would end it here
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
        assert not [name for name in book.namelist() if "external" in name.lower()]
        links = [name for name in book.namelist() if name.endswith("sheet1.xml.rels")]
    assert not links and not list(sheet.iter(f"{SHEET}f")) and not list(sheet.iter(f"{SHEET}hyperlink"))
    kinds = [[cell.get("t", "n") for cell in row] for row in sheet.iter(f"{SHEET}row")]
    assert kinds[1:] == [["inlineStr", "n", "n", "inlineStr"]] * len(texts)
    shown = ["".join(cell.itertext()) for cell in sheet.iter(f"{SHEET}c") if cell.get("r", "").startswith("A")][1:]
    for text, cell in zip(texts, shown, strict=True):
        assert unescaped(cell) == NONE.sub("\ufffd", text)


def unescaped(cell: str) -> str:
    """As spreadsheets write what XML has no character for."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), cell)


NONE = re.compile("[\ufffe\uffff]")
"""No characters at all, for XML."""
HEADER = re.compile(r"attachment; filename=\"([^\"\\\r\n]*)\"; filename\*=UTF-8''([\w.~%-]*)")
NAMES = (
    *(one.text for one in EVERY if one.trick is not Trick.UNSTORABLE),
    *('a"b\r\nSet-Cookie: x=1', "../../etc/passwd", "..\\..\\x", "a" * 300, "é" * 300, "CON", "nul.txt", "com1", ".."),
    *("a\u202egpj.exe", "a;filename=b", "%0d%0aX: y", " .hidden", "~", "-rf", "a/b", "C:\\x", "\x7f\x1b[31m"),
)


@pytest.mark.parametrize("title", NAMES)
def test_a_file_has_a_name_that_does_nothing(title: str) -> None:
    name = FileNames().add(title, "html")
    found = HEADER.fullmatch(attachment(name))
    assert found, attachment(name)
    attachment(name).encode("latin-1")
    for each in (found[1], unquote(found[2])):
        assert each.endswith(".html") and not each.startswith((".", "-", "~")) and len(each.encode()) <= 150
        assert not re.search(r'[/\\:*?"<>|%\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]', each)
        assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)\.", each)
