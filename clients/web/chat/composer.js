import { at } from './nodes.js'

/** The field for messages: Enter sends, Shift+Enter begins another line. */
export class Composer {
  /** @param {(text: string) => Promise<boolean>} onSay sends a text; false: it comes back into the field. */
  constructor (onSay) {
    const field = at('say')
    const form = at('composer')
    field.addEventListener('input', () => this.#fit())
    field.addEventListener('keydown', event => {
      // While an input method composes, Enter belongs to it.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
      event.preventDefault()
      form.requestSubmit()
    })
    form.addEventListener('submit', async event => {
      event.preventDefault()
      const text = clean(field.value)
      if (!text || at('send').disabled) return
      this.#set('')
      field.focus()
      if (!await onSay(text) && !field.value) this.#set(text) // to try again
    })
  }

  #set (text) {
    at('say').value = text
    this.#fit()
  }

  /** As high as its lines; the style bounds it. */
  #fit () {
    const { style } = at('say')
    style.height = 'auto'
    style.height = `${at('say').scrollHeight + 2}px` // its borders
  }
}

/** Without control characters and halves of characters, which JSON would write with six bytes each. */
function clean (text) {
  const written = text.replace(/(?![\n\t])\p{Cc}/gu, '').replace(/^\s*\n/, '').trimEnd()
  return written.toWellFormed?.() ?? written
}
