"""One case beside the queue: the message among a few others, who reported it, and its story."""

from collections.abc import Callable
from datetime import tzinfo
from uuid import UUID

import streamlit as st

from core import bootstrap
from core.errors import NotFound
from core.models import AuditAction, CaseStatus, ConversationKind, MessageRole
from core.permissions import Actor
from core.services.moderation_query import QueueQuery
from core.services.moderation_views import CaseLine, CaseView, QueuePage, Said, Step, TextVersion
from core.ui import differences, links, times
from core.ui.access_asking import see_more
from core.ui.browse_address import Address
from core.ui.into_view import into_view
from core.ui.message import AVATARS
from core.ui.moderation_acts import action_bar, step_keys
from core.ui.moderation_filters import go
from core.ui.moderation_more import in_force, look_further, more_menu, suspended_before
from core.ui.moderation_words import KINDS, LONGEST_NAME, STEPS, age_of, author_of, reasons_of, since, state_of
from core.ui.reporting import REASONS
from core.ui.text import as_label, as_markdown, as_typed

GONE = "This case isn't here. It may be another company's, or the address is wrong."
BADGES = {CaseStatus.OPEN: "orange", CaseStatus.CLAIMED: "blue", CaseStatus.CLOSED: "green"}
LONGEST_COMMENT = 1_000
# Beside the queue a case stays where it is while that is scrolled, and its actions stay above what is read of it. On a
# narrow screen it stands below the queue, as a part of the page.
STYLE = """<style>
@media (min-width: 640px) {
  .st-key-panel { position: sticky; top: 4rem; }
  .st-key-panel_body { max-height: calc(100vh - 16rem); overflow-y: auto; }
}
</style>"""


def case_beside(actor: Actor, query: QueueQuery, page: QueuePage) -> None:
    assert query.case_id
    st.html(STYLE)
    with st.container(key="panel"):
        try:
            view = bootstrap.current().moderation_queue.get(actor, query.case_id)
        except NotFound:
            st.info(GONE, icon=":material/search_off:")
            _close(query)
            return
        _header(actor, query, page, view)
        further = look_further(actor, view)
        action_bar(actor, view, lambda: more_menu(actor, view, further))
        in_force(actor, further)
        with st.container(key="panel_body"):
            case_body(view, lambda line: go(query.opening(line.id)))
            suspended_before(further)


def _header(actor: Actor, query: QueueQuery, page: QueuePage, view: CaseView) -> None:
    line = view.line
    with st.container(gap="xsmall"):
        into_view(str(line.id), key="case_opened")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            name = as_label(author_of(line, view.assistant_name), LONGEST_NAME)
            st.markdown(f"**{name}** · {KINDS[line.kind].lower()}", width="stretch")
            step_keys(*_neighbours(page, line.id), go=lambda case_id: go(query.opening(case_id)))
            _close(query)
        badge = f":{BADGES[line.status]}-badge[{as_label(state_of(line), 120)}]"
        st.markdown(f"{badge} {as_label(reasons_of(line), 300)}")
        st.caption(since(line))
    way_there(actor, view)


def way_there(actor: Actor, view: CaseView) -> None:
    """To where it was said: at once where moderators may read, else for a reason."""
    if view.room_title is not None:
        st.page_link(
            links.BROWSE.page(),
            label=f"In “{as_label(view.room_title, LONGEST_NAME)}”",
            icon=":material/arrow_forward:",
            help="",
            query_params=Address().opening(view.line.conversation_id, view.seq).params(),
        )
    elif view.line.kind is not ConversationKind.COMPANY:  # a company room of which the message is gone takes no access
        see_more(actor, view)


