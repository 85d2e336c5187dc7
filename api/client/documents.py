"""What the API answers, as typed dictionaries: the fields of its OpenAPI document, by name.

A newer API may answer more fields; they stay in the dictionaries. Times are ISO 8601.
"""

from typing import Any, Literal, TypedDict

AnalysisState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
DateOrder = Literal["day_first", "month_first"]
Emotion = Literal["anger", "fear", "joy", "love", "sadness", "surprise", "neutral"]
Mood = Literal["Depressed", "Stressed", "Cheerful", "Satisfied"]
MoodLabel = Literal["Bright", "Balanced", "Tense", "Heavy"]
Ownership = Literal["own", "shared", "liked"]


class FieldError(TypedDict):
    """One fault in a request: where it is and what is wrong there."""

    where: str
    reason: str


class Problem(TypedDict):
    """Problem document (RFC 9457); `type` is stable, and an explanation stands at its address."""

    type: str
    title: str
    status: int
    detail: str
    trace_id: str | None
    errors: list[FieldError]


class Dialect(TypedDict):
    """The dialect of a file; GET /v1/import-formats says more about it."""

    name: str
    title: str


class Engagement(TypedDict):
    """How often others reacted to a post."""

    likes: int
    reposts: int
    replies: int
    quotes: int
    bookmarks: int
    impressions: int


class ReadPost(TypedDict):
    """A post as it was read; own_word is the writer's own word for their mood (Daylio)."""

    text: str
    created_at: str
    ownership: Ownership
    engagement: Engagement
    language: str | None
    own_word: str | None


class Skipped(TypedDict):
    """A row or item of the file that was skipped, and why."""

    where: str
    field: str | None
    reason: str


class Import(TypedDict):
    """What was understood of a file, and what of it was stored or, in a dry run, would be."""

    dry_run: bool
    format: str
    dialect: Dialect
    encoding: str
    date_order: DateOrder | None
    own: int
    shared: int
    liked: int
    first_posts: list[ReadPost]
    imported: int
    updated: int
    unchanged: int
    duplicates: int
    edits: int
    skipped: int
    skipped_reasons: list[Skipped]
    unused_columns: list[str]
    notes: list[str]
    total: int


class ImportFormat(TypedDict):
    """A dialect: one known shape of an uploaded file, in words for people."""

    name: str
    title: str
    group: str
    files: list[str]
    where_to_get: str
    recognised_by: str
    read: list[str]
    not_read: list[str]


class Feedback(TypedDict):
    """The mood that the user reported for an analysis; both are null before they did."""

    mood: Mood | None
    label: MoodLabel | None


class Scores(TypedDict):
    """Scores of the seven emotions, which sum to 1."""

    anger: float
    fear: float
    joy: float
    love: float
    sadness: float
    surprise: float
    neutral: float


class Peak(TypedDict):
    """The own post with the highest probability of one emotion."""

    post_id: str
    text: str
    created_at: str
    emotion: Emotion
    probability: float


class Influence(TypedDict):
    """A post that moved the mood, and how far."""

    post_id: str
    text: str
    created_at: str
    ownership: Ownership
    weight_share: float
    contribution: float
    direction: Literal["positive", "negative"]


class MovedPost(TypedDict):
    """A post that moved the balance of lighter and heavier feelings since the earlier analysis."""

    post_id: str
    text: str
    created_at: str
    effect: float
    new: bool
    corrected: bool


class ChangedBy(TypedDict):
    """How the mood differs from that of an earlier analysis, and the posts that made it so."""

    analysis_id: str
    mood: Mood
    label: MoodLabel
    balance_change: float
    words: str
    posts: list[MovedPost]


class SupportEntry(TypedDict):
    """A helpline; country is null for one that is for any country."""

    name: str
    contact: str
    url: str
    country: str | None


class PostCounts(TypedDict):
    """Numbers of posts counted, in total and by ownership."""

    total: int
    own: int
    shared: int
    liked: int


class Result(TypedDict):
    """The mood of a user's posts and the figures that it rests on."""

    mood: Mood | None
    label: MoodLabel | None
    reason: str | None
    summary: str | None
    why: str | None
    scores: Scores | None
    positivity: float | None
    negativity: float | None
    confidence: float | None
    confidence_words: str | None
    effective_sample_size: float
    as_of: str
    posts: PostCounts
    feeling_posts: int | None
    neutral_share: float | None
    newest_post_at: str | None
    oldest_post_at: str | None
    stale: bool
    stale_note: str | None
    model_note: str | None
    happiest: Peak | None
    saddest: Peak | None
    moved_most: list[Influence]
    changed_by: ChangedBy | None
    truncated_share: float | None
    not_english: int | None
    not_english_share: float
    language_known: int | None
    language_note: str | None
    corrected_posts: int | None
    corrections: dict[str, Emotion] | None
    model: str
    scoring: dict[str, Any]
    support: list[SupportEntry]


