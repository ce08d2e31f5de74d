import { Connection, Refused } from './connection.js'

const silence = 1_500 // ms: states come every 50 ms
const firstPause = 250 // ms
const longestPause = 4_000 // ms

/**
 * One person at one table, kept there until `leave`: over lost connections, and when the table is gone with its owner.
 *
 * The listener gets `seated(side)` (`left`, `right`, or null for a spectator), `state(state)` 20 times a second, and `notice(text)`:
 * what is wrong at the moment, or an empty text. `ended(text)` comes once.
 */
export class Visit {
  #address
  #table
  #name
  #listener
  #connection = null
  #wanted = true
  #watchdog = 0
  #wake = () => {}

  /** @param {string | null} name the player's; null: a spectator. */
  constructor (address, table, name, listener) {
    this.#address = address
    this.#table = table
    this.#name = name
    this.#listener = listener
  }

  async run () {
    let text = ''
    for (let failures = 0; this.#wanted; failures++) {
      this.#connection = new Connection(this.#address, (topic, body) => this.#push(topic, body))
      try {
        await this.#ask()
        failures = 0
        this.#listener.notice('')
        await this.#connection.closed
      } catch (error) {
        if (error instanceof Refused) {
          text = error.message
          this.#wanted = false
        }
      }
      clearTimeout(this.#watchdog)
      this.#connection.close()
      if (!this.#wanted) break
      this.#listener.notice('No connection: trying again')
      await this.#pause(failures)
    }
    this.#listener.ended(text)
  }

  /** Says where the player wants the middle of the paddle. */
  move (y) {
    this.#connection?.post('Hitball/Handler_Move', { table: this.#table, y })
  }

  async leave () {
    this.#wanted = false
    this.#wake()
    // The end of the connection leaves the table as well.
    this.#connection?.close()
  }

  async #ask () {
    const reply = this.#name === null
      ? await this.#connection.call('Hitball/Handler_Watch', { table: this.#table })
      : await this.#connection.call('Hitball/Handler_Sit', { table: this.#table, name: this.#name })
    this.#listener.seated(reply?.seat ?? null)
    this.#watch()
  }

  /** When no state comes, the table is gone, for its owner is: another one makes a new table, at 0 : 0. */
  #watch () {
    clearTimeout(this.#watchdog)
    this.#watchdog = setTimeout(async () => {
      this.#listener.notice('The table does not answer: sitting down again')
      try {
        await this.#ask()
        this.#listener.notice('')
      } catch {
        this.#connection.close()
      }
    }, silence)
  }

  #push (topic, body) {
    if (topic !== 'Hitball/OnState' || body.table !== this.#table) return
    this.#watch()
    this.#listener.state(body)
  }

  #pause (failures) {
    const length = Math.min(longestPause, firstPause * 2 ** failures) * (0.75 + Math.random() / 2)
    return new Promise(resolve => {
      const timer = setTimeout(resolve, length)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
