"""What a moderator can do about a case, always in the same place, each also by a key. Each act that others see asks for
its reason in a window that says what follows from it.
"""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.models import MAX_REASON, Decision
from core.permissions import Actor
from core.services.moderation import Together
from core.services.moderation_views import CaseView, ReportLine
from core.ui import failures, guard
from core.ui.dialogs import dialog, tried
from core.ui.moderation_words import KINDS, LONGEST_NAME, author_of
from core.ui.text import as_label

EXCERPT = 160
DELETING = (
    "Its text goes away for everybody at once, from search, exports and what the assistant is told as well. "
    "Its place stays, with your reason in it. The author is told. You can restore it at any time."
)
TOLD = "moderation_told"
"""What the next draw says of what was done."""


def action_bar(actor: Actor, view: CaseView, more: Callable[[], None]) -> None:
    """What can't be done now is not there; why nothing can is said. `more` draws the end of the bar."""

    def at_once(label: str, icon: str, key: str, act: Callable[..., None]) -> None:
        """Nobody but moderators sees it."""
        is_main = label == "Claim"
        st.button(
            label, icon=f":material/{icon}:", key=f"case_{label.lower()}", shortcut=key, on_click=_clicked,
            args=(actor, view, act), type="primary" if is_main else "secondary",
        )  # fmt: skip

    def asking(label: str, icon: str, key: str, ask: Callable[[Actor, CaseView], None]) -> None:
        if st.button(label, icon=f":material/{icon}:", key=f"case_{label.lower()}", shortcut=key):
            ask(actor, view)

    moderation, is_there = bootstrap.current().moderation, view.can_decide and not view.is_taken_back
    offers: list[tuple[bool, str, str, str, Callable[..., None], bool]] = [
        (view.can_claim, "Claim", "back_hand", "T", moderation.claim, True),
        (view.can_decide, "Dismiss", "check", "D", _dismiss, False),
        (is_there, "Edit", "edit", "E", _edit, False),
        (is_there, "Delete", "delete", "X", _delete, False),
        (view.can_restore, "Restore", "undo", "U", _restore, False),
        (view.can_reopen, "Reopen", "undo", "U", moderation.reopen, True),
        (view.can_decide, "Release", "front_hand", "L", moderation.release, True),
    ]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="case_bar"):
        for is_offered, label, icon, key, act, is_at_once in offers:
            if is_offered:
                (at_once if is_at_once else asking)(label, icon, key, act)
        more()
    if view.why_not:
        st.caption(f":material/info: {as_label(view.why_not, 300)}")
    elif view.is_taken_back:
        st.caption(":material/info: Its author deleted this message. All that is left to do is to dismiss the reports.")


def _clicked(actor: Actor, view: CaseView, act: Callable[..., None]) -> None:
    with failures.noticed():
        act(guard.again(actor), view.line.id, view.line.version)


def told() -> None:
    """Says what was done, over the page that is drawn next."""
    if sentence := st.session_state.pop(TOLD, None):
        st.toast(sentence, icon=":material/shield:")


def what(view: CaseView) -> str:
    said = as_label(view.text, EXCERPT)
    who = as_label(author_of(view.line, view.assistant_name), LONGEST_NAME)
    return f"**{who}** in a {KINDS[view.line.kind].lower()}: “{said}”"


def reason_field(label: str = "Reason", placeholder: str = "People read it where the message was") -> str:
    return st.text_input(label, placeholder=placeholder, max_chars=MAX_REASON)


def _with_others(view: CaseView) -> bool:
    count = len(view.same_text)
    if not count:
        return False
    return st.checkbox(
        f"Also the {counted(count, 'other message')} with exactly this text", key=f"together_{view.line.id}"
    )


def _together(actor: Actor, view: CaseView, decision: Decision, reason: str) -> None:
    seen = [(view.line.id, view.line.version), *view.same_text]
    result = bootstrap.current().moderation.decide_together(actor, decision, seen, view.text, reason)
    st.session_state[TOLD] = summary(decision, result)


