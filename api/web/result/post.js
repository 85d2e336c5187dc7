// One post of the list: its text, how it was read, where it comes from.

import { button, element, webLink } from "../elements.js";
import { moment, number, percent } from "../figures.js";
import { correction } from "./corrections.js";

// onHashtag gets the hashtag whose posts are asked for.
export function postItem(user, post, emotions, onHashtag) {
  const reading = element("span", {}, read(post));
  const about = [moment(post.created_at), post.ownership, post.language, ...reactions(post)];
  return element("li", { tabindex: -1 }, [
    element("p", { className: "text", text: post.text, ...(post.language ? { lang: post.language } : {}) }),
    element("p", { className: "about" }, [
      reading,
      element("span", { text: about.filter(Boolean).join(" · ") }),
      ...(post.url ? [webLink(post.url, "Original")] : []),
      ...post.hashtags.map((tag) => button(`#${tag}`, () => onHashtag(`#${tag}`), { className: "tag" })),
    ]),
    correction(user, post, emotions, (now) => reading.replaceChildren(...read(now))),
  ]);
}

function read(post) {
  if (!post.emotion) {
    return [element("span", { className: "feeling unread", text: post.read ? "not read yet" : "not read" })];
  }
  const chip = element("span", { className: "feeling", text: post.emotion });
  chip.style.borderColor = `var(--${post.emotion})`;
  return [chip, element("span", { text: ` ${how(post)}` })];
}

function how({ scores, correction: corrected, emotion }) {
  if (!scores) return "";
  if (!corrected) return percent(scores[emotion]);
  const [first] = Object.entries(scores).sort(([, one], [, other]) => other - one);
  return `your correction; read as ${first[0]}, ${percent(first[1])}`;
}

const reactions = ({ engagement }) =>
  Object.entries(engagement || {})
    .filter(([, count]) => count)
    .map(([name, count]) => `${name} ${number(count)}`);
