const ICONS = {
  copy: '<rect x="9" y="9" width="11" height="11" rx="2"/><path d="M5 15V6a2 2 0 0 1 2-2h8"/>',
  done: '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
  edit: '<path d="M4 20h4L19 9l-4-4L4 16z"/><path d="M13.5 6.5l4 4"/>',
  regenerate: '<path d="M20 11a8 8 0 1 0-2.3 6.3"/><path d="M20 4.5V11h-6.5"/>',
  up: '<path d="M7 11v9H4v-9z"/>' +
    '<path d="M7 11l4-7.5c1.6 0 2.5 1 2.5 2.5L13 9.5h5a2 2 0 0 1 2 2.4l-1.3 6.4A2 2 0 0 1 16.7 20H7"/>',
  down: '<path d="M17 13V4h3v9z"/>' +
    '<path d="M17 13l-4 7.5c-1.6 0-2.5-1-2.5-2.5l.5-3.5H6a2 2 0 0 1-2-2.4l1.3-6.4A2 2 0 0 1 7.3 4H17"/>',
  previous: '<path d="M14.5 6l-6 6 6 6"/>',
  next: '<path d="M9.5 6l6 6-6 6"/>',
  react: '<path d="M20.5 11a8.5 8.5 0 1 1-7.5-7.5"/><path d="M8.5 14.5a4.2 4.2 0 0 0 7 0"/>' +
    '<path d="M9 9.5v.1M15 9.5v.1M19 2.5v5M16.5 5h5"/>',
  reply: '<path d="M10 6L4 12l6 6"/><path d="M4 12h9a7 7 0 0 1 7 7"/>',
  more: '<path d="M5 12h.1M12 12h.1M19 12h.1" stroke-width="3"/>',
  report: '<path d="M6 21V4h11l-2.5 4L17 12H6"/>',
  task: '<circle cx="12" cy="12" r="8.5"/><path d="M8 12.2l2.9 2.9L16 9.7"/>',
  delete: '<path d="M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13"/>',
}
const PALETTE = {
  "👍": "Thumbs up", "❤️": "Heart", "😂": "Laughing", "🎉": "Party",
  "👀": "Eyes", "✅": "Done", "🙏": "Thank you", "😮": "Surprised",
}
const LONGEST_EMOJI = 16
const LABELS = {
  copy: "Copy", up: "Good answer", down: "Bad answer", regenerate: "Write this answer again",
  resend: "Edit and send again", edit: "Edit", delete: "Delete", react: "Add reaction", reply: "Reply", more: "More",
  report: "Report", task: "Make a task of it",
}
const AGAIN = 5000
const EDGE = 8
const MOVES = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }

const sheet = new CSSStyleSheet()
sheet.replaceSync(STYLES)

// A click while the page is being drawn takes the place of one that still waits: so each is told along with those of the
// last seconds, and done once.
let acts = []
let send = () => {}
const tell = (message, name, value = null) => {
  const now = Date.now()
  acts = [...acts.filter((act) => now - act.at < AGAIN), { at: now, id: `${now}-${Math.random()}`, message, name, value }]
  send(acts.map(({ id, message, name, value }) => ({ id, message, name, value })))
}