class SourceCost(TypedDict):
    """What was read at the source, and the estimated price of it."""

    posts_read: int
    users_read: int
    skipped: int
    estimate: float
    currency: str


class StageSeconds(TypedDict):
    """Seconds in each stage; queue is the time before the first run, the others sum over runs."""

    queue: float
    fetch: float
    classify: float
    decide: float


class Progress(TypedDict):
    """Numbers of posts; source_cost is null if none were fetched from a source."""

    fetched: int
    classified: int
    reused: int
    total: int
    source_cost: SourceCost | None
    seconds: StageSeconds


class KeptProblem(TypedDict):
    """Why an analysis failed."""

    type: str
    title: str
    detail: str


class Analysis(TypedDict):
    """An analysis: its state and progress, its result if it succeeded, its problem if it failed."""

    analysis_id: str
    user_name: str
    source: str
    source_user: str | None
    max_posts: int | None
    as_of: str
    state: AnalysisState
    progress: Progress
    created_at: str
    started_at: str | None
    finished_at: str | None
    waits_until: str | None
    result: Result | None
    problem: KeptProblem | None


class User(TypedDict):
    """A user's newest mood; mood and result are null before the first analysis."""

    user_name: str
    consented_at: str | None
    matchable: bool
    training: bool
    posts: int
    mood: Mood | None
    label: MoodLabel | None
    analysis_id: str | None
    analysed_at: str | None
    result: Result | None


class Bucket(TypedDict):
    """One day or week; scores and mood are null when no post in it has any weight."""

    start: str
    posts: int
    scores: Scores | None
    positivity: float | None
    negativity: float | None
    mood: Mood | None
    label: MoodLabel | None


class Timeline(TypedDict):
    """Emotions over time, oldest first; days and weeks without posts are left out."""

    bucket: str
    timeline: list[Bucket]


class Recommendation(TypedDict):
    """An account, hashtag or friend, without @ or #, and why it is recommended."""

    name: str
    explanation: str


class Recommendations(TypedDict):
    """Recommendations for today, in the order to show them."""

    mood: Mood
    label: MoodLabel
    big_accounts: list[Recommendation]
    hashtags: list[Recommendation]
    friends: list[Recommendation]


class Consent(TypedDict):
    """The consent on record: when it was given, and to which version of the words."""

    user_name: str
    consented_at: str
    words: str
    words_version: str
    matchable: bool
    training: bool


class Export(TypedDict):
    """Everything stored about a user; each list is in the order in which its items were made."""

    user: dict[str, Any]
    consents: list[dict[str, Any]]
    posts: list[dict[str, Any]]
    analyses: list[dict[str, Any]]
    sources: list[dict[str, Any]]
    sign_ins: list[str]
    moods: list[dict[str, Any]]
    feedback: list[dict[str, Any]]


class Post(TypedDict):
    """A stored post; emotion is the one that counts, scores are those of the model."""

    post_id: str
    text: str
    created_at: str
    ownership: Ownership
    url: str | None
    hashtags: list[str]
    engagement: Engagement
    language: str | None
    emotion: Emotion | None
    scores: Scores | None
    irony: float | None
    read: bool
    correction: Emotion | None


class PostsPage(TypedDict):
    """Posts, newest first; total is the number that the filter finds."""

    posts: list[Post]
    next_cursor: str | None
    total: int
    searched_to: str | None


class PastAnalysis(TypedDict):
    """A succeeded analysis in the history of a user."""

    analysis_id: str
    created_at: str
    finished_at: str
    as_of: str
    mood: Mood | None
    label: MoodLabel | None
    confidence: float | None
    confidence_words: str | None
    positivity: float | None
    negativity: float | None
    posts: int
    changed_by: ChangedBy | None


class HistoryPage(TypedDict):
    """Past analyses, newest first."""

    analyses: list[PastAnalysis]
    next_cursor: str | None


class PostGroup(TypedDict):
    """Posts of one weekday, hour or ownership; figures are None where there are too few."""

    name: str
    posts: int
    positivity: float | None
    negativity: float | None
    scores: Scores | None
    beyond_chance: bool


class WordPattern(TypedDict):
    """A word or hashtag whose posts are lighter or heavier than all, with one of them."""

    word: str
    posts: int
    balance: float
    difference: float
    example: str


class LightAndHeavy(TypedDict):
    """The words or hashtags of the lighter and of the heavier posts."""

    light: list[WordPattern]
    heavy: list[WordPattern]


class Patterns(TypedDict):
    """How a user's posts feel by weekday, hour and ownership, and what they talk about."""

    least_posts: int
    balance: float | None
    posts: int
    weekdays: list[PostGroup]
    hours: list[PostGroup]
    ownership: list[PostGroup]
    words: LightAndHeavy
    hashtags: LightAndHeavy
