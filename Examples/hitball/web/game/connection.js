import { connect } from '../vendor/mqtt.js'

/** The server answered a request with an error text of its own. */
export class Refused extends Error {}

const replyDeadline = 12_000 // ms; the server's own deadline for a call is 10 s

/**
 * Where the Gate's WebSocket is: port 3653 of the page's host, unless the page's query names another: `?ws=ws://host:port/`.
 * @param {Location} location the page's own address.
 * @throws {Error} with a sentence for the person, when the query holds something else.
 */
export function gateAddress (location) {
  const secure = location.protocol === 'https:'
  const text = new URLSearchParams(location.search).get('ws') ?? `${secure ? 'wss' : 'ws'}://${location.hostname}:3653/`
  if (!URL.canParse(text) || !/^wss?:$/.test(new URL(text).protocol)) throw new Error(`not the address of a WebSocket: ${text}`)
  const url = new URL(text)
  return {
    protocol: url.protocol.slice(0, -1),
    hostname: url.hostname,
    port: url.port || (url.protocol === 'wss:' ? '443' : '80'),
    path: url.pathname
  }
}

/** One MQTT connection to the Gate: calls with an answer, posts without one, and pushes. It lives once. */
export class Connection {
  /** Settles when the connection is over, however it ended. Never rejects. */
  closed

  #client
  #waiting = new Map() // topic -> { resolve, reject, timer }
  #calls = 0

  /**
   * @param {object} address what `gateAddress` returned.
   * @param {(topic: string, body: object) => void} onPush called for every push whose payload is a JSON object.
   */
  constructor (address, onPush) {
    this.#client = connect({
      ...address, protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 30, connectTimeout: 8_000,
      reconnectPeriod: 0, queueQoSZero: true
    })
    this.#client.on('error', () => this.#client.end(true))
    this.#client.on('message', (topic, payload) => this.#receive(topic, payload, onPush))
    this.closed = new Promise(resolve => this.#client.on('close', resolve))
    this.closed.then(() => {
      for (const topic of [...this.#waiting.keys()]) this.#settle(topic).reject(new Error('The connection was lost'))
    })
  }

  /** Calls a function; the answer comes on the very topic. Rejects with `Refused`, or with another `Error` if nothing comes. */
  call (route, body) {
    const topic = `${route}/${++this.#calls}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(topic)?.reject(new Error('The server does not answer')), replyDeadline)
      this.#waiting.set(topic, { resolve, reject, timer })
      this.#client.publish(topic, JSON.stringify(body), { qos: 0 })
    })
  }

  /** Calls a function without waiting for anything: a topic without a message id gets no answer. */
  post (route, body) {
    if (this.#client.connected) this.#client.publish(route, JSON.stringify(body), { qos: 0 })
  }

  close () {
    this.#client.end(!this.#client.connected)
  }

  #receive (topic, payload, onPush) {
    let body
    try {
      body = JSON.parse(payload.toString())
    } catch {
      return // not of this protocol
    }
    if (body === null || typeof body !== 'object') return
    const call = this.#settle(topic)
    if (!call) return onPush(topic, body)
    if (body.Error) call.reject(new Refused(String(body.Error)))
    else call.resolve(body.Result)
  }

  #settle (topic) {
    const call = this.#waiting.get(topic)
    if (call) clearTimeout(call.timer)
    this.#waiting.delete(topic)
    return call
  }
}
