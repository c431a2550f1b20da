"""The company's own settings, for admins."""

import streamlit as st

from core.permissions import Permission
from core.ui import guard
from core.ui.budgets import budgets
from core.ui.company_setting import company_setting
from core.ui.limits_setting import limits_setting
from core.ui.prices import prices
from core.ui.retention import retention

SECTIONS = {
    "Company": company_setting,
    "Limits": limits_setting,
    "Budgets": budgets,
    "Model prices": prices,
    "Retention": retention,
}

actor = guard.require(Permission.SETTINGS_MANAGE)
st.title("Settings", anchor=False)
section = st.segmented_control(
    "Section", list(SECTIONS), default="Company", required=True, key="section", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
SECTIONS[section or "Company"](actor)  # none: see shows() in core/ui/controls.py
