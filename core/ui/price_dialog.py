"""Setting what a model costs, in a window of its own."""

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st

from core import bootstrap, clock
from core.models import MAX_MODEL_NAME
from core.permissions import Actor
from core.services.prices import PricedModel, TypedPrice
from core.typed.numbers import typeable
from core.ui import guard, times
from core.ui.dialogs import dialog, tried
from core.ui.text import as_label

OPEN = "price_to_set"
"""The model whose price the next draw asks for; empty for one that is still to be named."""


def ask_for_price(model: str) -> None:
    """Has the dialog open with the next draw. Empty for a model that is still to be named."""
    st.session_state[OPEN] = model


def open_asked(actor: Actor, models: Sequence[PricedModel]) -> None:
    wanted = st.session_state.pop(OPEN, None)
    if wanted is not None:
        _set_price(actor, next((model for model in models if model.model == wanted), None))


@dialog("Set a price")
def _set_price(actor: Actor, model: PricedModel | None) -> None:
    """`model`: None for one that is still to be named."""
    service, zone = bootstrap.current().prices, times.zone()
    with st.form("set_price", border=False):
        if model is None:
            name = st.text_input("Model", placeholder="As it is called, like gpt-5-mini")
        else:
            name = model.model
            st.markdown(f"**{as_label(name, MAX_MODEL_NAME)}**")
        typed = _amounts(model)
        today = clock.now().astimezone(zone).date()
        starts_on = st.date_input("Holds from", today, required=True)
        st.caption(
            "Prices are US dollars per million tokens. Today means from now on; what was booked keeps its price."
        )
        with st.container(horizontal=True):
            is_set = st.form_submit_button("Set price", type="primary")
            is_end = _has_own(model) and st.form_submit_button(
                "End own price", help="From that day on the price list holds again, where it knows the model."
            )
    if is_set and tried(lambda: service.set_price(guard.again(actor), name, typed, starts_on=starts_on, zone=zone)):
        st.rerun()
    if is_end and tried(lambda: service.end_price(guard.again(actor), name, starts_on=starts_on, zone=zone)):
        st.rerun()


def _amounts(model: PricedModel | None) -> TypedPrice:
    """What holds now stands there already."""
    price = model.price if model else None
    left, middle, right = st.columns(3)
    return TypedPrice(
        left.text_input("Input", _typeable(price.input_price if price else None), placeholder="1.25"),
        middle.text_input("Cached input", _typeable(price.cached_price if price else None), placeholder="As input"),
        right.text_input("Output", _typeable(price.output_price if price else None), placeholder="10"),
    )


def _typeable(amount: Decimal | None) -> str:
    return "" if amount is None else typeable(amount)


def _has_own(model: PricedModel | None) -> bool:
    return model is not None and (model.since is not None or any(not price.is_end for price in model.upcoming))
