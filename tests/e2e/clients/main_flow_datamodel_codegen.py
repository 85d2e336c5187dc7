"""The main flow with httpx and the types that datamodel-codegen makes; prints what it saw as JSON.

Arguments: the API's address, a user name and a CSV file. The types are the module `models`.
"""

import json
import sys
import time
from pathlib import Path

import httpx
from models import (
    AnalysisDocument,
    AnalysisState,
    BucketSize,
    CorrectionBody,
    Emotion,
    FeedbackBody,
    ImportDocument,
    Mood,
    PostDocument,
    PostsPageDocument,
    ProblemDocument,
    RecommendationsDocument,
    StartAnalysisBody,
    TimelineDocument,
)


def main(url: str, user_name: str, file: Path) -> None:
    """Go through the flow; every body that is sent or answered is one of the types."""
    http = httpx.Client(base_url=url, trust_env=False)
    user = f"/v1/users/{user_name}"
    sent = http.post(
        f"{user}/posts", content=file.read_bytes(), headers={"Content-Type": "text/csv"}
    )
    imported = ImportDocument.model_validate_json(sent.content)
    asked = StartAnalysisBody(user_name=user_name, consent=True, as_of="newest")
    started = http.post("/v1/analyses", json=asked.model_dump())
    analysis = AnalysisDocument.model_validate_json(started.content)
    while analysis.state in (AnalysisState.queued, AnalysisState.running):
        time.sleep(0.1)
        answer = http.get(f"/v1/analyses/{analysis.analysis_id}")
        analysis = AnalysisDocument.model_validate_json(answer.content)
    result = analysis.result
    assert result is not None, analysis.problem
    assert result.happiest is not None
    buckets = http.get(f"{user}/timeline", params={"bucket": BucketSize.month.value})
    timeline = TimelineDocument.model_validate_json(buckets.content)
    found = http.get(f"{user}/posts", params={"emotion": Emotion.joy.value, "text": "swim"})
    page = PostsPageDocument.model_validate_json(found.content)
    correction = CorrectionBody(post_id=page.posts[0].post_id, emotion=Emotion.love)
    put = http.put(f"{user}/corrections", json=correction.model_dump(mode="json"))
    corrected = PostDocument.model_validate_json(put.content)
    recommendations = http.get(f"{user}/recommendations")
    recommended = RecommendationsDocument.model_validate_json(recommendations.content)
    given = http.post(
        f"/v1/analyses/{analysis.analysis_id}/feedback",
        json=FeedbackBody(mood=Mood.Cheerful).model_dump(mode="json"),
    )
    picture = http.get(f"{user}/summary.png", params={"width": 600})
    erased = http.delete(user)
    gone = ProblemDocument.model_validate_json(http.get(user).content)
    seen = {
        "imported": imported.imported,
        "mood": result.mood and result.mood.value,
        "label": result.label and result.label.value,
        "happiest": result.happiest.emotion.value,
        "months": [f"{bucket.start:%Y-%m}" for bucket in timeline.timeline],
        "found": [post.text for post in page.posts],
        "corrected to": corrected.emotion and corrected.emotion.value,
        "accounts": len(recommended.big_accounts),
        "feedback": given.status_code,
        "picture": picture.content[1:4].decode(),
        "erased": erased.status_code,
        "then": gone.type,
    }
    sys.stdout.write(json.dumps(seen))


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
