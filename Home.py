"""Entry: `streamlit run Home.py`. It builds the app and nothing else; the pages are in pages/."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from core.ui import inbound
from core.ui.failures import show_unexpected
from core.web.gate import Gate
from core.web.lifespan import Host, lifespan_of
from core.web.routes import routes


def address() -> str:
    return f"http://{st.get_option('server.address') or 'localhost'}:{st.get_option('server.port')}"


host = Host()

# Streamlit finds the app by the form of this statement, `app = st.App(...)`.
app = st.App(
    Path(__file__).parent / "pages" / "_shell.py",
    lifespan=lifespan_of(host, address),
    routes=routes(host),
    middleware=[Middleware(Gate, application=host, is_wanted=inbound.is_wanted)],
    on_script_error=show_unexpected,
)
