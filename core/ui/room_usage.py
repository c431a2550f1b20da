"""What the assistant cost in a room, and whose questions that was."""

from decimal import Decimal

import streamlit as st

from core import bootstrap
from core.amounts import counted
from core.permissions import Actor
from core.services.room_views import RoomView
from core.ui import guard
from core.ui.dialogs import dialog
from core.ui.text import as_label

SPEND = "Model spend"


@dialog(SPEND)
def spend(actor: Actor, room: RoomView) -> None:
    usage = bootstrap.current().rooms.usage(guard.again(actor), room.id)
    if not usage.people:
        st.markdown(f"Nobody has asked {as_label(room.assistant_name)} anything here yet.")
        return
    st.caption("What the assistant's answers here cost is counted for who asked. Everybody in the room can see it.")
    for person in usage.people:
        _line(as_label(person.name or "Somebody who is gone"), person.calls, person.tokens, person.cost)
    if len(usage.people) > 1:
        _line("Together", usage.calls, usage.tokens, usage.cost)
    if usage.unpriced:
        st.caption(f"Not in these sums: {counted(usage.unpriced, 'call')} whose cost is not known.")


def _line(name: str, calls: int, tokens: int, cost: Decimal) -> None:
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f"**{name}**  \n:small[{counted(calls, 'call')} · {counted(tokens, 'token')}]", width="stretch")
        st.markdown(money(cost), width="content")


def money(cost: Decimal) -> str:
    """Like "$0.0042": never rounded to nothing."""
    if not cost:
        return r"\$0"
    return rf"\${cost:,.2f}" if cost >= 1 else rf"\${cost:.4f}" if cost >= Decimal("0.0001") else r"less than \$0.0001"
