"""The first line of every page: who is here, and may they be."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotPermitted, NotSignedIn, Suspended
from core.ids import parse_id
from core.permissions import Actor, Permission
from core.ui import failures, refusals, times
from core.ui.failures import NOTICE
from core.ui.plain_links import plain_links


def signed_in() -> Actor:
    """The person of this session as the database has them now. Stops the page when there is none.

    The gate put the session's id into `st.user`; whether it still counts is asked anew at each run.
    """
    try:
        actor = bootstrap.current().accounts.actor(_session_id())
    except Suspended as error:
        st.info(failures.sentence_of(error), icon=":material/block:")
        st.stop()
    except NotSignedIn as error:
        st.info(failures.sentence_of(error), icon=":material/logout:")
        plain_links({"Sign in": "/account/sign-in"}, key="sign_in")
        st.stop()
    times.choose(actor.chosen_time_zone)
    return actor


def require(permission: Permission) -> Actor:
    """The same, and with that permission; otherwise the page ends with the permission's own sentence."""
    actor = signed_in()
    try:
        actor.require(permission)
    except NotPermitted as error:
        refusals.note(error)
        st.session_state.pop(NOTICE, None)  # what a callback was refused for the same reason
        st.title("Not for your role", anchor=False)
        st.info(failures.sentence_of(error), icon=":material/lock:")
        st.stop()
    return actor


def again(actor: Actor) -> Actor:
    """The same person as the database has them now: a callback was made in a run before, with the rights of then.

    Raises NotSignedIn.
    """
    if actor.session_id is None:
        raise NotSignedIn
    return bootstrap.current().accounts.actor(actor.session_id)


def _session_id() -> UUID:
    session_id = parse_id(str(st.user.get("app_sid") or ""))
    if session_id is None:
        raise NotSignedIn
    return session_id
