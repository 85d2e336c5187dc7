// Past analyses: what each came to, what changed, and which posts changed it.

import { byId, element, note } from "../elements.js";
import { addressOf } from "../address.js";
import { day, lightAndHeavy, moment, posts } from "../figures.js";
import { call, query, userPath } from "../requests.js";
import { fill } from "./loading.js";

let shown = { user: "", analysisId: "", cursor: null };

export function showHistory(user, analysisId) {
  shown = { user, analysisId, cursor: null };
  byId("history-more").hidden = true;
  return fill(byId("history"), async () => {
    const items = await page();
    return items.length ? items : [element("li", {}, [note("No analysis has ended yet.")])];
  });
}

export function handleHistory(guarded) {
  byId("history-more").addEventListener("click", guarded(async () => {
    const items = await page();
    byId("history").append(...items);
    items[0]?.querySelector("a, strong").focus();
  }));
}

async function page() {
  const found = await call("GET", userPath(shown.user, `/analyses${query({ cursor: shown.cursor })}`));
  shown.cursor = found.next_cursor;
  byId("history-more").hidden = !found.next_cursor;
  return found.analyses.map(entry);
}

function entry(each) {
  const when = moment(each.created_at);
  const isShown = each.analysis_id === shown.analysisId;
  const title = isShown
    ? element("strong", { text: `${when} (shown)`, tabindex: -1 })
    : element("a", { text: when, href: addressOf(shown.user, each.analysis_id) });
  const facts = each.mood
    ? [posts(each.posts), lightAndHeavy(each), each.confidence_words]
    : [posts(each.posts)];
  return element("li", {}, [
    element("p", {}, [title, element("span", { text: ` ${each.label || "Not enough to tell"}` })]),
    note(facts.join(" · ")),
    ...(each.changed_by ? change(each.changed_by) : []),
  ]);
}

function change({ words, posts: moved }) {
  return [
    element("p", { text: words }),
    element("details", {}, [
      element("summary", { text: `${posts(moved.length)} that changed it most` }),
      element("ul", { className: "pair plain" }, moved.map((post) =>
        element("li", {}, [
          element("blockquote", { className: post.effect > 0 ? "light" : "heavy" }, [
            element("p", { text: post.text }),
            element("footer", {
              text: `${post.effect > 0 ? "Towards light" : "Towards heavy"} · ${day(post.created_at)}`
                + (post.new ? " · new since" : ""),
            }),
          ]),
        ]))),
    ]),
  ];
}
