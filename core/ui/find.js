export default ({ parentElement, setTriggerValue }) => {
  const form = parentElement.querySelector("form")
  const field = form.querySelector("input")
  form.onsubmit = (event) => {
    event.preventDefault()
    const text = field.value.trim()
    if (!text) return
    setTriggerValue("find", text)
    field.value = ""
    field.blur()
    // On a narrow screen the sidebar lies over what was found.
    const narrow = window.matchMedia("(max-width: 768px)").matches
    if (narrow) document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
  }
}
