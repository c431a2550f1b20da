"""Reporting a message, and what is seen of reports and moderators' acts where it stands."""

from uuid import UUID

import streamlit as st

from core import bootstrap
from core.models import MAX_COMMENT, Decision, ReportReason
from core.permissions import Actor
from core.services.browse_views import BrowsedMessage
from core.services.views import MessageView
from core.ui import guard
from core.ui.dialogs import dialog, tried
from core.ui.text import as_label

REPORTING = "reporting_message"
"""Which message the next draw asks about."""
REASONS = {
    ReportReason.HARASSMENT: "Insult or harassment",
    ReportReason.HATE: "Hate or discrimination",
    ReportReason.SEXUAL: "Sexual content",
    ReportReason.DANGEROUS: "Dangerous or illegal",
    ReportReason.PRIVATE: "Secret or personal data",
    ReportReason.FALSE: "Wrong or misleading",
    ReportReason.SPAM: "Spam",
    ReportReason.OTHER: "Something else",
}
BY_PEOPLE = tuple(REASONS)
REASONS[ReportReason.AUTOMATIC] = "Found by a rule"
OUTCOMES = {
    None: "open",
    Decision.DISMISSED: "looked at, it stays",
    Decision.EDITED: "a moderator edited it",
    Decision.DELETED: "a moderator deleted it",
    Decision.PURGED: "a moderator removed it for good",
    Decision.GONE: "it is gone",
}
LONGEST_REASON = 500
DELETED = "Message deleted"


def deleted_text(message: MessageView | BrowsedMessage) -> str:
    """What stands in place of a deleted message. The reason is a moderator's; None: its author deleted it."""
    if message.delete_reason is None:
        return DELETED
    did = "Removed for good" if message.is_purged else "Message deleted"
    return f":material/shield: {did} by a moderator · {as_label(message.delete_reason, LONGEST_REASON)}"


def edited_text(edit_reason: str) -> str:
    return f":material/shield: Edited by a moderator · {as_label(edit_reason, LONGEST_REASON)}"


def traces(message: MessageView) -> None:
    """Below a message: that a moderator edited it, and what became of one's own report."""
    if message.edit_reason is not None and not message.is_deleted:
        st.caption(edited_text(message.edit_reason))
    if message.report:
        st.caption(f":material/flag: You reported this · {OUTCOMES[message.report.decision]}")


def can_report(message: MessageView) -> bool:
    return message.can_report and message.report is None


def asked_for(actor: Actor) -> bool:
    """Opens the dialog if somebody clicked on it; whether it did."""
    message_id = st.session_state.pop(REPORTING, None)
    if message_id:
        _ask(actor, message_id)
    return bool(message_id)


@dialog("Report this message")
def _ask(actor: Actor, message_id: UUID) -> None:
    st.markdown(
        "A moderator will see this message, a few lines around it, and that it was you. "
        "Nobody else learns who reported it. You'll be told what became of it."
    )
    with st.form("report", border=False):
        reason = st.selectbox(
            "What is wrong with it?",
            BY_PEOPLE,
            index=None,
            format_func=lambda one: REASONS[one],
            placeholder="Choose a reason",
        )
        comment = st.text_area(
            "What should the moderator know?", placeholder="Optional", max_chars=MAX_COMMENT, height=100
        )
        if not st.form_submit_button("Report", type="primary"):
            return
        if reason is None:
            st.error("Choose a reason first.", icon=":material/error:")
        elif tried(lambda: bootstrap.current().reports.report(guard.again(actor), message_id, reason, comment)):
            st.toast("Reported. A moderator will look at it.", icon=":material/flag:")
            st.rerun()
