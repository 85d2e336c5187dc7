// The main flow with openapi-fetch and the types that openapi-typescript makes; prints what it saw.
// Arguments: the API's address, a user name, and the text of a CSV file.
import createClient from "openapi-fetch";
import type { components, paths } from "./openapi_typescript";

declare const process: { argv: string[] };
type Schemas = components["schemas"];

async function main(baseUrl: string, user_name: string, csv: string): Promise<void> {
  const api = createClient<paths>({ baseUrl });
  const user = { params: { path: { user_name } } };

  const imported = got(
    await api.POST("/v1/users/{user_name}/posts", {
      ...user,
      body: csv,
      bodySerializer: (body) => body,
      headers: { "Content-Type": "text/csv" },
    }),
  );
  const body: Schemas["StartAnalysisBody"] = {
    user_name,
    source: "imported",
    consent: true,
    as_of: "newest",
  };
  let analysis = got(await api.POST("/v1/analyses", { body }));
  const one = { params: { path: { analysis_id: analysis.analysis_id } } };
  while (analysis.state === "queued" || analysis.state === "running") {
    await new Promise((wake) => setTimeout(wake, 100));
    analysis = got(await api.GET("/v1/analyses/{analysis_id}", one));
  }
  const result = analysis.result;
  if (result?.happiest == null) throw new Error(JSON.stringify(analysis.problem));
  const stream = got(
    await api.GET("/v1/analyses/{analysis_id}/events", { ...one, parseAs: "text" }),
  );
  const last = lastEvent(stream);
  const timeline = got(
    await api.GET("/v1/users/{user_name}/timeline", {
      params: { path: { user_name }, query: { bucket: "month" } },
    }),
  );
  const page = got(
    await api.GET("/v1/users/{user_name}/posts", {
      params: { path: { user_name }, query: { emotion: "joy", text: "swim" } },
    }),
  );
  const corrected = got(
    await api.PUT("/v1/users/{user_name}/corrections", {
      ...user,
      body: { post_id: page.posts[0].post_id, emotion: "love" },
    }),
  );
  const recommended = got(await api.GET("/v1/users/{user_name}/recommendations", user));
  const given = await api.POST("/v1/analyses/{analysis_id}/feedback", {
    ...one,
    body: { mood: "Cheerful" },
  });
  const picture = await api.GET("/v1/users/{user_name}/summary.png", {
    params: { path: { user_name }, query: { width: 600 } },
    parseAs: "text",
  });
  const erased = await api.DELETE("/v1/users/{user_name}", user);
  const gone = await api.GET("/v1/users/{user_name}", user);
  const seen = {
    imported: imported.imported,
    mood: result.mood,
    label: result.label,
    happiest: result.happiest.emotion,
    "last event": last.data.state,
    months: timeline.timeline.map((bucket) => bucket.start.slice(0, 7)),
    found: page.posts.map((post) => post.text),
    "corrected to": corrected.emotion,
    accounts: recommended.big_accounts.length,
    feedback: given.response.status,
    picture: picture.data?.slice(1, 4),
    erased: erased.response.status,
    then: gone.error?.type,
  };
  console.log(JSON.stringify(seen));
}

function got<Answer>(answer: { data?: Answer; error?: Schemas["ProblemDocument"] }): Answer {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function lastEvent(stream: string): Schemas["AnalysisEvent"] {
  const lines = stream.split("\n").filter((line) => line.startsWith("data: "));
  return { event: "analysis", data: JSON.parse(lines[lines.length - 1].slice("data: ".length)) };
}

const [url, name, file] = process.argv.slice(2);
void main(url, name, file);
