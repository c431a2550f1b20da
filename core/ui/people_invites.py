"""Who is invited and has not come yet; and inviting somebody."""

from datetime import datetime

import streamlit as st

from core import bootstrap, clock
from core.permissions import Actor, Role
from core.services.identity import MAX_EMAIL, MAX_NAME
from core.services.invites import PAGE, InviteLine
from core.ui import failures, guard, times
from core.ui.dialogs import dialog, tried
from core.ui.link_shown import keep_link, link_shown
from core.ui.nothing import nothing
from core.ui.paging import paged, pages_of, show_more
from core.ui.people_address import PAGES
from core.ui.people_words import role_names, what_roles_do
from core.ui.text import as_label

INVITE_PATH = "/account/invite"
LONGEST = 120
SHOWN_EMAIL = "invited_email"


@dialog("Invite somebody")
def invite_somebody(actor: Actor) -> None:
    if link_shown(INVITE_PATH, as_label(st.session_state.get(SHOWN_EMAIL, ""), MAX_EMAIL)):
        return
    with st.form("invite", border=False):
        email = st.text_input("E-mail", max_chars=MAX_EMAIL, placeholder="name@example.com")
        name = st.text_input("Name", max_chars=MAX_NAME, placeholder="Optional: they can say it themselves")
        roles = st.pills(
            "Roles", list(Role), selection_mode="multi", default=[Role.STAFF], help=what_roles_do(),
            format_func=lambda role: role.value.capitalize(),
        )  # fmt: skip
        st.caption("You get a link to give them. With it they choose a password and are in.")
        sent = st.form_submit_button("Make the link", type="primary")

    def invite() -> None:
        issued = bootstrap.current().invites.invite(guard.again(actor), email=email, display_name=name, roles=roles)
        st.session_state[SHOWN_EMAIL] = email.strip()
        keep_link(issued)

    if sent and tried(invite):
        st.rerun(scope="fragment")


def people_invites(actor: Actor) -> None:
    service = bootstrap.current().invites
    sizes = pages_of(PAGES, PAGE)
    lines, has_more = paged(lambda limit, after: service.list_invites(actor, after=after, limit=limit), sizes)
    if not lines:
        nothing("Nobody is invited at the moment. Whoever you invite stands here until they have come.")
    for line in lines:
        _invite(actor, line)
    if has_more:
        show_more(PAGES, key="invites_more")


def _invite(actor: Actor, line: InviteLine) -> None:
    email = as_label(line.email, MAX_EMAIL)
    name = f"**{as_label(line.display_name, LONGEST)}** · {email}" if line.display_name else f"**{email}**"
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"invite_row_{line.id}"):
        st.markdown(f"{name}  \n:small[{role_names(line.roles)} · {_until(line, clock.now())}]", width="stretch")
        with st.container(horizontal=True, width="content", gap="xsmall"):
            if bootstrap.current().settings.local_passwords and st.button(
                "New link", icon=":material/autorenew:", type="tertiary", key=f"invite_renew_{line.id}"
            ):
                _renew(actor, line)
            if st.button("Revoke", icon=":material/close:", type="tertiary", key=f"invite_revoke_{line.id}"):
                _revoke(actor, line)


def _until(line: InviteLine, now: datetime) -> str:
    by = f" by {as_label(line.by, 60)}" if line.by else ""
    where = times.zone()
    if line.expires_at <= now:
        return f":orange[expired on {times.day(line.expires_at, where)}] · invited{by}"
    return f"invited{by} · open until {times.soon(line.expires_at, where)}"


@dialog("New link")
def _renew(actor: Actor, line: InviteLine) -> None:
    email = as_label(line.email, MAX_EMAIL)
    if link_shown(INVITE_PATH, email):
        return
    st.markdown(f"Make a new link for **{email}**? The one that they may have works no more.")

    def renew() -> None:
        keep_link(bootstrap.current().invites.renew(guard.again(actor), line.id))

    if st.button("Make the link", type="primary", key="invite_renew_now") and tried(renew):
        st.rerun(scope="fragment")


@dialog("Revoke this invite?")
def _revoke(actor: Actor, line: InviteLine) -> None:
    st.markdown(
        f"**{as_label(line.email, MAX_EMAIL)}** can't come in with the link any more. You can invite them again."
    )

    def revoke() -> None:
        bootstrap.current().invites.revoke(guard.again(actor), line.id)

    if st.button("Revoke", type="primary", key="invite_revoke_now") and tried(revoke):
        failures.forget()
        st.rerun()
