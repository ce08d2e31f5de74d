import { gateAddress } from './chat/address.js'
import { Refused } from './chat/connection.js'
import { Composer } from './chat/composer.js'
import { explain } from './chat/errors.js'
import { JoinForm } from './chat/form.js'
import { copy, inviteLink, invitedRoom, isOfThisMachine } from './chat/invite.js'
import { Log } from './chat/log.js'
import { at, person, visible } from './chat/nodes.js'
import { People } from './chat/people.js'
import { Session } from './chat/session.js'

const wide = matchMedia('(min-width: 60rem)') // there is room for the list beside the messages: as in style.css
const log = new Log(at('log'), at('scroller'), at('newer'))
const people = new People({
  list: at('members'), more: at('more'), count: at('count'), button: at('here'), changed: showAlone
})
const form = new JoinForm(join, leave)
let address
let session = null
let room = ''
let unread = 0
let countdown = 0

// MARK: what the page shows

function showError (text) {
  at('error').textContent = text
  at('error').hidden = !text
}

function showState (name, length = 0) {
  clearInterval(countdown)
  at('state').dataset.state = name
  at('state-text').textContent = {
    idle: 'Not connected', connecting: 'Connecting…', joined: 'Connected', waiting: 'Reconnecting'
  }[name]
  at('countdown').textContent = ''
  at('retry').hidden = name !== 'waiting'
  at('send').disabled = name !== 'joined'
  if (name !== 'waiting') return
  const end = Date.now() + length
  const tell = () => {
    at('countdown').textContent = ` in ${Math.max(1, Math.ceil((end - Date.now()) / 1000))} s`
  }
  tell() // for the eyes only: a screen reader is not to count
  countdown = setInterval(tell, 1000)
}

function showRoom (isVisible) {
  at('join').hidden = isVisible
  at('chat').hidden = !isVisible
  at('room-bar').hidden = !isVisible
  document.body.classList.toggle('inside', isVisible)
  showPeople(isVisible && wide.matches)
}

function showPeople (isOpen) {
  at('here').setAttribute('aria-expanded', String(isOpen))
  at('people').hidden = !isOpen
  people.show()
}

function showAlone () {
  const isAlone = people.isAlone && log.isSilent
  if (isAlone && at('alone').hidden) at('told').textContent = 'You are alone here.'
  at('alone').hidden = !isAlone
}

function showTitle () {
  const name = room ? `#\u2068${visible(room)}\u2069 – ` : ''
  document.title = `${unread ? `(${unread}) ` : ''}${name}mqant chat`
}

function countUnread () {
  if (document.visibilityState === 'visible') return
  unread += 1
  showTitle()
}

// MARK: what the session tells

function listener (self) {
  return {
    state (name, length) {
      if (name === 'connecting') people.expect()
      showState(name, length)
    },
    joined () {
      showError('')
      form.remember(self)
      listMembers()
      if (!at('chat').hidden) return
      showRoom(true)
      at('say').focus()
    },
    push (kind, body) {
      const who = String(body.userName ?? '')
      const isOwn = who === self.name
      if (kind === 'say') {
        log.message(who, String(body.say ?? ''), isOwn)
        if (!isOwn) countUnread()
        showAlone()
      } else {
        people.tell(who, kind === 'join')
        log.event(kind, isOwn ? 'You' : person(who), kind === 'join' ? ' joined' : ' left')
      }
    },
    notice (text) {
      if (at('chat').hidden) showError(text)
      else log.event('notice', text)
    },
    ended ({ field, text }) {
      session = null
      room = ''
      form.setBusy(false)
      at('leave').disabled = false
      showRoom(false)
      showTitle()
      showError(field ? '' : text)
      if (field) form.complain(field, text)
      else form.focus()
    }
  }
}

async function listMembers () {
  const asked = session
  people.expect()
  try {
    const names = await asked.members()
    if (asked === session) people.listed(names)
  } catch (error) {
    if (asked !== session) return
    if (error instanceof Refused) people.listed(null) // a server without this function
    else people.keep()
  }
}

// MARK: what the person does

function join (self) {
  showError('')
  log.clear()
  people.begin(self.name)
  room = self.room
  at('title').replaceChildren('#', person(room))
  at('self').replaceChildren(person(self.name))
  at('link').value = inviteLink(location, room)
  history.replaceState(null, '', new URL(at('link').value).hash)
  form.setBusy(true)
  session = new Session(address, self, listener(self))
  showTitle()
  session.run()
}

async function say (text) {
  try {
    await session.say(text)
    showError('')
    return true
  } catch (error) {
    showError(`Not sent: ${explain(error).text}`)
    return false
  }
}

function leave () {
  at('leave').disabled = true
  form.disable()
  session?.leave()
}

async function invite (event) {
  const button = event.currentTarget
  const { textContent: text } = button
  showPeople(!at('people').hidden || !navigator.clipboard) // the link can be seen where it must be copied by hand
  const isCopied = await copy(at('link'))
  at('told').textContent = isCopied ? 'Link copied' : 'Please copy the link'
  if (!isCopied || button.dataset.told) return
  button.dataset.told = 'yes'
  button.textContent = 'Link copied'
  setTimeout(() => {
    button.textContent = text
    delete button.dataset.told
  }, 2000)
}

function closePeople (event) {
  if (event.key !== 'Escape' || at('people').hidden || wide.matches) return
  showPeople(false)
  at('here').focus()
}

new Composer(say)
form.recall(new URLSearchParams(location.search), invitedRoom(location))
form.focus()
try {
  address = gateAddress(location)
  at('state').title = address.text
} catch (error) {
  form.disable()
  showError(error.message)
}
at('local').hidden = !isOfThisMachine(location)
at('leave').addEventListener('click', leave)
at('retry').addEventListener('click', () => session?.retryNow())
at('here').addEventListener('click', () => {
  showPeople(at('people').hidden)
  if (!at('people').hidden) listMembers()
})
for (const button of ['invite', 'copy', 'copy-first']) at(button).addEventListener('click', invite)
document.addEventListener('keydown', closePeople)
wide.addEventListener('change', () => showPeople(!at('chat').hidden && wide.matches))
window.addEventListener('online', () => session?.retryNow())
// Somebody followed an invite link in this very page.
window.addEventListener('hashchange', () => {
  const invited = invitedRoom(location)
  if (!invited || invited === room) return
  at('room').value = invited
  if (session) leave()
})
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return
  unread = 0
  showTitle()
  session?.retryNow()
})
