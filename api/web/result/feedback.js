// The reader's own word for the mood. The words come from the API.

import { button, byId, press } from "../elements.js";
import { call } from "../requests.js";

export async function offerFeedback(analysisId, hasMood) {
  byId("feedback").hidden = !hasMood;
  byId("feedback-thanks").textContent = "";
  byId("feedback-choices").replaceChildren();
  if (!hasMood) return;
  const { moods } = await call("GET", "/v1/moods");
  const choices = moods.map(({ mood, label, description }) =>
    button(label, () => give(mood), { title: description, "aria-pressed": "false" }));
  byId("feedback-choices").replaceChildren(...choices);

  async function give(mood) {
    try {
      await call("POST", `/v1/analyses/${analysisId}/feedback`, { json: { mood } });
      press(choices, (each) => each === choices[moods.findIndex((item) => item.mood === mood)]);
      byId("feedback-thanks").textContent = "Noted, thank you. You may change it.";
    } catch (error) {
      byId("feedback-thanks").textContent = error.message;
    }
  }
}
