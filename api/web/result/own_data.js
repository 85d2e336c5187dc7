// Take the stored data along, or erase it.

import { byId } from "../elements.js";
import { timeZone } from "../figures.js";
import { call, hasKey, query, saveFile, userPath } from "../requests.js";

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

// Where a key is asked for there is no link: what embeds a picture can show no key.
export function showPictureLink(user) {
  const link = byId("picture-link").querySelector("a");
  link.href = userPath(user, "/summary.png");
  link.textContent = link.href;
  byId("picture-link").hidden = hasKey();
}

function saveExport(user, format) {
  const range = { from: byId("export-from").value, to: byId("export-to").value };
  const asked = query({ format, ...range, timezone: range.from || range.to ? timeZone : "" });
  return saveFile(userPath(user, `/export${asked}`), `moodline-export.${format}`);
}
