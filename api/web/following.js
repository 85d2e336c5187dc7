// Follow an analysis until it has ended: by server-sent events, and by asking where they fail.

import { call, inCountry, send } from "./requests.js";

const ASK_AGAIN_MS = 1000;
const ENDED = ["succeeded", "failed", "cancelled"];

export const hasEnded = (analysis) => ENDED.includes(analysis.state);

// A service that is gone may come back, and goes on with the analysis then: it is asked again
// until the signal ends it. onLost(true) tells that it cannot be reached, onLost(false) that it can.
export async function follow(id, { onChange, onLost, signal }) {
  const path = `/v1/analyses/${encodeURIComponent(id)}`;
  for (;;) {
    try {
      const analysis = await call("GET", inCountry(path), { signal });
      onLost(false);
      onChange(analysis);
      if (hasEnded(analysis)) return analysis;
      for await (const change of events(inCountry(`${path}/events`), signal)) {
        onChange(change);
        if (hasEnded(change)) return change;
      }
    } catch (error) {
      if (signal.aborted || !passes(error)) throw error;
      onLost(true);
    }
    await pause(signal);
  }
}

// Whether asking again may help: no connection, a broken one, too many calls, a fault over there.
const passes = ({ status }) => !status || status === 429 || status >= 500;

function pause(signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, ASK_AGAIN_MS);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

// An EventSource cannot show a key.
async function* events(path, signal) {
  const response = await send("GET", path, { signal, accept: "text/event-stream" });
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
    reader.cancel().catch(() => {}); // it may have broken already
  }
}
