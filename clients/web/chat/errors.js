import { Refused } from './connection.js'

const busy = 'The server is busy. Please try again in a moment.'

// The server's texts (docs/client-protocol.md), the field of the form that each is about, and what the person reads.
const known = [
  [/^userName or passWord cannot be nil$/, 'password', 'This server asks for a password.'], // a name was sent
  [/^userName is longer than/, 'name', 'This name is too long. Please choose a shorter one.'],
  [/^userName /, 'name', 'This name cannot be used here. Please choose another one.'],
  [/ is logged in elsewhere$/, 'name', 'Somebody with this name is here already. Please choose another name.'],
  [/^passWord is longer than/, 'password', 'This password is too long.'],
  [/^roomName is longer than/, 'room', 'The name of this room is too long. Please choose a shorter one.'],
  [/^roomName /, 'room', 'This room cannot be used. Please choose another one.'],
  [/^Service\(type:(\w+)\) not found$/, '', 'A part of the server is not running ($1). Please try again later.'],
  [/^too many failed logins, try again in (\d+) s$/, '', 'Too many logins failed. Please try again in $1 s.'],
  [/^too many /, '', 'That was too much at once. Please wait a moment, and try again.'],
  [/ is overloaded$| did not answer in time$/, '', busy],
  [/ not available, try again later$/, '', 'The server cannot let anybody in now. Please try again later.'],
  [/^the process that held | was out$|^the instance is not live$/, '',
    'A part of the server was lost. Nobody knows whether this was done.'],
  [/^this node is shutting down$/, '', 'The server is shutting down. Please try again later.'],
  [/^No room$|^You haven't been in the room yet$|^Not Logined$/, '', 'The server no longer knows you in this room.']
]

/** What the person reads about an error: a sentence, and the field that it is about: name, password, room or none. */
export function explain (error) {
  if (!(error instanceof Refused) || !error.route) return { field: '', text: error.message }
  for (const [pattern, field, text] of known) {
    const match = pattern.exec(error.message)
    if (match) return { field, text: text.replace('$1', match[1]) }
  }
  if (error.route !== 'Login/Handler_Login') return { field: '', text: `The server answered: ${error.message}` }
  // What is left is about the password: texts differ from server to server.
  if (!error.body.passWord) return { field: 'password', text: 'This server asks for a password.' }
  if (/wrong|password/i.test(error.message)) return { field: 'password', text: 'Name or password is wrong.' }
  return { field: 'password', text: `You were not let in. The server answered: ${error.message}` }
}

/** True if the server has forgotten who or where this session is: the way back is to log in and join again. */
export function isForgotten (error) {
  return error instanceof Refused && /^(No room|You haven't been in the room yet|Not Logined)$/.test(error.message)
}
