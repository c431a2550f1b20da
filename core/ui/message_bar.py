"""The row under a message: when it was said, and what can be done with it. One small part, all icons named.

Streamlit sends a part's code with each of its places. So the code has a place of its own, once a page, and what stands
under each message only calls it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

CSS = """
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.125rem; min-height: 1.75rem;
  font-family: var(--st-font); font-size: 0.8rem; color: var(--st-text-color); }
.bar > * { opacity: 0.62; }
.bar > *:hover, .bar > *:focus-visible, .bar > .on { opacity: 1; }
time, .versions { margin-right: 0.375rem; font-variant-numeric: tabular-nums; }
.versions { display: inline-flex; align-items: center; opacity: 1; }
button { all: unset; box-sizing: border-box; display: inline-flex; align-items: center; justify-content: center;
  width: 1.75rem; height: 1.75rem; border-radius: var(--st-button-radius); cursor: pointer; color: inherit; }
button:hover:not(:disabled) { background: var(--st-secondary-background-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: -2px; }
button:disabled { opacity: 0.35; cursor: default; }
button.on { color: var(--st-primary-color); }
svg { width: 1rem; height: 1rem; fill: none; stroke: currentColor; stroke-width: 1.75;
  stroke-linecap: round; stroke-linejoin: round; }
@media (pointer: coarse) { button { width: 2.25rem; height: 2.25rem; } }
"""

JS = """
const ICONS = {
  copy: '<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15V6a2 2 0 0 1 2-2h8"/>',
  done: '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
  edit: '<path d="M4 20h4L19 9l-4-4L4 16z"/><path d="M13.5 6.5l4 4"/>',
  regenerate: '<path d="M20 11a8 8 0 1 0-2.3 6.3"/><path d="M20 4.5V11h-6.5"/>',
  up: '<path d="M7 11v9H4v-9z"/>' +
    '<path d="M7 11l4-7.5c1.6 0 2.5 1 2.5 2.5L13 9.5h5a2 2 0 0 1 2 2.4l-1.3 6.4A2 2 0 0 1 16.7 20H7"/>',
  down: '<path d="M17 13V4h3v9z"/>' +
    '<path d="M17 13l-4 7.5c-1.6 0-2.5-1-2.5-2.5l.5-3.5H6a2 2 0 0 1-2-2.4l1.3-6.4A2 2 0 0 1 7.3 4H17"/>',
  previous: '<path d="M14.5 6l-6 6 6 6"/>',
  next: '<path d="M9.5 6l6 6-6 6"/>',
}

const sheet = new CSSStyleSheet()
sheet.replaceSync(STYLES)

window.parleyMessageBar = (component) => {
  const { parentElement, setTriggerValue } = component
  const data = JSON.parse(component.data)
  if (parentElement instanceof ShadowRoot) parentElement.adoptedStyleSheets = [sheet]
  const bar = parentElement.querySelector(".bar")
  const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`

  const button = (name, label, act, pressed) => {
    const made = document.createElement("button")
    made.type = "button"
    made.title = label
    made.setAttribute("aria-label", label)
    made.innerHTML = icon(name)
    if (pressed !== undefined) {
      made.setAttribute("aria-pressed", String(pressed))
      made.classList.toggle("on", pressed)
    }
    if (act) made.onclick = () => act(made)
    else made.disabled = true
    return made
  }
  const tell = (name, id) => () => setTriggerValue("act", { name, id: id ?? null })

  const copy = async (made) => {
    try {
      await navigator.clipboard.writeText(data.copy)
    } catch {
      // Without https there is no clipboard API; a selection in a text field still copies.
      const field = document.createElement("textarea")
      field.value = data.copy
      document.body.append(field)
      field.select()
      document.execCommand("copy")
      field.remove()
    }
    made.innerHTML = icon("done")
    made.setAttribute("aria-label", "Copied")
    setTimeout(() => { made.innerHTML = icon("copy"); made.setAttribute("aria-label", "Copy") }, 1500)
  }

  const parts = []
  const time = document.createElement("time")
  time.textContent = data.time
  time.title = data.exact
  parts.push(time)
  if (data.version) {
    const { number, total, previous, next } = data.version
    const versions = document.createElement("span")
    versions.className = "versions"
    const text = document.createElement("span")
    text.textContent = `${number} of ${total}`
    versions.append(
      button("previous", "Earlier version", previous && tell("version", previous)),
      text,
      button("next", "Later version", next && tell("version", next)),
    )
    parts.push(versions)
  }
  const offered = {
    copy: () => button("copy", "Copy", copy),
    up: () => button("up", "Good answer", tell("up"), data.score === "up"),
    down: () => button("down", "Bad answer", tell("down"), data.score === "down"),
    regenerate: () => button("regenerate", "Write this answer again", tell("regenerate")),
    edit: () => button("edit", "Edit and send again", tell("edit")),
  }
  for (const name of data.actions) parts.push(offered[name]())
  bar.replaceChildren(...parts)
}
window.dispatchEvent(new Event("parley-message-bar"))

export default function () {}
"""

STUB = """
export default function (component) {
  if (window.parleyMessageBar) window.parleyMessageBar(component)
  else window.addEventListener("parley-message-bar", () => window.parleyMessageBar(component), { once: true })
}
"""

_code = st.components.v2.component("message_bar_code", js=f"const STYLES = {json.dumps(CSS)}\n{JS}")
_bar = st.components.v2.component("message_bar", html='<div class="bar"></div>', js=STUB)


def message_bar_code() -> None:
    """To be drawn once on a page with message bars."""
    _code(key="message_bar_code")


def message_bar(data: Mapping[str, Any], *, key: str, on_act: Callable[[str, str | None], None]) -> None:
    """`data`: time, exact, copy (the text), actions (names in order), score and version, or None.

    `on_act(name, id)` runs before the next draw; `id` is the version wanted, for "version" only.
    """

    def acted() -> None:
        act = st.session_state[key].act
        on_act(act["name"], act["id"])

    # As one string: Streamlit looks into each value of a dict for dataframes, at a third of the part's cost.
    _bar(key=key, data=json.dumps(data), on_act_change=acted)
