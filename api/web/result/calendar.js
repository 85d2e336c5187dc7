// A year in days. Each day with posts is a button: arrow keys move, Enter shows the day's posts.

import { byId, element, note } from "../elements.js";
import { date, lightAndHeavy, posts, timeZone } from "../figures.js";
import { call, query, userPath } from "../requests.js";
import { browse } from "./browse.js";
import { fill } from "./loading.js";

const STRONG = 0.5;
const WEAK = 0.1;
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -31, PageDown: 31 };
const DAY_MS = 86_400_000;

let shown = { user: "", year: 0, first: 0, last: 0 };

export function showCalendar(user, result) {
  const yearOf = (iso) => new Date(iso || Date.now()).getFullYear();
  const last = yearOf(result.newest_post_at);
  shown = { user, year: last, first: yearOf(result.oldest_post_at), last };
  return draw();
}

export function handleYearSwitch(guarded) {
  for (const [id, step] of [["year-before", -1], ["year-after", 1]]) {
    byId(id).addEventListener("click", guarded(() => {
      const year = shown.year + step;
      if (year < shown.first || year > shown.last) return null;
      shown.year = year;
      return draw();
    }));
  }
}

function draw() {
  const { user, year, first, last } = shown;
  byId("year").textContent = year;
  // Not disabled: a disabled button would lose the focus.
  byId("year-before").setAttribute("aria-disabled", String(year <= first));
  byId("year-after").setAttribute("aria-disabled", String(year >= last));
  const range = { bucket: "day", from: `${year}-01-01`, to: `${year}-12-31`, timezone: timeZone };
  return fill(byId("calendar"), async () => {
    const { timeline } = await call("GET", userPath(user, `/timeline${query(range)}`));
    const days = new Map(timeline.filter((each) => each.scores !== null).map((each) => [each.start, each]));
    if (!days.size) return [note(`No post that counts lies in ${year}. Arrows above lead to other years.`)];
    return parts(year, days);
  });
}

function parts(year, days) {
  const readout = element("p", { className: "note", text: "Point at a day, or move with the arrow keys; Enter shows its posts." });
  const months = element("div", { className: "months" });
  for (let month = 0; month < 12; month += 1) months.append(monthOf(year, month, days));
  const buttons = [...months.querySelectorAll("button")];
  buttons.at(-1).tabIndex = 0;

  const tell = (event) => {
    if (!event.target.dataset.day) return;
    readout.className = "readout";
    readout.textContent = event.target.getAttribute("aria-label");
  };
  months.addEventListener("pointerover", tell);
  months.addEventListener("focusin", tell);
  months.addEventListener("click", ({ target }) => {
    if (target.dataset.day) browse({ from: target.dataset.day, to: target.dataset.day });
  });
  months.addEventListener("keydown", (event) => {
    const next = event.target.dataset.day && following(buttons, event.target, event.key);
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
  return [legend(), months, readout];
}

// The day with posts that a key leads to: at least that many days away, or the last one there is.
function following(buttons, from, key) {
  if (key === "Home") return buttons[0];
  if (key === "End") return buttons.at(-1);
  const step = KEYS[key];
  if (!step) return null;
  const aim = Date.parse(from.dataset.day) + step * DAY_MS;
  const time = (each) => Date.parse(each.dataset.day);
  return step > 0
    ? buttons.find((each) => time(each) >= aim) || buttons.at(-1)
    : buttons.findLast((each) => time(each) <= aim) || buttons[0];
}

function monthOf(year, month, days) {
  const first = new Date(Date.UTC(year, month, 1));
  const name = first.toLocaleDateString(undefined, { month: "long", timeZone: "UTC" });
  const weekday = (first.getUTCDay() + 6) % 7; // Monday first
  const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const cells = Array.from({ length: count }, (_, index) => {
    const iso = new Date(Date.UTC(year, month, index + 1)).toISOString().slice(0, 10);
    return cell(iso, days.get(iso));
  });
  cells[0].style.gridColumnStart = weekday + 1;
  return element("div", { role: "group", "aria-label": `${name} ${year}` }, [
    element("h3", { text: name }),
    element("div", { className: "days" }, cells),
  ]);
}

function cell(iso, found) {
  if (!found) return element("span", { className: "day" });
  return element("button", {
    type: "button",
    className: `day ${level(found)}`,
    "data-day": iso,
    tabindex: -1,
    "aria-label": `${date(iso)}: ${posts(found.posts)}, ${lightAndHeavy(found)}`,
  });
}

function level({ positivity, negativity }) {
  const lean = positivity - negativity;
  if (Math.abs(lean) < WEAK) return "even";
  return `${Math.abs(lean) >= STRONG ? "very " : ""}${lean > 0 ? "light" : "heavy"}`;
}

function legend() {
  const levels = [["very heavy", "very heavy"], ["heavy", "heavy"], ["even", "even"], ["light", "light"],
    ["very light", "very light"], ["", "no posts"]];
  return element("p", { className: "legend" }, levels.map(([className, text]) =>
    element("span", {}, [element("i", { className: `day ${className}`, "aria-hidden": "true" }), text])));
}
