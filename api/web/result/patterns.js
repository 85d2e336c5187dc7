// When and about what the posts are light or heavy. What rests on too few posts is left out.

import { button, byId, element, note } from "../elements.js";
import { number, percent, posts, timeZone } from "../figures.js";
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
          ...groups("Weekdays", "Day", found.weekdays, found.least_posts),
          ...groups("Own and shared", "Kind", found.ownership.filter((each) => each.posts), found.least_posts),
        ]),
        element("div", {}, groups("Hours", "Hour", hours(found.hours), found.least_posts)),
      ]),
      element("div", { className: "columns" }, [
        words("What the light posts talk about", [...found.words.light, ...found.hashtags.light]),
        words("What the heavy posts talk about", [...found.words.heavy, ...found.hashtags.heavy]),
      ]),
    ];
  });
}

const hours = (groupsOfDay) =>
  groupsOfDay.filter((each) => each.posts).map((each) => ({ ...each, name: `${each.name}:00` }));

function groups(title, column, found, least) {
  const head = element("tr", {}, [column, "Posts", "Light", "Heavy"].map((text) =>
    element("th", { text, scope: "col" })));
  return [
    element("h3", { text: title }),
    element("table", { className: "groups" }, [
      element("thead", {}, [head]),
      element("tbody", {}, found.map((each) => row(each, least))),
    ]),
  ];
}

function row(each, least) {
  const known = each.positivity !== null;
  const cells = known
    ? [share(each.positivity, "light"), share(each.negativity, "heavy")]
    : [element("td", {
        colspan: 2, className: "note",
        text: each.posts ? `too few: ${number(least)} are needed` : "no posts",
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
