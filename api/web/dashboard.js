// The page: what the address names is opened, and what the reader does leads from state to state.

import { addressOf, readAddress, writeAddress } from "./address.js";
import { byId, scrollTo } from "./elements.js";
import { posts } from "./figures.js";
import { follow, hasEnded } from "./following.js";
import { call, hasKey, inCountry, useKey, userPath } from "./requests.js";
import { handleBrowsing } from "./result/browse.js";
import { forgetCorrected } from "./result/corrections.js";
import { handleHistory } from "./result/history.js";
import { handleOwnData } from "./result/own_data.js";
import { showOlder } from "./result/mood.js";
import { showResult } from "./result/result.js";
import { handleTimelineControls } from "./result/timeline.js";
import { handleYearSwitch } from "./result/calendar.js";
import { importDemo, offerDemo } from "./start/demo.js";
import { listFormats } from "./start/formats.js";
import { acceptDrops, chooseFile, forgetFile, importChosen, previewChosen, report, waitingFile } from "./start/imports.js";
import { showLost, showProgress } from "./start/progress.js";
import { chosenSource, costText, offerSources, readsFile } from "./start/sources.js";
import { showConsentWords } from "./start/consent.js";
import { changeTraining, keepTraining, showTraining } from "./start/training.js";
import { enter, state } from "./states.js";

let visit = new AbortController(); // ended when something else is opened
let opening = Promise.resolve(); // what is being opened
let kept = 0; // how many posts of the user are kept
let running = ""; // the analysis that is followed

const userName = () => byId("user-name").value.trim().replace(/^@/, "");

function tell(news) {
  byId("news").textContent = news;
}

function fault(error) {
  if (error?.name === "AbortError") return;
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
    if (event?.type !== "toggle") event?.preventDefault?.();
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
  byId("start-section").open = true;
  return byId("user-name").reportValidity();
}

// Open what the address names: a user, and an analysis of theirs. Whatever was open before ends.
function open() {
  visit.abort();
  visit = new AbortController();
  const { signal } = visit;
  tell("");
  const { user, analysis } = readAddress();
  byId("user-name").value = user;
  kept = 0;
  opening = (analysis ? openAnalysis(analysis, signal) : openUser(signal)).catch((error) => {
    if (!signal.aborted) settle();
    throw error;
  });
  return opening;
}

async function openUser(signal) {
  const name = userName();
  if (!name || !byId("user-name").checkValidity()) return settle();
  const user = await readUser(name, signal);
  if (!user) return settle();
  kept = user.posts;
  if (!waitingFile()) report(kept ? `${posts(kept)} are kept already.` : "");
  if (user.result && !waitingFile()) return show(name, user.analysis_id, user.result);
  return settle();
}

