"""What an admin does to an account that takes a second look: each asks in a window of its own."""

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.services.people_looking import PersonLine
from core.ui import guard
from core.ui.dialogs import dialog, tried
from core.ui.link_shown import keep_link, link_shown
from core.ui.text import as_label

PASSWORD_PATH = "/account/new-password"  # where it leads, no password
TOLD = "people_told"
LONGEST_NAME = 60
NO_MATCH = "Nothing was done: the name doesn't match."


def told() -> None:
    """Says what was done, over the page that is drawn next."""
    if sentence := st.session_state.pop(TOLD, None):
        st.toast(sentence, icon=":material/check:")


def done(sentence: str) -> None:
    st.session_state[TOLD] = sentence
    st.rerun()


@dialog("Password link")
def make_password_link(actor: Actor, line: PersonLine) -> None:
    name = as_label(line.display_name, LONGEST_NAME)
    if link_shown(PASSWORD_PATH, name):
        return
    st.markdown(
        f"With the link **{name}** chooses a new password, within a day. Until then nothing changes; then every "
        "browser of theirs is signed out, and they are told that the link was yours."
    )

    def issue() -> None:
        keep_link(bootstrap.current().password_links.issue(guard.again(actor), line.id))

    if st.button("Make the link", type="primary", key="password_link_now") and tried(issue):
        st.rerun(scope="fragment")


@dialog("Sign out everywhere?")
def end_sessions(actor: Actor, line: PersonLine) -> None:
    st.markdown(
        f"Every browser of **{as_label(line.display_name, LONGEST_NAME)}** is signed out at once. They are told."
    )

    def end() -> None:
        bootstrap.current().session_ending.end_all(guard.again(actor), line.id)

    if st.button("Sign out everywhere", type="primary", key="end_sessions_now") and tried(end):
        done("Signed out everywhere.")


@dialog("Deactivate this account?")
def deactivate(actor: Actor, line: PersonLine) -> None:
    name = " ".join(line.display_name.split())
    st.markdown(
        f"**{as_label(name, LONGEST_NAME)}** is signed out at once and can't sign in any more. What they wrote stays, "
        "and you can reactivate the account at any time."
    )
    typed = st.text_input("Type the name to confirm", placeholder=name, key="deactivate_name")

    def act() -> None:
        bootstrap.current().people.deactivate(guard.again(actor), line.id)

    if st.button("Deactivate", type="primary", key="deactivate_now"):
        if " ".join(typed.split()).casefold() != name.casefold():
            st.error(NO_MATCH, icon=":material/error:")
        elif tried(act):
            done("Deactivated.")
