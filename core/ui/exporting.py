"""Conversations as files to keep: what is to be in them is asked in a window of its own."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.permissions import Actor, Permission
from core.services.export_views import Format
from core.ui.dialogs import dialog
from core.ui.download import download

EXPORT = "Export"
ADDRESS = "/api/export"
FORMATS = {
    Format.MARKDOWN: "Markdown",
    Format.HTML: "Web page",
    Format.JSON: "JSON",
}
ABOUT = {
    Format.MARKDOWN: "To read and to edit anywhere.",
    Format.HTML: "One file that opens in any browser, without a connection.",
    Format.JSON: "Everything as data. Parley can import it again.",
}
MOST = 500
"""Conversations that an address has room for."""


def export_button(actor: Actor, conversation_ids: Sequence[UUID] | None, *, key: str) -> None:
    """Opens the window for these, or with None for all that this person may read. Not there for who may not export."""
    if not actor.may(Permission.CONVERSATIONS_BROWSE):
        return
    is_nothing = conversation_ids is not None and not conversation_ids
    if st.button(EXPORT, icon=":material/download:", key=key, disabled=is_nothing):
        export(conversation_ids)


@dialog(EXPORT)
def export(conversation_ids: Sequence[UUID] | None) -> None:
    st.caption(_what(conversation_ids))
    chosen = st.segmented_control(
        "Format", list(FORMATS), default=Format.MARKDOWN, format_func=lambda one: FORMATS[one], required=True,
        key="export_format",
    )  # fmt: skip
    st.caption(ABOUT[chosen])
    included = {
        "versions": st.checkbox(
            "Earlier versions", key="export_versions", help="What was replaced, and texts before they were edited."
        ),
        "reactions": st.checkbox("Reactions and ratings", key="export_reactions"),
        "ledger": st.checkbox("Model spend", key="export_ledger", help="Each call to a model, its tokens and cost."),
    }
    if conversation_ids is not None and len(conversation_ids) > MOST:
        st.info(f"Choose up to {MOST} conversations at once.", icon=":material/info:")
        return
    download(_address(conversation_ids, chosen, included), key="export_download")


def _what(conversation_ids: Sequence[UUID] | None) -> str:
    if conversation_ids is None:
        return "All conversations that you may read, one file each, in a ZIP."
    if len(conversation_ids) == 1:
        return "This conversation, as far as you may read it. Deleted messages keep their place without a text."
    return f"{len(conversation_ids):,} conversations, one file each, in a ZIP."


def _address(conversation_ids: Sequence[UUID] | None, chosen: Format, included: dict[str, bool]) -> str:
    which = [("all", "1")] if conversation_ids is None else [("c", str(id_)) for id_ in conversation_ids]
    options = [(name, "1") for name, is_wanted in included.items() if is_wanted]
    return f"{ADDRESS}?{urlencode([*which, ('format', chosen.value), *options])}"
