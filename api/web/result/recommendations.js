// What may do good: accounts, hashtags and people, as links to X, where these names are from.

import { byId, element, note, webLink } from "../elements.js";
import { call, userPath } from "../requests.js";
import { fill } from "./loading.js";

export function showIdeas(user, result) {
  return fill(byId("ideas"), async () => {
    if (!result.mood) return [note("Ideas come with a mood: import more posts, and analyse again.")];
    const ideas = await call("GET", userPath(user, "/recommendations"));
    return [
      column("Accounts", ideas.big_accounts, account, "None today."),
      column("Hashtags", ideas.hashtags, hashtag, "None today."),
      column("People", ideas.friends, account, "Nobody who agreed to be matched fits today."),
    ];
  });
}

const account = (name) => webLink(`https://x.com/${encodeURIComponent(name)}`, `@${name}`);
const hashtag = (name) => webLink(`https://x.com/hashtag/${encodeURIComponent(name)}`, `#${name}`);

function column(title, items, linkTo, empty) {
  return element("div", {}, [
    element("h3", { text: title }),
    items.length
      ? element("ul", { className: "plain" }, items.map((item) =>
          element("li", {}, [linkTo(item.name.replace(/^[@#]/, "")), note(item.explanation)])))
      : note(empty),
  ]);
}
