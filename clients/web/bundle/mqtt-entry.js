// What goes into vendor/mqtt.js: MQTT.js' client over the browser's own WebSocket, and nothing else.
// MQTT.js' connect() would bring URL parsing, TCP, TLS and two mini-app platforms with it, so the client is built here.
import MqttClient from 'mqtt/lib/client.js'
import openStream from 'mqtt/lib/connect/ws.js'

/**
 * Opens one MQTT connection over a WebSocket.
 * @param {object} options MQTT.js' client options; `protocol` (`ws` or `wss`), `hostname`, `port` and `path` say where to.
 * @returns {MqttClient} MQTT.js' client, already connecting.
 */
export function connect (options) {
  return new MqttClient(client => openStream(client, options), options)
}
