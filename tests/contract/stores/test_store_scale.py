"""What the benchmark fills a store with is what the store itself would have written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from api.domain.mood.moods import OPPOSITE, Mood
from api.domain.mood.scoring import preset
from api.ports.store import Store
from api.services.users import Users
from api.stores.mongo import MongoStore
from api.stores.sqlite import SqliteStore
from benchmarks.store.__main__ import main
from benchmarks.store.people import NOW, fill_mongo, fill_sqlite, people
from tests.contract.stores.stores import FOR_EVER

PEOPLE = list(people(40))


@pytest.fixture(params=["sqlite", "mongo"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Store]:
    if request.param == "mongo":
        url = request.getfixturevalue("mongo_url")
        fill_mongo(url, PEOPLE, FOR_EVER)
        return lambda: MongoStore(url, retention=FOR_EVER)
    fill_sqlite(tmp_path / "people.db", PEOPLE)
    return lambda: SqliteStore(tmp_path / "people.db", retention=FOR_EVER)


def test_everybody_has_their_mood_and_interests(filled: Callable[[], Store]) -> None:
    store = filled()

    users = Users(store, lambda: NOW, preset("default"))
    overviews = {person: users.overview(person.user_name) for person in PEOPLE}
    interests = {person: tuple(store.interests(person.user_id)) for person in PEOPLE}

    store.close()
    for person, overview in overviews.items():
        assert overview.posts == 1
        assert overview.latest is not None
        assert (overview.latest.mood, overview.latest.created_at) == (person.mood, person.mood_at)
        assert interests[person] == person.hashtags


def test_friends_are_the_matchable_people_of_the_opposite_mood(filled: Callable[[], Store]) -> None:
    store = filled()
    me = PEOPLE[0]
    wanted = OPPOSITE[Mood(me.mood)].value

    found = store.friend_candidates(me.user_id, wanted, me.hashtags, limit=99)

    store.close()
    assert {friend.user_id for friend in found} == {
        person.user_id for person in PEOPLE if person.matchable and person.mood == wanted
    }


@pytest.mark.long
def test_the_command_writes_figures_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(tmp_path), "--people", "5,9", "--calls", "3", "--out", str(tmp_path)])

    (file,) = tmp_path.glob("store-*.json")
    runs = json.loads(file.read_text())["runs"]
    assert [run["people"] for run in runs] == [5, 9]
    assert file.with_suffix(".png").stat().st_size > 1_000
    assert "| recommendations | ratio |" in capsys.readouterr().out
