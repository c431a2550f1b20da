const SETTLED = 400
const watches = new WeakMap()

const withEar = (use) => {
  if (window.parleyEar) use(window.parleyEar)
  else window.addEventListener("parley-ear", () => use(window.parleyEar), { once: true })
}

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
    else watch.tell(told = news)
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
  return () => {
    watch.end()
    watches.delete(parentElement)
  }
}
