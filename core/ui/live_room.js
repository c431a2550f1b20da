// A room is drawn in pieces, each time as a callback says. One call at a time: until the page has drawn what the last
// one asked for, what is heard is kept, and of several states only the newest. Which state it has drawn, "parley-drawn"
// tells; a call that it does not tell of was lost: of two requests for a run within a few milliseconds, this part's and
// another's, Streamlit forgets the first, and of two runs the second takes away what the first has drawn and not sent.
// Then it is called again, each time after twice as long: on a busy machine a call may also just take its time. With the
// call goes which states have come here, so that the room knows what of it may not have.
const BETWEEN = 40, LOST = 600, STUCK = 5000
const MOST_CALLS = 7
const STATE = "data-test-script-state"

// `watch.seen` is the state that the last whole run drew: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const endings = []
  let news = null, shown = null, calls = 0, grown = null, isWaiting = false, losing = 0, settling = 0
  let isOver = false, takeBack = () => {}

  const landed = () => {
    clearTimeout(losing)
    clearTimeout(settling)
    isWaiting = false
    next()
  }
  const call = (event, value, patience = LOST) => {
    isWaiting = true
    losing = setTimeout(landed, patience)
    watch.tell(event, value)
  }
  const ask = () => {
    if (news !== null && news !== watch.seen && news !== shown && calls < MOST_CALLS) {
      call("changed", JSON.stringify([shown, watch.seen]), LOST * 2 ** calls)
      calls += 1
      return true
    }
    if (grown === null) return false
    const run = grown
    grown = null
    call("grown", run)
    return true
  }
  const next = () => {
    if (isOver || isWaiting) return
    takeBack()
    takeBack = quiet.when(ask)
  }
  const drawing = new MutationObserver(() => {
    clearTimeout(settling)
    if (!quiet.isDrawing()) {
      settling = setTimeout(landed, isWaiting ? LOST : BETWEEN)
    } else if (isWaiting) {
      clearTimeout(losing)
      losing = setTimeout(landed, STUCK)
    }
  })
  drawing.observe(document.body, { subtree: true, attributeFilter: [STATE] })
  const drawn = ({ detail }) => {
    shown = detail ?? shown  // without one, a piece was cut off: it is called for again at once
    landed()
  }
  window.addEventListener("parley-drawn", drawn)
  const hear = (kind, note) => (ear) => ear.on(kind, (data) => {
    note(data)
    next()
  })
  const changed = (state) => {
    news = state
    calls = 0
  }
  const heard = [hear("changed", changed), hear("grown", (run) => grown = run)]
  withEar((ear) => isOver || endings.push(...heard.map((begin) => begin(ear)), ear.watch(watch)))
  watch.end = () => {
    isOver = true
    clearTimeout(losing)
    clearTimeout(settling)
    takeBack()
    drawing.disconnect()
    window.removeEventListener("parley-drawn", drawn)
    for (const end of endings) end()
  }
  return watch
}

export default watching(watchOver)
