const leastContrast = 4.5 // WCAG 2.2 §1.4.3, for text of usual size

// The paper is the one of the mode's grounds (--paper, --sheet in style.css) on which the colours are hardest to read.
// Lightness begins where colours look best, and goes where contrast grows.
const modes = {
  light: { paper: [0xf6, 0xf6, 0xf9], saturation: 0.6, lightness: 0.42, step: -0.005 },
  dark: { paper: [0x1e, 0x1e, 0x28], saturation: 0.6, lightness: 0.66, step: 0.005 }
}
const made = new Map() // hue -> colours

/** Gives an element its author's colours: the same name has the same ones on every page. */
export function paint (element, author) {
  paintHue(element, hue(author))
}

/** Gives an element the colours of one hue, 0 to 359, as the style's `--author-light` and `--author-dark`. */
export function paintHue (element, hue) {
  if (!made.has(hue)) made.set(hue, { light: colour(hue, modes.light), dark: colour(hue, modes.dark) })
  const { light, dark } = made.get(hue)
  element.style.setProperty('--author-light', light)
  element.style.setProperty('--author-dark', dark)
}

function hue (name) {
  let sum = 7
  for (const character of name) sum = (sum * 61 + character.codePointAt(0)) % 65521
  return (sum * 137) % 360 // the golden angle sets neighbours far apart
}

/** The first colour of a hue that can be read on the mode's paper. Black and white can, so there is one. */
function colour (hue, { paper, saturation, lightness, step }) {
  for (let value = lightness; ; value += step) {
    const channels = fromHSL(hue, saturation, value)
    if (contrast(channels, paper) >= leastContrast) return `rgb(${channels.join(' ')})`
  }
}

/** CSS Color 4 §7.1. */
function fromHSL (hue, saturation, lightness) {
  return [0, 8, 4].map(offset => {
    const part = (offset + hue / 30) % 12
    const range = saturation * Math.min(lightness, 1 - lightness)
    return Math.round(255 * (lightness - range * Math.max(-1, Math.min(part - 3, 9 - part, 1))))
  })
}

/** WCAG 2.2, "contrast ratio": from 1 to 21. */
function contrast (one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}

function luminance (channels) {
  const [red, green, blue] = channels.map(channel => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
