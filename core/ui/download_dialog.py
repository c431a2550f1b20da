"""Asking for a format, then fetching the file."""

from collections.abc import Mapping

import streamlit as st

from core.ui.dialogs import dialog
from core.ui.download import download


@dialog("Download")
def download_dialog(address: str, what: str, formats: Mapping[str, tuple[str, str]], *, key: str) -> None:
    """`address`: all of it but the format. `what`: names it in one phrase. `formats`: label and a sentence on each."""
    st.caption(f"{what}, as the filters of the page have them.")
    chosen = st.segmented_control(
        "Format", list(formats), default="csv", format_func=lambda one: formats[one][0], required=True,
        key=f"{key}_format",
    )  # fmt: skip
    st.caption(formats[chosen][1])
    download(f"{address}{'&' if '?' in address else '?'}format={chosen}", key=f"{key}_download")
