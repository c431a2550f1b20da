"""Puts into the audit trail what somebody was refused here."""

import streamlit as st

from core import bootstrap
from core.errors import NotPermitted
from core.ids import parse_id


def note(error: Exception) -> None:
    """Of everything but refusals nothing."""
    if isinstance(error, NotPermitted):
        bootstrap.current().refusals.note(parse_id(str(st.user.get("app_sid") or "")), error)
