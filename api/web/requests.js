// Talk to the API. A refusal becomes an Error whose message is the problem's own words.

class Problem extends Error {
  constructor(status, document) {
    const reasons = (document.errors || []).map((item) => `${item.where}: ${item.reason}`);
    super([document.detail || document.title, ...reasons].join(" "));
    this.status = status;
    this.type = document.type;
    this.errors = document.errors || [];
  }
}

// The API key, where the service asks for one: this tab's alone, and gone with it.
const KEY = "moodline-key";
export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const useKey = (key) => sessionStorage.setItem(KEY, key.trim());

function headers(more) {
  const key = sessionStorage.getItem(KEY);
  return { ...more, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
}

// Where the reader is, as far as the browser's language tells: helplines differ by country.
const region = new Intl.Locale(navigator.language).region || "";
const country = /^[A-Z]{2}$/.test(region) ? `?country=${region}` : "";
export const inCountry = (path) => path + country;

export const userPath = (name, rest = "") => `/v1/users/${encodeURIComponent(name)}${rest}`;

// The query of an address, without the parameters that have no value.
export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export async function send(method, path, { json, form, signal, accept = "application/json" } = {}) {
  const options = { method, signal, headers: headers({ Accept: accept }) };
  if (json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
  } else if (form) {
    options.body = form;
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The service cannot be reached. Is it still running?" });
  }
  if (!response.ok) throw new Problem(response.status, (await body(response)) || {});
  return response;
}

export async function call(method, path, options) {
  return body(await send(method, path, options));
}

async function body(response) {
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    const document = { detail: `The service answered ${response.status} in a form that cannot be read.` };
    throw new Problem(response.status, document);
  }
}

// Ask for a file and let the browser save it; a plain link could not show a key.
export async function saveFile(path, name) {
  const response = await send("GET", path, { accept: "*/*" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
