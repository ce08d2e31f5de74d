/**
 * The link that leads into a room: the page's own address, with the room as its fragment. Browsers keep fragments to
 * themselves: no server's log and no `Referer` has them.
 */
export function inviteLink (location, room) {
  const url = new URL(location.href)
  const gate = url.searchParams.get('ws')
  url.search = gate === null ? '' : `?ws=${encodeURIComponent(gate)}`
  url.hash = encodeURIComponent(room)
  return url.href
}

/** The room of the link that led here, or an empty text. */
export function invitedRoom (location) {
  const fragment = location.hash.slice(1)
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment // typed by hand
  }
}

/** True if the link leads nowhere but on this machine. */
export const isOfThisMachine = location => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname)

/**
 * Copies the field's text, and selects it, so that the person can copy it by hand where the browser refuses.
 * @returns {Promise<boolean>} whether the text was copied.
 */
export async function copy (field) {
  try {
    await navigator.clipboard.writeText(field.value) // not there on a page that came over plain HTTP from elsewhere
    return true
  } catch {
    field.focus()
    field.select()
    return document.execCommand('copy')
  }
}
