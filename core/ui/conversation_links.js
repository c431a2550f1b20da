const hub = (window.parleyLinks ??= { navs: new Map(), told: new Map() })
// A list that was being put together when something was read, or said, comes with the counts of before.
const RECENT = 3000
const MOST = 99
const MUTED = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9.5 20h5M4 4l16 16M6 10v4l-2 3h13M8.5 5.2A6 6 0 0 1 18 10v4"/></svg>'

// What stands in a room's link beside its name.
const marks = ({ unread = 0, mentions = 0, muted = false }) => {
  const parts = []
  const mark = (name, text) => {
    const made = document.createElement("span")
    made.className = name
    made.textContent = text
    parts.push(made)
  }
  if (mentions) mark("call", "@")
  const counted = muted ? mentions : unread
  if (counted) mark("count", counted > MOST ? `${MOST}+` : counted)
  if (muted) parts.push(document.createRange().createContextualFragment(MUTED))
  return parts
}
const nameOf = (title, { unread = 0, mentions = 0, muted = false }) => [
  title,
  unread && `${unread} unread`,
  mentions && (mentions === 1 ? "1 mentions you" : `${mentions} mention you`),
  muted && "muted",
].filter(Boolean).join(", ")

const show = (link, title, room) => {
  const { unread = 0, mentions = 0, muted = false } = room
  const text = document.createElement("span")
  text.className = "title"
  text.dir = "auto"
  text.textContent = title
  link.replaceChildren(text, ...marks(room))
  link.title = title
  link.setAttribute("aria-label", nameOf(title, room))
  link.classList.toggle("unread", Boolean(muted ? mentions : unread))
  link.classList.toggle("muted", Boolean(muted))
}

const linkOf = (given) => {
  const { id, title, href, current } = given
  const link = document.createElement("a")
  link.href = href
  link.dataset.id = id
  if (current) link.setAttribute("aria-current", "page")
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button || !hub.tell) return
    event.preventDefault()
    hub.tell("open", id)
  }
  show(link, title, given)
  return link
}
const moreOf = (name, heading) => {
  const made = document.createElement("button")
  made.type = "button"
  made.textContent = "Show more"
  made.setAttribute("aria-label", `Show more: ${heading}`)
  made.onclick = () => hub.tell?.("more", name)
  return made
}
const sectionOf = ({ heading, links, more }) => {
  const made = document.createElement("section")
  const title = document.createElement("h3")
  title.textContent = heading
  const list = document.createElement("ul")
  for (const part of [...links.map(linkOf), ...(more ? [moreOf(more, heading)] : [])]) {
    const item = document.createElement("li")
    item.append(part)
    list.append(item)
  }
  made.append(title, list)
  return made
}

export default function ({ data, parentElement }) {
  const nav = parentElement.querySelector("nav")
  const groups = JSON.parse(data)
  nav.replaceChildren(...groups.map(sectionOf))
  const drawn = new Map(groups.flatMap(({ links }) => links.map((link) => [link.id, link])))

  // What is unread moves here before anything is drawn anew. Tells whether the room is listed. Of a room without
  // anything unread it is not told whether it is muted.
  const update = (id, [unread, mentions, muted]) => {
    const link = nav.querySelector(`a[data-id="${id}"]`)
    const { title, muted: wasMuted } = drawn.get(id) ?? {}
    if (link) show(link, title, { unread, mentions, muted: unread ? Boolean(muted) : wasMuted })
    return Boolean(link)
  }
  hub.navs.set(nav, update)
  for (const [id, { counts, at }] of hub.told) if (performance.now() - at < RECENT) update(id, counts)
  return () => hub.navs.delete(nav)
}
