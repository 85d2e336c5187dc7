// When and about what the posts are light or heavy. What rests on too few posts is left out.

import { button, byId, element, note } from "../elements.js";
import { differ, lean, number, percent, posts, timeZone } from "../figures.js";
import { call, query, userPath } from "../requests.js";
import { browse } from "./browse.js";
import { fill } from "./loading.js";

export function showPatterns(user) {
  return fill(byId("patterns"), async () => {
    const found = await call("GET", userPath(user, `/patterns${query({ timezone: timeZone })}`));
    if (!found.posts) return [note("No post that counts is here yet: import more, and analyse again.")];
    return [
      note(`From ${posts(found.posts)}. What rests on fewer than ${number(found.least_posts)} is left out.`),
      element("div", { className: "columns" }, [
        element("div", {}, [
          element("h3", { text: "Weekdays" }),
          groups("Day", found.weekdays),
        ]),
        element("div", {}, [
          element("h3", { text: "Hours" }),
          ...hours(found.hours),
          element("h3", { text: "Own and shared" }),
          groups("Kind", found.ownership.filter((each) => each.posts)),
        ]),
      ]),
      element("div", { className: "columns" }, [
        words("What the light posts talk about", [...found.words.light, ...found.hashtags.light]),
        words("What the heavy posts talk about", [...found.words.heavy, ...found.hashtags.heavy]),
      ]),
    ];
  });
}

// 24 rows are much to read: the two ends are told, and the rest stands in a table.
function hours(found) {
  const named = found.map((each) => ({ ...each, name: `${each.name}:00` }));
  const known = named.filter((each) => each.positivity !== null).sort((one, other) => lean(one) - lean(other));
  const told = known.length > 1 && differ(known[0], known.at(-1))
    ? `Heaviest in the hour from ${known[0].name} (${posts(known[0].posts)}), lightest in the one from`
      + ` ${known.at(-1).name} (${posts(known.at(-1).posts)}).`
    : known.length > 1 ? "No hour of the day reads lighter or heavier than another."
      : "Too few posts in an hour of the day to compare.";
  return [
    element("p", { text: told }),
    element("details", {}, [
      element("summary", { text: "All hours as a table" }),
      groups("Hour", named.filter((each) => each.posts)),
    ]),
  ];
}

function groups(column, found) {
  const head = element("tr", {}, [column, "Posts", "Light", "Heavy"].map((text) =>
    element("th", { text, scope: "col" })));
  return element("table", { className: "groups" }, [
    element("thead", {}, [head]),
    element("tbody", {}, found.map((each) => row(each))),
  ]);
}

function row(each) {
  const known = each.positivity !== null;
  const cells = known
    ? [share(each.positivity, "light"), share(each.negativity, "heavy")]
    : [element("td", {
        colspan: 2, className: "note",
        text: each.posts ? "too few" : "no posts",
      })];
  return element("tr", {}, [
    element("th", { text: each.name, scope: "row" }),
    element("td", { text: number(each.posts) }),
    ...cells,
  ]);
}

function share(value, side) {
  const bar = element("span", { className: `bar ${side}`, "aria-hidden": "true" });
  bar.style.width = `${(value * 100).toFixed(1)}%`;
  return element("td", {}, [element("span", { text: percent(value) }), bar]);
}

function words(title, found) {
  const items = found.map((each) =>
    element("li", {}, [
      button(each.word, () => browse({ text: each.word }), { className: "tag" }),
      element("span", { className: "note", text: ` ${posts(each.posts)}, ${towards(each)}` }),
    ]));
  return element("div", {}, [
    element("h3", { text: title }),
    items.length ? element("ul", { className: "words" }, items) : note("Nothing stands out beyond chance."),
  ]);
}

const towards = ({ difference }) =>
  `${percent(Math.abs(difference))} ${difference > 0 ? "lighter" : "heavier"} than the rest`;
