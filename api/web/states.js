// The states of the page. Each says which states may follow it; elements say in which they are
// there (data-in) and in which they cannot be used (data-off). Nothing else switches them.

const FOLLOWING = {
  nothing: ["nothing", "importing", "imported", "analysing", "result", "failed"],
  importing: ["importing", "nothing", "imported", "result", "failed"],
  imported: ["imported", "nothing", "importing", "analysing", "result", "failed"],
  analysing: ["analysing", "nothing", "imported", "result", "failed"],
  result: ["result", "nothing", "importing", "imported", "analysing", "failed"],
  failed: ["failed", "nothing", "importing", "imported", "analysing", "result"],
};

let current = "nothing";

export const state = () => current;

export function enter(next) {
  if (!FOLLOWING[current].includes(next)) {
    throw new Error(`The page cannot go from "${current}" to "${next}".`);
  }
  const changes = next !== current;
  current = next;
  document.body.dataset.state = next;
  const listed = (part, key) => part.dataset[key].split(" ").includes(next);
  for (const part of document.querySelectorAll("[data-in]")) part.hidden = !listed(part, "in");
  for (const part of document.querySelectorAll("[data-off]")) part.disabled = listed(part, "off");
  // Folded while posts are read and once there is a result; the reader may open it again.
  const folded = next === "analysing" || next === "result";
  if (changes) document.getElementById("start-section").open = !folded;
}
