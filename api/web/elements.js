// Make elements. Text always goes in as text: posts are written by anyone.

export const byId = (id) => document.getElementById(id);

export function element(name, { text, className, ...attributes } = {}, children = []) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function drawn(name, attributes = {}, children = []) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function button(text, onClick, attributes = {}) {
  const made = element("button", { type: "button", text, ...attributes });
  made.addEventListener("click", onClick);
  return made;
}

export const note = (text) => element("p", { className: "note", text });

// A link to somewhere else, or plain text where the address is not one of the web.
export function webLink(url, text, attributes = {}) {
  if (!/^https?:\/\//i.test(url || "")) return element("span", { text });
  return element("a", { href: url, text, rel: "noreferrer", target: "_blank", ...attributes });
}

// Show which of several buttons is the chosen one.
export function press(buttons, isPressed) {
  for (const each of buttons) each.setAttribute("aria-pressed", String(isPressed(each)));
}

export function scrollTo(part) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  part.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
}
