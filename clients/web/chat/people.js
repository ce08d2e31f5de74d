import { paint } from './colour.js'
import { element, person } from './nodes.js'

const longest = 200 // names in the list; the count has all

/** Who is in the room: the list that the server gave, kept true by the pushes since. */
export class People {
  #self = ''
  #names = new Set()
  #told = new Map() // name -> is here; what pushes told while the list was on its way
  #isListed = false
  #isKnown = false
  #frame = 0
  #view
  #order = new Intl.Collator()

  /**
   * @param {object} view `list`, `more`: elements for the names; `count`: for their number; `button`: opens the list;
   *   `changed()`: called after each change that is shown.
   */
  constructor (view) {
    this.#view = view
  }

  /** True if nobody else is in the room. */
  get isAlone () { return this.#isKnown && this.#names.size === 1 }

  /** Begins anew, for the room that the person goes into. */
  begin (self) {
    this.#self = self
    this.#names = new Set([self])
    this.#isKnown = false
    this.expect()
  }

  /** From now on, what pushes tell is newer than the list that comes next. */
  expect () {
    this.#told.clear()
    this.#isListed = false
    this.#change()
  }

  /** Somebody came or went. */
  tell (name, isHere) {
    if (!this.#isListed) this.#told.set(name, isHere)
    this.#set(name, isHere)
    this.#change()
  }

  /** The server's list. What is no list of names is not known. */
  listed (names) {
    this.#isKnown = Array.isArray(names)
    if (this.#isKnown) {
      this.#names = new Set([this.#self, ...names.map(String)])
      for (const [name, isHere] of this.#told) this.#set(name, isHere)
    }
    this.#told.clear()
    this.#isListed = true
    this.#change()
  }

  /** No list came: the one that was there before stays. */
  keep () {
    this.#told.clear()
    this.#isListed = true
  }

  #set (name, isHere) {
    if (isHere) this.#names.add(name)
    else if (name !== this.#self) this.#names.delete(name)
  }

  /** Many may come at once: they are shown once a frame. */
  #change () {
    if (this.#frame) return
    this.#frame = 1
    const next = () => {
      this.#frame = 0
      this.show()
    }
    if (document.visibilityState === 'visible') requestAnimationFrame(next)
    else setTimeout(next)
  }

  /** Shows the count, and the names where they are to be seen. */
  show () {
    const { list, more, count, button, changed } = this.#view
    button.hidden = !this.#isKnown
    count.textContent = this.#names.size
    const isOpen = button.getAttribute('aria-expanded') === 'true'
    const sorted = isOpen ? [...this.#names].sort(this.#order.compare).slice(0, longest) : []
    list.replaceChildren(...sorted.map(name => this.#item(name)))
    const left = this.#names.size - longest
    more.hidden = left <= 0
    more.textContent = `and ${left} more`
    changed()
  }

  #item (name) {
    const item = element('li', 'member', element('span', 'label', person(name), name === this.#self ? ' (you)' : ''))
    paint(item, name)
    return item
  }
}
