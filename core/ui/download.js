const BROKE_OFF = "The download broke off. Check the connection, then try again."
const ODD = "Parley could not make this file. Try again in a moment."
const LONGEST_SENTENCE = 400
const FILE_BEGINS = [0x50, 0x4b, 0x03, 0x04]
// Long enough for every browser to have taken the file.
const KEPT = 60000

const inWords = (bytes) => bytes < 1e6
  ? `${Math.ceil(bytes / 1000).toLocaleString()} KB`
  : `${(bytes / 1e6).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`

// How many files of a ZIP began in what has arrived, also where the mark lies across two pieces.
const counter = () => {
  let count = 0, matched = 0
  return (piece) => {
    for (let at = 0; at < piece.length; at += 1) {
      if (!matched && (at = piece.indexOf(FILE_BEGINS[0], at)) < 0) break
      if (piece[at] === FILE_BEGINS[matched]) matched += 1
      else matched = piece[at] === FILE_BEGINS[0] ? 1 : 0
      if (matched === FILE_BEGINS.length) [count, matched] = [count + 1, 0]
    }
    return count
  }
}

const nameOf = (response) => {
  const given = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("content-disposition") ?? "")
  return given ? decodeURIComponent(given[1]) : "conversations"
}
const save = (parts, name, type) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob(parts, { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT)
}

const begin = (zone) => {
  const part = (name) => zone.querySelector(name)
  let going = null

  const show = (name) => {
    for (const one of [".ready", ".going", ".broken"]) part(one).hidden = one !== name
  }
  const broke = (sentence) => {
    part('[role="alert"]').textContent = sentence
    show(".broken")
    part(".again").focus()
  }
  const receive = async (response, mine) => {
    const total = Number(response.headers.get("x-parley-conversations"))
    const isZip = response.headers.get("content-type") === "application/zip"
    const count = counter(), parts = [], reader = response.body.getReader()
    part("progress").max = total
    if (!isZip) part("progress").removeAttribute("value")
    for (let received = 0; ;) {
      const { done, value } = await reader.read()
      if (done) return parts
      parts.push(value)
      received += value.length
      if (mine !== going) continue
      const begun = isZip ? Math.min(count(value), total) : 0
      if (isZip) part("progress").value = begun
      const files = isZip ? `${begun.toLocaleString()} of ${total.toLocaleString()} conversations · ` : ""
      part(".share").textContent = files + inWords(received)
    }
  }
  const start = async () => {
    const mine = going = new AbortController()
    part(".said").textContent = ""
    part("progress").removeAttribute("value")
    part(".share").textContent = "Beginning …"
    show(".going")
    part(".cancel").focus()
    try {
      const response = await fetch(zone.asked.address, { signal: mine.signal, cache: "no-store" })
      if (!response.ok) {
        const text = await response.text()
        return broke(text.length < LONGEST_SENTENCE && !text.startsWith("<") ? text : ODD)
      }
      const parts = await receive(response, mine)
      const name = nameOf(response)
      save(parts, name, response.headers.get("content-type"))
      part(".said").textContent = `Saved as ${name}`
      show(".ready")
      part(".ready a").focus()
    } catch {
      if (!mine.signal.aborted) broke(BROKE_OFF)
    }
  }
  const cancel = () => {
    going?.abort()
    show(".ready")
    part(".ready a").focus()
  }
  // With a key held down the browser takes it as the plain link that it is.
  part(".ready a").onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
    event.preventDefault()
    start()
  }
  part(".again").onclick = start
  part(".cancel").onclick = cancel
  zone.reset = cancel
  return () => going?.abort()
}

export default function ({ data, parentElement }) {
  const zone = parentElement.querySelector(".zone")
  const asked = JSON.parse(data)
  const isAnother = zone.asked && zone.asked.address !== asked.address
  zone.asked = asked
  for (const link of zone.querySelectorAll("a")) link.href = asked.address
  zone.end ??= begin(zone)
  if (isAnother) {
    zone.querySelector(".said").textContent = ""
    if (zone.querySelector(".ready").hidden) zone.reset()
  }
  return () => {
    // Streamlit calls this before each further draw as well: only one that is gone is not to go on.
    setTimeout(() => { if (!zone.isConnected) zone.end() })
  }
}
