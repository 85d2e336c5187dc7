// Draw the OpenAPI document that the page names, with Swagger UI, which loads before this module.
// The API and the inference server have the same script and style, each its own copy.

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

// The button that opens a call has a link in it, which the keyboard and screen readers stumble over;
// the address of a call shows once it is open. Between the page's heading and those of the groups
// one is missing.
const accessible = ({ React }) => ({
  wrapComponents: {
    DeepLink: () => ({ text }) => React.createElement("span", null, text),
    InfoContainer: (Info) => (props) =>
      React.createElement(
        React.Fragment,
        null,
        React.createElement(Info, props),
        React.createElement("h2", { className: "wrapper" }, "Calls"),
      ),
  },
});

// What Swagger UI leaves out of the parts that it draws.
const MISSING = {
  ".operation-filter-input": ["aria-label", "Search the calls"],
  ".copy-to-clipboard button": ["aria-label", "Copy"],
  ".close-modal": ["aria-label", "Close"],
  ".examples-select-element": ["aria-label", "Example"],
  ".body-param__text": ["aria-label", "Body of the request"],
  ".auth-container h6": ["aria-level", "5"],
};

function complete(calls) {
  for (const [parts, [attribute, value]] of Object.entries(MISSING)) {
    for (const each of calls.querySelectorAll(parts)) {
      if (!each.hasAttribute(attribute)) each.setAttribute(attribute, value);
    }
  }
}

const calls = document.getElementById("calls");
new MutationObserver(() => complete(calls)).observe(calls, { childList: true, subtree: true });

globalThis.SwaggerUIBundle({
  url: document.getElementById("document").href,
  domNode: calls,
  deepLinking: true,
  filter: true,
  displayOperationId: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  validatorUrl: null,
  syntaxHighlight: false, // each of its themes has colours that are too pale
  plugins: [searchCalls, accessible],
});
