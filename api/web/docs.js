// Draw the OpenAPI document with Swagger UI, which loads before this module.

const words = (operation) =>
  [
    operation.get("path"),
    operation.get("method"),
    ...["operationId", "summary", "description"].map((key) => operation.getIn(["operation", key])),
  ].join(" ").toLowerCase();

// Swagger UI's own filter looks at the names of groups only.
const searchCalls = () => ({
  fn: {
    opsFilter: (groups, phrase) =>
      groups
        .map((group) =>
          group.update("operations", (operations) =>
            operations.filter((each) => words(each).includes(phrase.toLowerCase()))))
        .filter((group) => group.get("operations").size > 0),
  },
});

globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#calls",
  deepLinking: true,
  filter: true,
  displayOperationId: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  validatorUrl: null,
  plugins: [searchCalls],
  onComplete: () => {
    document
      .querySelector(".operation-filter-input")
      ?.setAttribute("aria-label", "Search the calls");
  },
});
