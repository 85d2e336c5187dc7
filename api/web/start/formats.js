// How to get one's archive: the kinds of files that can be imported, each with where to get it.

import { byId, element, note } from "../elements.js";
import { call } from "../requests.js";

export async function listFormats() {
  if (!byId("formats").open || byId("format-list").childElementCount) return;
  const { formats } = await call("GET", "/v1/import-formats");
  const names = [...new Set(formats.map((each) => each.group))].sort();
  byId("format-list").replaceChildren(...names.map((name) =>
    group(name, formats.filter((each) => each.group === name))));
}

function group(name, formats) {
  return element("details", { name: "format" }, [
    element("summary", { text: name }),
    ...formats.flatMap(entry),
  ]);
}

function entry(each) {
  return [
    element("h3", { text: each.title }),
    element("p", { text: each.where_to_get }),
    note(`Send: ${each.files.join(", ")}`),
    ...(each.not_read.length ? [note(`Not read: ${each.not_read.join(", ")}`)] : []),
  ];
}
