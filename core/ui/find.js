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
  }
}
