// What a person agrees to, and how long what they give is kept, both as the service says.

import { byId } from "../elements.js";
import { number } from "../figures.js";
import { call } from "../requests.js";
import { offerTraining } from "./training.js";

export async function showConsentWords() {
  const words = await call("GET", "/v1/consent-words");
  offerTraining(words.training);
  byId("kept-for").textContent = `Posts are kept for ${days(words.posts_retention_days)} from their`
    + ` last import on, and moods for ${days(words.moods_retention_days)}.`;
  byId("kept-for").hidden = false;
}

const days = (count) => (count === 1 ? "a day" : `${number(count)} days`);
