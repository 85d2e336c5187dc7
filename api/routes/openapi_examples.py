"""Examples of requests and responses for the OpenAPI document, about an invented person."""

from typing import Any

from pydantic import ConfigDict

from api.domain.analyses import TRAINING_WORDS, WORDS, WORDS_VERSION, consent_words
from api.domain.mood.moods import SUMMARIES, Mood
from api.domain.mood.results import confidence_words
from api.domain.mood.scoring import DEFAULT

SCORES = {
    "anger": 0.03, "fear": 0.13, "joy": 0.07, "love": 0.03, "sadness": 0.62, "surprise": 0.02,
    "neutral": 0.1,
}  # fmt: skip
_PEAK = {
    "post_id": "1900000000000000007",
    "text": "Gave away her books today. It broke my heart",
    "created_at": "2026-02-20T21:04:00+00:00",
    "emotion": "sadness",
    "probability": 0.97,
}
RESULT: dict[str, Any] = {
    "mood": "Depressed",
    "label": "Heavy",
    "reason": None,
    "summary": SUMMARIES[Mood.DEPRESSED],
    "why": (
        "Heavier feelings outweigh lighter ones 6.5 to 1; among the heavier ones fear and sadness"
        " (75 %) outweigh anger (3 %, counted twice)."
    ),
    "scores": SCORES,
    "positivity": 0.12,
    "negativity": 0.78,
    "confidence": 0.84,
    "confidence_words": confidence_words(Mood.DEPRESSED, 0.84),
    "effective_sample_size": 24.2,
    "as_of": "2026-03-01T12:00:00+00:00",
    "posts": {"total": 40, "own": 39, "shared": 1, "liked": 0},
    "feeling_posts": 33,
    "neutral_share": 0.1,
    "newest_post_at": "2026-02-28T19:12:00+00:00",
    "oldest_post_at": "2025-11-02T08:30:00+00:00",
    "stale": False,
    "stale_note": None,
    "model_note": None,
    "not_english": 2,
    "not_english_share": 0.05,
    "language_known": 38,
    "language_note": "2 of 40 posts are not in English and were left out.",
    "happiest": {
        "post_id": "1900000000000000003",
        "text": "Sun came out for ten minutes and I sat in it",
        "created_at": "2026-02-11T13:20:00+00:00",
        "emotion": "joy",
        "probability": 0.87,
    },
    "saddest": _PEAK,
    "moved_most": [
        {
            **{key: _PEAK[key] for key in ("post_id", "text", "created_at")},
            "ownership": "own",
            "weight_share": 0.08,
            "contribution": -0.07,
            "direction": "negative",
        }
    ],
    "truncated_share": 0.0,
    "corrected_posts": 1,
    "corrections": {"1900000000000000007": "sadness"},
    "model": "moodline-1",
    "scoring": DEFAULT.to_dict(),
    "changed_by": {
        "analysis_id": "5b1f3c0a9d8e4f7a8b6c2d1e0f9a8b7c",
        "mood": "Satisfied",
        "label": "Balanced",
        "balance_change": -0.31,
        "words": (
            "Since 2026-02-18 your posts have gone from balanced to heavy, mostly by one new post"
            ' "Gave away her books today. It broke my heart".'
        ),
        "posts": [
            {
                **{key: _PEAK[key] for key in ("post_id", "text", "created_at")},
                "effect": -0.2,
                "new": True,
            }
        ],
    },
    "support": [
        {
            "name": "Samaritans Ireland",
            "contact": "Call 116 123, day and night",
            "url": "https://www.samaritans.org/ireland",
            "country": "IE",
        },
        {
            "name": "Find A Helpline",
            "contact": "Helplines by country",
            "url": "https://findahelpline.com",
            "country": None,
        },
    ],
}
ANALYSIS: dict[str, Any] = {
    "analysis_id": "0d9f6c1e4b7a4f0c8a5d3e2b1c0f9a8d",
    "user_name": "ben_grey",
    "source": "imported",
    "source_user": None,
    "max_posts": None,
    "as_of": "now",
    "state": "succeeded",
    "progress": {
        "fetched": 0,
        "classified": 40,
        "reused": 0,
        "total": 40,
        "source_cost": None,
        "seconds": {"queue": 0.02, "fetch": 0.0, "classify": 0.31, "decide": 0.01},
    },
    "created_at": "2026-03-01T12:00:00Z",
    "started_at": "2026-03-01T12:00:00Z",
    "finished_at": "2026-03-01T12:00:01Z",
    "waits_until": None,
    "result": RESULT,
    "problem": None,
}
SOURCES: dict[str, Any] = {
    "sources": [
        {"name": "imported", "configured": True, "to_configure": None, "sign_in": None},
        {"name": "x", "configured": True, "to_configure": None, "sign_in": "/v1/sign-in/x"},
    ]
}
IMPORT_FORMATS: dict[str, Any] = {
    "formats": [
        {
            "name": "x_archive",
            "title": "X archive",
            "group": "X",
            "files": ["twitter-2026-03-01.zip", "tweets.js"],
            "where_to_get": "On X: Settings, Your account, Download an archive of your data.",
            "recognised_by": "a zip with data/tweets.js, or a script that begins with window.YTD",
            "read": ["text", "time", "likes", "reposts"],
            "not_read": ["likes: X does not write the time of a like"],
        }
    ]
}
IMPORT: dict[str, Any] = {
    "dry_run": False,
    "format": "csv",
    "dialect": {"name": "csv", "title": "CSV with a header line"},
    "encoding": "utf-8",
    "date_order": "day_first",
    "own": 39,
    "shared": 1,
    "liked": 0,
    "first_posts": [
        {
            "text": _PEAK["text"],
            "created_at": "2026-02-20T21:04:00Z",
            "ownership": "own",
            "engagement": {
                "likes": 3, "reposts": 0, "replies": 1, "quotes": 0, "bookmarks": 0,
                "impressions": 120,
            },
            "language": "en",
            "own_word": None,
        }
    ],
    "imported": 40,
    "updated": 0,
    "unchanged": 0,
    "duplicates": 2,
    "edits": 1,
    "skipped": 1,
    "skipped_reasons": [{"where": "row 7", "field": "created_at", "reason": "it has no date"}],
    "unused_columns": ["permalink"],
    "notes": [],
    "total": 40,
}  # fmt: skip
USER: dict[str, Any] = {
    "user_name": "ben_grey",
    "consented_at": "2026-03-01T12:00:00Z",
    "matchable": True,
    "training": True,
    "posts": 40,
    "mood": "Depressed",
    "label": "Heavy",
    "analysis_id": ANALYSIS["analysis_id"],
    "analysed_at": "2026-03-01T12:00:01Z",
    "result": RESULT,
}
TIMELINE: dict[str, Any] = {
    "bucket": "week",
    "timeline": [
        {
            "start": "2026-02-16",
            "posts": 5,
            "scores": SCORES,
            "positivity": 0.12,
            "negativity": 0.78,
            "mood": "Depressed",
            "label": "Heavy",
        }
    ],
}
RECOMMENDATIONS: dict[str, Any] = {
    "mood": "Depressed",
    "label": "Heavy",
    "big_accounts": [
        {
            "name": "dog_rates",
            "explanation": "WeRateDogs: very good dogs, every one of them above ten out of ten.",
        }
    ],
    "hashtags": [{"name": "goodnews", "explanation": "News that lifts."}],
    "friends": [{"name": "ana_ridge", "explanation": "shares #running with you"}],
}
CONSENT: dict[str, Any] = {
    "user_name": "ben_grey",
    "consented_at": "2026-03-01T12:00:00Z",
    "words": consent_words(training=True),
    "words_version": WORDS_VERSION,
    "matchable": True,
    "training": True,
}
CONSENT_WORDS: dict[str, Any] = {
    "words_version": WORDS_VERSION,
    "analysis": WORDS,
    "training": TRAINING_WORDS,
    "posts_retention_days": 30,
    "moods_retention_days": 365,
}
EXPORT: dict[str, Any] = {
    "user": {
        "user_id": "ben_grey",
        "user_name": "ben_grey",
        "created_at": "2026-03-01T12:00:00+00:00",
        "consented_at": "2026-03-01T12:00:00+00:00",
        "matchable": True,
        "training": True,
        "hashtags": ["books"],
    },
    "consents": [
        {
            "consented_at": "2026-03-01T12:00:00+00:00",
            "words": WORDS_VERSION,
            "training": True,
        }
    ],
    "posts": [
        {
            **{key: _PEAK[key] for key in ("post_id", "text", "created_at")},
            "ownership": "own",
            "engagement": IMPORT["first_posts"][0]["engagement"],
            "language": "en",
            "hashtags": [],
            "earlier_ids": [],
            "own_word": None,
            "saved_at": "2026-03-01T12:00:00+00:00",
            "classification": {
                "model": "moodline-1",
                "label": "sadness",
                "scores": SCORES,
                "irony": 0.04,
                "tokens": 11,
                "truncated": False,
                "language": None,
            },
            "correction": "love",
        }
    ],
    **{key: [] for key in ("analyses", "sources", "sign_ins", "moods", "feedback")},
}
POST: dict[str, Any] = {
    **{key: _PEAK[key] for key in ("post_id", "text", "created_at")},
    "ownership": "own",
    "url": "https://x.com/i/status/1900000000000000007",
    "hashtags": [],
    "engagement": IMPORT["first_posts"][0]["engagement"],
    "language": "en",
    "emotion": "love",
    "scores": SCORES,
    "irony": 0.04,
    "read": True,
    "correction": "love",
}
EXPORT_CSV = (
    "post_id,created_at,ownership,text,url,emotion,correction,anger,fear,joy,love,sadness,surprise,"
    "neutral,irony,likes,reposts,replies,quotes,bookmarks,impressions\r\n"
    "1900000000000000007,2026-02-20T21:04:00+00:00,own,"
    "Gave away her books today. It broke my heart,"
    "https://x.com/i/status/1900000000000000007,love,love,0.03,0.13,0.07,0.03,0.62,0.02,0.1,0.04,"
    "3,0,1,0,0,120\r\n"
)
ERASURE: dict[str, Any] = {"user_name": "ben_grey", "pending": ["files of the store"]}
ORIGINAL_RECOMMENDATIONS = {
    "big_accounts": ["dog_rates"],
    "hashtags": ["goodnews"],
    "friend": ["ana_ridge"],
}
POSTS_JSON_LINES = (
    '{"id": "1", "text": "What a day!", "created_at": "2026-02-01T10:00:00Z", "likes": 3}\n'
)
POSTS_CSV = "id,text,created_at\n1,What a day!,2026-02-01T10:00:00Z\n"


def example(value: Any) -> ConfigDict:
    """Return a model configuration that shows this example in the OpenAPI document."""
    return ConfigDict(json_schema_extra={"example": value})