// What the service holds of a user, null where it knows none.
async function readUser(name, signal) {
  let user = null;
  try {
    user = await call("GET", inCountry(userPath(name)), { signal });
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  showTraining(user);
  return user;
}

async function openAnalysis(id, signal) {
  let analysis;
  try {
    analysis = await call("GET", inCountry(`/v1/analyses/${encodeURIComponent(id)}`), { signal });
  } catch (error) {
    if (error.status !== 404) throw error;
    return openWithoutAnalysis(signal);
  }
  byId("user-name").value = analysis.user_name;
  const user = await readUser(analysis.user_name, signal);
  return hasEnded(analysis) ? ended(analysis, user) : followUntilEnded(id, signal);
}

// The analysis that the address names is gone: the address forgets it, and what there still is of
// the user is shown.
async function openWithoutAnalysis(signal) {
  history.replaceState(null, "", addressOf(userName()));
  await openUser(signal);
  tell("The analysis that was shown here is no longer kept: it was erased, or its time was over."
    + (state() === "nothing" ? " You can begin anew." : ""));
  byId("news").focus();
}

// The state that fits what is known, while nothing runs and no result is shown.
function settle() {
  enter(waitingFile() ? "importing" : kept ? "imported" : "nothing");
}

// analysedAt and newest are given of an analysis after which there was another one.
async function show(user, id, result, { analysedAt, newest } = {}) {
  const wasFollowed = state() === "analysing";
  byId("user-name").value = user;
  writeAddress(user, id);
  forgetCorrected();
  enter("result");
  showOlder(user, analysedAt, newest);
  const parts = showResult(user, id, result);
  if (wasFollowed) {
    byId("mood-title").focus({ preventScroll: true });
    scrollTo(byId("mood"));
  }
  await parts;
}

async function followUntilEnded(id, signal) {
  running = id;
  enter("analysing");
  scrollTo(byId("progress"));
  byId("progress-title").focus({ preventScroll: true });
  await ended(await follow(id, { onChange: showProgress, onLost: showLost, signal }));
}

// user is what is known of the user, where the analysis had ended before it was opened.
async function ended(analysis, user) {
  report(costText(analysis.progress));
  const { user_name: name, analysis_id: id, result } = analysis;
  if (analysis.state === "succeeded") {
    const isOlder = user?.analysis_id && user.analysis_id !== id;
    return show(name, id, result,
      isOlder ? { analysedAt: analysis.finished_at, newest: user.analysis_id } : {});
  }
  kept = kept || analysis.progress.total;
  if (analysis.state === "cancelled") {
    settle();
    tell("The analysis was cancelled. What was read so far is kept, and a new one goes on from there.");
    return byId("start-button").focus();
  }
  enter("failed");
  byId("start-button").focus();
  throw new Error(`${analysis.problem.title}. ${analysis.problem.detail}`);
}

async function start() {
  await opening.catch(() => {}); // the name may just have been typed
  if (!needsName()) return;
  if (readsFile() && !kept && state() === "nothing") {
    byId("file").focus();
    throw new Error(`There are no posts of @${userName()} yet. Choose a file of your posts first.`);
  }
  await keepTraining(userName());
  await analyse(byId("consent").checked, chosenSource());
}

async function analyse(consent, source) {
  tell("");
  const started = await call("POST", "/v1/analyses", {
    json: { user_name: userName(), consent, ...source },
  });
  visit.abort();
  visit = new AbortController();
  writeAddress(userName(), started.analysis_id);
  await followUntilEnded(started.analysis_id, visit.signal);
}

async function tryDemo(person) {
  forgetFile();
  byId("user-name").value = person.user_name;
  report(`Importing the invented posts of ${person.title} …`);
  enter("importing");
  try {
    await importDemo(person);
    report("");
  } finally {
    settle();
  }
  writeAddress(person.user_name);
  await analyse(true, { source: "imported" });
}

async function takeFile(file) {
  if (state() === "analysing") return;
  tell("");
  chooseFile(file);
  if (!file) return settle();
  enter("importing");
  await opening.catch(() => {});
  if (needsName()) await preview();
}

async function preview(order) {
  try {
    await previewChosen(userName(), order);
  } finally {
    settle();
  }
}

async function takeName() {
  tell("");
  byId("user-name").value = userName();
  if (userName() && !byId("user-name").reportValidity()) return;
  writeAddress(userName());
  await open();
  if (waitingFile() && needsName()) await preview();
}

async function takeImport() {
  try {
    kept = await importChosen(userName());
  } finally {
    settle();
  }
}

function dropImport() {
  forgetFile();
  settle();
  byId("file").focus();
}

async function takeKey() {
  useKey(byId("key").value);
  byId("key").value = "";
  byId("key-form").hidden = true;
  byId("user-name").focus();
  await offerSources(readAddress().source);
  if (waitingFile()) await takeName();
  else await open();
}

function takeErasure(left) {
  visit.abort();
  forgetFile();
  byId("consent").checked = false;
  byId("user-name").value = "";
  kept = 0;
  report("");
  showTraining(null);
  enter("nothing");
  writeAddress("");
  tell(left
    ? `Nothing about you can be read any more. Still to be removed: ${left.pending.join(", ")}; the`
      + " service does that by itself."
    : "Everything that was held about you is erased.");
  byId("news").focus();
}

acceptDrops((file) => guarded(() => takeFile(file))());
byId("file").addEventListener("change", (event) => guarded(() => takeFile(event.target.files[0]))());
byId("formats").addEventListener("toggle", guarded(listFormats));
byId("import-yes").addEventListener("click", guarded(takeImport));
for (const button of document.querySelectorAll("[data-cancel-import]")) {
  button.addEventListener("click", guarded(dropImport));
}
for (const button of document.querySelectorAll("[data-date-order]")) {
  button.addEventListener("click", guarded(() => preview(button.dataset.dateOrder)));
}
byId("user-name").addEventListener("change", guarded(takeName));
byId("start").addEventListener("submit", guarded(start));
byId("training").addEventListener("change", () => guarded(() => changeTraining(userName()))());
byId("again").addEventListener("click", guarded(() => analyse(true, { source: "imported" })));
byId("cancel").addEventListener("click", guarded(() => call("DELETE", `/v1/analyses/${running}`)));
byId("key-form").addEventListener("submit", guarded(takeKey));
for (const link of document.querySelectorAll("#sections a")) {
  link.addEventListener("click", guarded(() => {
    const title = byId(link.hash.slice(1)); // the address goes on naming the analysis
    scrollTo(title);
    title.focus({ preventScroll: true });
  }));
}
handleBrowsing(guarded);
handleHistory(guarded);
handleTimelineControls(guarded);
handleYearSwitch(guarded);
handleOwnData(guarded, userName, takeErasure);

addEventListener("popstate", guarded(open));
enter("nothing");
guarded(() => offerSources(readAddress().source))();
offerDemo((person) => guarded(() => tryDemo(person))()).catch(() => {}); // a page without it is whole
showConsentWords().catch(() => {});
guarded(open)();
