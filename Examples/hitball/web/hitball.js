import { gateAddress } from './game/connection.js'
import { Court } from './game/court.js'
import { Visit } from './game/visit.js'

const height = 600
const keyStep = 45 // units of the court for each state while a key is held down
const at = id => document.getElementById(id)
const court = new Court(at('court'))
let visit = null
let self = null // the side that the person sits on
let target = height / 2
let wanted = false // the target has changed since it was sent
let direction = 0 // of the key that is held down

// MARK: what the page shows

function showPlayers (state) {
  for (const side of ['left', 'right']) {
    const name = state.players[side]
    at(side).textContent = name ?? 'free seat'
    at(side).className = `player${name === null ? ' free' : side === self ? ' self' : ''}`
  }
  at('score').textContent = `${state.score.left} : ${state.score.right}`
  const watching = state.spectators === 1 ? '1 spectator' : `${state.spectators} spectators`
  at('spectators').textContent = { waiting: 'Waiting for a player', over: 'Game over' }[state.phase] ?? watching
}

const listener = {
  seated (side) {
    self = side
    court.self = side
    at('enter').hidden = true
    at('game').hidden = false
    at('court').focus()
  },
  state (state) {
    court.show(state)
    showPlayers(state)
    // For those who test the page.
    at('court').dataset.state = JSON.stringify(state)
    if (direction) aim(target + direction * keyStep)
    // At most one message for each state.
    if (wanted && self) visit.move(target)
    wanted = false
  },
  notice (text) { at('notice').textContent = text },
  ended (text) {
    visit = null
    self = null
    at('enter').hidden = false
    at('game').hidden = true
    at('notice').textContent = text
  }
}

// MARK: what the person does

function aim (y) {
  target = Math.round(Math.min(height, Math.max(0, y)))
  wanted = true
}

at('enter').addEventListener('submit', event => {
  event.preventDefault()
  const table = at('table').value.trim()
  const name = at('name').value.trim()
  const plays = event.submitter?.value !== 'watch'
  if (visit || !table || (plays && !name)) return
  at('notice').textContent = ''
  target = height / 2
  visit = new Visit(address, table, plays ? name : null, listener)
  visit.run()
})
at('leave').addEventListener('click', () => visit?.leave())
at('court').addEventListener('pointermove', event => {
  const box = at('court').getBoundingClientRect()
  aim((event.clientY - box.top) / box.height * height)
})
at('court').addEventListener('keydown', event => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key]
  if (!step) return
  event.preventDefault()
  direction = step
})
at('court').addEventListener('keyup', event => {
  if (event.key === 'ArrowUp' || event.key === 'ArrowDown') direction = 0
})

let address
try {
  address = gateAddress(location)
} catch (error) {
  at('notice').textContent = error.message
  at('play').disabled = true
  at('watch').disabled = true
}
