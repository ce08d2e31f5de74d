import { paint } from './colour.js'
import { element, person, rich, visible } from './nodes.js'

const longest = 500 // entries kept in the page
const longestText = 4_000 // characters shown of a message
const mostLines = 60
const grouped = 120_000 // ms within which one person's messages stand together

/**
 * The list of what happened in the room.
 *
 * Names and texts come from other people: they enter the page as text nodes only, never as markup. However fast they
 * come, the page lays them out once a frame.
 */
export class Log {
  #list
  #scroller
  #newer
  #pending = [] // entries for the next frame, the newest `longest`
  #frame = 0
  #group = null // { author, time } of the message that names the author of those behind it
  #isSilent = true

  constructor (list, scroller, newer) {
    this.#list = list
    this.#scroller = scroller
    this.#newer = newer
    newer.addEventListener('click', () => this.#toEnd())
    scroller.addEventListener('scroll', () => { if (this.#atEnd) newer.hidden = true })
    // A keyboard that opens on a phone makes the list shorter: what was at the end stays at the end.
    new ResizeObserver(() => { if (newer.hidden) this.#toEnd() }).observe(scroller)
  }

  /** True until somebody says something. */
  get isSilent () { return this.#isSilent }

  clear () {
    this.#pending = []
    this.#list.replaceChildren()
    this.#newer.hidden = true
    this.#group = null
    this.#isSilent = true
  }

  /** Adds what somebody said. */
  message (author, text, own) {
    this.#isSilent = false
    this.#add({ author, text, own })
  }

  /** Adds a line about the room or the connection, made of texts and nodes. */
  event (kind, ...parts) {
    this.#add({ kind, parts })
  }

  #add (entry) {
    this.#pending.push({ ...entry, time: new Date() })
    if (this.#pending.length > longest) this.#pending.shift()
    if (this.#frame) return
    this.#frame = 1
    const next = () => {
      this.#frame = 0
      this.#show(this.#pending.splice(0))
    }
    // A page in the background has no frames.
    if (document.visibilityState === 'visible') requestAnimationFrame(next)
    else setTimeout(next)
  }

  #show (entries) {
    const follow = this.#atEnd || entries.some(entry => entry.own)
    this.#list.append(...entries.map(entry => entry.kind ? this.#line(entry) : this.#message(entry)))
    while (this.#list.childElementCount > longest) this.#list.firstElementChild.remove()
    this.#list.firstElementChild?.classList.remove('follows') // the one that named the author may be gone
    if (follow) this.#toEnd()
    else this.#newer.hidden = false
  }

  #message ({ author, text, own, time }) {
    const follows = this.#group?.author === author && time - this.#group.time < grouped
    const item = element('li', `message${own ? ' own' : ''}${follows ? ' follows' : ''}`)
    paint(item, author)
    const avatar = element('span', 'avatar', [...visible(author).trim()][0]?.toUpperCase() ?? '?')
    avatar.setAttribute('aria-hidden', 'true')
    const who = element('p', 'who', element('b', 'author', person(author), own ? ' (you)' : ''), ' ', clock(time))
    const words = element('p', 'text', rich(shortened(text)))
    words.dir = 'auto'
    const bubble = element('div', 'bubble', words)
    if (follows) bubble.title = time.toLocaleString() // there is no other place for it
    item.append(avatar, element('div', 'said', who, bubble))
    if (!follows) this.#group = { author, time }
    return item
  }

  #line ({ kind, parts, time }) {
    this.#group = null
    return element('li', `event ${kind}`, element('p', 'line', ...parts, ' ', clock(time)))
  }

  get #atEnd () {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < 48
  }

  #toEnd () {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
    this.#newer.hidden = true
  }
}

/** As much of a text as a page can hold; other clients may send more. */
function shortened (text) {
  const lines = text.slice(0, longestText).split('\n')
  const kept = lines.slice(0, mostLines).join('\n')
  return kept.length < text.length ? `${kept.toWellFormed?.() ?? kept} […]` : text
}

/** The pushes carry no time: the page's own clock says when they came. */
function clock (date) {
  const made = element('time', 'time', date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }))
  made.dateTime = date.toISOString()
  made.title = date.toLocaleString()
  return made
}
