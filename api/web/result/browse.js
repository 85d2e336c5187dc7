// The posts, one page after the other: filtered by feeling, days and words, each correctable.

import { byId, element, note, scrollTo } from "../elements.js";
import { date, day, posts, timeZone } from "../figures.js";
import { call, query, userPath } from "../requests.js";
import { fill } from "./loading.js";
import { postItem } from "./post.js";

const FIELDS = ["text", "emotion", "from", "to"];
const PAGE = 10;

let shown = { user: "", emotions: [], cursor: null };

export function showPosts(user, result) {
  const emotions = Object.keys(result.scores || {});
  shown = { user, emotions, cursor: null };
  const any = element("option", { value: "", text: "any" });
  byId("browse-emotion").replaceChildren(
    any, ...emotions.map((name) => element("option", { value: name, text: name })),
  );
  byId("browse-form").reset();
  return draw();
}

// Show the posts of a filter, and lead there: what other parts of the result link to.
export async function browse(filter) {
  for (const name of FIELDS) byId(`browse-${name}`).value = filter[name] || "";
  await draw();
  scrollTo(byId("browse-title"));
  byId("browse-title").focus({ preventScroll: true });
}

export function handleBrowsing(guarded) {
  byId("browse-form").addEventListener("submit", guarded(draw));
  byId("browse-form").addEventListener("reset", guarded(() => {
    for (const name of FIELDS) byId(`browse-${name}`).value = "";
    byId("browse-title").focus({ preventScroll: true }); // the button goes away
    return draw();
  }));
  byId("browse-more").addEventListener("click", guarded(more));
}

const filterNow = () => Object.fromEntries(FIELDS.map((name) => [name, byId(`browse-${name}`).value]));

function ask(cursor) {
  return call("GET", userPath(shown.user,
    `/posts${query({ ...filterNow(), timezone: timeZone, limit: PAGE, cursor })}`));
}

// Say by what the posts are filtered: other parts of the result filter them too.
function tellFilter() {
  const { text, emotion, from, to } = filterNow();
  const days = from === to ? from && `of ${date(from)}`
    : [from && `from ${date(from)}`, to && `to ${date(to)}`].filter(Boolean).join(" ");
  const told = [days, emotion && `that feel like ${emotion}`, text && `with “${text}”`].filter(Boolean);
  byId("browse-filter").hidden = told.length === 0;
  byId("browse-filter").querySelector("strong").textContent = `Only posts ${told.join(", ")}`;
}

function draw() {
  tellFilter();
  byId("browse-more").hidden = true;
  byId("browse-count").textContent = "";
  return fill(byId("browse-list"), async () => {
    const found = await ask(null);
    count(found);
    if (!found.posts.length) {
      return [element("li", {}, [note("No post fits. Change the filter, or clear it.")])];
    }
    return found.posts.map(item);
  });
}

async function more() {
  const found = await ask(shown.cursor);
  const items = found.posts.map(item);
  byId("browse-list").append(...items);
  count(found);
  items[0]?.focus();
}

function count(found) {
  shown.cursor = found.next_cursor;
  byId("browse-more").hidden = !found.next_cursor;
  // A search for words ends after many posts; the day before which it goes on is told.
  const older = found.searched_to
    ? ` Posts before ${day(found.searched_to)} were not searched: choose that day as "To" to go on.` : "";
  byId("browse-count").textContent = found.total ? `${posts(found.total)}, newest first.${older}` : older;
}

const item = (post) => postItem(shown.user, post, shown.emotions, (text) => browse({ text }));
