// A line that draws itself anew with what the window's ear hears.
const SHOWN = 3

const listed = (names, count = names.length) => {
  const others = count - names.length
  if (others > 0) return `${names.join(", ")} and ${others === 1 ? "1 other" : `${others} others`}`
  return names.join(", ")
}
const LINES = {
  here: ({ count, names }) => count > 1 ? { text: `${count} here`, title: listed(names, count) } : null,
  reads: (reads, { last, is_direct: isDirect }) => {
    const names = reads.filter(({ seq }) => seq >= last).map(({ name }) => name)
    if (!names.length) return null
    if (isDirect) return { text: "Seen", title: "" }
    const title = names.length > SHOWN ? listed(names) : ""
    return { text: `Seen by ${listed(names.slice(0, SHOWN), names.length)}`, title }
  },
}
const lines = new WeakMap()

const follow = (kind, data, element) => {
  const line = { data, end: () => line.isOver = true }
  let told = null
  line.draw = (news = told) => {
    told = news
    const said = told && LINES[kind](told, line.data)
    element.hidden = !said
    element.textContent = said?.text ?? ""
    element.title = said?.title ?? ""
    if (said?.title) element.setAttribute("aria-label", `${said.text}: ${said.title}`)
    else element.removeAttribute("aria-label")
  }
  withEar((ear) => {
    if (!line.isOver) line.end = ear.on(kind, line.draw)
  })
  return line
}

export default function ({ data, parentElement }) {
  const { kind, ...rest } = JSON.parse(data)
  const element = parentElement.querySelector("span")
  const line = lines.get(parentElement) ?? follow(kind, rest, element)
  lines.set(parentElement, line)
  line.data = rest
  line.draw()
  return () => {
    line.end()
    lines.delete(parentElement)
  }
}
