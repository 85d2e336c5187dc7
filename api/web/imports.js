// Import a file: show what was understood of it, then import it, or not.

import { byId, day, element } from "./elements.js";
import { call, userPath } from "./requests.js";

let chosen = null;
let dateOrder = null;
let readings = 0; // an answer counts only if nothing was asked or chosen after it

// The file that was chosen and is not imported yet.
export const waitingFile = () => chosen;

export function chooseFile(file) {
  readings += 1;
  chosen = file || null;
  dateOrder = null;
  byId("preview").hidden = true;
  byId("date-order").hidden = true;
  byId("import-report").textContent = "";
}

export function cancelImport() {
  chooseFile(null);
  byId("file").value = "";
}

// Read the chosen file without storing anything, and show what was understood of it.
export async function previewChosen(userName, order = dateOrder) {
  const file = chosen;
  const reading = ++readings;
  dateOrder = order;
  for (const button of document.querySelectorAll("[data-date-order]")) {
    button.setAttribute("aria-pressed", String(button.dataset.dateOrder === dateOrder));
  }
  byId("preview").hidden = true;
  byId("import-report").textContent = `Reading ${file.name} …`;
  try {
    const found = await send(userName, { dryRun: true });
    if (reading === readings) show(file, found);
  } catch (error) {
    if (reading !== readings) return;
    if (error.type === "/problems/ambiguous-dates") {
      byId("import-report").textContent = `${file.name} needs an answer first.`;
      byId("date-examples").replaceChildren(...error.errors.map(asItem));
      byId("date-order").hidden = false;
      return;
    }
    byId("import-report").textContent = "";
    if (error.status !== 401) cancelImport(); // once a key is given, it is read
    throw error;
  }
}

export async function importChosen(userName) {
  const file = chosen;
  byId("import-report").textContent = `Importing ${file.name} …`;
  byId("import-yes").disabled = true;
  try {
    const done = await send(userName, { dryRun: false });
    cancelImport();
    byId("import-report").textContent =
      `${posts(done.imported)} new, ${number(done.updated)} updated, ${number(done.unchanged)} unchanged;` +
      ` ${number(done.total)} kept in all.`;
    byId("import-report").focus();
  } catch (error) {
    byId("import-report").textContent = "";
    throw error;
  } finally {
    byId("import-yes").disabled = false;
  }
}

function send(userName, { dryRun }) {
  const form = new FormData();
  form.append("file", chosen);
  const query = new URLSearchParams({ dry_run: dryRun, ...(dateOrder && { date_order: dateOrder }) });
  return call("POST", userPath(userName, `/posts?${query}`), { form });
}

const number = (count) => count.toLocaleString();
const posts = (count) => `${number(count)} ${count === 1 ? "post" : "posts"}`;

function show(file, found) {
  const read = found.own + found.shared + found.liked;
  if (!read) cancelImport();
  byId("import-report").textContent = read
    ? `${file.name} is read, and nothing of it is stored yet.`
    : `${file.name} is read, and there is no post in it.`;
  byId("preview-title").textContent = found.dialect.title;
  byId("preview-facts").replaceChildren(...facts(found, read).map((text) => element("li", { text })));
  byId("preview-posts").replaceChildren(...found.first_posts.map(quote));
  byId("preview-more").textContent =
    read > found.first_posts.length ? `and ${posts(read - found.first_posts.length)} more` : "";
  byId("skipped").hidden = found.skipped === 0;
  byId("skipped").open = read === 0;
  byId("skipped").querySelector("summary").textContent =
    found.skipped === 1 ? "1 row or item is left out" : `${number(found.skipped)} rows or items are left out`;
  const untold = found.skipped - found.skipped_reasons.length;
  byId("skipped").querySelector("ul").replaceChildren(
    ...found.skipped_reasons.map(asItem),
    ...(untold ? [element("li", { text: `and ${number(untold)} more` })] : []),
  );
  byId("import-yes").hidden = read === 0;
  byId("preview").hidden = false;
}

function facts(found, read) {
  const kinds = ["own", "shared", "liked"].filter((kind) => found[kind]);
  const told = [kinds.map((kind) => `${number(found[kind])} ${kind}`).join(", ") || "No posts"];
  const known = found.unchanged + found.updated;
  if (known) told.push(`${number(known)} of ${number(read)} are stored already`);
  if (found.duplicates) told.push(`${posts(found.duplicates)} left out: the same as another one`);
  if (found.edits) told.push(`${posts(found.edits)} left out: edited later, and the last version counts`);
  if (found.date_order) {
    told.push(found.date_order === "day_first"
      ? "Dates are read with the day first"
      : "Dates are read with the month first");
  }
  if (found.unused_columns.length) told.push(`Not used: ${found.unused_columns.join(", ")}`);
  return [...told, ...found.notes];
}

function quote(post) {
  const counts = Object.entries(post.engagement)
    .filter(([, count]) => count)
    .map(([name, count]) => `${name} ${number(count)}`);
  const word = post.own_word ? [`your word: ${post.own_word}`] : [];
  const about = [day(post.created_at), post.ownership, post.language, ...word, ...counts];
  return element("blockquote", {}, [
    element("p", { className: "cut", text: post.text }),
    element("footer", { text: about.filter(Boolean).join(" · ") }),
  ]);
}

const asItem = ({ where, field, reason }) =>
  element("li", { text: [where, field, reason].filter(Boolean).join(": ") });

// List the kinds of files that can be imported, once the list is opened.
export async function listFormats() {
  if (!byId("formats").open || byId("format-list").childElementCount) return;
  const { formats } = await call("GET", "/v1/import-formats");
  byId("format-list").replaceChildren(
    ...formats.flatMap((each) => [
      element("dt", { text: each.title }),
      element("dd", {}, [
        element("p", { text: each.where_to_get }),
        element("p", { className: "note", text: `Send: ${each.files.join(", ")}` }),
        ...(each.not_read.length
          ? [element("p", { className: "note", text: `Not read: ${each.not_read.join(", ")}` })]
          : []),
      ]),
    ]),
  );
}
