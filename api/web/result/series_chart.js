// Draw buckets of days over time. Shapes are SVG that stretches to the width that there is; words
// and numbers are HTML, so that they keep their size, wrap and can be read out.

import { drawn, element } from "../elements.js";
import { date, percent } from "../figures.js";

const WIDTH = 1000;
const DAY_MS = 86_400_000;

const time = (iso) => Date.parse(`${iso}T00:00:00Z`);

function endOf(start, bucket) {
  if (bucket === "day") return time(start) + DAY_MS;
  if (bucket === "week") return time(start) + 7 * DAY_MS;
  const next = new Date(time(start));
  return next.setUTCMonth(next.getUTCMonth() + 1);
}

// Where each bucket stands: [left, right] for each.
export function places(buckets, bucket) {
  const first = time(buckets[0].start);
  const last = endOf(buckets[buckets.length - 1].start, bucket);
  const across = (when) => ((when - first) / (last - first)) * WIDTH;
  return buckets.map((each) => [across(time(each.start)), across(endOf(each.start, bucket))]);
}

// One bar for each bucket, from a base line up (or down, where the height is below 0), as one shape.
function bars(standing, heights, base) {
  return standing
    .map(([left, right], index) => `M${left} ${base}V${base - heights[index]}H${right}V${base}Z`)
    .join("");
}

function picture(height, label, children) {
  return drawn("svg", {
    viewBox: `0 0 ${WIDTH} ${height}`,
    height,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
  }, [...children, drawn("line", { class: "cursor", y1: 0, y2: height })]);
}

// Light feelings upwards, heavy ones downwards: the side tells them apart, not the colour alone.
export function leanChart(buckets, bucket) {
  const standing = places(buckets, bucket);
  const side = 100;
  const light = bars(standing, buckets.map((each) => each.positivity * side), side);
  const heavy = bars(standing, buckets.map((each) => -each.negativity * side), side);
  const label = `Light and heavy feelings by ${bucket}; the slider and the table below have the numbers`;
  const middle = buckets[Math.floor((buckets.length - 1) / 2)];
  const ends = [buckets[0], ...(buckets.length > 2 ? [middle] : []), ...(buckets.length > 1 ? [buckets.at(-1)] : [])];
  return element("figure", { className: "lean" }, [
    element("div", { className: "scale", "aria-hidden": "true" }, [
      element("span", { text: percent(1) }), element("span", { text: "light" }),
      element("span", { text: "0" }),
      element("span", { text: "heavy" }), element("span", { text: percent(1) }),
    ]),
    picture(2 * side, label, [
      stripes(),
      drawn("path", { class: "light", d: light }),
      drawn("path", { class: "heavy", d: heavy }),
      drawn("path", { class: "heavy-stripes", d: heavy }),
      drawn("line", { class: "base", x1: 0, x2: WIDTH, y1: side, y2: side }),
    ]),
    element("div", { className: "dates", "aria-hidden": "true" }, ends.map((each) =>
      element("span", { text: date(each.start) }))),
  ]);
}

function stripes() {
  return drawn("pattern", { id: "stripes", width: 8, height: 6, patternUnits: "userSpaceOnUse" }, [
    drawn("line", { x1: 0, x2: 8, y1: 1, y2: 1 }),
  ]);
}

// One small chart for each feeling, all on the same scale.
export function feelingCharts(buckets, bucket, feelings) {
  const standing = places(buckets, bucket);
  const most = Math.max(...buckets.flatMap((each) => feelings.map((name) => each.scores[name])));
  const height = 44;
  return element("div", { className: "feelings" }, feelings.map((name) => {
    const shares = buckets.map((each) => (each.scores[name] / most) * height);
    const shape = drawn("path", { d: bars(standing, shares, height) });
    shape.style.fill = `var(--${name})`;
    return element("figure", {}, [
      element("figcaption", {}, [
        element("span", { text: name }),
        element("output", { "data-feeling": name }),
      ]),
      picture(height, `${name} by ${bucket}; at most ${percent(most)} in all of these charts`, [shape]),
    ]);
  }));
}

// Mark a bucket in all charts of a part.
export function moveCursor(part, [left, right]) {
  for (const line of part.querySelectorAll(".cursor")) {
    const middle = (left + right) / 2;
    line.setAttribute("x1", middle);
    line.setAttribute("x2", middle);
  }
}

// The bucket under a pointer, as its index.
export function pointedAt(svg, event, standing) {
  const box = svg.getBoundingClientRect();
  const at = ((event.clientX - box.left) / box.width) * WIDTH;
  const after = standing.findIndex(([, right]) => at <= right);
  return after < 0 ? standing.length - 1 : after;
}
