"""The main flow with the client that openapi-python-client makes; prints what it saw as JSON.

Arguments: the API's address, a user name and a CSV file. The client is the package `generated`.
"""

import io
import json
import sys
import time
from pathlib import Path

from generated import AuthenticatedClient
from generated.api.analyses import get_analysis, give_feedback, start_analysis
from generated.api.corrections import correct_post
from generated.api.looking_back import list_posts
from generated.api.moods import get_summary_picture
from generated.api.users import (
    erase_user,
    get_recommendations,
    get_timeline,
    get_user,
    import_posts,
)
from generated.models import (
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
    ResultDocument,
    StartAnalysisBody,
    TimelineDocument,
)
from generated.types import File


def main(url: str, user_name: str, file: Path) -> None:
    """Go through the flow, narrowing each answer to the type that is expected."""
    client = AuthenticatedClient(url, token="a service without keys reads none")
    imported = import_posts.sync(
        user_name, client=client, body=File(io.BytesIO(file.read_bytes()), file.name)
    )
    assert isinstance(imported, ImportDocument), imported
    asked = StartAnalysisBody(user_name=user_name, consent=True, as_of="newest")
    analysis = start_analysis.sync(client=client, body=asked)
    assert isinstance(analysis, AnalysisDocument), analysis
    while analysis.state in (AnalysisState.QUEUED, AnalysisState.RUNNING):
        time.sleep(0.1)
        analysis = get_analysis.sync(analysis.analysis_id, client=client)
        assert isinstance(analysis, AnalysisDocument), analysis
    result = analysis.result
    assert isinstance(result, ResultDocument), analysis.problem
    assert result.happiest is not None
    timeline = get_timeline.sync(user_name, client=client, bucket=BucketSize.MONTH)
    assert isinstance(timeline, TimelineDocument), timeline
    page = list_posts.sync(user_name, client=client, emotion=Emotion.JOY, text="swim")
    assert isinstance(page, PostsPageDocument), page
    correction = CorrectionBody(post_id=page.posts[0].post_id, emotion=Emotion.LOVE)
    corrected = correct_post.sync(user_name, client=client, body=correction)
    assert isinstance(corrected, PostDocument), corrected
    recommended = get_recommendations.sync(user_name, client=client)
    assert isinstance(recommended, RecommendationsDocument), recommended
    given = give_feedback.sync_detailed(
        analysis.analysis_id, client=client, body=FeedbackBody(Mood.CHEERFUL)
    )
    picture = get_summary_picture.sync(user_name, client=client, width=600)
    assert isinstance(picture, File), picture
    erased = erase_user.sync_detailed(user_name, client=client)
    gone = get_user.sync(user_name, client=client)
    assert isinstance(gone, ProblemDocument), gone
    seen = {
        "imported": imported.imported,
        "mood": result.mood,
        "label": result.label,
        "happiest": result.happiest.emotion,
        "months": [f"{bucket.start:%Y-%m}" for bucket in timeline.timeline],
        "found": [post.text for post in page.posts],
        "corrected to": corrected.emotion,
        "accounts": len(recommended.big_accounts),
        "feedback": given.status_code,
        "picture": picture.payload.read(4)[1:].decode(),
        "erased": erased.status_code,
        "then": gone.type_,
    }
    sys.stdout.write(json.dumps(seen))


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
