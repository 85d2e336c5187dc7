// Take the stored data along, or erase it.

import { byId } from "../elements.js";
import { timeZone } from "../figures.js";
import { call, query, saveFile, userPath } from "../requests.js";

// userName tells whose data is shown; onErased gets what is left of an erasure that goes on, or null.
export function handleOwnData(guarded, userName, onErased) {
  for (const each of document.querySelectorAll("[data-export]")) {
    each.addEventListener("click", guarded(() => saveExport(userName(), each.dataset.export)));
  }
  byId("export-range").addEventListener("submit", (event) => event.preventDefault());
  byId("picture").addEventListener("click", guarded(() => {
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    return saveFile(userPath(userName(), `/summary.png${query({ theme })}`), "moodline-summary.png");
  }));
  byId("print").addEventListener("click", () => window.print());
  byId("erase").addEventListener("click", () => byId("erase-dialog").showModal());
  byId("erase-no").addEventListener("click", () => byId("erase-dialog").close());
  byId("erase-yes").addEventListener("click", guarded(async () => {
    byId("erase-dialog").close();
    onErased(await call("DELETE", userPath(userName())));
  }));
}

function saveExport(user, format) {
  const range = { from: byId("export-from").value, to: byId("export-to").value };
  const asked = query({ format, ...range, timezone: range.from || range.to ? timeZone : "" });
  return saveFile(userPath(user, `/export${asked}`), `moodline-export.${format}`);
}
