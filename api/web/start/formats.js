// How to get one's archive: the kinds of files that can be imported, each with where to get it.

import { byId, element, note } from "../elements.js";
import { call } from "../requests.js";

export async function listFormats() {
  if (!byId("formats").open || byId("format-list").childElementCount) return;
  const { formats } = await call("GET", "/v1/import-formats");
  byId("format-list").replaceChildren(...formats.map(entry));
}

function entry(each) {
  return element("details", { name: "format" }, [
    element("summary", { text: each.title }),
    element("p", { text: each.where_to_get }),
    note(`Send: ${each.files.join(", ")}`),
    ...(each.not_read.length ? [note(`Not read: ${each.not_read.join(", ")}`)] : []),
  ]);
}
