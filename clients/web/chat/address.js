/**
 * Where the Gate's WebSocket is.
 *
 * It is port 3653 of the host that served the page, unless the page's query names another: `?ws=ws://host:port/path`.
 * @param {Location} location the page's own address.
 * @returns {{protocol: string, hostname: string, port: string, path: string, text: string}}
 * @throws {Error} with a sentence for the person, when the query holds something else than a WebSocket URL.
 */
export function gateAddress (location) {
  const secure = location.protocol === 'https:'
  const asked = new URLSearchParams(location.search).get('ws')
  const text = asked ?? `${secure ? 'wss' : 'ws'}://${location.hostname || '127.0.0.1'}:3653/`
  let url
  try {
    url = new URL(text)
  } catch {
    throw new Error(`The address in ?ws= is not a URL: ${text}`)
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw new Error(`The address in ?ws= must begin with ws:// or wss://, this one does not: ${text}`)
  }
  return {
    protocol: url.protocol.slice(0, -1),
    hostname: url.hostname,
    port: url.port || (url.protocol === 'wss:' ? '443' : '80'),
    path: url.pathname + url.search,
    text: url.href
  }
}
