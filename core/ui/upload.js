const BROKE_OFF = "The upload broke off. Check the connection, then try again."
const ODD = "Parley could not take this file. Try again in a moment."
const LONGEST_SENTENCE = 400

const inWords = (bytes) => `${(bytes / 1e6).toLocaleString(undefined, { maximumFractionDigits: 1 })} MB`

const begin = (zone) => {
  const part = (name) => zone.querySelector(name)
  const input = part("input")
  let chosen = null
  let request = null

  const show = (name) => {
    part("label").hidden = part(".hint").hidden = name === ".going"
    for (const one of [".going", ".broken"]) part(one).hidden = one !== name
  }
  const broke = (sentence) => {
    request = null
    part('[role="alert"]').textContent = sentence
    part(".again").hidden = !chosen || chosen.size > zone.asked.limit
    show(".broken")
  }
  const going = ({ loaded, total }) => {
    const share = Math.floor((100 * loaded) / total)
    part("progress").value = share
    part(".share").textContent = share < 100 ? `${inWords(loaded)} of ${inWords(total)}` : "Almost there"
  }
  const arrived = () => {
    const { status, responseText } = request
    if (status !== 201) return broke(status && responseText.length < LONGEST_SENTENCE ? responseText : ODD)
    request = null
    zone.tell("uploaded", { id: JSON.parse(responseText).id, name: chosen.name })
  }
  const send = () => {
    if (chosen.size > zone.asked.limit) return broke(zone.asked.tooLarge)
    request = new XMLHttpRequest()
    request.open("POST", zone.asked.address)
    request.setRequestHeader("content-type", "application/octet-stream")
    request.upload.onprogress = going
    request.onload = arrived
    request.onerror = () => broke(BROKE_OFF)
    part(".name").textContent = chosen.name
    going({ loaded: 0, total: chosen.size || 1 })
    show(".going")
    part(".cancel").focus()
    request.send(chosen)
  }
  const take = (files) => {
    if (request || !files.length) return
    chosen = files[0]
    send()
  }

  input.onchange = () => {
    take(input.files)
    input.value = ""
  }
  part(".again").onclick = send
  part(".cancel").onclick = () => {
    request?.abort()
    request = null
    show("label")
    input.focus()
  }
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => { event.preventDefault(); zone.classList.add("over") })
  }
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("over"))
  zone.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files) })
  part(".hint").textContent = `or drop it here. JSON or ZIP, up to ${inWords(zone.asked.limit)}.`
  return () => request?.abort()
}

export default function ({ data, parentElement, setTriggerValue }) {
  const zone = parentElement.querySelector(".zone")
  zone.tell = setTriggerValue
  zone.asked = JSON.parse(data)
  zone.end ??= begin(zone)
  return () => {
    // Streamlit calls this before each further draw as well: only one that is gone is not to go on.
    setTimeout(() => { if (!zone.isConnected) zone.end() })
  }
}
