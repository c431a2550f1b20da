// A part that has the page drawn anew when one's tasks are others than those that it drew. Each time that they may be,
// the window's ear counts on; the page says up to which count it has heard.
const DRAWN = 1500
// So often it is said again, when a click in the same moment took its place.
const AGAIN = 2
const watches = new WeakMap()

const follow = () => {
  const watch = { seen: 0, tell: () => {} }
  let doubting = 0, left = AGAIN, takeBack = () => {}
  const tell = () => {
    const count = window.parleyTasks ?? 0
    if (count <= watch.seen) return false
    watch.tell("heard", count)
    if (left-- > 0) doubting = setTimeout(wait, DRAWN)
    return true
  }
  const wait = () => {
    clearTimeout(doubting)
    takeBack()
    takeBack = quiet.when(tell)
  }
  watch.ask = () => {
    left = AGAIN
    wait()
  }
  window.addEventListener("parley-tasks", watch.ask)
  watch.end = () => {
    clearTimeout(doubting)
    takeBack()
    window.removeEventListener("parley-tasks", watch.ask)
  }
  return watch
}

export default function ({ data, parentElement, setTriggerValue }) {
  const known = watches.get(parentElement)
  const watch = known ?? follow()
  watches.set(parentElement, watch)
  watch.seen = JSON.parse(data).seen
  watch.tell = setTriggerValue
  if (!known) watch.ask()
  return () => {
    watch.end()
    watches.delete(parentElement)
  }
}
