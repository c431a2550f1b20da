// Of two requests for a run at the same moment Streamlit forgets the first, and the next one cuts off a run that is under
// way, with the click that it was for. So what a part of the page asks for by itself, because something happened
// elsewhere, waits here until the page is drawn and nobody has just clicked: `quiet.when(ask)`. What `ask` returns says
// whether it has asked for a run; the call returns what takes it back. One asks at a time, for the same reason.
const quiet = window.parleyQuiet ??= (() => {
  const LOOK = 40, CLICKED = 3000, ASKED = 600
  const STATE = "data-test-script-state"
  // The page itself has a tabindex, for those who scroll it by keys.
  const CONTROLS = "button, input, select, summary, label, a, canvas, [role], [tabindex]:not(main)"
  const TYPED = "textarea, input:is([type=text], [type=number], [type=search], [type=password], :not([type]))"
  const waiting = new Set()
  let timer = 0, patience = 0, before = 0, isRunning = false, isOfBefore = false

  // A run that only follows an answer has drawn all else: it may be cut off, and goes on in the next one.
  const isFollowing = () => document.querySelector('.st-key-follows [data-stale="false"]') !== null
  const isDrawing = () => document.querySelector(`[${STATE}="running"]`) !== null && !isFollowing()
  // A dialog would close when the page is drawn anew, and what is typed in it be lost.
  const isQuiet = () => !isDrawing() && performance.now() > patience && !document.querySelector('[role="dialog"]')
  // A run is to be expected: until it has ended, or for as long as its request may take on a slow line. One that is under
  // way already is another, and may end before the request has come to the server. What is asked for here, and lost, is
  // asked for again.
  const expect = (milliseconds) => {
    isOfBefore = isRunning = isDrawing()
    patience = performance.now() + milliseconds
  }
  const watch = () => {
    const was = isRunning
    isRunning = isDrawing()
    if (!was || isRunning) return
    if (!isOfBefore) patience = performance.now() + LOOK
    isOfBefore = false
  }
  const look = () => {
    timer = 0
    watch()
    for (const ask of [...waiting]) {
      if (!isQuiet()) break
      waiting.delete(ask)
      if (ask()) expect(ASKED)
    }
    if (waiting.size) timer = setTimeout(look, LOOK)
  }

  // Whoever clicks into a text begins to write: nothing is sent before Enter, or before it is left.
  const pressed = (event) => {
    const [target] = event.composedPath()
    before = patience
    if (target.closest?.(CONTROLS) && !target.closest(TYPED)) expect(CLICKED)
  }
  // It was the beginning of a swipe.
  const swiped = () => patience = before
  const entered = ({ key }) => {
    if (key === "Enter") expect(CLICKED)
  }
  const changed = () => expect(CLICKED)
  const acts = { pointerdown: pressed, pointercancel: swiped, click: pressed, keydown: entered, change: changed }
  for (const [act, hear] of Object.entries(acts)) document.addEventListener(act, hear, { capture: true })
  window.addEventListener("popstate", changed)  // Back: else the request of a part would go on at the page that was left
  new MutationObserver(watch).observe(document.body, { subtree: true, attributeFilter: [STATE] })

  return {
    isDrawing,
    when(ask) {
      waiting.add(ask)
      if (!timer) look()
      return () => waiting.delete(ask)
    },
  }
})()
