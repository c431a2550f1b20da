// Light or dark, as the person chose it for all their browsers. Streamlit has no call for it: it keeps the name in the
// browser, for each path that a window was loaded at, and reads it once, while it loads. So the name is put there for
// every page, and this window loads once more where it began with another one: when it has just been opened, or when
// the person has just chosen, never in the middle of what they do. The sign-in forms know it by the cookie.
const NAMES = { light: "Light", dark: "Dark" }
const DEVICE = "System"
const place = (path) => `stActiveTheme-${path}-v2`
const YEAR = 365 * 24 * 60 * 60

const loadedAt = () => new URL(performance.getEntriesByType("navigation")[0]?.name ?? location.href).pathname
const nameAt = (path) => {
  try {
    return JSON.parse(localStorage.getItem(place(path))) ?? DEVICE
  } catch {
    return DEVICE
  }
}
const remember = (look) => {
  const secure = location.protocol === "https:" ? "; secure" : ""
  document.cookie = `parley_look=${look ?? ""}; path=/; samesite=lax; max-age=${look ? YEAR : 0}${secure}`
}

export default ({ data }) => {
  const { look, chosen, paths } = JSON.parse(data)
  if (window.parleyLook === chosen) return
  window.parleyLook = chosen
  const wanted = NAMES[look] ?? DEVICE, begun = loadedAt(), before = nameAt(begun)
  remember(look)
  try {
    for (const path of new Set([begun, location.pathname, ...paths])) localStorage.setItem(place(path), JSON.stringify(wanted))
  } catch {
    return // a browser that keeps nothing would load again and again
  }
  if (before !== wanted) location.reload()
}
