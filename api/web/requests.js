// Talk to the API. A refusal becomes an Error whose message is the problem's own words.

export class Problem extends Error {
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

export async function call(method, path, { json, form } = {}) {
  const options = { method, headers: headers({ Accept: "application/json" }) };
  if (json !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(json);
  } else if (form) {
    options.body = form;
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(0, { detail: "The service cannot be reached. Is it still running?" });
  }
  const text = await response.text();
  let body = null;
  try {
    body = text ? JSON.parse(text) : null;
  } catch {
    body = { detail: `The service answered ${response.status} in a form that cannot be read.` };
    if (response.ok) throw new Problem(response.status, body);
  }
  if (!response.ok) throw new Problem(response.status, body || {});
  return body;
}

export const userPath = (name, rest = "") => `/v1/users/${encodeURIComponent(name)}${rest}`;

// Follow an analysis until it is terminal: by server-sent events, by polling where they fail.
export async function follow(id, onChange) {
  const path = `/v1/analyses/${encodeURIComponent(id)}`;
  const terminal = (analysis) => ["succeeded", "failed", "cancelled"].includes(analysis.state);
  try {
    for await (const analysis of events(inCountry(`${path}/events`))) {
      onChange(analysis);
      if (terminal(analysis)) return analysis;
    }
  } catch {
    // The connection broke: asked for below.
  }
  for (;;) {
    const analysis = await call("GET", inCountry(path));
    onChange(analysis);
    if (terminal(analysis)) return analysis;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

// An EventSource cannot show a key.
async function* events(path) {
  const response = await fetch(path, { headers: headers() });
  if (!response.ok) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let kept = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const whole = (kept + value).split("\n\n");
      kept = whole.pop();
      for (const event of whole) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice("data: ".length));
      }
    }
  } finally {
    reader.cancel();
  }
}
