import { Connection, Lost, Refused } from './connection.js'
import { explain, isForgotten } from './errors.js'

const firstPause = 500 // ms
const longestPause = 8_000 // ms
const leaveDeadline = 2_000 // ms
const pushes = { 'Chat/OnJoin': 'join', 'Chat/OnSay': 'say', 'Chat/OnLeave': 'leave' }

/**
 * One person in one room, kept there over any number of connections.
 *
 * It connects, logs in and joins; when the connection ends it does all three again, with growing pauses, until `leave`.
 * What it has to tell goes to the listener:
 *   `state(name, detail)`  idle | connecting | joined | waiting (detail: ms until the next attempt);
 *   `joined()`             after every successful join, the first and the later ones;
 *   `push(kind, body)`     kind: join | say | leave, body as the server sent it;
 *   `notice(text)`         something to know that ends nothing;
 *   `ended(reason)`        the session is over: what `explain` returns; the text is empty when the person left.
 */
export class Session {
  #address
  #name
  #room
  #password
  #listener
  #connection = null
  #wanted = true
  #reason = { field: '', text: '' } // why the session ended
  #wake = () => {}

  /** The name and the room are composed (NFC), as the server has them. An empty password asks whether one is needed. */
  constructor (address, { name, room, password }, listener) {
    this.#address = address
    this.#name = name
    this.#room = room
    this.#password = password
    this.#listener = listener
  }

  /** Stays in the room until `leave`, or until the server refuses the first login or join, or a later password. */
  async run () {
    let everJoined = false
    for (let failures = 0; this.#wanted;) {
      try {
        await this.#enter()
        everJoined = true
        failures = 0
        await this.#connection.closed
        if (this.#wanted) this.#listener.notice('Connection lost')
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Lost)) throw error
        const reason = explain(error)
        if (error instanceof Refused && (!everJoined || reason.field === 'password')) {
          this.#reason = reason
          break
        }
        if (this.#wanted && failures === 0) this.#listener.notice(reason.text)
      } finally {
        this.#connection?.close()
        this.#connection = null
      }
      if (this.#wanted) await this.#pause(failures++)
    }
    this.#listener.state('idle')
    this.#listener.ended(this.#reason)
  }

  /** Says a text to the room. Rejects with `Refused` or `Lost`. */
  async say (text) {
    if (!this.#connection) throw new Lost('Not connected')
    try {
      await this.#connection.call('Chat/Handler_Say', { roomName: this.#room, say: text })
    } catch (error) {
      // A server that does not answer, or that has forgotten this session: try another connection.
      if (error instanceof Lost || isForgotten(error)) this.#connection?.close()
      throw error
    }
  }

  /** The names of those who are in the room. Rejects with `Refused` or `Lost`. */
  async members () {
    if (!this.#connection) throw new Lost('Not connected')
    return await this.#connection.call('Chat/Handler_Members', { roomName: this.#room })
  }

  /** Leaves the room and ends the session. */
  async leave () {
    this.#wanted = false
    this.#wake()
    const connection = this.#connection
    if (!connection) return
    // Closing the connection leaves the room as well, so neither a refusal nor a slow answer keeps the person here.
    const left = connection.call('Chat/Handler_LeaveChat', { roomName: this.#room }).catch(() => {})
    await Promise.race([left, new Promise(resolve => setTimeout(resolve, leaveDeadline))])
    connection.close()
  }

  /** Ends the present pause between two attempts. */
  retryNow () {
    this.#wake()
  }

  async #enter () {
    this.#listener.state('connecting')
    this.#connection = await Connection.open(this.#address, (topic, body) => this.#push(topic, body))
    if (!this.#wanted) throw new Lost('Left')
    await this.#connection.call('Login/Handler_Login', { userName: this.#name, passWord: this.#password })
    try {
      await this.#connection.call('Chat/Handler_JoinChat', { roomName: this.#room })
    } catch (error) {
      if (error.message !== 'Already in this chat room') throw error
    }
    this.#listener.state('joined')
    this.#listener.joined()
  }

  /** Pushes come on topics nobody subscribed to: that is how this gateway works. */
  #push (topic, body) {
    if (topic === 'Gate/OnKick') {
      const reason = String(body.reason ?? '')
      const text = /logged in elsewhere$/.test(reason)
        ? 'You logged in somewhere else, so this page was signed out.'
        : `The server signed you out${reason && `: ${reason}`}.`
      this.#reason = { field: '', text }
      this.#wanted = false
      this.#connection?.close()
      return
    }
    const kind = Object.hasOwn(pushes, topic) ? pushes[topic] : null
    if (kind && body.roomName === this.#room) this.#listener.push(kind, body)
  }

  /** Waits before the next attempt: twice as long after each failure, and never in step with every other client. */
  #pause (failures) {
    const length = Math.min(longestPause, firstPause * 2 ** failures) * (0.75 + Math.random() / 2)
    this.#listener.state('waiting', length)
    return new Promise(resolve => {
      const timer = setTimeout(resolve, length)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
