import { at } from './nodes.js'

const mostBytes = 128 // of a name, in UTF-8: the server's bound
const unseen = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u // controls and direction marks
const fields = ['name', 'room', 'password']

/** The form that asks for a name, a room and, if the server wants one, a password. */
export class JoinForm {
  #isPasswordNeeded = false

  /**
   * @param {(person: {name: string, room: string, password: string}) => void} onJoin called with what can be sent.
   * @param {() => void} onCancel called when the person gives up waiting.
   */
  constructor (onJoin, onCancel) {
    at('join').addEventListener('submit', event => {
      event.preventDefault()
      if (this.isBusy) return onCancel()
      const person = this.#read()
      if (person) onJoin(person)
    })
    at('show').addEventListener('click', () => this.#reveal(at('password').type === 'password'))
    for (const field of fields) at(field).addEventListener('input', () => this.#mark(field, ''))
  }

  isBusy = false

  /** Busy: the person waits for the server, and may cancel. */
  setBusy (isBusy) {
    this.isBusy = isBusy
    at('enter').disabled = false
    at('enter').textContent = isBusy ? 'Cancel' : 'Join'
  }

  /** Nothing can be joined from this page. */
  disable () {
    at('enter').disabled = true
  }

  /** Fills the form in: from the invite link and the page's query, else from the last visit. */
  recall (query, invited) {
    at('name').value = query.get('name') ?? stored('name') ?? ''
    at('room').value = invited || (query.get('room') ?? stored('room') ?? 'abc')
    this.#askPassword(stored('password') === 'asked')
  }

  /** The person is in: the next visit begins with this. A browser that keeps nothing is fine too. */
  remember ({ name, room, password }) {
    store('name', name)
    store('room', room)
    // That there is a password, never the password: that is the business of the browser's password manager.
    store('password', password ? 'asked' : '')
    at('password').value = ''
    this.#isPasswordNeeded = password !== ''
  }

  /** Says what is wrong with a field, and leads there. */
  complain (field, text) {
    if (field === 'password') {
      this.#isPasswordNeeded = true
      this.#askPassword(true)
    }
    this.#mark(field, text)
    at(field).focus()
    at(field).select()
    at(`${field}-error`).scrollIntoView({ block: 'nearest' })
  }

  focus () {
    const empty = fields.find(field => !at(field).disabled && !at(field).value)
    at(empty ?? 'enter').focus()
  }

  /** What was typed, or null if it cannot be sent: then the form says why. */
  #read () {
    for (const field of fields) this.#mark(field, '')
    const [name, room] = ['name', 'room'].map(field => {
      at(field).value = at(field).value.trim().normalize() // as the server has them
      return at(field).value
    })
    const password = at('password').disabled ? '' : at('password').value
    this.#reveal(false) // else no password manager would know what it is
    if (!name) return this.complain('name', 'Please type your name.')
    if (unseen.test(name)) return this.complain('name', 'This name holds characters that nobody sees. Please retype it.')
    if (isTooLong(name)) return this.complain('name', 'This name is too long. Please choose a shorter one.')
    if (!room) return this.complain('room', 'Please type the name of a room.')
    if (isTooLong(room)) return this.complain('room', 'The name of this room is too long. Please choose a shorter one.')
    if (this.#isPasswordNeeded && !password) return this.complain('password', 'Please type your password.')
    return { name, room, password }
  }

  #mark (field, text) {
    at(`${field}-error`).textContent = text
    at(`${field}-error`).hidden = !text
    at(field).setAttribute('aria-invalid', String(text !== ''))
  }

  #askPassword (isAsked) {
    at('password-row').hidden = !isAsked
    at('password').disabled = !isAsked
  }

  #reveal (isShown) {
    at('password').type = isShown ? 'text' : 'password'
    at('show').textContent = isShown ? 'Hide' : 'Show'
    at('show').setAttribute('aria-label', isShown ? 'Hide password' : 'Show password')
  }
}

const isTooLong = name => new TextEncoder().encode(name).length > mostBytes

function store (key, value) {
  try {
    localStorage.setItem(`mqant.${key}`, value)
  } catch {}
}

function stored (key) {
  try {
    return localStorage.getItem(`mqant.${key}`)
  } catch {
    return null
  }
}
