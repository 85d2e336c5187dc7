"""Re-analysis of everybody whose newest mood another model has read than is served now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from api.domain.analyses import IMPORTED, Analysis, AnalysisState
from api.errors import ConflictError, NotFoundError
from api.ports.clock import Clock
from api.ports.emotions import EmotionClient, ModelIdentity
from api.ports.store import MoodRecord, Store

_PAGE = 100  # users
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Reanalysed:
    """How many users were looked at, and what became of them.

    renewed are those whose newest mood the present model has read; under_way those who had an
    analysis queued or running; without_posts those whose posts are past their retention, so that
    their mood stays as it is; queued those for whom an analysis was queued.
    """

    users: int = 0
    queued: int = 0
    renewed: int = 0
    under_way: int = 0
    without_posts: int = 0


@dataclass(frozen=True, slots=True)
class Reanalysis:
    """Queues analyses of the posts that are stored, as if each user had asked again.

    Nothing has to be kept between two runs: whoever has a mood of the present model, or an analysis
    under way, is passed over. wake notifies a worker of a queued analysis; pause waits for seconds.
    """

    store: Store
    emotions: EmotionClient
    clock: Clock
    wake: Callable[[str], None]
    new_id: Callable[[], str]
    pause: Callable[[float], object]

    def count_users(self) -> int:
        """Return how many users have a mood."""
        return sum(len(page) for page in self._pages())

    def run(self, *, per_minute: float, most_waiting: int) -> Iterator[Reanalysed]:
        """Look at every user who has a mood, and yield what was done so far after each.

        At most per_minute analyses are queued in a minute, and none while most_waiting analyses
        wait for a worker: people who ask meanwhile wait for no more than these. Raises
        InferenceUnavailableError, InferenceRejectedError, StoreUnavailableError.
        """
        done = Reanalysed()
        for page in self._pages():
            model = self.emotions.model()  # again for each page, as it may change meanwhile
            for user_id in page:
                outcome = self._outcome(user_id, model, most_waiting)
                changed = {} if outcome is None else {outcome: getattr(done, outcome) + 1}
                done = replace(done, users=done.users + 1, **changed)
                yield done
                if outcome == "queued":
                    self.pause(60 / per_minute)

    def _pages(self) -> Iterator[list[str]]:
        after = None
        while page := self.store.users_with_mood(after=after, limit=_PAGE):
            yield page
            after = page[-1]

    def _outcome(self, user_id: str, model: ModelIdentity, most_waiting: int) -> str | None:
        """Queue an analysis if one is needed; return the field of Reanalysed, None if erased."""
        latest = self.store.latest_mood(user_id)
        user = self.store.user(user_id)
        if latest is None or user is None or user.consented_at is None:
            return None
        if latest.result.get("model") == model.key:
            return "renewed"
        if not self.store.count_posts(user_id):
            return "without_posts"
        while self.store.waiting().analyses >= most_waiting:
            self.pause(_LOOK_AGAIN_SECONDS)
        try:
            return self._queued(latest)
        except NotFoundError:
            return None
        except ConflictError:  # an analysis that was asked for differently is under way
            return "under_way"

    def _queued(self, latest: MoodRecord) -> str | None:
        earlier = self.store.analysis(latest.analysis_id)
        if earlier is None:
            return None
        request = replace(earlier.request, source=IMPORTED, source_user=None)
        # The key is of the mood that is to be renewed, so that another run of this, or one that
        # goes on after a kill, finds the same analysis even if it has ended meanwhile.
        renews = latest.analysis_id
        while True:
            analysis, new = self.store.create_analysis(
                Analysis(self.new_id(), request, self.clock()), idempotency_key=f"renews {renews}"
            )
            if new:
                self.wake(analysis.analysis_id)
                return "queued"
            if not analysis.state.terminal:
                return "under_way"
            if analysis.state is AnalysisState.SUCCEEDED:
                return "renewed"
            renews = analysis.analysis_id  # it failed or was cancelled: once more