const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`

const button = (name, label, act, pressed) => {
  const made = document.createElement("button")
  made.type = "button"
  made.title = label
  made.dataset.name = name
  made.setAttribute("aria-label", label)
  if (ICONS[name]) made.innerHTML = icon(name)
  if (pressed !== undefined) {
    made.setAttribute("aria-pressed", String(pressed))
    made.classList.toggle("on", pressed)
  }
  if (act) made.onclick = () => act(made)
  else made.disabled = true
  return made
}

const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    // Without https there is no clipboard API; a selection in a text field still copies.
    const field = document.createElement("textarea")
    field.value = text
    document.body.append(field)
    field.select()
    document.execCommand("copy")
    field.remove()
  }
}
const shown = (made, name) => {
  made.innerHTML = icon("done")
  made.setAttribute("aria-label", "Copied")
  setTimeout(() => { made.innerHTML = icon(name); made.setAttribute("aria-label", LABELS[name]) }, 1500)
}

// One popup for the page, in the browser's top layer: no block cuts it off, and it stays when a row is drawn anew.
let popup = null
const openPopup = (anchor, kind, parts) => {
  popup.className = `popup ${kind}`
  popup.replaceChildren(...parts)
  popup.showPopover()
  anchor.setAttribute("aria-expanded", "true")
  popup.ontoggle = ({ newState }) => {
    if (newState !== "closed") return
    anchor.removeAttribute("aria-expanded")
    const { activeElement } = document
    if (activeElement === document.body || activeElement === popup.getRootNode().host) anchor.focus()
  }
  const from = anchor.getBoundingClientRect()
  const { width, height } = popup.getBoundingClientRect()
  const below = from.bottom + height + EDGE < innerHeight
  popup.style.top = `${Math.max(EDGE, below ? from.bottom + 4 : from.top - height - 4)}px`
  popup.style.left = `${Math.max(EDGE, Math.min(from.left, innerWidth - width - EDGE))}px`
  popup.querySelector("button").focus()
}
const chosen = (act) => () => {
  popup.hidePopover()
  act()
}
const move = (event) => {
  if (!MOVES[event.key] || event.target.matches("input")) return
  event.preventDefault()
  const all = [...popup.querySelectorAll("button, input")]
  all[(all.indexOf(event.target) + MOVES[event.key] + all.length) % all.length].focus()
}

const openPalette = (anchor, message) => {
  const grid = document.createElement("div")
  grid.className = "emoji"
  for (const [emoji, name] of Object.entries(PALETTE)) {
    const made = button("emoji", name, chosen(() => tell(message, "react", emoji)))
    made.textContent = emoji
    grid.append(made)
  }
  const other = document.createElement("input")
  other.placeholder = "Another emoji"
  other.setAttribute("aria-label", "Another emoji, then Enter")
  other.maxLength = LONGEST_EMOJI
  other.onkeydown = ({ key }) => {
    if (key === "Enter" && other.value.trim()) chosen(() => tell(message, "react", other.value.trim()))()
  }
  openPopup(anchor, "palette", [grid, other])
}

const openMenu = (anchor, data) => {
  const items = data.menu.map((name) => {
    const act = name === "copy" ? () => copy(data.copy).then(() => shown(anchor, "more")) : () => tell(data.message, name)
    const made = button(name, LABELS[name], chosen(act))
    made.append(LABELS[name])
    made.removeAttribute("title")
    return made
  })
  openPopup(anchor, "menu", items)
}

const startReply = (message) => {
  tell(message, "reply")
  document.querySelector('[data-testid="stChatInputTextArea"]')?.focus()
}

const timeOf = ({ time, exact }) => {
  const made = document.createElement("time")
  made.textContent = time
  made.title = exact
  return made
}
const versionsOf = ({ message, version: { number, total, previous, next } }) => {
  const made = document.createElement("span")
  made.className = "versions"
  const text = document.createElement("span")
  text.textContent = `${number} of ${total}`
  made.append(
    button("previous", "Earlier version", previous && (() => tell(message, "version", previous))),
    text,
    button("next", "Later version", next && (() => tell(message, "version", next))),
  )
  return made
}
const chipOf = (message, { emoji, count, names, mine }) => {
  const made = button(`react ${emoji}`, `${emoji} ${count}: ${names}`, () => tell(message, "react", emoji), mine)
  made.classList.add("chip")
  made.title = names
  made.append(`${emoji} ${count}`)
  return made
}

// What one says oneself is scrolled to, wherever one was reading. Streamlit stays at the end for what others say if it
// saw the reader get there while the page did not grow: so the last pixel is scrolled again and again for a while.
const STEPS = 10
const PACE = 120
const ends = new Set()
const showEnd = (message) => {
  const page = document.querySelector('[data-testid="stAppScrollToBottomContainer"]')
  if (!page || ends.has(message)) return
  ends.add(message)
  let left = STEPS
  const stop = () => clearInterval(stepping)
  const step = () => {
    left -= 1
    page.scrollTo({ top: page.scrollHeight - page.clientHeight - (left % 2) })
    if (!left) stop()
  }
  const stepping = setInterval(step, PACE)
  for (const move of ["wheel", "touchmove", "pointerdown"]) page.addEventListener(move, stop, { once: true })
}

const drawBar = ({ parentElement, data: given }) => {
  const data = JSON.parse(given)
  const act = (name) => () => tell(data.message, name)
  const offered = {
    copy: () => button("copy", LABELS.copy, (made) => copy(data.copy).then(() => shown(made, "copy"))),
    up: () => button("up", LABELS.up, act("up"), data.score === "up"),
    down: () => button("down", LABELS.down, act("down"), data.score === "down"),
    regenerate: () => button("regenerate", LABELS.regenerate, act("regenerate")),
    edit: () => button("edit", LABELS.resend, act("edit")),
    react: () => button("react", LABELS.react, (made) => openPalette(made, data.message)),
    reply: () => button("reply", LABELS.reply, () => startReply(data.message)),
    more: () => button("more", LABELS.more, (made) => openMenu(made, data)),
  }
  const parts = [timeOf(data)]
  if (data.version) parts.push(versionsOf(data))
  for (const reaction of data.reactions ?? []) parts.push(chipOf(data.message, reaction))
  for (const name of data.actions) parts.push(offered[name]())

  const focused = parentElement.activeElement?.dataset.name
  if (parentElement instanceof ShadowRoot) parentElement.adoptedStyleSheets = [sheet]
  parentElement.querySelector(".bar").replaceChildren(...parts)
  parts.find((part) => focused && part.dataset.name === focused)?.focus()
  if (data.end) showEnd(data.message)
}

window.parleyMessageBar = drawBar
window.dispatchEvent(new Event("parley-message-bar"))

export default function ({ parentElement, setTriggerValue }) {
  send = (told) => setTriggerValue("acts", told)
  if (parentElement instanceof ShadowRoot) parentElement.adoptedStyleSheets = [sheet]
  popup = parentElement.querySelector(".popup")
  popup.onkeydown = move
}
