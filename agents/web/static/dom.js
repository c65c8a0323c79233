// Makes and updates elements. Text is only ever set as text, whatever it contains.

export const byId = (id) => document.getElementById(id);

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name) {
  if (element.className !== name) element.className = name;
}

const colours = new Map();

// Every model keeps its colour; the palette goes round.
export function colourOf(model) {
  if (!colours.has(model)) colours.set(model, colours.size % 8);
  return `var(--m${colours.get(model)})`;
}

export function chip(text, colour) {
  const swatch = make("span", "swatch");
  swatch.style.setProperty("--colour", colour);
  swatch.setAttribute("aria-hidden", "true");
  return make("span", "chip", swatch, text);
}
