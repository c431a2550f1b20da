const DRAWN = 1500
// So often a state is told again that the page doesn't draw: a click in the same moment took its place.
const AGAIN = 2

// `watch.seen` is the state that the page draws: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const endings = []
  let news = null, told = null, doubting = 0, doubts = 0, isOver = false, takeBack = () => {}

  const doubt = () => {
    if (quiet.isDrawing()) {
      doubting = setTimeout(doubt, DRAWN)
    } else if (doubts > 0 && news !== watch.seen) {
      doubts -= 1
      told = null
      wait()
    }
  }
  const tell = () => {
    if (news === watch.seen) return false
    doubting = setTimeout(doubt, DRAWN)
    if (news === told) return false  // the stream broke off, and says again what is being drawn
    watch.tell("state", told = news)
    return true
  }
  // What was done here comes back as an event too, while the page that shows it is being drawn.
  const wait = () => {
    clearTimeout(doubting)
    takeBack()
    takeBack = quiet.when(tell)
  }
  const hear = (state) => {
    news = state
    doubts = AGAIN
    wait()
  }
  withEar((ear) => isOver || endings.push(ear.on("changed", hear), ear.watch(watch)))
  watch.end = () => {
    isOver = true
    clearTimeout(doubting)
    takeBack()
    for (const end of endings) end()
  }
  return watch
}

export default watching(watchOver)
