// What Node has everywhere and a browser has not, for MQTT.js and its streams.
export { Buffer } from 'buffer'

// nextTick is a microtask: a timer would be slowed down to one a second in a background tab.
export const process = {
  title: 'browser',
  browser: true,
  env: {},
  version: '',
  nextTick: (callback, ...values) => queueMicrotask(() => callback(...values))
}
