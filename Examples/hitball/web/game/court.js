const interval = 50 // ms between two states
const width = 1000
const height = 600
const paddle = { distance: 40, thickness: 14, reach: 60 }
const ballRadius = 10

/** Draws the court: one state behind, moving smoothly from the last but one to the last. */
export class Court {
  #context
  #colours
  #before = null
  #now = null
  #came = 0
  #self = null

  /** @param {HTMLCanvasElement} canvas 1000 by 600. */
  constructor (canvas) {
    this.#context = canvas.getContext('2d')
    const style = getComputedStyle(document.documentElement)
    this.#colours = { ink: style.getPropertyValue('--ink'), faint: '#34404e', accent: style.getPropertyValue('--accent') }
    const draw = time => {
      this.#draw(time)
      requestAnimationFrame(draw)
    }
    requestAnimationFrame(draw)
  }

  /** The side of the person at this page; null: none. */
  set self (side) { this.#self = side }

  show (state) {
    // A ball that is put back to the middle does not fly there.
    const jumps = state.phase !== this.#now?.phase
    this.#before = jumps ? state : this.#now
    this.#now = state
    this.#came = performance.now()
  }

  #draw (time) {
    const context = this.#context
    context.clearRect(0, 0, width, height)
    context.fillStyle = this.#colours.faint
    for (let y = 10; y < height; y += 40) context.fillRect(width / 2 - 2, y, 4, 20)
    if (!this.#now) return
    const share = Math.min(1, Math.max(0, (time - this.#came) / interval))
    const between = (before, now) => before + (now - before) * share
    for (const side of ['left', 'right']) {
      const y = between(this.#before.paddles[side], this.#now.paddles[side])
      const x = side === 'left' ? paddle.distance - paddle.thickness : width - paddle.distance
      context.fillStyle = side === this.#self ? this.#colours.accent : this.#colours.ink
      context.fillRect(x, y - paddle.reach, paddle.thickness, 2 * paddle.reach)
    }
    if (this.#now.phase === 'waiting') return
    context.fillStyle = this.#colours.ink
    context.beginPath()
    context.arc(between(this.#before.ball[0], this.#now.ball[0]), between(this.#before.ball[1], this.#now.ball[1]),
      ballRadius, 0, 2 * Math.PI)
    context.fill()
  }
}
