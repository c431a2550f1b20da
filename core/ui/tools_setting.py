"""What the assistant may do in a company, as its admins set it."""

import streamlit as st

from core import bootstrap
from core.models import CompanyPart
from core.permissions import Actor
from core.services.companies import CompanyView
from core.ui import guard
from core.ui.drafts import changed, drafted, save


def tools_setting(actor: Actor, own: CompanyView) -> None:
    companies = bootstrap.current().companies
    changing = companies.list_changing()
    draft = drafted("tools", "on", own.version(CompanyPart.TOOLS))
    st.header("What the assistant may do", anchor=False)
    with st.form("tools", border=False):
        tools_on = st.toggle("Use tools for whoever asks", own.tools_on, key=draft.key("on"))
        st.caption(
            "On, it can look things up and keep records, with the rights of whoever asks it and nothing beyond them. "
            "Off, it only answers in words. Either takes effect with the next answer."
        )
        if changing:
            st.markdown("Ask first before it may")
        asked = {
            one.name: st.checkbox(f"{one.icon} {one.label}", one.name in own.ask_first, key=draft.key(one.name))
            for one in changing
        }
        if changing:
            st.caption(
                "What is ticked it does only after whoever asked has approved it, each time. What is not, it does at "
                "once, and whoever asked can undo it. What puts something before somebody else, like a task for a "
                "colleague, it always asks about."
            )
        is_sent = st.form_submit_button("Save what it may do", key="save_tools")
    if is_sent:
        named = [name for name, is_asked in asked.items() if is_asked]
        save(
            draft,
            lambda seen: companies.update_tools(guard.again(actor), tools_on=tools_on, ask_first=named, seen=seen),
        )
    changed(draft, own.changes.get(CompanyPart.TOOLS))
