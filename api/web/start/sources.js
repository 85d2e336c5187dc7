// Where posts come from: a file that was imported, or a source that this service is set up to read.

import { byId, element } from "../elements.js";
import { call } from "../requests.js";

const IMPORTED = "imported";
const TITLES = { imported: "The file that I imported", x: "X", bluesky: "Bluesky", mastodon: "Mastodon" };

let signIns = {};

function showChoice() {
  const source = byId("source").value;
  byId("source-user-field").hidden = source === IMPORTED;
  byId("sign-in").hidden = !signIns[source];
  if (signIns[source]) byId("sign-in").href = signIns[source];
}

// Offer the sources that are set up; nothing is shown where there is only the file.
export async function offerSources(chosen) {
  const { sources } = await call("GET", "/v1/sources");
  const ready = sources.filter((source) => source.configured);
  signIns = Object.fromEntries(ready.map((source) => [source.name, source.sign_in]));
  byId("source").replaceChildren(
    ...ready.map(({ name }) => element("option", { value: name, text: TITLES[name] || name })),
  );
  byId("source").value = ready.some((source) => source.name === chosen) ? chosen : IMPORTED;
  byId("source").onchange = showChoice;
  byId("source-field").hidden = ready.length < 2;
  showChoice();
}

export function chosenSource() {
  const source = byId("source").value || IMPORTED;
  const account = byId("source-user").value.trim();
  return source !== IMPORTED && account ? { source, source_user: account } : { source };
}

export const readsFile = () => chosenSource().source === IMPORTED;

export function costText({ source_cost: cost, fetched }) {
  if (!cost) return "";
  const price = cost.estimate ? `, for about ${cost.estimate} ${cost.currency}` : "";
  return `${fetched} posts fetched: ${cost.posts_read} read${price}; ${cost.skipped} skipped.`;
}
