"""The list of chats as one small part: links by time, the open one marked. One element, however long the list."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import streamlit as st

CSS = """
nav { display: flex; flex-direction: column; gap: 0.75rem; font-family: var(--st-font); font-size: 0.875rem;
  color: var(--st-text-color); }
h3 { margin: 0 0 0.25rem; padding: 0 0.5rem; font-size: 0.75rem; font-weight: 600; opacity: 0.65; }
ul { margin: 0; padding: 0; list-style: none; display: flex; flex-direction: column; gap: 1px; }
a { display: block; padding: 0.3rem 0.5rem; border-radius: var(--st-button-radius); color: inherit;
  text-decoration: none; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; line-height: 1.4; }
a:hover { background: var(--st-secondary-background-color); }
a:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
a[aria-current] { background: var(--st-secondary-background-color); font-weight: 600; }
@media (pointer: coarse) { a { padding: 0.55rem 0.5rem; } }
"""

JS = """
export default function (component) {
  const { parentElement, setTriggerValue } = component
  const nav = parentElement.querySelector("nav")
  const section = ({ heading, links }) => {
    const made = document.createElement("section")
    const title = document.createElement("h3")
    title.textContent = heading
    const list = document.createElement("ul")
    for (const { id, title, href, current } of links) {
      const link = document.createElement("a")
      link.textContent = title
      link.title = title
      link.href = href
      link.dir = "auto"
      if (current) link.setAttribute("aria-current", "page")
      link.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
        event.preventDefault()
        setTriggerValue("open", id)
      }
      const item = document.createElement("li")
      item.append(link)
      list.append(item)
    }
    made.append(title, list)
    return made
  }
  nav.replaceChildren(...JSON.parse(component.data).map(section))
}
"""

_links = st.components.v2.component("conversation_links", html='<nav aria-label="Chats"></nav>', css=CSS, js=JS)


def conversation_links(groups: list[dict[str, Any]], *, key: str, on_open: Callable[[UUID], None]) -> None:
    """`groups`: heading and links, each with id, title, href and current. `on_open(id)` runs before the next draw."""

    def opened() -> None:
        on_open(UUID(st.session_state[key].open))

    _links(key=key, data=json.dumps(groups), on_open_change=opened)
