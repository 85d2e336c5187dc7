// The file that was chosen: read it without storing anything, then import it, or not.

import { byId, press } from "../elements.js";
import { number, posts } from "../figures.js";
import { call, userPath } from "../requests.js";
import { asItem, showPreview } from "./preview.js";

let chosen = null;
let dateOrder = null;
let readings = 0; // an answer counts only if nothing was asked or chosen after it

// The file that was chosen and is not imported yet.
export const waitingFile = () => chosen;

export function report(text) {
  byId("import-report").textContent = text;
}

export function chooseFile(file) {
  readings += 1;
  chosen = file || null;
  dateOrder = null;
  byId("preview").hidden = true;
  byId("date-order").hidden = true;
  report(chosen ? `${chosen.name} is read as soon as your user name is there.` : "");
}

export function forgetFile() {
  chooseFile(null);
  byId("file").value = "";
}

// Read the chosen file and show what was understood of it. Returns whether it still waits.
export async function previewChosen(userName, order = dateOrder) {
  const file = chosen;
  const reading = ++readings;
  dateOrder = order;
  press(document.querySelectorAll("[data-date-order]"), (each) => each.dataset.dateOrder === dateOrder);
  byId("preview").hidden = true;
  report(`Reading ${file.name} …`);
  try {
    const found = await upload(userName, { dryRun: true });
    if (reading !== readings) return Boolean(chosen);
    const read = showPreview(found);
    if (!read) forgetFile();
    byId("preview").hidden = false;
    report(read
      ? `${file.name} is read, and nothing of it is stored yet.`
      : `${file.name} is read, and there is no post in it.`);
    return read > 0;
  } catch (error) {
    if (reading !== readings) return Boolean(chosen);
    if (error.type === "/problems/ambiguous-dates") {
      report(`${file.name} needs an answer first.`);
      byId("date-examples").replaceChildren(...error.errors.map(asItem));
      byId("date-order").hidden = false;
      return true;
    }
    report("");
    if (error.status !== 401) forgetFile(); // once a key is given, it is read
    throw error;
  }
}

// Import the chosen file. It stays chosen if that fails, so that it can be tried again.
export async function importChosen(userName) {
  const file = chosen;
  byId("import-report").focus();
  report(`Importing ${file.name} …`);
  lock(true);
  try {
    const done = await upload(userName, { dryRun: false });
    forgetFile();
    report(`${posts(done.imported)} new, ${number(done.updated)} updated,` +
      ` ${number(done.unchanged)} unchanged; ${number(done.total)} kept in all.`);
    return done.total;
  } catch (error) {
    report(`${file.name} was not imported.`);
    throw error;
  } finally {
    lock(false);
  }
}

// What is being sent belongs to the name that was typed: neither changes before the answer.
function lock(sending) {
  byId("user-name").readOnly = sending;
  byId("file").disabled = sending;
  for (const each of byId("preview").querySelectorAll("button")) each.disabled = sending;
}

function upload(userName, { dryRun }) {
  const form = new FormData();
  form.append("file", chosen);
  const asked = new URLSearchParams({ dry_run: dryRun, ...(dateOrder && { date_order: dateOrder }) });
  return call("POST", userPath(userName, `/posts?${asked}`), { form });
}

export function acceptDrops(take) {
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
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
}
