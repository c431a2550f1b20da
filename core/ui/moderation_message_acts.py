"""What a moderator can do about messages that they came across: about one, and about several at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.models import MessageRole
from core.permissions import Actor
from core.services.moderation_message_acts import Acted, Seen
from core.services.moderation_views import OpenMessage
from core.ui import failures, guard
from core.ui.dialogs import dialog, tried
from core.ui.moderation_acts import DELETING, done, form, reason_field, sentence_of, what
from core.ui.moderation_words import LONGEST_NAME, author_of
from core.ui.text import as_label

ANEW = "Where they were reported, the cases are then yours to decide anew."
LAST = "messages_done"
ROUND = "messages_round"
"""Another one, and the list is a new one, in which nothing is ticked."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was done with several messages last, until that is put away."""

    acted: str
    undoable: tuple[Seen, ...]
    refused: tuple[str, ...]


def message_bar(actor: Actor, message: OpenMessage, more: Callable[[], None]) -> None:
    """What can't be done now is not there; why nothing can is said. `more` draws the end of the bar."""
    offers: list[tuple[bool, str, str, str, Callable[[Actor, OpenMessage], None]]] = [
        (message.can_change, "Edit", "edit", "E", _edit),
        (message.can_change, "Delete", "delete", "X", _delete),
        (message.can_restore, "Restore", "undo", "U", _restore),
    ]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="message_actions"):
        for is_offered, label, icon, key, ask in offers:
            if is_offered and st.button(label, icon=f":material/{icon}:", key=f"message_{label.lower()}", shortcut=key):
                ask(actor, message)
        more()
    if message.why_not:
        st.caption(f":material/info: {as_label(message.why_not, 300)}")


def selected_bar(actor: Actor, ticked: Sequence[Seen], *, has_keys: bool) -> None:
    """For the lines that are ticked. `has_keys`: no open message has the same keys for itself."""
    for label, icon, key, ask in (
        ("Delete", "delete", "X", _delete_several),
        ("Restore", "undo", "U", _restore_several),
    ):
        shortcut = key if has_keys and ticked else None
        if st.button(
            label, icon=f":material/{icon}:", key=f"selected_{label.lower()}", shortcut=shortcut, disabled=not ticked
        ):
            ask(actor, tuple(ticked))


def told(actor: Actor) -> None:
    """What was done with several last, with the way back."""
    last: Told | None = st.session_state.get(LAST)
    if last is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(sentence_of(last.acted, last.refused), width="content")
        if last.undoable:
            args = (actor, last.undoable)
            st.button("Undo", icon=":material/undo:", key="messages_undo", on_click=_undo, args=args)
        st.button("Dismiss", type="tertiary", key="messages_dismiss", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(LAST, None)


def _undo(actor: Actor, seen: tuple[Seen, ...]) -> None:
    """For callbacks."""
    st.session_state.pop(LAST, None)
    with failures.noticed():
        _note("restored", bootstrap.current().message_moderation.restore_together(guard.again(actor), seen), ())


def _note(acted: str, result: Acted, undoable: tuple[Seen, ...]) -> None:
    words = f"{counted(len(result.done), 'message')} {acted}"
    st.session_state[LAST] = Told(words, undoable, result.refused)
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def _these(seen: tuple[Seen, ...]) -> str:
    return counted(len(seen), "message")


@dialog("Delete the selected messages?")
def _delete_several(actor: Actor, seen: tuple[Seen, ...]) -> None:
    st.markdown(f"**{_these(seen)}**, each as if you did it by itself. {DELETING.replace('Its text', 'The text')}")

    def delete() -> None:
        result = bootstrap.current().message_moderation.delete_together(guard.again(actor), seen, reason)
        _note("deleted", result, result.done)

    with form("delete_several"):
        reason = reason_field()
        if st.form_submit_button("Delete", type="primary") and tried(delete):
            st.rerun()


@dialog("Restore the selected messages?")
def _restore_several(actor: Actor, seen: tuple[Seen, ...]) -> None:
    st.markdown(f"**{_these(seen)}** get back what moderators took from them last. Their authors are told. {ANEW}")

    def restore() -> None:
        result = bootstrap.current().message_moderation.restore_together(guard.again(actor), seen, note)
        _note("restored", result, ())

    with form("restore_several"):
        note = reason_field("Note", "Optional; for moderators and the audit")
        if st.form_submit_button("Restore", type="primary") and tried(restore):
            st.rerun()


@dialog("Delete this message?")
def _delete(actor: Actor, message: OpenMessage) -> None:
    st.markdown(what(message.view))
    st.markdown(DELETING)
    with form("delete_message"):
        reason = reason_field()
        if st.form_submit_button("Delete", type="primary") and tried(
            lambda: bootstrap.current().message_moderation.delete(guard.again(actor), message.seen, reason)
        ):
            done("Deleted. Restore takes it back.")


@dialog("Edit this message")
def _edit(actor: Actor, message: OpenMessage) -> None:
    who = as_label(author_of(message.view.line, message.view.assistant_name), LONGEST_NAME)
    told_to = "whoever asked" if message.line.role is MessageRole.ASSISTANT else "the author"
    st.markdown(
        f"By **{who}**. Mask or correct what must not stay. Everybody sees that a moderator edited it, and why; "
        f"{told_to} is told. All earlier texts are kept."
    )
    with form("edit_message"):
        text = st.text_area("Text", message.view.text, height=200)
        reason = reason_field(placeholder="People read it below the message")
        if st.form_submit_button("Save", type="primary") and tried(
            lambda: bootstrap.current().message_moderation.edit(guard.again(actor), message.seen, text, reason)
        ):
            done("Edited. Restore gives the author's text back.")


@dialog("Restore this message?")
def _restore(actor: Actor, message: OpenMessage) -> None:
    st.markdown(what(message.view))
    reported = " The case is then yours to decide anew." if message.line.report_count else ""
    st.markdown(f"What moderators did to it last is taken back, and the author is told.{reported}")
    with form("restore_message"):
        note = reason_field("Note", "Optional; for moderators and the audit")
        if st.form_submit_button("Restore", type="primary") and tried(
            lambda: bootstrap.current().message_moderation.restore(guard.again(actor), message.seen, note)
        ):
            done("Restored.")
