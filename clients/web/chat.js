import { gateAddress } from './chat/address.js'
import { Log } from './chat/log.js'
import { Session } from './chat/session.js'

const at = id => document.getElementById(id)
const log = new Log(at('log'), at('scroller'), at('newer'))
let session = null
let unread = 0
let countdown = 0

// MARK: what the page shows

function showError (text) {
  at('error').textContent = text
  at('error').hidden = !text
}

function showState (name, text) {
  at('state').dataset.state = name
  at('state-text').textContent = text
  at('countdown').textContent = ''
  at('retry').hidden = name !== 'waiting'
  at('send').disabled = name !== 'joined'
}

function showRoom (visible) {
  at('join').hidden = visible
  at('chat').hidden = !visible
  document.body.classList.toggle('inside', visible)
}

function showTitle () {
  const room = session ? `#${at('room').value} – ` : ''
  document.title = `${unread ? `(${unread}) ` : ''}${room}mqant chat`
}

function countUnread () {
  if (document.visibilityState === 'visible') return
  unread += 1
  showTitle()
}

// MARK: what the session tells

function listener (name, room) {
  return {
    state (state, length = 0) {
      clearInterval(countdown)
      if (state === 'idle') showState(state, 'Not connected')
      if (state === 'connecting') showState(state, 'Connecting…')
      if (state === 'joined') showState(state, 'Connected')
      if (state === 'waiting') {
        const end = Date.now() + length
        const tell = () => {
          at('countdown').textContent = ` in ${Math.max(1, Math.ceil((end - Date.now()) / 1000))} s`
        }
        showState(state, 'Reconnecting')
        tell() // for the eyes only: a screen reader is not to count
        countdown = setInterval(tell, 1000)
      }
    },
    joined () {
      showError('')
      if (at('chat').hidden) {
        showRoom(true)
        at('say').focus()
      }
    },
    push (kind, body) {
      const who = String(body.userName ?? '')
      const own = who === name
      if (kind === 'say') {
        log.message(who, String(body.say ?? ''), own)
        if (!own) countUnread()
      } else {
        log.event(`${own ? 'You' : who} ${kind === 'join' ? 'joined' : 'left'}`, kind)
      }
    },
    notice (text) {
      if (at('chat').hidden) showError(text)
      else log.event(text, 'notice')
    },
    ended (text) {
      session = null
      at('enter').disabled = false
      at('enter').textContent = 'Join'
      at('leave').disabled = false
      showRoom(false)
      showError(text)
      showTitle()
      at('name').focus()
    }
  }
}

// MARK: what the person does

function join (event) {
  event.preventDefault()
  if (session) return leave() // the button says Cancel
  const name = at('name').value.trim()
  const room = at('room').value.trim()
  if (!name || !room) return
  at('name').value = name
  at('room').value = room
  remember(name, room)
  showError('')
  log.clear()
  at('title').textContent = `#${room}`
  at('self').textContent = name
  at('enter').textContent = 'Cancel'
  session = new Session(address, name, room, listener(name, room))
  showTitle()
  session.run()
}

async function say (event) {
  event.preventDefault()
  const text = at('say').value.trim()
  if (!session || !text || at('send').disabled) return
  at('say').value = ''
  at('say').focus()
  try {
    await session.say(text)
    showError('')
  } catch (error) {
    showError(`Not sent: ${error.message}`)
    if (!at('say').value) at('say').value = text // to try again
  }
}

function leave () {
  at('leave').disabled = true
  at('enter').disabled = true
  session?.leave()
}

/** Name and room come back on the next visit; a browser that keeps nothing is fine too. */
function remember (name, room) {
  try {
    localStorage.setItem('mqant.name', name)
    localStorage.setItem('mqant.room', room)
  } catch {}
}

function recall () {
  const query = new URLSearchParams(location.search)
  let stored = { getItem: () => null }
  try { stored = localStorage } catch {}
  at('name').value = query.get('name') ?? stored.getItem('mqant.name') ?? ''
  at('room').value = query.get('room') ?? stored.getItem('mqant.room') ?? 'abc'
  at('name').focus()
}

let address
try {
  address = gateAddress(location)
  at('state').title = address.text
} catch (error) {
  at('enter').disabled = true
  showError(error.message)
}
recall()
at('join').addEventListener('submit', join)
at('composer').addEventListener('submit', say)
at('leave').addEventListener('click', leave)
at('retry').addEventListener('click', () => session?.retryNow())
window.addEventListener('online', () => session?.retryNow())
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return
  unread = 0
  showTitle()
  session?.retryNow()
})
