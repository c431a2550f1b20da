"""Links to the sign-in side, in the same tab: Markdown's would open a new one and leave the old one standing."""

import json
from collections.abc import Mapping

import streamlit as st

CSS = """
p { margin: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; font-family: var(--st-font); font-size: 1rem; }
a { color: var(--st-link-color); }
a:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""

JS = """
export default function ({ data, parentElement }) {
  const links = Object.entries(JSON.parse(data)).map(([label, href]) => {
    const link = document.createElement("a")
    link.textContent = label
    link.href = href
    link.target = "_self"
    return link
  })
  parentElement.querySelector("p").replaceChildren(...links)
}
"""

_links = st.components.v2.component("plain_links", html="<p></p>", css=CSS, js=JS)


def plain_links(links: Mapping[str, str], *, key: str) -> None:
    """`links`: label to address, in order."""
    _links(key=key, data=json.dumps(links))
