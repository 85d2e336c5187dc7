// The choice to lend corrections and feedback for training, apart from the consent to be analysed.

import { byId } from "../elements.js";
import { call, userPath } from "../requests.js";

let recorded = {}; // what the service holds of the user: consented_at, training

// Ask in the service's own words.
export function offerTraining(words) {
  byId("training-words").textContent = words;
  byId("training-choice").hidden = false;
}

// Show what a user chose, null for one who is not known; a choice made before the name stays.
export function showTraining(user) {
  if (user?.consented_at || recorded.consented_at) byId("training").checked = Boolean(user?.training);
  recorded = user || {};
  byId("training-kept").textContent = "";
}

// Record the choice before an analysis, where it differs from what the service holds.
export async function keepTraining(name) {
  if (byId("training").checked === Boolean(recorded.training)) return;
  await readAgain(name);
  await record(name);
}

// A choice counts at once where the user has agreed to be analysed, otherwise with the first analysis.
export async function changeTraining(name) {
  if (!name) return;
  try {
    await readAgain(name);
    if (recorded.consented_at) await record(name);
  } catch (error) {
    byId("training").checked = Boolean(recorded.training);
    throw error;
  }
}

async function readAgain(name) {
  recorded = await call("GET", userPath(name)).catch((error) => {
    if (error.status !== 404) throw error;
    return {};
  });
}

// A consent says all of it anew: what the user agreed to besides is said again.
async function record(name) {
  const training = byId("training").checked;
  if (training === Boolean(recorded.training)) return;
  const matchable = Boolean(recorded.matchable);
  recorded = await call("PUT", userPath(name, "/consent"), { json: { matchable, training } });
  byId("training-kept").textContent = training ? "Kept. Thank you." : "Taken back.";
}
