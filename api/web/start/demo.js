// Invented people whose posts show in one click what the page does.

import { button, byId } from "../elements.js";
import { call, send, userPath } from "../requests.js";

// onChosen gets the name of the person; a service without a demo offers none.
export async function offerDemo(onChosen) {
  const { people } = await call("GET", "/v1/demo");
  byId("demo-people").replaceChildren(...people.map((person) =>
    button(person.title, () => onChosen(person), { title: person.about })));
  byId("demo").hidden = people.length === 0;
}

export async function importDemo(person) {
  const posts = await (await send("GET", person.url, { accept: "text/csv" })).blob();
  const form = new FormData();
  form.append("file", posts, person.url.split("/").pop());
  await call("POST", userPath(person.user_name, "/posts"), { form });
}
