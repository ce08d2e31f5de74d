/** The server answered a request with an error text of its own, or refused the connection (then there is no route). */
export class Refused extends Error {
  constructor (message, route = '', body = {}) {
    super(message)
    this.route = route
    this.body = body
  }
}

/** The connection ended, or an answer did not come in time: what became of the request is unknown. */
export class Lost extends Error {}

const replyDeadline = 12_000 // ms; the server's own deadline for a call is 10 s
const connectDeadline = 8_000 // ms

/**
 * One MQTT connection to the Gate, and calls over it.
 *
 * A call is a PUBLISH to `Type/Handler/msgid`; its reply comes on that very topic. Everything else that comes is a push.
 * A Connection lives once: whoever wants to go on after its end opens another.
 */
export class Connection {
  /** Settles when the connection is over, however it ended. Never rejects. */
  closed

  #client
  #waiting = new Map() // topic -> { resolve, reject, timer }
  #calls = 0
  #onPush

  /**
   * @param {object} address what `gateAddress` returned.
   * @param {(topic: string, body: object) => void} onPush called for every push whose payload is a JSON object.
   * @returns {Promise<Connection>} once the Gate has accepted the connection.
   */
  static async open (address, onPush) {
    const mqtt = await import('../vendor/mqtt.js').catch(error => {
      throw new Refused(`${error.message} (on the server, scripts/bundle-web makes this file)`)
    })
    const connection = new Connection()
    await connection.#open(mqtt, address, onPush)
    return connection
  }

  #open (mqtt, address, onPush) {
    this.#onPush = onPush
    const client = mqtt.connect({
      protocol: address.protocol,
      hostname: address.hostname,
      port: address.port,
      path: address.path,
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 45, // s
      connectTimeout: connectDeadline,
      reconnectPeriod: 0, // the session opens a new Connection itself
      queueQoSZero: false
    })
    this.#client = client
    client.on('message', (topic, payload) => this.#receive(topic, payload))
    return new Promise((resolve, reject) => {
      let reason = new Lost(`The server at ${address.text} cannot be reached`)
      this.closed = new Promise(over => {
        client.on('close', () => {
          this.#fail(new Lost('The connection was lost'))
          reject(reason)
          over()
        })
      })
      client.on('error', error => {
        // MQTT 3.1.1 §3.2.2.3: 4 and 5 are about who connects, and the same the next time.
        if (error.code === 4 || error.code === 5) {
          reason = new Refused('The server accepts no connection from this page.')
        } else if (error.code === 3) {
          reason = new Lost('The server is not ready yet')
        }
        client.end(true)
      })
      client.once('connect', () => resolve())
    })
  }

  /**
   * Calls a function of the server and waits for its reply.
   * @param {string} route such as `Chat/Handler_Say`.
   * @param {object} body sent as JSON.
   * @returns {Promise<any>} the reply's `Result`.
   * @throws {Refused | Lost}
   */
  call (route, body) {
    const topic = `${route}/${++this.#calls}`
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(topic)
        reject(new Lost(`No answer from the server within ${replyDeadline / 1000} seconds`))
      }, replyDeadline)
      const refuse = text => reject(new Refused(text, route, body))
      this.#waiting.set(topic, { resolve, reject, refuse, timer })
      if (this.#client.connected) {
        this.#client.publish(topic, JSON.stringify(body), { qos: 0 })
      } else {
        this.#settle(topic).reject(new Lost('The connection was lost'))
      }
    })
  }

  /** Ends the connection; calls still waiting are rejected as `Lost`. */
  close () {
    this.#client.end(!this.#client.connected)
  }

  #receive (topic, payload) {
    let body
    try {
      body = JSON.parse(payload.toString())
    } catch {
      return // not of this protocol
    }
    if (body === null || typeof body !== 'object') return
    const call = this.#settle(topic)
    if (!call) return this.#onPush(topic, body)
    if (body.Error) call.refuse(String(body.Error))
    else call.resolve(body.Result)
  }

  /** Takes a call out of the waiting ones. */
  #settle (topic) {
    const call = this.#waiting.get(topic)
    if (call) clearTimeout(call.timer)
    this.#waiting.delete(topic)
    return call
  }

  #fail (error) {
    for (const topic of [...this.#waiting.keys()]) this.#settle(topic).reject(error)
  }
}
