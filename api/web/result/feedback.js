// The reader's own word for the mood. The words come from the API.

import { button, byId, press } from "../elements.js";
import { call } from "../requests.js";

export async function offerFeedback(analysisId, hasMood) {
  byId("feedback").hidden = !hasMood;
  byId("feedback-thanks").textContent = "";
  byId("feedback-choices").replaceChildren();
  if (!hasMood) return;
  const feedback = `/v1/analyses/${encodeURIComponent(analysisId)}/feedback`;
  const [{ moods }, given] = await Promise.all([call("GET", "/v1/moods"), call("GET", feedback)]);
  const choices = moods.map(({ mood, label, description }) =>
    button(label, () => give(mood), { title: description, "aria-pressed": "false" }));
  byId("feedback-choices").replaceChildren(...choices);
  if (given.mood) show(given.mood);

  function show(mood) {
    const said = moods.findIndex((each) => each.mood === mood);
    press(choices, (each) => each === choices[said]);
    byId("feedback-thanks").textContent = `You said: ${moods[said].label}. You may change it.`;
  }

  async function give(mood) {
    try {
      await call("POST", feedback, { json: { mood } });
      show(mood);
    } catch (error) {
      byId("feedback-thanks").textContent = error.message;
    }
  }
}
