// Talk to the API. A refusal becomes an Error whose message is the problem's own words.

export class Problem extends Error {
  constructor(status, document) {
    const reasons = (document.errors || []).map((item) => `${item.where}: ${item.reason}`);
    super([document.detail || document.title, ...reasons].join(" "));
    this.status = status;
  }
}

export async function call(method, path, { json, form } = {}) {
  const options = { method, headers: { Accept: "application/json" } };
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
export function follow(id, onChange) {
  const path = `/v1/analyses/${encodeURIComponent(id)}`;
  const terminal = (analysis) => ["succeeded", "failed", "cancelled"].includes(analysis.state);
  return new Promise((resolve, reject) => {
    const poll = async () => {
      try {
        const analysis = await call("GET", path);
        onChange(analysis);
        if (terminal(analysis)) resolve(analysis);
        else setTimeout(poll, 1000);
      } catch (error) {
        reject(error);
      }
    };
    if (!("EventSource" in window)) {
      poll();
      return;
    }
    const source = new EventSource(`${path}/events`);
    source.addEventListener("analysis", (event) => {
      const analysis = JSON.parse(event.data);
      onChange(analysis);
      if (terminal(analysis)) {
        source.close();
        resolve(analysis);
      }
    });
    source.addEventListener("error", () => {
      source.close();
      poll();
    });
  });
}
