// A part that has the page drawn anew when one's tasks are others now.
const watches = new WeakMap()
const DIALOG_CLOSES = 400

const follow = () => {
  const watch = { tell: () => {} }
  let asking = 0
  // A dialog would close when the page is drawn anew, and what is typed in it be lost.
  const ask = () => {
    clearTimeout(asking)
    if (document.querySelector('[role="dialog"]')) asking = setTimeout(ask, DIALOG_CLOSES)
    else watch.tell("changed", Date.now())
  }
  window.addEventListener("parley-tasks", ask)
  watch.end = () => {
    clearTimeout(asking)
    window.removeEventListener("parley-tasks", ask)
  }
  return watch
}

export default function ({ parentElement, setTriggerValue }) {
  const watch = watches.get(parentElement) ?? follow()
  watches.set(parentElement, watch)
  watch.tell = setTriggerValue
  return () => {
    watch.end()
    watches.delete(parentElement)
  }
}
