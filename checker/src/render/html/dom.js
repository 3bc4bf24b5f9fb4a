// Elements out of data. Text is only ever set as text.
const NAMES = new Set(["class", "id", "href", "type", "role", "scope", "colspan", "tabindex", "title", "for", "value", "placeholder"]);

function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (NAMES.has(name) || name.startsWith("aria-") || name.startsWith("data-")) made.setAttribute(name, String(value));
    else made[name] = value;
  }
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    made.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return made;
}

const code = (text) => el("code", null, text);

/// Text in which `code` is set as code.
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? code(part) : part));
}

function paragraphs(text) {
  return text.split("\n\n").map((part) => el("p", null, prose(part)));
}

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/// [first, last, first, last] to every number.
function unpack(runs) {
  const numbers = [];
  for (let at = 0; at + 1 < runs.length; at += 2) {
    for (let number = runs[at]; number <= runs[at + 1]; number += 1) numbers.push(number);
  }
  return numbers;
}

const data = JSON.parse(document.getElementById("data").textContent);
