"""Figures as files to keep: exactly those of the view."""

from urllib.parse import urlencode

import streamlit as st

from core.services.usage_query import Query
from core.services.usage_views import Table
from core.ui.download_dialog import download_dialog

ADDRESS = "/api/usage"
CSV = "Text, for any program. A cell that a spreadsheet would take for a formula begins with an apostrophe."
FORMATS = {
    "csv": ("CSV", CSV),
    "xlsx": ("Excel", "A workbook. Money is rounded to what a spreadsheet can hold."),
    "parquet": ("Parquet", "Typed columns, for pandas, DuckDB and the like. Money is exact."),
}


def download_button(query: Query, table: Table, what: str, *, key: str) -> None:
    """`query`: the view as it is, with its days and zone. `what`: names it in one phrase."""
    if st.button("Download", icon=":material/download:", type="tertiary", key=key):
        download_dialog(address_of(query, table), what, FORMATS, key="usage")


def address_of(query: Query, table: Table) -> str:
    return f"{ADDRESS}?{urlencode({'table': table.value} | query.params(), doseq=True)}"
