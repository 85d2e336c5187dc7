// The feelings over time: by day, week or month, in a range of days.

import { button, byId, element, note, press } from "../elements.js";
import { date, differ, isoDay, lean, lightAndHeavy, percent, posts, timeZone } from "../figures.js";
import { call, query, userPath } from "../requests.js";
import { browse } from "./browse.js";
import { fill } from "./loading.js";
import { feelingCharts, leanChart, moveCursor, places, pointedAt } from "./series_chart.js";

const LEAST_POSTS = 3; // the heaviest week should not be one bad post
const DAY_MS = 86_400_000;

let shown = { user: "", result: null, bucket: "week" };

export function showTimeline(user, result) {
  shown = { ...shown, user, result };
  return choose({ days: "" });
}

export function handleTimelineControls(guarded) {
  for (const each of document.querySelectorAll("[data-bucket]")) {
    each.addEventListener("click", guarded(() => {
      shown.bucket = each.dataset.bucket;
      return draw();
    }));
  }
  for (const each of document.querySelectorAll("[data-days]")) {
    each.addEventListener("click", guarded(() => choose({ days: each.dataset.days })));
  }
  for (const id of ["range-from", "range-to"]) {
    byId(id).addEventListener("change", guarded(() => {
      press(document.querySelectorAll("[data-days]"), () => false);
      return draw();
    }));
  }
  byId("range").addEventListener("submit", (event) => event.preventDefault());
}

// The last days are those before the newest post: an archive may be years old.
function choose({ days }) {
  const newest = shown.result.newest_post_at;
  const from = days && newest ? isoDay(Date.parse(newest) - (days - 1) * DAY_MS) : "";
  byId("range-from").value = from;
  byId("range-to").value = from ? isoDay(newest) : "";
  press(document.querySelectorAll("[data-days]"), (each) => each.dataset.days === days);
  return draw();
}

function draw() {
  press(document.querySelectorAll("[data-bucket]"), (each) => each.dataset.bucket === shown.bucket);
  const { user, bucket, result } = shown;
  const range = { from: byId("range-from").value, to: byId("range-to").value, timezone: timeZone };
  return fill(byId("timeline"), async () => {
    const found = await call("GET", userPath(user, `/timeline${query({ bucket, ...range })}`));
    const buckets = found.timeline.filter((each) => each.scores !== null);
    if (!buckets.length) return [note("No post that counts lies in these days. Choose a wider range.")];
    return parts(buckets, bucket, byHeaviness(result));
  });
}

// The feelings from light to heavy, as the scoring weighs them.
function byHeaviness({ scores, scoring }) {
  const valence = (name) => scoring[`${name}_valence`] || 0;
  return Object.keys(scores || {}).sort((one, other) => valence(other) - valence(one));
}

function parts(buckets, bucket, feelings) {
  const chart = leanChart(buckets, bucket);
  const small = feelingCharts(buckets, bucket, feelings);
  const standing = places(buckets, bucket);
  const readout = element("p", { className: "readout" });
  const slider = element("input", {
    type: "range", min: 0, max: buckets.length - 1, step: 1, "aria-label": `Read one ${bucket}`,
  });
  slider.value = buckets.length - 1;
  const charts = element("div", { className: "charts" }, [chart, slider, readout, small]);

  function read() {
    const at = Number(slider.value);
    const words = `${span(buckets[at], bucket)}: ${posts(buckets[at].posts)}, ${lightAndHeavy(buckets[at])}`;
    readout.textContent = words;
    slider.setAttribute("aria-valuetext", words);
    for (const output of small.querySelectorAll("output")) {
      output.textContent = percent(buckets[at].scores[output.dataset.feeling]);
    }
    moveCursor(charts, standing[at]);
  }
  slider.addEventListener("input", read);
  for (const svg of charts.querySelectorAll("svg")) {
    svg.addEventListener("pointermove", (event) => {
      slider.value = pointedAt(svg, event, standing);
      read();
    });
  }
  read();
  return [...extremes(buckets, bucket), charts, table(buckets, bucket)];
}

// Neither is named where there is nothing to compare: a single week, or weeks that all read the same.
function extremes(buckets, bucket) {
  const enough = buckets.filter((each) => each.posts >= LEAST_POSTS);
  const ranked = [...(enough.length ? enough : buckets)].sort((one, other) => lean(one) - lean(other));
  if (!differ(ranked[0], ranked.at(-1))) return [];
  const line = (name, each) => element("li", {}, [
    element("strong", { text: `${name} ${bucket}: ` }),
    element("span", { text: `${span(each, bucket)}, ${posts(each.posts)}, ${lightAndHeavy(each)} ` }),
    button("Show its posts", () => browse({ from: each.start, to: lastDay(each.start, bucket) }), { className: "small" }),
  ]);
  const fewer = enough.length && enough.length < buckets.length
    ? [element("li", { className: "note", text: `Of the ${bucket}s with ${LEAST_POSTS} posts or more.` })] : [];
  return [element("ul", { className: "extremes" }, [
    line("Heaviest", ranked[0]), line("Lightest", ranked.at(-1)), ...fewer,
  ])];
}

function lastDay(start, bucket) {
  const last = new Date(`${start}T00:00:00Z`);
  if (bucket === "week") last.setUTCDate(last.getUTCDate() + 6);
  if (bucket === "month") last.setUTCMonth(last.getUTCMonth() + 1, 0);
  return last.toISOString().slice(0, 10);
}

const span = ({ start }, bucket) =>
  bucket === "day" ? date(start) : `${date(start)} to ${date(lastDay(start, bucket))}`;

function table(buckets, bucket) {
  const head = element("tr", {}, ["From", "Posts", "Mood", "Light", "Heavy"].map((text) =>
    element("th", { text, scope: "col" })));
  const rows = buckets.map((each) => element("tr", {}, [
    element("th", { text: date(each.start), scope: "row" }),
    ...[String(each.posts), each.label || "", percent(each.positivity), percent(each.negativity)].map((text) =>
      element("td", { text })),
  ]));
  return element("details", {}, [
    element("summary", { text: "The same as a table" }),
    element("div", { className: "scroll", tabindex: 0, role: "region", "aria-label": `Feelings by ${bucket}` }, [
      element("table", {}, [element("thead", {}, [head]), element("tbody", {}, rows)]),
    ]),
  ]);
}
