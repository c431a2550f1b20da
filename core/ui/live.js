const SETTLED = 400

// `watch.seen` is the state that the page draws: what it found out by itself is no news.
const watchOver = (address) => {
  const watch = { address }
  const endings = []
  let news = null, told = null, telling = 0, isOver = false

  const tell = () => {
    clearTimeout(telling)
    if (news === watch.seen || news === told) return
    // A dialog would close when the page is drawn anew, and what is typed in it be lost.
    if (document.querySelector('[role="dialog"]')) telling = setTimeout(tell, SETTLED)
    else watch.tell("state", told = news)
  }
  // What was done here comes back as an event too, while the page that shows it is being drawn.
  const hear = (state) => {
    news = state
    clearTimeout(telling)
    const isDrawing = document.querySelector('[data-test-script-state="running"]')
    telling = setTimeout(tell, isDrawing ? SETTLED : 0)
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
