"""A company's name and what its assistant is told, for admins."""

import streamlit as st

from core import bootstrap
from core.models import MAX_INSTRUCTIONS, CompanyPart
from core.permissions import Actor
from core.ui import guard
from core.ui.drafts import changed, drafted, save
from core.ui.models_setting import models_setting
from core.ui.tools_setting import tools_setting


def company_setting(actor: Actor) -> None:
    companies = bootstrap.current().companies
    own = companies.get(actor)
    draft = drafted("company", "name", own.version(CompanyPart.PROFILE))
    with st.form("company", border=False):
        name = st.text_input("Company name", own.name, key=draft.key("name"))
        instructions = st.text_area(
            "Instructions for the assistant",
            own.instructions,
            placeholder="You work for a bakery with three shops. Answer in short sentences. Never promise delivery "
            "dates.",
            height=200,
            help=f"Up to {MAX_INSTRUCTIONS:,} characters.",
            key=draft.key("instructions"),
        )
        st.caption("The assistant is told this in every chat of the company, from the next question on.")
        assistant_name = st.text_input("Assistant's name", own.assistant_name, key=draft.key("assistant"))
        st.caption("In a room the assistant answers whoever writes @ and this name, from the next message on.")
        is_sent = st.form_submit_button("Save", type="primary")
    if is_sent:
        save(
            draft,
            lambda seen: companies.update(
                guard.again(actor), name=name, instructions=instructions, assistant_name=assistant_name, seen=seen
            ),
        )
    changed(draft, own.changes.get(CompanyPart.PROFILE))
    models_setting(actor)
    tools_setting(actor, own)
