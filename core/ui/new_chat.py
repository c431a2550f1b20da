"""An empty chat: what it is for, a few ways to begin, and the box."""

from collections.abc import Sequence

import streamlit as st

from core import bootstrap
from core.permissions import Actor
from core.ui import composer
from core.ui.text import as_label

SUGGESTIONS = {
    ":material/groups: Prepare a meeting": "What should a good meeting agenda contain?",
    ":material/mail: Write clearly": "Give me three tips for writing clear e-mails.",
    ":material/short_text: Explain simply": "Explain in simple words what a database index does.",
    ":material/favorite: Say thank you": "Write a short thank-you note to a colleague who helped me with a report.",
}
USES = "suggestions_used"


def new_chat(actor: Actor) -> None:
    models = bootstrap.current().company_models.offered(actor)
    st.title(f"What can I do for you, {first_name(actor)}?", anchor=False)
    # A new key for each use: the browser goes on sending the old choice until it has drawn the page without it.
    key = _key()
    st.pills(
        "Suggestions",
        list(SUGGESTIONS),
        key=key,
        label_visibility="collapsed",
        on_change=_suggested,
        args=(actor, key),
    )
    if len(models) > 1:
        st.selectbox("Model", models, key=composer.MODEL, width=240)
    composer.chat_box(actor, None, caption=model_caption(models))


def first_name(actor: Actor) -> str:
    return as_label(actor.display_name.split()[0])


def model_caption(models: Sequence[str]) -> str:
    """`models`: those that the person can choose from, as `CompanyModels.offered` has them."""
    if not models:
        return composer.NO_MODEL
    assistant, chosen = bootstrap.current().assistant, st.session_state.get(composer.MODEL)
    where = "runs on this machine" if assistant.is_embedded else f"by {assistant.provider}"
    return f"{chosen if chosen in models else models[0]} · {where}"


def _suggested(actor: Actor, key: str) -> None:
    # The same choice may come again with the next click, while the run that it caused is still under way.
    if key == _key() and (chosen := st.session_state.get(key)):
        st.session_state[USES] = st.session_state.get(USES, 0) + 1
        composer.send(actor, None, SUGGESTIONS[chosen])


def _key() -> str:
    return f"suggestion_{st.session_state.get(USES, 0)}"
