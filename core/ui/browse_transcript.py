"""A conversation beside the list, read only: what was said, in which versions, what others thought and what it cost."""

from dataclasses import replace
from datetime import date, tzinfo
from urllib.parse import urlencode

import streamlit as st

from core import bootstrap, clock
from core.amounts import counted
from core.analytics.units import dollars
from core.errors import NotFound
from core.models import MessageRole, MessageStatus, MessageType
from core.permissions import Actor
from core.services.browse_views import Browsed, BrowsedMessage, BrowsedTranscript, MessageUsage, VersionLine
from core.ui import browse_deeds, failures, links, reporting, steps, times
from core.ui.browse_address import Address, go
from core.ui.browse_hits import KIND_ICONS
from core.ui.browse_list import KIND_NAMES, NEW_CHAT
from core.ui.exporting import export_button
from core.ui.gist import as_gist
from core.ui.into_view import into_view
from core.ui.message import AVATARS, STATES
from core.ui.nothing import nothing
from core.ui.text import as_label, as_markdown, as_typed

LONGEST_TITLE, LONGEST_NAME, EXCERPT = 120, 60, 100
MOST_NAMES = 20
ENDINGS = STATES | {
    MessageStatus.PENDING: "This answer is being written.",
    MessageStatus.FAILED: "No answer came.",
    MessageStatus.WAITING: "This answer waits for a decision before it goes on.",
}


# Beside the list it stays where it is while that is scrolled, and what was said scrolls by itself below its title. On a
# narrow screen it stands below the list, as a part of the page.
STYLE = """<style>
@media (min-width: 640px) {
  .st-key-panel { position: sticky; top: 4rem; }
  .st-key-panel_body { max-height: calc(100vh - 14rem); overflow-y: auto; }
}
</style>"""


def browse_transcript(actor: Actor, address: Address) -> None:
    assert address.conversation_id
    st.html(STYLE)
    with st.container(key="panel"):
        try:
            shown = bootstrap.current().browse.read(
                actor, address.conversation_id, around=address.message, before=address.before, after=address.after
            )
        except NotFound as error:
            st.info(failures.sentence_of(error), icon=":material/search_off:")
            _close(address)
            return
        _header(actor, address, shown.conversation)
        _where(address, shown)
        with st.container(key="panel_body"):
            _body(address, shown)


def _body(address: Address, shown: BrowsedTranscript) -> None:
    if shown.has_earlier:
        _on("Earlier messages", "expand_less", replace(address, before=shown.messages[0].seq, after=None))
    messages(shown, urlencode(address.params()))
    if shown.has_later:
        _on("Later messages", "expand_more", replace(address, after=shown.messages[-1].seq, before=None))


