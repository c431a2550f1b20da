"""What a moderator can do from a case beside deciding about its message: suspend its author, lock its room, remove it
for good. What is in force of these stands above the case, with what takes it back.
"""

from dataclasses import dataclass

import streamlit as st

from core import bootstrap
from core.models import CaseStatus, ConversationKind, MessageRole
from core.permissions import Actor, Permission
from core.services.in_force_views import LockLine
from core.services.moderation_deciding import OWN
from core.services.moderation_views import CaseView
from core.services.purging import HELD, Purgeable
from core.services.suspensions import Standing
from core.ui import guard, times
from core.ui.dialogs import dialog, tried
from core.ui.moderation_acts import done, form, reason_field, remember, what
from core.ui.room_locking import lock_room, named, unlock_room
from core.ui.suspending import earlier, lift_suspension, suspend_person, until
from core.ui.text import as_label

SUSPEND, LOCK, PURGE = "Suspend the author", "Lock the room", "Remove for good"
ICONS = {SUSPEND: ":material/person_off:", LOCK: ":material/lock:", PURGE: ":material/delete_forever:"}
MENU, ASKED = "case_more", "case_asked"
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Further:
    """How the author and the room of a case stand, and what can be done about them."""

    standing: Standing | None
    room: LockLine | None
    offers: tuple[str, ...]


def look_further(actor: Actor, view: CaseView) -> Further:
    app = bootstrap.current()
    standing = app.suspensions.of_case(actor, view.line.id)
    room = app.room_locks.of_case(actor, view.line.id)
    is_mine = view.line.status is CaseStatus.CLAIMED and view.line.claimed_by == actor.user_id
    if view.why_not == OWN or not (is_mine or view.line.status is CaseStatus.CLOSED):
        return Further(standing, room, ())
    possible = {
        SUSPEND: standing is not None and standing.why_not is None and standing.in_force is None,
        LOCK: room is not None and room.locked_at is None,
        PURGE: actor.may(Permission.MESSAGES_PURGE) and view.why_not is None,
    }
    return Further(standing, room, tuple(name for name, is_possible in possible.items() if is_possible))


def more_menu(actor: Actor, view: CaseView, further: Further) -> None:
    """To be drawn at the end of the action bar."""
    if not further.offers:
        return
    st.menu_button(
        "More", further.offers, key=MENU, icon=":material/more_horiz:",
        format_func=lambda name: f"{ICONS[name]} {name}", on_click=_ask,
    )  # fmt: skip
    match st.session_state.pop(ASKED, None):
        case name if name not in further.offers:
            return
        case "Suspend the author" if further.standing:
            suspend_person(actor, view.line.id, further.standing.name, remember)
        case "Lock the room" if further.room:
            case_id, service = view.line.id, bootstrap.current().room_locks
            lock_room(
                named(further.room.kind, further.room.title),
                lambda who, reason: service.lock_of_case(who, case_id, reason),
                actor,
                remember,
            )
        case "Remove for good":
            _purge(actor, view)


def _ask() -> None:
    st.session_state[ASKED] = st.session_state[MENU]


def in_force(actor: Actor, further: Further) -> None:
    """Above the case: that its author is kept out, that its room is locked; each with what takes it back."""
    where, standing, room = times.zone(), further.standing, further.room
    if standing and (line := standing.in_force):
        name = as_label(standing.name, 60)
        text = f":material/person_off: **{name}** is suspended {until(line, where)}"
        if _line(text, "Lift", "case_lift"):
            lift_suspension(actor, line, remember)
    if room and room.locked_at:
        by = f" by {as_label(room.by, 60)}" if room.by else ""
        text = f":material/lock: The room is locked{by} · {as_label(room.reason, LONGEST_REASON)}"
        if _line(text, "Unlock", "case_unlock"):
            unlock_room(named(room.kind, room.title), room.conversation_id, actor, remember)


def _line(text: str, label: str, key: str) -> bool:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False, key=f"{key}_line"):
        st.markdown(f":small[{text}]", width="stretch")
        return bool(st.button(label, key=key, icon=":material/undo:", type="tertiary"))


def suspended_before(further: Further) -> None:
    """In the case, with the author's history."""
    if further.standing and further.standing.past:
        where = times.zone()
        st.caption("  \n".join(earlier(line, where) for line in further.standing.past))


@dialog("Remove this message for good?")
def _purge(actor: Actor, view: CaseView) -> None:
    found: list[Purgeable] = []
    if not tried(lambda: found.append(bootstrap.current().purging.look(guard.again(actor), view.line.id))):
        return
    [purgeable] = found
    st.markdown(f"{what(view)}  \n:small[{_where_and_when(view)}]")
    if purgeable.is_held:
        st.info(HELD, icon=":material/gavel:")
        return
    st.markdown(_what_goes(view, purgeable))
    st.markdown(
        "**Stays:** its place, with your reason in it; who reported it and why; what it cost, with all sums and "
        "ratings; the audit trail, which never had its text. What others or the assistant wrote about it is theirs."
    )
    st.warning("This can't be undone.", icon=":material/delete_forever:")

    def purge() -> None:
        bootstrap.current().purging.purge(
            guard.again(actor), view.line.id, view.line.version, reason, confirmation=confirmation
        )

    with form("purge_message"):
        reason = reason_field()
        confirmation = st.text_input(f"Type {as_label(purgeable.confirmation, 130)} to confirm it")
        if st.form_submit_button("Remove for good", type="primary") and tried(purge):
            done("Removed for good.")


def _where_and_when(view: CaseView) -> str:
    said = next((times.exact(one.created_at, times.zone()) for one in view.said if one.is_subject), "")
    return f"In “{as_label(view.room_title, 60)}”, {said}" if view.room_title else said


def _what_goes(view: CaseView, purgeable: Purgeable) -> str:
    texts = "its text" if purgeable.texts < 2 else f"all {purgeable.texts} texts that it has or had"
    others = f", in {purgeable.others} more of its versions as well" if purgeable.others else ""
    is_answer = view.line.role is MessageRole.ASSISTANT
    thought = "comments on it" if is_answer else "mentions"
    title = "; and a title that was made from it" if view.line.kind is ConversationKind.ASSISTANT else ""
    return (
        f"**Goes for good:** {texts}{others}; its reactions and {thought}; what those who reported it wrote; what "
        f"search knows of it{title}."
    )
