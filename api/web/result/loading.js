// Fill a part of the result with what it asks for; one that fails says so and can be asked again.

import { button, note } from "../elements.js";

const asked = new WeakMap();

// load returns the elements to show. Only the answer to the last question of a part is shown.
export async function fill(part, load) {
  const turn = (asked.get(part) || 0) + 1;
  asked.set(part, turn);
  part.setAttribute("aria-busy", "true");
  let shown;
  try {
    shown = await load();
  } catch (error) {
    if (error.status === 401) throw error;
    const again = button("Try again", async () => {
      part.tabIndex = -1;
      part.focus();
      await fill(part, load);
    });
    shown = [note(`This part could not be shown. ${error.message}`), again];
  }
  if (asked.get(part) !== turn) return;
  part.replaceChildren(...shown);
  part.removeAttribute("aria-busy");
}
