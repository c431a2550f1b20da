"""What the assistant may do in a company, as its admins set it."""

import streamlit as st

from core import bootstrap
from core.errors import ParleyError
from core.permissions import Actor
from core.ui import failures


def tools_setting(actor: Actor) -> None:
    companies = bootstrap.current().companies
    own, changing = companies.get(actor), companies.list_changing()
    st.subheader("What the assistant may do", anchor=False)
    with st.form("tools", border=False):
        tools_on = st.toggle("Use tools for whoever asks", own.tools_on)
        st.caption(
            "On, it can look things up and keep records, with the rights of whoever asks it and nothing beyond them. "
            "Off, it only answers in words. Either takes effect with the next answer."
        )
        if changing:
            st.markdown("Ask first before it may")
        asked = {
            one.name: st.checkbox(f"{one.icon} {one.label}", one.name in own.ask_first, key=f"ask_first_{one.name}")
            for one in changing
        }
        if changing:
            st.caption(
                "What is ticked it does only after whoever asked has approved it, each time. What is not, it does at "
                "once, and whoever asked can undo it. What puts something before somebody else, like a task for a "
                "colleague, it always asks about."
            )
        if st.form_submit_button("Save what it may do", key="save_tools"):
            try:
                companies.update_tools(
                    actor, tools_on=tools_on, ask_first=[name for name, is_asked in asked.items() if is_asked]
                )
            except ParleyError as error:
                failures.say(error)
            else:
                st.success("Saved.", icon=":material/check:")
