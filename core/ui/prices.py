"""What models cost, for admins: whose price holds now, which ones come, and which there were."""

from decimal import Decimal
from functools import partial

import streamlit as st

from core import bootstrap
from core.assistant.prices import LIST, OWN
from core.assistant.provider import EMBEDDED
from core.models import MAX_MODEL_NAME
from core.permissions import Actor
from core.services.prices import OwnPrice, PricedModel
from core.ui import failures, guard, times
from core.ui.money import rate
from core.ui.price_dialog import ask_for_price, open_asked
from core.ui.text import as_label

TOGETHER = "\N{NO-BREAK SPACE}"
SOURCES = {
    LIST: ":material/list_alt: Price list",
    EMBEDDED: ":material/home: Embedded, free",
    None: ":material/help: Not in the price list: what its calls cost is not known",
}


def prices(actor: Actor) -> None:
    models = bootstrap.current().prices.list_models(actor)
    failures.show_notice()
    st.caption("In US dollars per million tokens. Each call is booked at the price of its moment, and keeps it.")
    for model in models:
        _model(actor, model)
    st.button("Price another model", icon=":material/add:", key="price_another", on_click=ask_for_price, args=("",))
    open_asked(actor, models)


def _model(actor: Actor, model: PricedModel) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            name, price = as_label(model.model, MAX_MODEL_NAME), model.price
            gone = "" if model.is_offered else "  :small[not offered now]"
            amounts = _amounts(price.input_price, price.cached_price, price.output_price)
            st.markdown(f"**{name}**{gone}  \n{amounts}  \n:small[{_source(model)}]", width="stretch")
            st.button(
                "Set price",
                type="tertiary",
                key=f"set_{model.model}",
                help=f"Set the price of {name}",
                on_click=ask_for_price,
                args=(model.model,),
            )
        for coming in model.upcoming:
            _upcoming(actor, coming)
        if model.history:
            with st.expander(f"History ({len(model.history)})"):
                st.markdown("\n".join(f"- {_past(price)}" for price in model.history))


def _source(model: PricedModel) -> str:
    if model.price.source == OWN and model.since:
        return f":material/edit: Own price since {times.exact(model.since, times.zone())}"
    return SOURCES[model.price.source] + (", more for long prompts" if model.rises else "")


def _upcoming(actor: Actor, price: OwnPrice) -> None:
    day = times.day(price.effective_from, times.zone())
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(f":material/schedule: From {day}: {_said(price)}", width="stretch")
        st.button(
            "Take back",
            type="tertiary",
            key=f"take_back_{price.id}",
            help=f"What was to hold from {day} on",
            on_click=partial(_take_back, actor, price),
        )


def _take_back(actor: Actor, price: OwnPrice) -> None:
    with failures.noticed():
        bootstrap.current().prices.take_back(guard.again(actor), price.id)


def _past(price: OwnPrice) -> str:
    where = times.zone()
    who = as_label(price.set_by or "somebody who is gone", 40)
    back = f", taken back on {times.day(price.removed_at, where)}" if price.removed_at else ""
    return f"From {times.exact(price.effective_from, where)}: {_said(price)}  \n  :small[set by {who}{back}]"


def _said(price: OwnPrice) -> str:
    return "own price ends" if price.is_end else _amounts(price.input_price, price.cached_price, price.output_price)


def _amounts(input_price: Decimal | None, cached_price: Decimal | None, output_price: Decimal | None) -> str:
    if input_price is None:
        return "No price"
    parts = {"input": input_price, "cached": cached_price, "output": output_price}
    if cached_price is None or cached_price == input_price:
        del parts["cached"]
    return " · ".join(f"{rate(amount)}{TOGETHER}{what}" for what, amount in parts.items() if amount is not None)