def _neighbours(page: QueuePage, case_id: UUID) -> tuple[UUID | None, UUID | None]:
    ids = [line.id for line in page.lines]
    if case_id not in ids:
        return None, next(iter(ids), None)
    at = ids.index(case_id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


def _close(query: QueueQuery) -> None:
    st.button(
        "Close", icon=":material/close:", type="tertiary", key="case_close", shortcut="Q", on_click=go,
        args=(query.opening(None),),
    )  # fmt: skip


def case_body(view: CaseView, open_other: Callable[[CaseLine], None]) -> None:
    """`open_other`: shows another message of its author; for callbacks."""
    where = times.zone()
    with st.container(gap="xxsmall"):
        for said in view.said:
            _message(view, said, where)
    if not view.said:
        st.markdown("The message is gone, and its text with it.")
    _versions(view, where)
    _reports(view)
    _steps(view, where)
    _history(view, open_other)


def _message(view: CaseView, said: Said, where: tzinfo) -> None:
    if said.is_notice:
        st.caption(as_label(said.content, 400), text_alignment="center")
        return
    is_answer = said.role is MessageRole.ASSISTANT
    name = view.assistant_name if is_answer else said.sender_name or "Somebody"
    with (
        st.container(border=said.is_subject, key=f"case_said_{'this' if said.is_subject else said.seq}"),
        st.chat_message(name, avatar=AVATARS[MessageRole.ASSISTANT] if is_answer else None),
        st.container(gap="xxsmall"),
    ):
        st.caption(f"**{as_label(name, LONGEST_NAME)}** · {times.exact(said.created_at, where)}")
        if said.is_subject and view.line.report_count:
            st.markdown(":orange-badge[:material/flag: Reported]")
        if said.is_deleted:
            st.caption(
                "Removed for good" if said.is_purged else "Message deleted" + (". What it said:" * bool(said.content))
            )
        if said.content:
            st.markdown(as_markdown(said.content) if is_answer else as_typed(said.content))


def _versions(view: CaseView, where: tzinfo) -> None:
    """Each text beside the one before it, the newest change first."""
    if len(view.versions) < 2:
        return
    pairs = list(zip(view.versions, view.versions[1:], strict=False))
    with st.expander(f"{len(view.versions)} texts, and what is different", icon=":material/difference:"):
        st.caption("Struck out in red: what went. In green: what came.")
        for before, after in reversed(pairs):
            st.markdown(_heading(view, after, where))
            if differences.is_short(before.content, after.content):
                st.markdown(differences.by_words(before.content, after.content) or "_The same text._")
            else:
                st.code(differences.by_lines(before.content, after.content), language="diff", wrap_lines=True)


def _heading(view: CaseView, version: TextVersion, where: tzinfo) -> str:
    who = version.by or author_of(view.line, view.assistant_name)
    reason = f" · {as_label(version.reason, LONGEST_COMMENT)}" if version.reason else ""
    return f"**{as_label(who, LONGEST_NAME)}** · {times.exact(version.since, where)}{reason}"


def _reports(view: CaseView) -> None:
    if not view.reports:
        return
    st.markdown("**Reports**")
    for report in view.reports:
        if report.rule:
            said = f"Rule “{as_label(report.rule, LONGEST_NAME)}”"
            st.markdown(f":material/rule: **{said}** · {REASONS[report.reason]} :small[{times.ago(report.created_at)}]")
            continue
        name = as_label(report.reporter_name or "Somebody who has left", LONGEST_NAME)
        comment = f": {as_label(report.comment, LONGEST_COMMENT)}" if report.comment else ""
        st.markdown(
            f":material/flag: **{name}** · {REASONS[report.reason]}{comment} :small[{times.ago(report.created_at)}]"
        )


def _steps(view: CaseView, where: tzinfo) -> None:
    steps = [step for step in view.steps if step.action is not AuditAction.MESSAGE_REPORTED]
    if not steps:
        return
    st.markdown("**What was done**")
    for step in steps:
        st.markdown(_step(step, where))


def _step(step: Step, where: tzinfo) -> str:
    reason = f": {as_label(step.reason, LONGEST_COMMENT)}" if step.reason else ""
    who = as_label(step.who or "Somebody", LONGEST_NAME)
    return f"**{who}** {STEPS[step.action]}{reason} :small[{times.exact(step.at, where)}]"


def _history(view: CaseView, open_other: Callable[[CaseLine], None]) -> None:
    if view.line.author_id is None:
        return
    st.markdown(f"**Other cases about messages of {as_label(author_of(view.line), LONGEST_NAME)}**")
    if not view.history:
        st.caption("None.")
    for line in view.history:
        reason = f": {line.reason}" if line.reason else ""
        label = as_label(f"{state_of(line)}{reason} · {age_of(line)} · {line.snippet or '(gone)'}", 140)
        st.button(
            label, type="tertiary", key=f"case_other_{line.id}", icon=":material/chevron_right:", on_click=open_other,
            args=(line,),
        )  # fmt: skip
