const hub = (window.parleyLinks ??= { navs: new Map(), told: new Map() })
const seen = new Map()

// A room that no list has, has something new: then the list is to be drawn anew, with that one on top.
let takeBack = () => {}
const tell = () => {
  hub.tell?.("unknown", Date.now())
  return true
}
const ask = () => {
  takeBack()
  takeBack = quiet.when(tell)
}

let isFirst = true
const hear = ({ detail }) => {
  let isUnknown = false
  for (const [id, counts] of Object.entries(detail.rooms)) {
    hub.told.set(id, { counts, at: performance.now() })
    const isListed = [...hub.navs.values()].map((update) => update(id, counts)).some(Boolean)
    const hasGrown = counts[0] > (seen.get(id) ?? 0)
    seen.set(id, counts[0])
    isUnknown ||= !isListed && hasGrown && !isFirst
  }
  isFirst = false
  if (isUnknown) ask()
}

// Where the sidebar covers the page, it makes way for what was opened from it.
const NARROW = 768
let shown
const makeWay = (current) => {
  const isAnother = shown !== undefined && shown !== current
  shown = current
  if (isAnother && window.innerWidth < NARROW) {
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
  }
}

export default function ({ data, setTriggerValue }) {
  makeWay(data)
  hub.tell = (name, value) => setTriggerValue(name, value)
  window.addEventListener("parley-unread", hear)
  window.addEventListener("parley-rooms", ask)
  return () => {
    takeBack()
    window.removeEventListener("parley-unread", hear)
    window.removeEventListener("parley-rooms", ask)
    delete hub.tell
    shown = undefined
  }
}
