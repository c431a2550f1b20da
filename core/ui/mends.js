// What Streamlit draws in a way that a screen reader or the keyboard stumbles over, put right as it comes.
const NAVIGATION = '[data-testid="stSidebarNavItems"]'
const set = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
}
const MENDS = {
  // Headings stand between the links, so it is no list by the rules: rather groups, named as they are headed.
  [`${NAVIGATION}:not([role]), ${NAVIGATION} li:not([role])`]: (one) => set(one, { role: "presentation" }),
  [`${NAVIGATION} > div:not([role])`]: (one) => {
    const heading = one.querySelector("header p")?.textContent
    set(one, heading ? { role: "group", "aria-label": heading } : { role: "presentation" })
  },
  // A tick is named by its label as the code has it, marks and all; it is to be what is read.
  '[data-testid="stCheckbox"] input[aria-label]': (one) => {
    const label = one.closest("label")?.querySelector('[data-testid="stMarkdownContainer"]')?.cloneNode(true)
    label?.querySelectorAll('[role="img"]').forEach((icon) => icon.remove())
    const read = label?.textContent.replace(/[\s·]+$/, "").trim()
    if (read && one.ariaLabel !== read) set(one, { "aria-label": read })
  },
  // What scrolls by itself is scrolled by keyboard too, also where nothing in it can be clicked.
  '.st-key-panel_body:not([tabindex]), [data-testid="stVerticalBlock"][overflow="auto"]:not([tabindex])': (one) =>
    set(one, { tabindex: 0, role: "group", "aria-label": "Scrollable part" }),
  '[data-testid="stCode"] pre:not([tabindex])': (one) => set(one, { tabindex: 0, role: "group", "aria-label": "Code" }),
  // The marks of a small chart beside its figure.
  'svg [role="graphics-symbol"]:not([aria-label], [aria-hidden])': (one) => set(one, { "aria-hidden": true }),
}
if (!window.parleyMends) {
  let isDue = false
  const mend = () => {
    isDue = false
    for (const [what, act] of Object.entries(MENDS)) document.querySelectorAll(what).forEach(act)
  }
  const soon = () => {
    if (!isDue) requestAnimationFrame(mend)
    isDue = true
  }
  window.parleyMends = new MutationObserver(soon)
  window.parleyMends.observe(document.body, { subtree: true, childList: true })
  soon()
}
