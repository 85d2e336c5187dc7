// Draw the timeline as SVG, and the same numbers as a table.

import { byId, day, drawn, element, percent } from "./elements.js";

const HEIGHT = 260;
const NARROW = 560;
const LEFT = 46;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 30;

let shown = [];

export function drawTimeline(buckets) {
  shown = buckets.filter((item) => item.scores !== null);
  draw();
  byId("chart-table").replaceChildren(...rows(shown));
}

// Drawn at the width that there is, so that its words keep their size.
function draw() {
  const width = Math.max(byId("chart").clientWidth, 260);
  byId("chart").replaceChildren(shown.length ? chart(shown, width) : nothing());
}

new ResizeObserver(draw).observe(byId("chart"));

function nothing() {
  return element("p", { className: "note", text: "There is nothing to draw yet." });
}

function chart(buckets, width) {
  const times = buckets.map((item) => Date.parse(item.start));
  const first = times[0];
  const span = Math.max(times[times.length - 1] - first, 1);
  const x = (time) => LEFT + ((time - first) / span) * (width - LEFT - RIGHT);
  const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const svg = drawn("svg", {
    viewBox: `0 0 ${width} ${HEIGHT}`,
    width,
    height: HEIGHT,
    role: "img",
    "aria-label": `Light and heavy feelings from ${day(buckets[0].start)} to ${day(
      buckets[buckets.length - 1].start,
    )}; the table below has the numbers`,
  });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      drawn("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share) }),
      drawn("text", { x: LEFT - 8, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
    );
  }
  const middle = width < NARROW ? 0 : Math.floor((buckets.length - 1) / 2);
  const labels = new Set([0, middle, buckets.length - 1]);
  for (const index of labels) {
    const last = index === buckets.length - 1 && index > 0;
    const anchor = index === 0 ? "start" : last ? "end" : "middle";
    svg.append(
      drawn(
        "text",
        { x: x(times[index]), y: HEIGHT - 8, "text-anchor": anchor },
        day(buckets[index].start),
      ),
    );
  }
  for (const [field, name] of [["positivity", "light"], ["negativity", "heavy"]]) {
    const points = buckets.map((item, index) => `${x(times[index])},${y(item[field])}`);
    svg.append(drawn("polyline", { class: `line ${name}`, points: points.join(" ") }));
    buckets.forEach((item, index) => {
      const radius = buckets.length > 120 ? 1.5 : 3.5;
      const dot = drawn("circle", {
        class: `dot ${name}`,
        cx: x(times[index]),
        cy: y(item[field]),
        r: radius,
      });
      const words = `${day(item.start)}: ${percent(item[field])} ${name}, ${item.posts} posts`;
      dot.append(drawn("title", {}, words));
      svg.append(dot);
    });
  }
  return svg;
}

function rows(buckets) {
  const head = element("tr", {}, ["From", "Posts", "Light", "Heavy"].map((text) =>
    element("th", { text, scope: "col" })));
  const body = buckets.map((item) =>
    element("tr", {}, [
      element("td", { text: day(item.start) }),
      element("td", { text: String(item.posts) }),
      element("td", { text: percent(item.positivity) }),
      element("td", { text: percent(item.negativity) }),
    ]));
  return [element("thead", {}, [head]), element("tbody", {}, body)];
}
