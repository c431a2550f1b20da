// Streamlit puts what a popover shows at the end of the page, and leaves the keyboard at its button: Tab would come there
// after everything else. So whoever opens one by keyboard is taken into it, and led out again to where its button stands.
const CONTROLS = 'input:not([type="hidden"]), button, select, textarea, a[href], [tabindex]'
// Milliseconds: a control that the page has not shown before is fetched first.
const OPENING = 5000

const bodyOf = (element) => element.closest?.('[data-testid="stPopoverBody"]')
const controlsOf = (body) => [...body.querySelectorAll(CONTROLS)]
  .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility())
const openButton = () => document.querySelector('[data-testid="stPopoverButton"][aria-expanded="true"]')

const enter = (button, until) => {
  const body = document.querySelector('[data-testid="stPopoverBody"]')
  const [first] = body ? controlsOf(body) : []
  if (first && document.activeElement === button) first.focus()
  else if (document.activeElement === button && performance.now() < until) requestAnimationFrame(() => enter(button, until))
}
const leave = (event, body) => {
  const controls = controlsOf(body), button = openButton()
  if (!button || event.defaultPrevented) return
  if (event.key === "Escape") button.focus()
  if (event.key !== "Tab" || document.activeElement !== controls.at(event.shiftKey ? 0 : -1)) return
  button.focus() // and Tab goes on from there
  if (event.shiftKey) event.preventDefault()
}
if (!window.parleyPopovers) {
  window.parleyPopovers = true
  document.addEventListener("keydown", (event) => {
    const body = bodyOf(event.target), button = event.target.closest?.('[data-testid="stPopoverButton"]')
    if (body) leave(event, body)
    else if (button?.ariaExpanded === "false" && ["Enter", " "].includes(event.key)) enter(button, performance.now() + OPENING)
  })
}
