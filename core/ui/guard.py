"""The first line of every page: who is here, and may they be."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotPermitted, NotSignedIn, Suspended, Unavailable
from core.ids import parse_id
from core.permissions import Actor, Permission, Role
from core.ui import failures, refusals, times
from core.ui.failures import NOTICE
from core.ui.plain_links import plain_links

ROLES = "drawn_for"


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
    st.session_state[ROLES] = actor.roles
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


def drawn_for() -> frozenset[Role]:
    """The roles that the page, or the one before, was drawn for."""
    roles: frozenset[Role] = st.session_state.get(ROLES, frozenset())
    return roles


def still(roles: frozenset[Role]) -> None:
    """For what is drawn without its page: unless its person still has these roles, the page is drawn instead, and says
    what is the matter. Roles that were added change nothing here: what is being typed would be lost.
    """
    try:
        has_all = bootstrap.current().accounts.actor(_session_id()).roles >= roles
    except Unavailable:
        return  # what is drawn asks the same database
    except (NotSignedIn, Suspended):
        has_all = False
    if not has_all:
        st.rerun()


def _session_id() -> UUID:
    session_id = parse_id(str(st.user.get("app_sid") or ""))
    if session_id is None:
        raise NotSignedIn
    return session_id
