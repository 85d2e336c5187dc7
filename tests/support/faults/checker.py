"""Checker: compares what clients were promised with what the store and the API have at the end.

A pure function over the history and a snapshot. What was sent but never answered may have been done
or not; what was acknowledged must be there, once, and what was erased must be gone.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.support.faults.history import Event

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class StoredAnalysis:
    """An analysis as the store has it; keys are the Idempotency-Keys that stand for it.

    moods is how many entries of the mood history name it.
    """

    user: str
    state: str
    keys: tuple[str, ...] = ()
    moods: int = 0


@dataclass(frozen=True)
class StoredUser:
    """A user as the store has them: texts by post id, and how many posts no model has read."""

    texts: Mapping[str, str] = field(default_factory=dict)
    unread: int = 0
    consented: bool = True


@dataclass(frozen=True)
class Snapshot:
    """The store at the end of a run, and what the API then says of each accepted analysis.

    tombstones are the users, of those asked about, who have one; left_texts are the markers, of
    those asked about, that the bytes of any file of the service contain. states are None for 404.
    """

    users: Mapping[str, StoredUser] = field(default_factory=dict)
    analyses: Mapping[str, StoredAnalysis] = field(default_factory=dict)
    tombstones: frozenset[str] = frozenset()
    left_texts: frozenset[str] = frozenset()
    states: Mapping[str, str | None] = field(default_factory=dict)


@dataclass
class Findings:
    """What should not be, in words, by kind; failed are analyses that ended with a problem."""

    accepted: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    not_terminal: list[str] = field(default_factory=list)
    erased_back: list[str] = field(default_factory=list)
    contradictions: list[str] = field(default_factory=list)
    answered_500: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def wrong(self) -> list[str]:
        """Return all of them but the failed analyses, which a fault may explain."""
        kinds = {
            "LOST": self.lost,
            "DOUBLED": self.doubled,
            "NOT TERMINAL": self.not_terminal,
            "ERASED BACK": self.erased_back,
            "CONTRADICTION": self.contradictions,
            "ANSWERED 500": self.answered_500,
        }
        return [f"{kind}: {one}" for kind, found in kinds.items() for one in found]


@dataclass
class _Account:
    """What is owed to one user, or, after an erasure, what must be gone."""

    posts: dict[str, str] = field(default_factory=dict)
    analyses: dict[str, int] = field(default_factory=dict)  # when each was asked for
    consented: bool = False
    last_import: int = -1
    erase_sent: int | None = None  # without an answer yet: anything may be there or not
    erased_at: int | None = None  # when the latest answered erasure was sent
    gone_analyses: set[str] = field(default_factory=set)
    gone_markers: set[str] = field(default_factory=set)
    markers: dict[str, int] = field(default_factory=dict)  # when each was last sent

    def erased(self, sent: int) -> None:
        """Expect that all that was sent before is gone; what came meanwhile may be there."""
        self.gone_analyses |= {one for one, asked in self.analyses.items() if asked < sent}
        self.gone_markers |= {one for one, last in self.markers.items() if last < sent}
        self.posts, self.analyses, self.consented = {}, {}, False
        self.erase_sent, self.erased_at = None, sent


def check(history: Iterable[Event], snapshot: Snapshot) -> Findings:
    """Compare a history with the snapshot taken once all was quiet again."""
    events = list(history)
    sent = {event.number: event for event in events if event.answers is None}
    accounts = _owed(events, sent)
    found = Findings(accepted=len({e.about["id"] for e in events if e.what == "started"}))
    found.answered_500 = [str(e.about) for e in events if e.what == "answered 500"]
    for user, account in accounts.items():
        _check_posts(user, account, snapshot, found)
        _check_analyses(user, account, snapshot, found)
        _check_erasure(user, account, snapshot, found)
    _check_keys(events, sent, snapshot, found)
    _check_moods(events, snapshot, found)
    return found


def markers_and_erased(history: Iterable[Event]) -> tuple[set[str], set[str]]:
    """Return the markers that must be gone and the users whose erasure was acknowledged."""
    events = list(history)
    accounts = _owed(events, {event.number: event for event in events if event.answers is None})
    gone = {marker for account in accounts.values() for marker in account.gone_markers}
    return gone, {user for user, account in accounts.items() if account.erased_at is not None}


def _owed(events: list[Event], sent: Mapping[int, Event]) -> dict[str, _Account]:
    accounts: dict[str, _Account] = defaultdict(_Account)
    for event in events:
        account = accounts[event.user]
        asked = event.number if event.answers is None else event.answers
        # What was asked before an erasure was sent, and answered after, may be there or not.
        uncertain = account.erase_sent is not None or asked < (account.erased_at or -1)
        if event.what == "import sent":
            account.last_import = event.number
            account.markers[event.about["marker"]] = event.number
        elif event.what == "imported" and not uncertain:
            account.posts.update(sent[asked].about["posts"])
        elif event.what == "started" and not uncertain:
            account.analyses[event.about["id"]] = asked
            account.consented = True
        elif event.what == "consented" and not uncertain:
            account.consented = True
        elif event.what == "erase sent" and account.erase_sent is None:
            account.erase_sent = event.number
        elif event.what == "erased":
            account.erased(account.erase_sent if account.erase_sent is not None else asked)
    return accounts


def _check_posts(user: str, account: _Account, snapshot: Snapshot, found: Findings) -> None:
    stored = snapshot.users.get(user, StoredUser())
    if account.erase_sent is None:
        missing = [one for one, text in account.posts.items() if stored.texts.get(one) != text]
        if missing:
            found.lost.append(f"{len(missing)} posts of {user}, such as {missing[0]}")
        if account.consented and not (user in snapshot.users and stored.consented):
            found.lost.append(f"the consent of {user}")
    twice = [text for text, times in Counter(stored.texts.values()).items() if times > 1]
    if twice:
        found.doubled.append(f"{len(twice)} posts of {user}, such as {twice[0]!r}")


def _check_analyses(user: str, account: _Account, snapshot: Snapshot, found: Findings) -> None:
    if account.erase_sent is not None:
        return
    for one in account.analyses:
        stored = snapshot.analyses.get(one)
        if stored is None:
            found.lost.append(f"the analysis {one} of {user}")
            continue
        if stored.user != user:
            found.contradictions.append(f"the analysis {one} of {user} is of {stored.user}")
        if stored.state not in TERMINAL:
            found.not_terminal.append(f"the analysis {one} of {user} is {stored.state}")
        if stored.state == "failed":
            found.failed.append(one)
        if one in snapshot.states and snapshot.states[one] != stored.state:
            said = snapshot.states[one]
            found.contradictions.append(f"{one} is {stored.state}, and the API says {said}")
    last = max(account.analyses, key=account.analyses.__getitem__, default=None)
    read = last in snapshot.analyses and snapshot.analyses[last].state == "succeeded"
    unread = snapshot.users.get(user, StoredUser()).unread
    if last is not None and read and account.analyses[last] > account.last_import and unread:
        found.lost.append(f"{unread} posts of {user} that the last analysis did not read")


def _check_erasure(user: str, account: _Account, snapshot: Snapshot, found: Findings) -> None:
    found.erased_back += [
        f"the analysis {one} of {user}" for one in account.gone_analyses & set(snapshot.analyses)
    ]
    found.erased_back += [
        f"texts of {user} ({marker})" for marker in account.gone_markers & snapshot.left_texts
    ]
    if account.erased_at is not None and user not in snapshot.tombstones:
        found.erased_back.append(f"{user}, whom a backup brings back: no tombstone")


def _check_keys(
    events: list[Event], sent: Mapping[int, Event], snapshot: Snapshot, found: Findings
) -> None:
    erased = {event.user for event in events if event.what == "erase sent"}
    known: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for event in events:
        if event.what == "started" and event.answers is not None and event.user not in erased:
            about = sent[event.answers].about
            if about.get("key"):
                request = str(sorted(about.get("request", {}).items()))
                known[event.user, about["key"]].add((event.about["id"], request))
    for (user, key), answers in known.items():
        if len({one for one, _ in answers}) > 1:
            found.doubled.append(f"{user}'s key {key} made {len(answers)} analyses")
        if len({request for _, request in answers}) > 1:
            found.contradictions.append(f"{user}'s key {key} was accepted for two requests")
    rows = Counter((one.user, key) for one in snapshot.analyses.values() for key in one.keys)
    found.doubled += [
        f"{times} analyses of {user} with the key {key}"
        for (user, key), times in rows.items()
        if times > 1
    ]
    # Clients repeat a start until it is answered, so each analysis is one that a client knows of.
    answered = {event.answers for event in events}
    unanswered = {e.user for e in events if e.what == "start sent" and e.number not in answered}
    told = {event.about["id"] for event in events if event.what == "started"}
    found.doubled += [
        f"the analysis {one} of {stored.user}, which no client was told of"
        for one, stored in snapshot.analyses.items()
        if one not in told and stored.user not in erased | unanswered
    ]


def _check_moods(events: list[Event], snapshot: Snapshot, found: Findings) -> None:
    for one, stored in snapshot.analyses.items():
        wanted = 1 if stored.state == "succeeded" else 0
        if stored.moods > wanted:
            found.doubled.append(f"{stored.moods} moods of {one}, which is {stored.state}")
        elif stored.moods < wanted:
            found.lost.append(f"the mood of {one}, which is {stored.state}")
    for event in events:
        stored_one = snapshot.analyses.get(event.about.get("id", ""))
        if event.what == "cancelled" and stored_one and stored_one.state != "cancelled":
            found.contradictions.append(f"{event.about['id']} was cancelled, is {stored_one.state}")
