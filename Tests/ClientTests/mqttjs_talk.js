// Two MQTT.js clients talk through the Gate: node mqttjs_talk.js URL PROTOCOL_ID PROTOCOL_VERSION ROOM
// Prints what the second one heard, as one line of JSON.
const mqtt = require('mqtt')

const [url, protocolId, version, room] = process.argv.slice(2)
const options = { protocolId, protocolVersion: Number(version), reconnectPeriod: 0, connectTimeout: 10000 }
let calls = 0

function fail (error) {
  console.error(String(error?.message ?? error))
  process.exit(1)
}

function connect () {
  const client = mqtt.connect(url, options)
  client.on('error', fail)
  client.setMaxListeners(0)
  return new Promise(resolve => client.once('connect', () => resolve(client)))
}

/** Publishes to `route/number` and waits for the reply on that topic. */
function call (client, route, body, qos) {
  const topic = `${route}/${++calls}`
  return new Promise((resolve, reject) => {
    client.on('message', function listen (came, payload) {
      if (came !== topic) return
      client.off('message', listen)
      const reply = JSON.parse(payload)
      if (reply.Error) reject(new Error(reply.Error))
      else resolve(reply.Result)
    })
    client.publish(topic, JSON.stringify(body), { qos })
  })
}

async function main () {
  const heard = []
  const [ada, bob] = await Promise.all([connect(), connect()])
  const all = new Promise(resolve => bob.on('message', (topic, payload) => {
    if (topic !== 'Chat/OnSay') return
    heard.push(JSON.parse(payload))
    if (heard.length === 3) resolve()
  }))
  await call(ada, 'Login/Handler_Login', { userName: 'ada', passWord: 'js' }, 0)
  await call(bob, 'Login/Handler_Login', { userName: 'bob', passWord: 'js' }, 1)
  await call(ada, 'Chat/Handler_JoinChat', { roomName: room }, 2)
  await call(bob, 'Chat/Handler_JoinChat', { roomName: room }, 0)
  for (const qos of [0, 1, 2]) await call(ada, 'Chat/Handler_Say', { roomName: room, say: `by ${qos}` }, qos)
  await all
  const refused = await call(bob, 'Chat/Handler_JoinChat', { roomName: room }, 0).catch(error => error.message)
  console.log(JSON.stringify({ heard, refused }))
  ada.end()
  bob.end()
}

setTimeout(() => fail('no end within 30 s'), 30000).unref()
main().catch(fail)
