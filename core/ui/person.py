"""One person on the People page: who they are, what they may do, where they are signed in."""

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.permissions import Actor, Role
from core.services.audit_query import AuditQuery
from core.services.people_looking import PersonDetail, PersonLine, PersonState
from core.ui import failures, guard, links, times
from core.ui.into_view import into_view
from core.ui.people_address import PeopleAddress, go
from core.ui.people_words import BADGES, what_roles_do
from core.ui.person_acts import deactivate, end_sessions, make_password_link
from core.ui.sign_ins import sign_ins
from core.ui.suspending import until
from core.ui.text import as_label

LONGEST_NAME, LONGEST_EMAIL = 120, 254
GONE = "There is no such person here."


def person(actor: Actor, address: PeopleAddress) -> None:
    assert address.person_id is not None
    with st.container(border=True, key="person"):
        try:
            detail = bootstrap.current().people_looking.get(actor, address.person_id)
        except NotFound:
            st.markdown(GONE)
            _close(address)
            return
        _who(detail, address)
        _roles(actor, detail.line)
        _sign_ins(actor, detail.line)
        _password(actor, detail.line)
        _audit(detail.line)
        _danger(actor, detail.line)
        into_view(str(address.person_id), key="person_in_view")


def _close(address: PeopleAddress) -> None:
    st.button(
        "Close", icon=":material/close:", type="tertiary", key="person_close", on_click=go, args=(address.listing(),)
    )


def _who(detail: PersonDetail, address: PeopleAddress) -> None:
    line, where = detail.line, times.zone()
    with st.container(horizontal=True, vertical_alignment="top", wrap=False):
        st.markdown(
            f"**{as_label(line.display_name, LONGEST_NAME)}**  \n{as_label(line.email, LONGEST_EMAIL)}", width="stretch"
        )
        _close(address)
    seen = f"last seen {times.ago(line.last_seen_at)}" if line.last_seen_at else "never signed in"
    st.markdown(f"{BADGES[line.state]} :small[{_added(detail, where)} · {seen}]")
    if detail.suspension:
        st.info(f"Suspended {until(detail.suspension, where)}", icon=":material/block:")
        st.caption("Moderators suspend people, and lift it: on Moderation, in the case.")


def _added(detail: PersonDetail, where: tzinfo) -> str:
    day, origin = times.day(detail.line.created_at, where), detail.origin
    if origin is None:
        return f"added {day}"
    if origin.provider:
        return f"came in through {as_label(_provider_name(origin.provider), 60)} on {day}"
    if origin.by_id is None:
        return f"added {day} on the command line"
    if origin.by_id == detail.line.id:
        return f"set Parley up on {day}"
    return f"added {day} by {as_label(origin.by or 'somebody who has left', 60)}"


def _provider_name(key: str) -> str:
    known = bootstrap.current().settings.sso.get(key)
    return known.name if known else key


def _roles(actor: Actor, line: PersonLine) -> None:
    st.markdown("**Roles**", help=what_roles_do())
    held = [role for role in Role if role in line.roles]
    # Another key when they were changed elsewhere: the pills begin with what is so now.
    key = f"roles_{line.id}_{'_'.join(held)}"
    chosen = st.pills(
        "Roles", list(Role), selection_mode="multi", default=held, key=key, label_visibility="collapsed",
        format_func=lambda role: role.value.capitalize(),
    )  # fmt: skip
    st.button(
        "Save roles", key="save_roles", disabled=set(chosen) == set(held), on_click=_save_roles,
        args=(actor, line.id, key), help="It acts at once, in every tab of theirs.",
    )  # fmt: skip


def _save_roles(actor: Actor, user_id: UUID, key: str) -> None:
    with failures.noticed():
        bootstrap.current().people.set_roles(guard.again(actor), user_id, st.session_state[key])


def _sign_ins(actor: Actor, line: PersonLine) -> None:
    views = bootstrap.current().session_ending.list_of(actor, line.id)
    st.markdown("**Sign-ins**")
    if not views:
        st.caption("No browser is signed in.")
    sign_ins(views, partial(_end, actor, line.id))
    if len(views) < 2 or line.id == actor.user_id:
        return
    if st.button("Sign out everywhere", icon=":material/logout:", type="tertiary", key="end_sessions"):
        end_sessions(actor, line)


def _end(actor: Actor, user_id: UUID, session_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().session_ending.end(guard.again(actor), user_id, session_id)


def _password(actor: Actor, line: PersonLine) -> None:
    app = bootstrap.current()
    if not app.settings.local_passwords or line.id == actor.user_id or line.state is PersonState.DEACTIVATED:
        return
    st.markdown("**Password**")
    waiting = app.password_links.waiting(actor, line.id)
    if waiting:
        by = f" by {as_label(waiting.by, 60)}" if waiting.by else ""
        st.caption(f"A link to change it, made{by}, is open until {times.with_zone(waiting.expires_at, times.zone())}.")
    elif not line.has_password:
        st.caption("They have none, and sign in elsewhere.")
    with st.container(horizontal=True, gap="xsmall"):
        label = "Make a new password link" if waiting else "Make a password link"
        if st.button(label, icon=":material/key:", key="password_link"):
            make_password_link(actor, line)
        if waiting:
            st.button("Revoke it", type="tertiary", key="password_revoke", on_click=_revoke, args=(actor, line.id))


def _revoke(actor: Actor, user_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().password_links.revoke(guard.again(actor), user_id)


def _audit(line: PersonLine) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, query, icon in (
            ("What they did", AuditQuery(actor_id=line.id), "history_edu"),
            ("What was done to the account", AuditQuery(target_id=line.id), "manage_history"),
        ):
            st.page_link(
                links.AUDIT.page(), label=label, icon=f":material/{icon}:", query_params=query.params(), width="content"
            )


def _danger(actor: Actor, line: PersonLine) -> None:
    if line.state is not PersonState.DEACTIVATED:
        if st.button("Deactivate", icon=":material/person_off:", key="deactivate"):
            deactivate(actor, line)
        return
    st.caption("They can't sign in. What they wrote is there.")
    act: Callable[[], None] = partial(_reactivate, actor, line.id)
    st.button("Reactivate", icon=":material/person_check:", key="reactivate", on_click=act)


def _reactivate(actor: Actor, user_id: UUID) -> None:
    with failures.noticed():
        bootstrap.current().people.reactivate(guard.again(actor), user_id)
