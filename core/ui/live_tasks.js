// A part that has the page drawn anew when one's tasks are others than those that it drew. Each time that they may be,
// the window's ear counts on; the page says up to which count it has heard.
const SETTLED = 400, DRAWN = 1500
// Of two requests for a run at the same moment, this part's and another's, Streamlit forgets the first.
const AGAIN = 2
const watches = new WeakMap()

const follow = () => {
  const watch = { seen: 0, tell: () => {} }
  let telling = 0, left = AGAIN
  const ask = () => {
    clearTimeout(telling)
    const count = window.parleyTasks ?? 0
    if (count <= watch.seen) return
    // A dialog would close when the page is drawn anew, and what is typed in it be lost.
    if (document.querySelector('[role="dialog"]')) {
      telling = setTimeout(ask, SETTLED)
      return
    }
    watch.tell("heard", count)
    if (left-- > 0) telling = setTimeout(ask, DRAWN)
  }
  watch.ask = () => {
    left = AGAIN
    ask()
  }
  window.addEventListener("parley-tasks", watch.ask)
  watch.end = () => {
    clearTimeout(telling)
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