def _header(actor: Actor, address: Address, conversation: Browsed) -> None:
    with st.container(gap="xsmall"):
        if address.message is None:
            into_view(urlencode(address.params()), key="browse_opened")
        with st.container(horizontal=True, vertical_alignment="center", wrap=False, horizontal_alignment="distribute"):
            title = as_label(conversation.title, LONGEST_TITLE) or NEW_CHAT
            st.markdown(f"{KIND_ICONS[conversation.kind]} **{title}**", width="stretch")
            _close(address)
        st.caption(" · ".join(_about(conversation)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if conversation.can_write:
            st.page_link(
                links.CHAT.page(),
                label="Continue here",
                icon=":material/arrow_forward:",
                help="",
                query_params={links.CONVERSATION: str(conversation.id)},
            )
        if conversation.can_put_away:
            state = browse_deeds.state_of(conversation)
            browse_deeds.deed_buttons(actor, {conversation.id: conversation.title}, state, key="opened")
        export_button(actor, [conversation.id], key="opened_export")


def _about(conversation: Browsed) -> list[str]:
    """What stands under the title."""
    tokens = counted(conversation.tokens, "token")
    return [
        KIND_NAMES[conversation.kind],
        as_label(conversation.owner_name, LONGEST_NAME),
        counted(conversation.messages, "message"),
        f"{as_label(conversation.model)}, {tokens}, {as_label(dollars(conversation.spent))}",
        *(["archived"] if conversation.is_archived else []),
        *(["deleted"] if conversation.is_deleted else []),
    ]


def _close(address: Address) -> None:
    def closed() -> None:
        browse_deeds.begin_anew()
        go(address.opening(None))

    st.button("Close", icon=":material/close:", type="tertiary", key="browse_close", on_click=closed)


def _where(address: Address, shown: BrowsedTranscript) -> None:
    """Which part of the conversation this is, if not just its end."""
    newest = address.opening(shown.conversation.id)
    if shown.is_earlier_version:
        st.info("An earlier version: this is not what the conversation shows now.", icon=":material/history:")
        _on("What it shows now", "last_page", newest)
    elif address.message is not None and shown.around is None:
        st.info("That message isn't here for you to see.", icon=":material/search_off:")
    if address.before is not None or address.after is not None:
        if shown.around is not None:
            _on("Back to what was found", "my_location", address.opening(shown.conversation.id, shown.around))
        elif shown.has_later:
            _on("To the end", "last_page", newest)


def _on(label: str, icon: str, address: Address) -> None:
    key = f"browse_{label.lower().replace(' ', '_')}"
    st.button(label, icon=f":material/{icon}:", type="tertiary", key=key, on_click=go, args=(address,))


def messages(shown: BrowsedTranscript, opened: str) -> None:
    """`opened`: another one than before brings the message that it was asked for into view."""
    where = times.zone()
    today = clock.now().astimezone(where).date()
    day: date | None = None
    if not shown.messages:
        nothing("Nothing has been said here yet.")
    for message in shown.messages:
        said_on = message.created_at.astimezone(where).date()
        if said_on != day:
            day = said_on
            st.caption(times.day_label(day, today), text_alignment="center")
        if message.message_type is MessageType.NOTICE:
            st.caption(as_label(message.content, 400), text_alignment="center")
            continue
        is_found = message.seq == shown.around
        with st.container(border=is_found, key="browse_found" if is_found else f"said_{message.seq}"):
            _message(shown, message, where)
            if is_found:
                into_view(opened, key="browse_found_here")


def _message(shown: BrowsedTranscript, message: BrowsedMessage, where: tzinfo) -> None:
    is_answer = message.role is MessageRole.ASSISTANT
    name = shown.assistant_name if is_answer else message.sender_name or "Somebody"
    with st.chat_message(name, avatar=AVATARS.get(message.role, ":material/info:")), st.container(gap="xxsmall"):
        st.caption(" · ".join([f"**{as_label(name, LONGEST_NAME)}**", *_facts(message, where)]))
        if message.reply:
            st.caption(f":material/reply: {_quoted(shown, message)}")
        if message.is_deleted:
            said = ". What it said:" if message.content else ""
            st.caption(f"{reporting.deleted_text(message)}{said}")
        if is_answer:
            steps.told(message)
        elif message.content:
            st.markdown(as_typed(message.content))
        if message.edit_reason is not None and not message.is_deleted:
            st.caption(reporting.edited_text(message.edit_reason))
        if ending := ENDINGS.get(message.status):
            st.caption(ending)
        elif message.reached_limit:
            st.caption("Ended here: the answer reached the longest length allowed.")
        for reaction in message.reactions:
            st.caption(f"{as_label(reaction.emoji)} {_names(reaction.names)}")
        _versions(message, where)


def _facts(message: BrowsedMessage, where: tzinfo) -> list[str]:
    return [
        times.clock_time(message.created_at, where),
        *(["edited"] if message.is_edited else []),
        *([as_label(message.model)] if message.model else []),
        *(_cost(message.usage) if message.usage else []),
    ]


def _cost(usage: MessageUsage) -> list[str]:
    unknown = " and what nobody knows" if usage.unpriced and usage.cost else ""
    cost = "cost unknown" if usage.unpriced and not usage.cost else as_label(dollars(usage.cost))
    return [counted(usage.tokens, "token"), f"{cost}{unknown}"]


def _quoted(shown: BrowsedTranscript, message: BrowsedMessage) -> str:
    assert message.reply
    if not message.reply.excerpt:
        return "A message that isn't shown"
    name = shown.assistant_name if message.reply.sender_name is None else message.reply.sender_name
    return f"**{as_label(name, LONGEST_NAME)}** {as_gist(message.reply.excerpt, EXCERPT)}"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMES
    listed = ", ".join(as_label(name, LONGEST_NAME) for name in names[:MOST_NAMES])
    return listed + (f" and {more:,} more" if more > 0 else "")


def _versions(message: BrowsedMessage, where: tzinfo) -> None:
    """The texts that stood, or stand, in this place."""
    if not message.versions:
        return
    are_earlier = all(one.seq < message.seq for one in message.versions)
    count = f"{len(message.versions)}{'+' if message.has_more_versions else ''}"
    several = "" if len(message.versions) == 1 else "s"
    with st.expander(f"{count} {'earlier' if are_earlier else 'other'} version{several}"):
        for version in message.versions:
            st.caption(times.exact(version.created_at, where))
            st.markdown(_text_of(version))


def _text_of(version: VersionLine) -> str:
    if not version.content:
        return "Message deleted" if version.is_deleted else "Nothing was said."
    return as_markdown(version.content) if version.role is MessageRole.ASSISTANT else as_typed(version.content)
