const mostLinks = 20 // of one message
const longestLink = 2_000 // characters

// Controls, direction marks, and other characters that nobody sees. The two joiners stay: scripts and emoji need them.
const invisible = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u2800\u3164\uffa0]/gu
const addresses = /(?<![\p{L}\p{N}])https?:\/\/[^\s\p{Cc}\p{Cf}<>"]+/giu

/** The element of the page with this id. */
export const at = id => document.getElementById(id)

/** Makes an element. Texts among its children become text nodes, never markup. */
export function element (name, className, ...children) {
  const made = document.createElement(name)
  made.className = className
  made.append(...children)
  return made
}

/** A name for places that hold text only: what nobody would see is shown as a replacement character. */
export const visible = name => name.replace(invisible, '\ufffd')

/** A name, isolated: one that is written from right to left does not turn the text around it. */
export const person = name => element('bdi', 'person', visible(name))

/** A message's text, with its web addresses as links. */
export function rich (text) {
  const made = document.createDocumentFragment()
  let end = 0
  for (const { 0: found, index } of take(text.matchAll(addresses), mostLinks)) {
    const written = withoutPunctuation(found)
    const url = target(written)
    if (!url) continue
    made.append(text.slice(end, index), link(written, url))
    end = index + written.length
  }
  made.append(text.slice(end))
  return made
}

function link (written, url) {
  const made = element('a', 'link', written)
  made.href = url.href
  made.title = url.href // a host of letters that look like others shows its real name here
  made.target = '_blank'
  made.rel = 'noopener noreferrer'
  made.dir = 'ltr'
  return made
}

/** Where a link leads, or null for what is none: https://bank.example@evil.example/ leads elsewhere than it seems. */
function target (written) {
  const url = written.length <= longestLink ? parsed(written) : null
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  return isWeb && !url.username && !url.password ? url : null
}

function parsed (written) {
  try {
    return new URL(written)
  } catch {
    return null
  }
}

/** Without what ends the sentence, or the bracket, that the address stands in. */
function withoutPunctuation (found) {
  const written = found.replace(/[.,;:!?'*_…]+$/u, '')
  const isOpen = written.endsWith(')') && written.split(')').length > written.split('(').length
  return isOpen ? withoutPunctuation(written.slice(0, -1)) : written
}

function * take (all, most) {
  let left = most
  for (const one of all) {
    if (left-- === 0) return
    yield one
  }
}
