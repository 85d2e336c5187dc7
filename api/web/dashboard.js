// The dashboard: start an analysis, follow it, show what it found.

import { drawTimeline } from "./chart.js";
import { byId, element } from "./elements.js";
import { cancelImport, chooseFile, importChosen, listFormats, previewChosen, waitingFile } from "./imports.js";
import { call, follow, hasKey, inCountry, useKey, userPath } from "./requests.js";
import { showIdeas, showResult, WORDS } from "./results.js";
import { chosenSource, costText, offerSources } from "./sources.js";

let analysisId = null;
let runningId = null;
let bucket = "week";

const userName = () => byId("user-name").value.trim().replace(/^@/, "");

function fault(error) {
  const asked = error?.status === 401;
  byId("fault").hidden = !error || (asked && !hasKey());
  byId("fault").textContent = error ? error.message : "";
  if (asked) {
    byId("key-form").hidden = false;
    byId("key").focus();
  }
}

function guarded(action) {
  return async (event) => {
    event?.preventDefault();
    fault(null);
    try {
      await action(event);
    } catch (error) {
      fault(error);
    }
  };
}

function needsName() {
  byId("user-name").value = userName();
  return byId("user-name").reportValidity();
}

async function takeFile(file) {
  chooseFile(file);
  if (!file) return;
  if (needsName()) await previewChosen(userName());
  else byId("import-report").textContent = `${file.name} is read as soon as your user name is there.`;
}

async function takeName() {
  await showKnownUser();
  if (waitingFile() && needsName()) await previewChosen(userName());
}

function showProgress(analysis) {
  const { progress, state } = analysis;
  runningId = analysis.analysis_id;
  const done = progress.classified + progress.reused;
  byId("progress").hidden = state !== "queued" && state !== "running";
  const bar = byId("progress-bar");
  if (state === "running" && progress.total > 0) {
    bar.max = progress.total;
    bar.value = done;
    byId("progress-text").textContent =
      done >= progress.total ? "Weighing what was read" : `Reading post ${done} of ${progress.total}`;
  } else {
    bar.removeAttribute("value");
    const fetching = progress.fetched ? `Fetched ${progress.fetched} posts` : "Getting ready";
    byId("progress-text").textContent =
      state !== "queued" ? fetching
        : analysis.waits_until
          ? `Waiting for the source of posts until ${new Date(analysis.waits_until).toLocaleTimeString()}`
          : "Waiting for its turn";
  }
}

async function start() {
  if (!needsName()) return;
  if (waitingFile()) {
    throw new Error(`${waitingFile().name} is not imported yet: import its posts, or cancel.`);
  }
  byId("start-button").disabled = true;
  try {
    const started = await call("POST", "/v1/analyses", {
      json: { user_name: userName(), consent: byId("consent").checked, ...chosenSource() },
    });
    showProgress(started);
    const ended = await follow(started.analysis_id, showProgress);
    const cost = costText(ended.progress);
    if (cost) byId("import-report").textContent = cost;
    if (ended.state === "failed") throw new Error(`${ended.problem.title}. ${ended.problem.detail}`);
    if (ended.state === "cancelled") {
      byId("import-report").textContent = "The analysis was cancelled.";
      return;
    }
    await show(ended.analysis_id, ended.result);
    byId("mood-title").focus({ preventScroll: true });
    byId("mood").scrollIntoView({ behavior: "smooth" });
  } finally {
    byId("start-button").disabled = false;
    byId("progress").hidden = true;
  }
}

async function show(id, result) {
  analysisId = id;
  byId("results").hidden = false;
  byId("feedback-thanks").textContent = "";
  showResult(result);
  await showTimeline();
  byId("ideas").replaceChildren();
  if (result.mood) showIdeas(await call("GET", userPath(userName(), "/recommendations")));
}

async function showTimeline() {
  const found = await call("GET", userPath(userName(), `/timeline?bucket=${bucket}`));
  drawTimeline(found.timeline);
}

async function showKnownUser() {
  byId("results").hidden = true;
  if (!userName() || !byId("user-name").checkValidity()) return;
  try {
    const user = await call("GET", inCountry(userPath(userName())));
    byId("import-report").textContent = `${user.posts} posts are kept already.`;
    if (user.result) await show(user.analysis_id, user.result);
  } catch (error) {
    if (error.status !== 404) throw error;
    byId("import-report").textContent = "";
  }
}

async function exportAll() {
  const held = await call("GET", userPath(userName(), "/export"));
  const file = new Blob([JSON.stringify(held, null, 2)], { type: "application/json" });
  const link = element("a", { href: URL.createObjectURL(file), download: "moodline-export.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}

async function takeKey() {
  useKey(byId("key").value);
  byId("key").value = "";
  byId("key-form").hidden = true;
  await offerSources(link.get("source"));
  await takeName();
}

async function erase() {
  byId("erase-dialog").close();
  await call("DELETE", userPath(userName()));
  byId("results").hidden = true;
  byId("consent").checked = false;
  cancelImport();
  byId("import-report").textContent = "Everything that was held about you is erased.";
}

function offerFeedback() {
  const choices = Object.entries(WORDS).map(([mood, word]) => {
    const button = element("button", { type: "button", text: word });
    button.addEventListener("click", guarded(async () => {
      await call("POST", `/v1/analyses/${analysisId}/feedback`, { json: { mood } });
      byId("feedback-thanks").textContent = "Noted, thank you.";
    }));
    return button;
  });
  byId("feedback-choices").replaceChildren(...choices);
}

function acceptDrops() {
  const drop = byId("drop");
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", guarded((event) => takeFile(event.dataTransfer.files[0])));
}

offerFeedback();
acceptDrops();
byId("file").addEventListener("change", guarded((event) => takeFile(event.target.files[0])));
byId("formats").addEventListener("toggle", guarded(listFormats));
byId("import-yes").addEventListener("click", guarded(() => importChosen(userName())));
for (const button of document.querySelectorAll("[data-cancel-import]")) {
  button.addEventListener("click", () => {
    cancelImport();
    byId("file").focus();
  });
}
for (const button of document.querySelectorAll("[data-date-order]")) {
  button.addEventListener("click", guarded(() => previewChosen(userName(), button.dataset.dateOrder)));
}
byId("user-name").addEventListener("change", guarded(takeName));
byId("start").addEventListener("submit", guarded(start));
byId("cancel").addEventListener("click", guarded(() => call("DELETE", `/v1/analyses/${runningId}`)));
byId("key-form").addEventListener("submit", guarded(takeKey));
byId("export").addEventListener("click", guarded(exportAll));
byId("erase").addEventListener("click", () => byId("erase-dialog").showModal());
byId("erase-no").addEventListener("click", () => byId("erase-dialog").close());
byId("erase-yes").addEventListener("click", guarded(erase));
for (const button of document.querySelectorAll("[data-bucket]")) {
  button.addEventListener("click", guarded(async () => {
    bucket = button.dataset.bucket;
    for (const each of document.querySelectorAll("[data-bucket]")) {
      each.setAttribute("aria-pressed", String(each === button));
    }
    await showTimeline();
  }));
}

// A link such as /?user=alice opens what is known of that user; &source=x comes back from a sign-in.
const link = new URLSearchParams(location.search);
guarded(() => offerSources(link.get("source")))();
const linked = link.get("user");
if (linked) {
  byId("user-name").value = linked;
  guarded(showKnownUser)();
}
