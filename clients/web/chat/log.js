const longest = 500 // entries kept in the page
const grouped = 120_000 // ms within which one person's messages stand together

/**
 * The list of what happened in the room.
 *
 * Names and texts come from other people: they enter the page as text nodes only, never as markup.
 */
export class Log {
  #list
  #scroller
  #newer
  #last = null // { author, time } of the last message, if the last entry is one

  constructor (list, scroller, newer) {
    this.#list = list
    this.#scroller = scroller
    this.#newer = newer
    newer.addEventListener('click', () => this.#toEnd())
    scroller.addEventListener('scroll', () => { if (this.#atEnd) newer.hidden = true })
    // A keyboard that opens on a phone makes the list shorter: what was at the end stays at the end.
    new ResizeObserver(() => { if (newer.hidden) this.#toEnd() }).observe(scroller)
  }

  clear () {
    this.#list.replaceChildren()
    this.#newer.hidden = true
    this.#last = null
  }

  /** Adds what somebody said. */
  message (author, text, own) {
    const now = Date.now()
    const follows = this.#last?.author === author && now - this.#last.time < grouped
    const item = element('li', `message${own ? ' own' : ''}${follows ? ' follows' : ''}`)
    item.style.setProperty('--hue', hue(author))
    const avatar = element('span', 'avatar', [...author.trim()][0]?.toUpperCase() ?? '?')
    avatar.setAttribute('aria-hidden', 'true')
    const who = element('p', 'who')
    who.append(element('b', 'author', own ? `${author} (you)` : author), ' ', clock(now))
    const bubble = element('div', 'bubble')
    bubble.append(who, element('p', 'text', text))
    item.append(avatar, bubble)
    this.#add(item)
    this.#last = { author, time: now }
  }

  /** Adds a line about the room or the connection. */
  event (text, kind) {
    const item = element('li', `event ${kind}`)
    const line = element('p', 'line', text)
    line.append(' ', clock(Date.now()))
    item.append(line)
    this.#add(item)
    this.#last = null
  }

  get #atEnd () {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < 48
  }

  #add (item) {
    const follow = this.#atEnd || item.classList.contains('own')
    this.#list.append(item)
    while (this.#list.childElementCount > longest) this.#list.firstElementChild.remove()
    if (follow) this.#toEnd()
    else this.#newer.hidden = false
  }

  #toEnd () {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
    this.#newer.hidden = true
  }
}

function element (name, className, text = '') {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}

/** The pushes carry no time: the page's own clock says when they came. */
function clock (now) {
  const date = new Date(now)
  const made = element('time', 'time', date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }))
  made.dateTime = date.toISOString()
  made.title = date.toLocaleString()
  return made
}

/** A colour of one's own: the same name has the same one on every page. */
function hue (name) {
  let sum = 7
  for (const character of name) sum = (sum * 61 + character.codePointAt(0)) % 65521
  return (sum * 137) % 360 // the golden angle sets neighbours far apart
}
