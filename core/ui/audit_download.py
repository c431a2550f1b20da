"""The list as a file to keep: exactly what the filters find."""

from dataclasses import replace
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import streamlit as st

from core.services.audit_query import AuditQuery
from core.ui.download_dialog import download_dialog
from core.ui.usage_download import CSV

ADDRESS = "/api/audit"
FORMATS = {"csv": ("CSV", CSV), "json": ("JSON", "An array of objects, for programs: keys, and what changed, as kept.")}


def download_button(query: AuditQuery, zone: ZoneInfo) -> None:
    if st.button("Download", icon=":material/download:", type="tertiary", key="audit_save"):
        download_dialog(address_of(query, zone), "All events of this list", FORMATS, key="audit")


def address_of(query: AuditQuery, zone: ZoneInfo) -> str:
    return f"{ADDRESS}?{urlencode(replace(query.looking(), zone=zone).params(), doseq=True)}"
