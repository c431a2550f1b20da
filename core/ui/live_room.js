// A room is drawn in pieces, each time as a callback says. One call at a time: until the page has drawn what the last
// one asked for, what is heard is kept, and of several states only the newest. That it has, "parley-drawn" tells; by the
// state of the script it shows late or never, as that also rests between a callback and what it has drawn.
const BETWEEN = 40, SETTLED = 200, LOST = 600, STUCK = 5000
// How often a state is told again where a run ended without "parley-drawn": it may have been that of another part of the
// page, which was asked for at the same moment and took the place of this one.
const AGAIN = 2
const LOOK_AGAIN = 400
const HOLD = 250
const STATE = "data-test-script-state"

// `watch.seen` is the state that the last whole run drew: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const endings = []
  const listening = new AbortController()
  let news = null, told = null, grown = null, isWaiting = false, losing = 0, settling = 0, doubts = 0
  let isOver = false, heldUntil = 0

  const isDrawing = () => document.querySelector(`[${STATE}="running"]`) !== null
  const landed = () => {
    clearTimeout(losing)
    clearTimeout(settling)
    isWaiting = false
    next()
  }
  const lost = () => {
    told = null
    landed()
  }
  const rested = () => {
    if (!isWaiting || doubts === 0) {
      landed()
      return
    }
    doubts -= 1
    lost()
  }
  const call = (event, value) => {
    isWaiting = true
    losing = setTimeout(lost, LOST)
    watch.tell(event, value)
  }
  // Of two requests for a run within a few milliseconds Streamlit forgets the first: that must not be what somebody said
  // or clicked.
  const hold = ({ type, key }) => {
    if (type === "keydown" && key !== "Enter") return
    heldUntil = Date.now() + HOLD
  }
  for (const input of ["keydown", "pointerup", "click"]) {
    document.addEventListener(input, hold, { capture: true, signal: listening.signal })
  }
  // A run of the page that is under way would be cut off, so this waits for its end.
  const next = () => {
    if (isOver || isWaiting || isDrawing()) return
    const wait = heldUntil - Date.now()
    if (wait > 0) {
      clearTimeout(settling)
      settling = setTimeout(next, wait)
      return
    }
    // A dialog would close when the page is drawn anew, and what is typed in it be lost.
    if (document.querySelector('[role="dialog"]')) {
      clearTimeout(settling)
      settling = setTimeout(next, LOOK_AGAIN)
      return
    }
    if (news !== null && news !== watch.seen && news !== told) {
      call("changed", told = news)
    } else if (grown !== null) {
      const run = grown
      grown = null
      call("grown", run)
    }
  }
  const drawing = new MutationObserver(() => {
    clearTimeout(settling)
    if (!isDrawing()) {
      settling = setTimeout(rested, isWaiting ? SETTLED : BETWEEN)
    } else if (isWaiting) {
      clearTimeout(losing)
      losing = setTimeout(lost, STUCK)
    }
  })
  drawing.observe(document.body, { subtree: true, attributeFilter: [STATE] })
  window.addEventListener("parley-drawn", landed)
  const hear = (kind, note) => (ear) => ear.on(kind, (data) => {
    note(data)
    next()
  })
  const changed = (state) => {
    news = state
    doubts = AGAIN
  }
  const heard = [hear("changed", changed), hear("grown", (run) => grown = run)]
  withEar((ear) => isOver || endings.push(...heard.map((begin) => begin(ear)), ear.watch(watch)))
  watch.end = () => {
    isOver = true
    clearTimeout(losing)
    clearTimeout(settling)
    listening.abort()
    drawing.disconnect()
    window.removeEventListener("parley-drawn", landed)
    for (const end of endings) end()
  }
  return watch
}

export default watching(watchOver)
