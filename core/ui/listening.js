// What every part that listens to the window's ear begins with.
const withEar = (use) => {
  if (window.parleyEar) use(window.parleyEar)
  else window.addEventListener("parley-ear", () => use(window.parleyEar), { once: true })
}

// A part that watches a conversation for as long as it stands on the page. `watchOver(address)` gives what to `end`; the
// newest `seen`, the state that the page draws, and `tell` are put there.
const watching = (watchOver) => {
  const watches = new WeakMap()
  return ({ data, parentElement, setTriggerValue }) => {
    const { address, seen } = JSON.parse(data)
    let watch = watches.get(parentElement)
    if (watch?.address !== address) {
      watch?.end()
      watch = watchOver(address)
      watches.set(parentElement, watch)
    }
    watch.seen = seen
    watch.tell = setTriggerValue
    return () => {
      watch.end()
      watches.delete(parentElement)
    }
  }
}