def summary(decision: Decision, result: Together) -> str:
    """Like "12 deleted. Ada claimed this case meanwhile. Nothing was done." with each sentence once."""
    return sentence_of(f"{result.done:,} {'deleted' if decision is Decision.DELETED else 'dismissed'}", result.refused)


def sentence_of(acted: str, refused: Sequence[str]) -> str:
    """The same for what was `acted` otherwise, like "12 restored"."""
    if not refused:
        return f"{acted}."
    left = dict.fromkeys(refused)
    count = len(refused)
    return as_label(f"{acted}, {count:,} {'was' if count == 1 else 'were'} not: {' '.join(left)}", 500)


def remember(sentence: str) -> None:
    """Has it said over the page that is drawn next."""
    st.session_state.setdefault(TOLD, sentence)


def done(sentence: str) -> None:
    remember(sentence)
    st.rerun()


def form(name: str) -> Any:
    return st.form(name, border=False)


def dismissing(reports: Sequence[ReportLine]) -> str:
    """What follows. A rule is told nothing."""
    told = " Those who reported it are told so." if any(not report.rule for report in reports) else ""
    return f"The message stays as it is.{told}"


@dialog("Dismiss the reports?")
def _dismiss(actor: Actor, view: CaseView) -> None:
    st.markdown(what(view))
    st.markdown(dismissing(view.reports))

    def dismiss() -> None:
        moderation, now = bootstrap.current().moderation, guard.again(actor)
        if others:
            _together(now, view, Decision.DISMISSED, reason)
        else:
            moderation.dismiss(now, view.line.id, view.line.version, reason)

    with form("dismiss"):
        reason = reason_field("Note", "Optional; for moderators and the audit")
        others = _with_others(view)
        if st.form_submit_button("Dismiss", type="primary") and tried(dismiss):
            done("Dismissed.")


@dialog("Delete this message?")
def _delete(actor: Actor, view: CaseView) -> None:
    st.markdown(what(view))
    st.markdown(DELETING)

    def delete() -> None:
        moderation, now = bootstrap.current().moderation, guard.again(actor)
        if others:
            _together(now, view, Decision.DELETED, reason)
        else:
            moderation.delete(now, view.line.id, view.line.version, reason)

    with form("delete_message"):
        reason = reason_field()
        others = _with_others(view)
        if st.form_submit_button("Delete", type="primary") and tried(delete):
            done("Deleted. Restore takes it back.")


@dialog("Edit this message")
def _edit(actor: Actor, view: CaseView) -> None:
    st.markdown(
        f"By **{as_label(author_of(view.line, view.assistant_name), LONGEST_NAME)}**. Mask or correct what must not "
        "stay. Everybody sees that a moderator edited it, and why; the author is told. All earlier texts are kept."
    )
    with form("edit_message"):
        text = st.text_area("Text", view.text, height=200)
        reason = reason_field(placeholder="People read it below the message")
        if st.form_submit_button("Save", type="primary") and tried(
            lambda: bootstrap.current().moderation.edit(
                guard.again(actor), view.line.id, view.line.version, text, reason
            )
        ):
            done("Edited. Restore gives the author's text back.")


@dialog("Restore this message?")
def _restore(actor: Actor, view: CaseView) -> None:
    st.markdown(what(view))
    st.markdown(
        "It is there again for everybody with the text its author gave it, and the author is told. "
        "The case is then yours to decide anew."
    )
    with form("restore_message"):
        note = reason_field("Note", "Optional; for moderators and the audit")
        if st.form_submit_button("Restore", type="primary") and tried(
            lambda: bootstrap.current().moderation.restore(guard.again(actor), view.line.id, view.line.version, note)
        ):
            done("Restored.")


def step_keys(before: UUID | None, after: UUID | None, go: Callable[[UUID], None], *, onward: str = "Next") -> None:
    """To the next case and back, without the mouse."""
    for label, name, key, icon, there in (
        ("Previous", "previous", "K", "expand_less", before),
        (onward, "next", "J", "expand_more", after),
    ):
        if there:
            st.button(
                label, icon=f":material/{icon}:", type="tertiary", key=f"case_{name}", shortcut=key,
                on_click=go, args=(there,),
            )  # fmt: skip
