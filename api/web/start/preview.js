// What was understood of a file, before anything of it is stored.

import { byId, element } from "../elements.js";
import { day, number, posts } from "../figures.js";

// Returns how many posts were read.
export function showPreview(found) {
  const read = found.own + found.shared + found.liked;
  byId("preview-title").textContent = found.dialect.title;
  byId("preview-facts").replaceChildren(...facts(found, read).map((text) => element("li", { text })));
  byId("preview-posts").replaceChildren(...found.first_posts.map(quote));
  byId("preview-more").textContent =
    read > found.first_posts.length ? `and ${posts(read - found.first_posts.length)} more` : "";
  showSkipped(found, read);
  byId("import-yes").hidden = read === 0;
  return read;
}

function showSkipped(found, read) {
  const skipped = byId("skipped");
  skipped.hidden = found.skipped === 0;
  skipped.open = read === 0;
  skipped.querySelector("summary").textContent =
    found.skipped === 1 ? "1 row or item is left out" : `${number(found.skipped)} rows or items are left out`;
  const untold = found.skipped - found.skipped_reasons.length;
  skipped.querySelector("ul").replaceChildren(
    ...found.skipped_reasons.map(asItem),
    ...(untold ? [element("li", { text: `and ${number(untold)} more` })] : []),
  );
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

export const asItem = ({ where, field, reason }) =>
  element("li", { text: [where, field, reason].filter(Boolean).join(": ") });
