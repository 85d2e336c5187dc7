// Show a mood result and what may do good.

import { byId, day, element, percent } from "./elements.js";

// The words for people; the API keeps its four names.
export const WORDS = {
  Depressed: "Heavy",
  Stressed: "Tense",
  Satisfied: "Balanced",
  Cheerful: "Bright",
};

const EMOTIONS = ["joy", "love", "surprise", "neutral", "sadness", "anger", "fear"];

export function showResult(result) {
  byId("mood-title").textContent = result.mood ? WORDS[result.mood] || result.mood : "Not enough to tell";
  byId("mood-summary").textContent = result.summary || result.reason || "";
  // Results from before these were told have neither why nor changed_by.
  byId("mood-change").hidden = !result.changed_by;
  byId("mood-change").textContent = result.changed_by ? result.changed_by.words : "";
  byId("mood-why").hidden = !result.why;
  byId("mood-why").textContent = result.why || "";
  byId("mood-facts").textContent = result.mood ? facts(result) : "";
  // Results from before languages were detected have no language_note.
  byId("mood-language").hidden = !result.language_note;
  byId("mood-language").textContent = result.language_note || "";
  byId("mood-stale").hidden = !result.stale;
  byId("mood-stale").textContent = result.stale_note || "";
  byId("emotions").replaceChildren(...(result.scores ? EMOTIONS.map((name) => bar(name, result.scores[name])) : []));
  byId("feedback").hidden = !result.mood;
  byId("support").hidden = result.support.length === 0;
  byId("support-list").replaceChildren(...result.support.map(somebody));
  byId("peaks").replaceChildren(...peaks(result));
  const moved = (result.moved_most || []).map((item) =>
    element("li", {}, [quote(item, item.contribution >= 0 ? "light" : "heavy", influence(item))]));
  byId("moved").replaceChildren(...moved);
}

function somebody(entry) {
  return element("li", {}, [
    element("a", { href: entry.url, text: entry.name, rel: "noreferrer", target: "_blank" }),
    element("span", { text: `: ${entry.contact}` }),
  ]);
}

function facts(result) {
  const count = result.posts.total.toLocaleString();
  const parts = [`From ${count} ${result.posts.total === 1 ? "post" : "posts"}`];
  if (result.feeling_posts !== undefined) {
    parts.push(`${result.feeling_posts.toLocaleString()} with a feeling in ${result.feeling_posts === 1 ? "it" : "them"}`);
  }
  // Nothing read from posts is certain.
  if (result.confidence !== null) parts.push(`confidence ${percent(Math.min(result.confidence, 0.99))}`);
  return `${parts.join(", ")}.`;
}

function bar(name, share) {
  const fill = element("span", { className: "fill" });
  fill.style.width = `${(share * 100).toFixed(1)}%`;
  fill.style.background = `var(--${name})`;
  const track = element("span", { className: "track", "aria-hidden": "true" }, [fill]);
  return element("li", {}, [
    element("span", { text: name }),
    track,
    element("span", { className: "share", text: percent(share) }),
  ]);
}

function peaks(result) {
  const found = [];
  if (result.happiest) found.push(quote(result.happiest, "light", "Your happiest post"));
  if (result.saddest) found.push(quote(result.saddest, "heavy", "Your saddest post"));
  return found.length ? found : [element("p", { className: "note", text: "None of your own posts yet." })];
}

function influence(item) {
  const way = item.contribution >= 0 ? "Towards light" : "Towards heavy";
  return `${way}, ${percent(item.weight_share)} of the weight`;
}

function quote(post, side, words) {
  return element("blockquote", { className: side }, [
    element("p", { text: post.text }),
    element("footer", { text: `${words} · ${day(post.created_at)}` }),
  ]);
}

export function showIdeas(ideas) {
  const column = (title, items, mark, empty) =>
    element("div", {}, [
      element("h3", { text: title }),
      items.length
        ? element("ul", {}, items.map((item) =>
            element("li", {}, [
              element("strong", { text: mark + item.name.replace(/^[@#]/, "") }),
              element("span", { className: "note", text: item.explanation }),
            ])))
        : element("p", { className: "note", text: empty }),
    ]);
  byId("ideas").replaceChildren(
    column("Accounts", ideas.big_accounts, "@", "None today."),
    column("Hashtags", ideas.hashtags, "#", "None today."),
    column("People", ideas.friends, "@", "Nobody who agreed to be matched fits today."),
  );
}
