// Draw the OpenAPI document as a page.

import { byId, element } from "./elements.js";
import { call } from "./requests.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

const named = (schemas, schema) => {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, ...schemas[name] } : schema || {};
};

function kind(schema) {
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.$ref) return schema.$ref.split("/").pop();
  return schema.type === "array" ? `list of ${kind(schema.items || {})}` : schema.type || "any";
}

function fields(schema) {
  const required = new Set(schema.required || []);
  return Object.entries(schema.properties || {}).map(([name, field]) => {
    const facts = [kind(field), required.has(name) ? "required" : null, field.description];
    return element("li", {}, [
      element("code", { text: name }),
      element("span", { className: "note", text: ` ${facts.filter(Boolean).join(", ")}` }),
    ]);
  });
}

function part(title, items) {
  return items.length ? [element("h3", { text: title }), element("ul", {}, items)] : [];
}

function example(title, value) {
  if (value === undefined) return [];
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return [element("details", {}, [
    element("summary", { text: title }),
    element("pre", {}, [element("code", { text })]),
  ])];
}

const exampleOf = (schemas, media) =>
  media?.example ?? named(schemas, media?.schema).example;

function operation(method, path, found, schemas) {
  const parameters = (found.parameters || []).map((item) =>
    element("li", {}, [
      element("code", { text: item.name }),
      element("span", {
        className: "note",
        text: ` in ${item.in}, ${kind(item.schema || {})}${item.required ? ", required" : ""}`,
      }),
    ]));
  const content = Object.entries(found.requestBody?.content || {});
  const json = content.find(([type]) => type === "application/json");
  const body = json ? fields(named(schemas, json[1].schema)) : content.map(([type]) =>
    element("li", {}, [element("code", { text: type })]));
  const answers = Object.entries(found.responses || {}).map(([status, answer]) => {
    const [, media] = Object.entries(answer.content || {})[0] || [];
    const shape = named(schemas, media?.schema).name;
    const words = [answer.description, shape].filter(Boolean).join(": ");
    return element("li", {}, [element("code", { text: status }), element("span", { text: ` ${words}` })]);
  });
  const [, good] = Object.entries(found.responses || {}).find(([status]) => status < 300) || [];
  const success = Object.values(good?.content || {})[0];
  const scope = Object.values(found.security?.[0] || {})[0]?.[0];
  return element("section", { className: "card" }, [
    element("h2", {}, [
      element("span", { className: "method", text: method.toUpperCase() }),
      element("code", { text: path }),
    ]),
    element("p", { text: found.summary || "" }),
    element("p", { className: "note", text: scope ? `A key needs the scope ${scope}.` : "" }),
    ...part("Parameters", parameters),
    ...part("Body", body),
    ...example("An example body", exampleOf(schemas, (json || content[0] || [])[1])),
    ...part("Answers", answers),
    ...example("An example answer", exampleOf(schemas, success)),
  ]);
}

try {
  const document = await call("GET", "/openapi.json");
  const schemas = document.components.schemas;
  const sections = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) =>
      operation(method, path, item[method], schemas)));
  byId("calls").replaceChildren(...sections);
} catch (error) {
  byId("loading").textContent = error.message;
}
