"""What users of a product said about their own moods, as occasions to fit constants to.

Reads a store in place and only users whose consent is on record. Of each answer only numbers are
kept: the emotions that the model read in the user's posts, and the mood that the user named. No
text leaves the store, and a report is about all users together.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from api.domain.mood.moods import Mood
from api.errors import StoreUnavailableError
from api.ports.store import Store
from api.stores.sqlite import SqliteStore
from export.coefficients.rated_windows import Person, RatedWindows, windows_of
from export.errors import DataError

LEAST_PEOPLE = 40
"""Fewer users than this with an answer decide nothing, and are too few to be reported on."""

RATINGS: Mapping[Mood, tuple[float, float]] = {
    Mood.DEPRESSED: (-1.0, 0.0),
    Mood.STRESSED: (-1.0, 2.0),
    Mood.CHEERFUL: (1.0, 2.0),
    Mood.SATISFIED: (1.0, 0.0),
}
"""Valence and arousal that stand for a mood: the side and the quadrant that it is."""

_SQLITE = "sqlite:///"


def open_feedback(url: str) -> Store:
    """Open the store of a STORE_URL; raises DataError when there is none or it cannot be read."""
    try:
        if url.startswith("mongodb"):
            from api.stores.mongo import MongoStore  # not at the top: the driver is large

            return MongoStore(url)
        path = Path(url.removeprefix(_SQLITE))
        if not path.is_file():
            raise DataError(f"{path}: no store there; --store takes a STORE_URL, as the API does")
        return SqliteStore(path)
    except StoreUnavailableError as exc:
        raise DataError(f"the store cannot be read ({exc})") from exc


def feedback_windows(store: Store) -> RatedWindows:
    """Return an occasion per answer, with the posts that are still stored from up to its time.

    Raises DataError when fewer than 40 users have an answer and posts to go with it.
    """
    people = []
    try:
        for user_id, given in groupby(store.feedback(), lambda one: one.user_id):
            posts = sorted(
                store.latest_classified_posts(user_id),
                key=lambda item: (item.post.created_at, item.post.post_id),
            )
            said = []
            for one in given:
                analysis = store.analysis(one.analysis_id)
                if analysis is not None and analysis.result is not None:
                    moment = _time(analysis.result["as_of"])
                    said.append((moment, *RATINGS[Mood(one.mood)]))
            people.append(Person(posts, sorted(said)))
    except StoreUnavailableError as exc:
        raise DataError(f"the store cannot be read ({exc})") from exc
    answered = [
        one
        for one in people
        if one.posts and any(moment >= one.posts[0].post.created_at for moment, *_ in one.said)
    ]
    if len(answered) < LEAST_PEOPLE:
        raise DataError(
            f"{len(answered)} users gave feedback that their stored posts go with; a fit needs "
            f"{LEAST_PEOPLE}. Ask again when more have said how they felt"
        )
    return windows_of(answered, rated_posts=False)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
