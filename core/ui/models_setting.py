"""Which models a company's people may ask, as its admins set it."""

import streamlit as st

from core import bootstrap
from core.models import MAX_MODEL_NAME
from core.permissions import Actor
from core.services.company_models import ModelsView
from core.ui import guard
from core.ui.drafts import changed, drafted, save
from core.ui.text import as_label

ALL, NONE = "All that Parley offers", "None that Parley offers"
FIRST = "The first of them"


def models_setting(actor: Actor) -> None:
    models = bootstrap.current().company_models
    view = models.get(actor)
    st.header("Models", anchor=False)
    _gone(view)
    if len(view.parleys) < 2 and not view.is_limited:
        st.caption(f"Parley offers one here, {as_label(view.parleys[0], MAX_MODEL_NAME)}: there is nothing to choose.")
        return
    draft = drafted("models", "allowed", view.change.version if view.change else 0)
    # Left as it is, an empty field then is no wish for all of them.
    nothing: list[str] | None = [] if view.is_limited and not view.allowed else None
    with st.form("models", border=False):
        allowed = st.multiselect(
            "Models that people may ask", view.parleys, [*view.allowed] if view.is_limited else [],
            placeholder=ALL if nothing is None else NONE, key=draft.key("allowed"), filter_mode="contains",
        )  # fmt: skip
        options = [None, *view.parleys]
        default = st.selectbox(
            "Answers where nobody chose", options, options.index(view.default), key=draft.key("default"),
            format_func=lambda name: name or FIRST, filter_mode="contains",
        )  # fmt: skip
        st.caption(
            "Both hold from the next answer on. Chats and rooms with a model that isn't allowed any more go on with "
            "the one that answers where nobody chose."
        )
        is_sent = st.form_submit_button("Save models", key="save_models")
    if is_sent:
        save(draft, lambda seen: models.set(guard.again(actor), allowed or nothing, default, seen=seen))
    changed(draft, view.change)


def _gone(view: ModelsView) -> None:
    if not view.gone:
        return
    names = ", ".join(as_label(name, MAX_MODEL_NAME) for name in view.gone)
    if view.allowed:
        st.warning(f"Allowed, but not offered any more: {names}.", icon=":material/warning:")
    else:
        st.error(
            f"Parley doesn't offer any of the models that you allowed any more: {names}. Nobody gets an answer until "
            "you allow others.",
            icon=":material/error:",
        )
