// The mood of the posts, why, the feelings in them, and the posts that stand out.

import { byId, element, note, webLink } from "../elements.js";
import { addressOf } from "../address.js";
import { day, moment, number, percent } from "../figures.js";
import { correction } from "./corrections.js";

export function showMood(user, result) {
  byId("mood-user").textContent = `@${user}`;
  byId("mood-title").textContent = result.label || "Not enough to tell";
  say("mood-summary", result.summary || result.reason);
  say("mood-why", result.why);
  // Results from before changes and languages were told have neither.
  say("mood-change", result.changed_by?.words);
  say("mood-facts", result.mood ? facts(result) : "");
  say("mood-language", result.language_note);
  say("mood-stale", result.stale_note);
  say("mood-model", result.model_note);
  byId("feelings").hidden = !result.scores;
  byId("emotions").replaceChildren(...sorted(result.scores).map(bar));
  byId("support").hidden = result.support.length === 0;
  byId("support-list").replaceChildren(...result.support.map(somebody));
}

// Say of when the mood is, where it is not that of the newest analysis, and lead to that one.
export function showOlder(user, analysedAt, newest) {
  byId("mood-older").hidden = !newest;
  if (!newest) return;
  const [words, link] = byId("mood-older").children;
  words.textContent = `This is an older mood, of ${moment(analysedAt)}.`;
  link.href = addressOf(user, newest);
}

export function showMoved(user, result) {
  const emotions = Object.keys(result.scores || {});
  const quoted = (post, side, words) => quote(user, post, side, words, emotions);
  const peaks = [
    result.happiest && quoted(result.happiest, "light", "The happiest"),
    result.saddest && quoted(result.saddest, "heavy", "The saddest"),
  ].filter(Boolean);
  byId("peaks").replaceChildren(...(peaks.length ? peaks : [note("There are no posts of your own yet.")]));
  const moved = (result.moved_most || []).map((item) =>
    element("li", {}, [quoted(item, item.contribution >= 0 ? "light" : "heavy", influence(item))]));
  byId("moved").replaceChildren(
    ...(moved.length ? moved : [element("li", {}, [note("Without a mood, no post has moved it.")])]),
  );
}

function say(id, text) {
  byId(id).hidden = !text;
  byId(id).textContent = text || "";
}

function facts(result) {
  const parts = [`From ${number(result.posts.total)} ${result.posts.total === 1 ? "post" : "posts"}`];
  if (result.feeling_posts !== undefined) {
    const them = result.feeling_posts === 1 ? "it" : "them";
    parts.push(`${number(result.feeling_posts)} with a feeling in ${them}`);
  }
  if (result.corrected_posts) parts.push(`${number(result.corrected_posts)} corrected by you`);
  if (result.confidence_words) parts.push(result.confidence_words);
  const { recency, half_life_days: days } = result.scoring || {};
  const newer = recency === "half_life" ? ` Newer posts weigh more: ${days} days older counts half.` : "";
  return `${parts.join(", ")}.${newer}`;
}

const sorted = (scores) => Object.entries(scores || {}).sort(([, one], [, other]) => other - one);

function bar([name, share]) {
  const fill = element("span", { className: "fill" });
  fill.style.width = `${(share * 100).toFixed(1)}%`;
  fill.style.background = `var(--${name})`;
  return element("li", {}, [
    element("span", { text: name }),
    element("span", { className: "track", "aria-hidden": "true" }, [fill]),
    element("span", { className: "share", text: percent(share) }),
  ]);
}

function somebody(entry) {
  return element("li", {}, [
    webLink(entry.url, entry.name),
    element("span", { text: `: ${entry.contact}` }),
  ]);
}

function influence(item) {
  const way = item.contribution >= 0 ? "Towards light" : "Towards heavy";
  return `${way}, ${percent(item.weight_share)} of the weight`;
}

function quote(user, post, side, words, emotions) {
  const footer = element("footer", {}, [
    element("span", { text: `${words} · ${day(post.created_at)}` }),
    ...(post.url ? [webLink(post.url, "Original")] : []),
  ]);
  return element("blockquote", { className: side }, [
    element("p", { text: post.text }),
    footer,
    correction(user, post, emotions),
  ]);
}
