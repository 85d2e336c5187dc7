// Correct how a post was read. The next analysis counts the post as its reader says.

import { button, byId, element, press } from "../elements.js";
import { posts } from "../figures.js";
import { call, query, userPath } from "../requests.js";

const changedPosts = new Set(); // ids of the posts that were corrected after the analysis shown

export function forgetCorrected() {
  changedPosts.clear();
  byId("corrected").hidden = true;
}

// The control beside a post; onChange gets the post as it is then.
export function correction(user, post, emotions, onChange = () => {}) {
  const said = element("span", { className: "note", role: "status" });
  const opener = button("Not right?", () => show(choices.hidden), {
    "aria-expanded": "false",
    "aria-label": "Not right? Correct how this post was read",
  });
  const named = emotions.map((emotion) => button(emotion, () => change(() =>
    call("PUT", userPath(user, "/corrections"), { json: { post_id: post.post_id, emotion } }))));
  const back = button("Take the correction back", () => change(() =>
    call("DELETE", userPath(user, `/corrections${query({ post_id: post.post_id })}`))));
  const choices = element("div", { className: "choices", role: "group", "aria-label": "This post feels like" },
    [element("span", { text: "This post feels like" }), ...named, back]);
  draw(post);
  show(false);

  function show(open) {
    choices.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  }

  function draw(now) {
    press(named, (each) => each.textContent === now.emotion);
    back.hidden = !now.correction;
  }

  async function change(ask) {
    said.textContent = "";
    try {
      const now = await ask();
      draw(now);
      show(false);
      opener.focus();
      said.textContent = now.correction ? `Counts as ${now.correction} from the next analysis on.` : "Taken back.";
      offerAnalysis(now);
      onChange(now);
    } catch (error) {
      said.textContent = error.message;
    }
  }
  return element("div", { className: "correction" }, [opener, said, choices]);
}

function offerAnalysis(post) {
  changedPosts.add(post.post_id);
  byId("corrected-text").textContent = `${posts(changedPosts.size)} corrected since this analysis.`;
  byId("corrected").hidden = false;
}
