"""Has the page drawn anew when something happens in the open conversation elsewhere: another tab, person or process.

Nothing to see: it holds an `EventSource` on `/api/events` (core/web/events.py).
"""

import json
from uuid import UUID

import streamlit as st

JS = """
const RETRY = 5000
const SETTLED = 400
const REFUSED = [403, 404]
const watches = new WeakMap()

// `watch.seen` is the state that the page draws: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const listening = new AbortController()
  let source = null, news = null, told = null, asking = 0, telling = 0, isOver = false

  const close = () => {
    clearTimeout(asking)
    source?.close()
    source = null
  }
  const end = () => {
    isOver = true
    clearTimeout(telling)
    listening.abort()
    close()
  }
  const tell = () => {
    clearTimeout(telling)
    if (news === watch.seen || news === told) return
    // A dialog would close when the page is drawn anew, and what is typed in it be lost.
    if (document.querySelector('[role="dialog"]')) telling = setTimeout(tell, SETTLED)
    else watch.tell(told = news)
  }
  // What was done here comes back as an event too, while the page that shows it is being drawn.
  const hear = () => {
    clearTimeout(telling)
    const isDrawing = document.querySelector('[data-test-script-state="running"]')
    telling = setTimeout(tell, isDrawing ? SETTLED : 0)
  }
  const leave = () => {
    end()
    const isTyping = [...document.querySelectorAll("textarea")].some((box) => box.value.trim())
    if (!isTyping) location.reload()
  }
  // A browser has six connections for all tabs of a host, so one that nobody looks at gives its own back.
  const open = () => {
    if (source || isOver || document.hidden) return
    const opened = source = new EventSource(`${address}&seen=${encodeURIComponent(watch.seen)}`)
    opened.addEventListener("changed", ({ data }) => {
      news = data
      hear()
    })
    opened.addEventListener("signed-out", leave)
    opened.addEventListener("error", () => {
      if (opened !== source || opened.readyState !== EventSource.CLOSED) return  // else it tries again by itself
      close()
      ask()
    })
  }
  // An EventSource doesn't say why it was refused.
  const ask = async () => {
    const { status } = await fetch(address, { method: "HEAD" }).catch(() => ({ status: 503 }))
    if (isOver || source) return
    if (status === 401) leave()
    else if (REFUSED.includes(status)) end()
    else asking = setTimeout(open, RETRY)
  }
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open(), { signal: listening.signal })
  return Object.assign(watch, { open, end })
}

export default function ({ data, parentElement, setTriggerValue }) {
  const { address, seen } = JSON.parse(data)
  let watch = watches.get(parentElement)
  if (watch?.address !== address) {
    watch?.end()
    watch = watchOver(address)
    watches.set(parentElement, watch)
  }
  watch.seen = seen
  watch.tell = (state) => setTriggerValue("state", state)
  watch.open()
  return () => {
    watch.end()
    watches.delete(parentElement)
  }
}
"""

_live = st.components.v2.component("live", js=JS)


def live(conversation_id: UUID, seen: str) -> None:
    """`seen` is the state that this run draws, `Transcript.state`. Another one reruns the page."""
    _live(key="live", data=json.dumps({"address": f"/api/events?c={conversation_id}", "seen": seen}))
