"""Figures as files to keep: exactly those of the view."""

from urllib.parse import urlencode

import streamlit as st

from core.services.usage_query import Query
from core.services.usage_views import Table
from core.transfer.tables import FORMATS
from core.ui.dialogs import dialog
from core.ui.download import download

ADDRESS = "/api/usage"
LABELS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
ABOUT = {
    "csv": "Text, for any program. A cell that a spreadsheet would take for a formula begins with an apostrophe.",
    "xlsx": "A workbook. Money is rounded to what a spreadsheet can hold.",
    "parquet": "Typed columns, for pandas, DuckDB and the like. Money is exact.",
}


def download_button(query: Query, table: Table, what: str, *, key: str) -> None:
    """`query`: the view as it is, with its days and zone. `what`: names it in one phrase."""
    if st.button("Download", icon=":material/download:", type="tertiary", key=key):
        _save(address_of(query, table), what)


def address_of(query: Query, table: Table) -> str:
    return f"{ADDRESS}?{urlencode({'table': table.value} | query.params(), doseq=True)}"


@dialog("Download")
def _save(address: str, what: str) -> None:
    st.caption(f"{what}, as the filters of the page have them.")
    chosen = st.segmented_control(
        "Format", list(FORMATS), default="csv", format_func=LABELS.__getitem__, required=True, key="usage_format"
    )
    st.caption(ABOUT[chosen])
    download(f"{address}&format={chosen}", key="usage_download")
