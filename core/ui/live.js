const SETTLED = 400, DRAWN = 1500
// Of two requests for a run at the same moment, this part's and another's, Streamlit forgets the first. So often a state
// is told again that the page doesn't draw.
const AGAIN = 2

// `watch.seen` is the state that the page draws: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const endings = []
  let news = null, told = null, telling = 0, doubts = 0, isOver = false

  const isDrawing = () => document.querySelector('[data-test-script-state="running"]') !== null
  const doubt = () => {
    if (isDrawing()) {
      telling = setTimeout(doubt, DRAWN)
    } else if (doubts > 0 && news !== watch.seen) {
      doubts -= 1
      told = null
      tell()
    }
  }
  const tell = () => {
    clearTimeout(telling)
    if (news === watch.seen || news === told) return
    // A dialog would close when the page is drawn anew, and what is typed in it be lost.
    if (document.querySelector('[role="dialog"]')) {
      telling = setTimeout(tell, SETTLED)
      return
    }
    watch.tell("state", told = news)
    telling = setTimeout(doubt, DRAWN)
  }
  // What was done here comes back as an event too, while the page that shows it is being drawn.
  const hear = (state) => {
    news = state
    doubts = AGAIN
    clearTimeout(telling)
    telling = setTimeout(tell, isDrawing() ? SETTLED : 0)
  }
  withEar((ear) => isOver || endings.push(ear.on("changed", hear), ear.watch(watch)))
  watch.end = () => {
    isOver = true
    clearTimeout(telling)
    for (const end of endings) end()
  }
  return watch
}

export default watching(watchOver)
