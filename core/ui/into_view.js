export default ({ data, parentElement }) => {
  // Once for each place: a draw of the same page leaves its reader where they are.
  if (window.parleyInView === data) return
  window.parleyInView = data
  const host = parentElement.getRootNode().host ?? parentElement
  const look = () => {
    const place = host.closest('[data-testid="stVerticalBlock"]') ?? host
    const panel = host.closest(".st-key-panel")
    if (!panel || getComputedStyle(panel).position !== "sticky") return place.scrollIntoView({ block: "start" })
    // In view already: only what scrolls within it is moved.
    const body = host.closest(".st-key-panel_body")
    if (body) body.scrollTop += place.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 4
  }
  setTimeout(look, 200) // until what stands above it has been drawn
}
