// The main flow with the client that openapi-generator makes (typescript-fetch); prints what it saw.
// Arguments: the API's address, a user name, and the text of a CSV file.
import {
  AnalysesApi,
  AnalysisState,
  BucketSize,
  Configuration,
  CorrectionsApi,
  Emotion,
  LookingBackApi,
  Mood,
  MoodsApi,
  ProblemDocumentFromJSON,
  ResponseError,
  UsersApi,
  type AnalysisDocument,
  type ProblemDocument,
  type ResultDocument,
} from "./typescript_fetch";

declare const process: { argv: string[] };

async function main(basePath: string, userName: string, csv: string): Promise<void> {
  const configuration = new Configuration({ basePath });
  const analyses = new AnalysesApi(configuration);
  const users = new UsersApi(configuration);
  const posts = new LookingBackApi(configuration);

  const imported = await users.importPosts({ userName, body: new Blob([csv]) });
  let analysis: AnalysisDocument = await analyses.startAnalysis({
    startAnalysisBody: { userName, consent: true, asOf: "newest" },
  });
  const { analysisId } = analysis;
  while (analysis.state === AnalysisState.Queued || analysis.state === AnalysisState.Running) {
    await new Promise((wake) => setTimeout(wake, 100));
    analysis = await analyses.getAnalysis({ analysisId });
  }
  const result: ResultDocument | null = analysis.result;
  if (result?.happiest == null) throw new Error(JSON.stringify(analysis.problem));
  const timeline = await users.getTimeline({ userName, bucket: BucketSize.Month });
  const page = await posts.listPosts({ userName, emotion: Emotion.Joy, text: "swim" });
  const corrected = await new CorrectionsApi(configuration).correctPost({
    userName,
    correctionBody: { postId: page.posts[0].postId, emotion: Emotion.Love },
  });
  const recommended = await users.getRecommendations({ userName });
  const given = await analyses.giveFeedbackRaw({
    analysisId,
    feedbackBody: { mood: Mood.Cheerful },
  });
  const picture: Blob = await new MoodsApi(configuration).getSummaryPicture({
    userName,
    width: 600,
  });
  const erased = await users.eraseUserRaw({ userName });
  const gone = await problemOf(users.getUser({ userName }));
  const seen = {
    imported: imported.imported,
    mood: result.mood,
    label: result.label,
    happiest: result.happiest.emotion,
    months: timeline.timeline.map((bucket) => bucket.start.toISOString().slice(0, 7)),
    found: page.posts.map((post) => post.text),
    "corrected to": corrected.emotion,
    accounts: recommended.bigAccounts.length,
    feedback: given.raw.status,
    picture: (await picture.text()).slice(1, 4),
    erased: erased.raw.status,
    then: gone.type,
  };
  console.log(JSON.stringify(seen));
}

async function problemOf(call: Promise<unknown>): Promise<ProblemDocument> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ResponseError) {
      return ProblemDocumentFromJSON(await error.response.json());
    }
    throw error;
  }
  throw new Error("the call was answered");
}

const [url, name, file] = process.argv.slice(2);
void main(url, name, file);
