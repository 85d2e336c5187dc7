// What is shown stands in the address, as ?user=NAME#analysis=ID, so that a reload, a bookmark,
// back and forward show it again.

const ANALYSIS = "#analysis=";

export function readAddress() {
  const query = new URLSearchParams(location.search);
  return {
    user: query.get("user") || "",
    source: query.get("source"),
    analysis: location.hash.startsWith(ANALYSIS)
      ? decodeURIComponent(location.hash.slice(ANALYSIS.length))
      : "",
  };
}

export function addressOf(user, analysis = "") {
  const query = user ? `?user=${encodeURIComponent(user)}` : "";
  return `/${query}${analysis ? ANALYSIS + encodeURIComponent(analysis) : ""}`;
}

// An entry that names no analysis yet is completed; otherwise what was shown stays one step back.
export function writeAddress(user, analysis = "") {
  const now = readAddress();
  if (now.user === user && now.analysis === analysis) return;
  const completes = now.user === user && !now.analysis;
  history[completes ? "replaceState" : "pushState"](null, "", addressOf(user, analysis));
}
