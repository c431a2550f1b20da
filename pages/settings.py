"""The company's own settings, for admins."""

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.models import MAX_INSTRUCTIONS
from core.permissions import Actor, Permission
from core.ui import failures, guard
from core.ui.budgets import budgets
from core.ui.prices import prices
from core.ui.retention import retention
from core.ui.tools_setting import tools_setting


def company(actor: Actor) -> None:
    companies = bootstrap.current().companies
    own = companies.get(actor)
    with st.form("company", border=False):
        name = st.text_input("Company name", own.name)
        instructions = st.text_area(
            "Instructions for the assistant",
            own.instructions,
            placeholder="You work for a bakery with three shops. Answer in short sentences. Never promise delivery "
            "dates.",
            height=200,
            help=f"Up to {MAX_INSTRUCTIONS:,} characters.",
        )
        st.caption("The assistant is told this in every chat of the company, from the next question on.")
        assistant_name = st.text_input("Assistant's name", own.assistant_name)
        st.caption("In a room the assistant answers whoever writes @ and this name, from the next message on.")
        if st.form_submit_button("Save", type="primary"):
            try:
                companies.update(actor, name=name, instructions=instructions, assistant_name=assistant_name)
            except ParleyError as error:
                failures.say(error)
            else:
                st.success("Saved.", icon=":material/check:")
    tools_setting(actor)


SECTIONS = {"Company": company, "Budgets": budgets, "Model prices": prices, "Retention": retention}

actor = guard.require(Permission.SETTINGS_MANAGE)
st.title("Settings", anchor=False)
section = st.segmented_control(
    "Section", list(SECTIONS), default="Company", required=True, key="section", bind="query-params",
    label_visibility="collapsed",
)  # fmt: skip
SECTIONS[section](actor)
