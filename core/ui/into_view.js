export default ({ data, parentElement }) => {
  // Once for each place: a draw of the same page leaves its reader where they are.
  if (window.parleyInView === data) return
  window.parleyInView = data
  const host = parentElement.getRootNode().host ?? parentElement
  const look = () => {
    const place = host.closest('[data-testid="stVerticalBlock"]') ?? host
    const panel = host.closest(".st-key-panel")
    if (!panel || getComputedStyle(panel).position !== "sticky") {
      place.style.scrollMarginTop = "5rem" // below the bar at the top
      return place.scrollIntoView({ block: "start" })
    }
    // In view already: only what scrolls within it is moved.
    const body = host.closest(".st-key-panel_body")
    if (body) body.scrollTop += place.getBoundingClientRect().top - body.getBoundingClientRect().top - body.clientHeight / 4
  }
  for (const wait of [200, 700]) setTimeout(look, wait) // until what stands above it has been drawn
}
