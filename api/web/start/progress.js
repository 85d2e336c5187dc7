// The progress of an analysis.

import { byId } from "../elements.js";
import { number } from "../figures.js";

export function showProgress(analysis) {
  const { progress, state } = analysis;
  const done = progress.classified + progress.reused;
  const bar = byId("progress-bar");
  if (state === "running" && progress.total > 0) {
    bar.max = progress.total;
    bar.value = done;
  } else {
    bar.removeAttribute("value");
  }
  byId("progress-text").textContent = words(analysis, done);
}

function words({ state, progress, waits_until: waitsUntil }, done) {
  if (state === "queued") {
    return waitsUntil
      ? `Waiting for the source of posts until ${new Date(waitsUntil).toLocaleTimeString()}`
      : "Waiting for its turn";
  }
  if (progress.total > 0) {
    return done >= progress.total
      ? "Weighing what was read"
      : `Reading post ${number(done)} of ${number(progress.total)}`;
  }
  return progress.fetched ? `Fetched ${number(progress.fetched)} posts` : "Getting ready";
}

export function showLost(lost) {
  byId("lost").hidden = !lost;
}
