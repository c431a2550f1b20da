// What of hostile texts a page understood instead of showing it. Given: each text's own word with the mark before it,
// the mark that is left of it where a text is read without its marks, and the host that nobody may be led to. Words in
// the shadow roots of our parts count as well.
([marks, left, elsewhere]) => {
  const found = []
  const plain = (text) => text.replace(/[\u2060\u200b\ufeff\u2066-\u2069\u202a-\u202e\u00ad]/g, "").replace(/\s+/g, " ")
  // Two texts word by word: what is between their changes stands apart.
  const inDifference = (element) => Boolean(element.closest("del, .stMarkdownColoredBackground"))
  const inMessage = (element) => Boolean(element.closest("[data-testid=stChatMessage]"))
  // Home says in a line what was said last: see core/ui/gist.py.
  const inGist = (element, word) => location.pathname === "/" && element.localName === "p" &&
    Boolean(element.closest("[data-testid=stCaptionContainer]")) && textOf(element).includes(plain(left[word]) + word)
  // Read once for all the words in it: of a page with thousands that is most of the work.
  const read = new Map()
  const textOf = (element) => {
    if (!read.has(element)) read.set(element, plain(element.textContent))
    return read.get(element)
  }
  const above = (node) => node.parentElement ?? node.getRootNode().host ?? null
  const shown = (element) => element.outerHTML.slice(0, 200)
  const leads = (address) => {
    try { return new URL(address, location.href) } catch { return null }
  }

  const element = (one) => {
    const tag = one.localName
    if (tag === "script" && !one.src) found.push(`<script>: ${shown(one)}`)
    if (["iframe", "object", "embed", "frame", "base"].includes(tag)) found.push(`<${tag}>: ${shown(one)}`)
    for (const { name } of one.attributes) if (name.startsWith("on")) found.push(`${name}: ${shown(one)}`)
    for (const name of ["src", "href", "xlink:href", "action", "formaction", "poster", "data"]) {
      const value = one.getAttribute(name)
      if (!value || value.startsWith("#")) continue
      const where = leads(value)
      const isOurs = where && ((where.origin === location.origin && where.origin !== "null") || where.protocol === "blob:" ||
        (where.protocol === "data:" && tag !== "a"))
      if (isOurs) continue
      const isLink = tag === "a" && where && /^(https?|mailto):$/.test(where.protocol)
      if (isLink && inMessage(one) && /noopener|noreferrer/.test(one.rel) ) continue
      found.push(`${name}=${value}: ${shown(one)}`)
    }
    if (tag === "a" && one.href?.includes?.(elsewhere) && !inMessage(one)) found.push(`link: ${shown(one)}`)
    if (tag === "img" && one.src.includes(elsewhere)) found.push(`image: ${shown(one)}`)
    if (one.matches(".katex, .katex-error") && !inMessage(one)) found.push(`formula: ${shown(one)}`)
  }

  const words = (node) => {
    for (const [, word] of node.data.matchAll(/(zq[a-z]+)/g)) {
      const mark = marks[word]
      if (mark === undefined) continue
      let around = above(node), text = ""
      for (let up = 0; around && up < 6; up += 1, around = above(around)) {
        text = textOf(around)
        if (text.includes(plain(mark) + word)) break
      }
      const at = node.parentElement
      if (!around || !text.includes(plain(mark) + word)) {
        if (!at || !(inMessage(at) || inDifference(at) || inGist(at, word))) found.push(`“${mark}${word}” reads “${plain(at?.parentElement?.textContent ?? node.data).slice(0, 120)}”: ${at ? shown(at) : ""}`)
      }
    }
  }

  const look = (root) => {
    const walk = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT)
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        if (!node.parentElement?.closest("script, style")) words(node)
      } else {
        element(node)
        if (node.shadowRoot) look(node.shadowRoot)
      }
    }
  }
  look(document.body)
  return [...new Set(found)]
}
