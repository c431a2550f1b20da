// One EventSource for each window, whatever page it shows: /api/events, of core/web/events.py. The page says which
// conversation it has open; whoever wants to hear of that calls `parleyEar.on(kind, listener)`. What is unread in all
// rooms comes as the event "parley-unread", how many reported messages wait for a moderator as "parley-cases", how many
// tasks are due as "parley-due"; "parley-tasks", counted in `parleyTasks`, says that one's
// tasks may be others now.
const ADDRESS = "/api/events"
const RETRY = 5000
const REFUSED = [403, 404]
const REMEMBERED = ["here", "reads"]
const READ_ALL = [0, 0, 0]

const makeEar = () => {
  const listeners = new Map(), known = new Map()
  let source = null, heard = null, watched = null, refused = null, state = null, isNew = false
  let isOn = false, isOver = false, isWhole = false, asking = 0, syncing = 0

  const say = (kind, detail) => {
    if (REMEMBERED.includes(kind)) known.set(kind, detail)
    for (const listener of listeners.get(kind) ?? []) listener(detail)
  }
  // A stream begins with all rooms that have something unread; after that it tells those that differ. Whoever listens
  // always gets what differs, and finds all there is in `parleyUnread`.
  const count = ({ total, mentions, rooms }) => {
    const before = window.parleyUnread?.rooms ?? {}
    const read = isWhole ? Object.fromEntries(Object.keys(before).map((id) => [id, READ_ALL])) : {}
    const differing = { ...read, ...rooms }
    const all = Object.entries({ ...before, ...differing }).filter(([, [unread]]) => unread)
    isWhole = false
    window.parleyUnread = { total, mentions, rooms: Object.fromEntries(all) }
    window.dispatchEvent(new CustomEvent("parley-unread", { detail: { total, mentions, rooms: differing } }))
  }
  const countTasks = () => {
    window.parleyTasks = (window.parleyTasks ?? 0) + 1
    window.dispatchEvent(new Event("parley-tasks"))
  }
  const close = () => {
    clearTimeout(asking)
    source?.close()
    source = heard = state = null
  }
  const leave = () => {
    isOver = true
    close()
    const isTyping = [...document.querySelectorAll("textarea")].some((box) => box.value.trim())
    if (!isTyping) location.reload()
  }
  const wanted = () => watched && watched.address !== refused ? watched.address : ADDRESS
  const refuse = (address) => {
    refused = address
    close()
    if (address === ADDRESS) isOver = true
    sync()
  }
  // An EventSource doesn't say why it was refused.
  const ask = async (address) => {
    const { status } = await fetch(address, { method: "HEAD" }).catch(() => ({ status: 503 }))
    if (isOver || source) return
    if (status === 401) leave()
    else if (REFUSED.includes(status)) refuse(address)
    else asking = setTimeout(sync, RETRY)
  }
  const open = (address) => {
    heard = address
    const seen = address === ADDRESS ? "" : `&seen=${encodeURIComponent(watched.seen)}`
    const opened = source = new EventSource(address + seen)
    const hear = (kind, act) => opened.addEventListener(kind, ({ data }) => opened === source && act(data))
    hear("open", () => {
      isWhole = true
      countTasks()  // what was told before nobody heard
    })
    hear("unread", (data) => count(JSON.parse(data)))
    hear("due", (data) => window.dispatchEvent(new CustomEvent("parley-due", { detail: Number(data) })))
    hear("tasks", countTasks)
    for (const kind of REMEMBERED) hear(kind, (data) => say(kind, JSON.parse(data)))
    hear("cases", (data) => window.dispatchEvent(new CustomEvent("parley-cases", { detail: Number(data) })))
    hear("rooms", () => window.dispatchEvent(new Event("parley-rooms")))
    hear("grown", (run) => say("grown", run))
    hear("changed", (told) => {
      if (told === "gone") refuse(address)
      else state = told
      say("changed", told)
    })
    hear("signed-out", leave)
    hear("error", () => {
      if (opened.readyState !== EventSource.CLOSED) return  // else it tries again by itself
      close()
      ask(address)
    })
  }
  // A browser has six connections for all tabs of a host, so one that nobody looks at gives its own back.
  const sync = () => {
    clearTimeout(syncing)
    const address = isOn && !isOver && !document.hidden ? wanted() : null
    if (address !== heard) {
      close()
      if (address) open(address)
    } else if (isNew && state !== null && state !== watched?.seen) {
      say("changed", state)  // a part that has gone heard it, and may not have had it drawn; it is not told again
    }
    isNew = false
  }
  const soon = () => {
    clearTimeout(syncing)
    syncing = setTimeout(sync)  // one conversation goes and another comes in the same moment
  }
  document.addEventListener("visibilitychange", sync)

  return {
    start() {
      isOn = true
      soon()
    },
    stop() {
      isOn = false
      soon()
    },
    // `watch.address` and `watch.seen`, the state that the page draws. Returns what ends it.
    watch(watch) {
      if (watch.address !== watched?.address) for (const kind of REMEMBERED) known.delete(kind)
      watched = watch
      isNew = true
      refused = null
      soon()
      return () => {
        if (watched !== watch) return
        watched = null
        soon()
      }
    },
    // Begins with what was told last, if it is of a kind that stays true.
    on(kind, listener) {
      const those = listeners.get(kind) ?? new Set()
      listeners.set(kind, those.add(listener))
      if (known.has(kind)) listener(known.get(kind))
      return () => those.delete(listener)
    },
  }
}

// The numbers on the navigation's links, and of what is unread before the title of the tab.
const MOST = 99
const few = (count) => count > MOST ? `${MOST}+` : count ? String(count) : ""
const NUMBERED = /^\(\d+\+?\) /

const badge = () => {
  let shown = ""
  const entitle = () => {
    const title = (shown && `(${shown}) `) + document.title.replace(NUMBERED, "")
    if (document.title !== title) document.title = title
  }
  const style = document.documentElement.style
  new MutationObserver(entitle).observe(document.head, { subtree: true, childList: true, characterData: true })
  const mark = (name, number, what) => {
    if (number) style.setProperty(name, `"${number}" / "${number} ${what}"`)
    else style.removeProperty(name)
  }
  window.addEventListener("parley-cases", ({ detail }) => mark("--parley-cases", few(detail), "waiting"))
  window.addEventListener("parley-due", ({ detail }) => mark("--parley-due", few(detail), "due"))
  window.addEventListener("parley-unread", ({ detail: { total } }) => {
    shown = few(total)
    mark("--parley-unread", shown, "unread")
    entitle()
  })
}

export default function ({ parentElement }) {
  const colour = getComputedStyle(parentElement).getPropertyValue("--st-primary-color")
  document.documentElement.style.setProperty("--parley-badge", colour)
  if (!window.parleyEar) {
    window.parleyEar = makeEar()
    badge()
    window.dispatchEvent(new Event("parley-ear"))
  }
  window.parleyEar.start()
  return () => window.parleyEar.stop()
}
