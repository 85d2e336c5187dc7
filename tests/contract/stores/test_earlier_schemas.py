"""A store that an earlier version wrote: all that it holds is there, and today's calls work on it.

What it holds was written by today's code, and copied as far as the earlier schema has room for it.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import IndexModel, MongoClient
from pymongo.uri_parser import parse_uri

from api.domain.mood.moods import LABELS, Mood
from api.settings import Settings
from api.stores.mongo import MongoStore
from api.stores.mongo.migrations import MIGRATIONS as MONGO_MIGRATIONS
from api.stores.mongo.migrations import declare, stage_seconds
from api.stores.mongo.schema import COLLECTIONS, FACTS
from api.stores.sqlite import SqliteStore
from api.stores.sqlite.schema import _STAGE_SECONDS, MIGRATIONS, migrate
from tests.contract.stores.stores import FOR_EVER
from tests.support.wired_service import WiredService, post_line, wire_service

AnyStore = SqliteStore | MongoStore
BEFORE_CORRECTIONS = MIGRATIONS.index(_STAGE_SECONDS)
IN_RESULTS = ("corrected_posts", "corrections")  # what results of that version did not have
WORDS = ("joy", "anger", "joy", "joy", "sadness", "joy")


@dataclass(frozen=True, slots=True)
class Earlier:
    """A store of an earlier version, opened with today's code; export is what was put into it."""

    wired: WiredService
    export: Mapping[str, Any]


def export_of(wired: WiredService) -> dict[str, Any]:
    document: dict[str, Any] = wired.client.get("/v1/users/alice/export").get_json()
    return document


def filled(store: AnyStore, settings: Settings) -> Mapping[str, Any]:
    """Import and analyse posts, and say how a mood felt; return the export of it all."""
    with wire_service(store, settings) as wired:  # type: ignore[arg-type]  it takes any store
        wired.import_lines(
            "alice", *(post_line(number, word) for number, word in enumerate(WORDS, 1))
        )
        analysis_id = wired.start("alice").get_json()["analysis_id"]
        wired.work()
        told = wired.client.post(f"/v1/analyses/{analysis_id}/feedback", json={"mood": "Satisfied"})
        assert told.status_code < 300, told.text
        wired.import_lines("alice", post_line(7, "fear"))  # not classified yet
        return export_of(wired)


def as_earlier(result: str) -> str:
    fields = json.loads(result)
    return json.dumps({name: fields[name] for name in fields if name not in IN_RESULTS})


def earlier_sqlite(path: Path, newer: Path, migrations: int) -> None:
    """Write a file with the first migrations only, and into it what a newer file holds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, "file", MIGRATIONS[:migrations])
        connection.execute("ATTACH ? AS newer", (str(newer),))
        connection.create_function("as_earlier", 1, lambda text: text and as_earlier(text))
        made = "SELECT name FROM {}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        tables, newer_tables = (
            {name for (name,) in connection.execute(made.format(schema))}
            for schema in ("main", "newer")
        )
        for table in tables & newer_tables:
            columns, known = (
                [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
                for schema in ("main", "newer")
            )
            both = [column for column in columns if column in known]
            read = ", ".join(f"as_earlier({c})" if c == "result" else c for c in both)
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608  names of the schema
            connection.execute(
                f"INSERT INTO main.{table} ({', '.join(both)}) "  # noqa: S608  as above
                f"SELECT {read} FROM newer.{table}"
            )


def without(value: Any, *fields: str) -> Any:
    """Return a document without the fields of these names, at any depth."""
    if isinstance(value, list):
        return [without(part, *fields) for part in value]
    if not isinstance(value, Mapping):
        return value
    return {name: without(part, *fields) for name, part in value.items() if name not in fields}


# Indexes that later ones have replaced, and the fields that the version did not have.
REPLACED = {
    "posts": IndexModel([("user_key", 1), ("place", -1), ("model", 1)], name="posts_newest"),
    "analyses": IndexModel(
        [("user_key", 1), ("state", 1), ("finished_at", -1)], name="analyses_newest"
    ),
}
ADDED = ("training", "correction", "seconds")
ADDED_INDEXES = {
    "users_training",
    "posts_time",
    "posts_emotion",
    "posts_correction",
    "posts_corrected",
    "analyses_history",
}


def earlier_mongo(client: MongoClient[dict[str, Any]], name: str, newer: str) -> None:
    """Write a database as the version before corrections had it, with what a newer one holds.

    But for its validators: the documents have only the fields that those of then had.
    """
    for collection in COLLECTIONS:
        indexes = tuple(one for one in collection.indexes if one.name not in ADDED_INDEXES)
        declare(client[name], replace(collection, indexes=indexes), {})
        if collection.name in REPLACED:
            client[name][collection.name].create_indexes([REPLACED[collection.name]])
        documents = [without(one, *ADDED) for one in client[newer][collection.name].find()]
        for one in documents:
            if "result" in one:
                one["result"] = as_earlier(one["result"])
        if documents:
            client[name][collection.name].insert_many(documents)
    version = MONGO_MIGRATIONS.index(stage_seconds)
    client[name][FACTS.name].update_one({"_id": "schema"}, {"$set": {"value": version}})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, inference_retry_seconds=0.0)


@pytest.fixture
def sqlite_of(tmp_path: Path, settings: Settings) -> Iterator[Callable[[int], Earlier]]:
    """Open a file that was written with so many migrations."""

    def open_earlier(migrations: int) -> Earlier:
        newer = SqliteStore(tmp_path / "newer.db", retention=FOR_EVER)
        export = filled(newer, settings)
        newer.close()
        earlier_sqlite(tmp_path / "moodline.db", tmp_path / "newer.db", migrations)
        store = SqliteStore(tmp_path / "moodline.db", retention=FOR_EVER)
        opened.callback(store.close)
        return Earlier(opened.enter_context(wire_service(store, settings)), export)

    with ExitStack() as opened:
        yield open_earlier


@pytest.fixture
def mongo_earlier(mongo_url: str, settings: Settings) -> Iterator[Earlier]:
    """Open a database of the version before corrections."""
    newer = MongoStore(mongo_url, retention=FOR_EVER)
    export = filled(newer, settings)
    newer.close()
    database = parse_uri(mongo_url)["database"]
    with MongoClient[dict[str, Any]](mongo_url) as client, ExitStack() as opened:
        name = f"{database}_earlier"
        opened.callback(client.drop_database, name)
        earlier_mongo(client, name, database)
        store = MongoStore(mongo_url.replace(database, name), retention=FOR_EVER)
        opened.callback(store.close)
        service = wire_service(store, settings)  # type: ignore[arg-type]  it takes any store
        yield Earlier(opened.enter_context(service), export)


@pytest.fixture(params=["sqlite", "mongo"])
def earlier(request: pytest.FixtureRequest) -> Earlier:
    if request.param == "sqlite":
        open_earlier: Callable[[int], Earlier] = request.getfixturevalue("sqlite_of")
        return open_earlier(BEFORE_CORRECTIONS)
    opened: Earlier = request.getfixturevalue("mongo_earlier")
    return opened


def check_posts_and_history(earlier: Earlier) -> None:
    """Browse the posts by a filter, and read the history, which has a mood with its label."""
    client = earlier.wired.client
    posts = client.get("/v1/users/alice/posts").get_json()
    angry = client.get("/v1/users/alice/posts?emotion=anger").get_json()
    texts = client.get("/v1/users/alice/posts?text=SADNESS&ownership=own").get_json()
    history = client.get("/v1/users/alice/analyses").get_json()["analyses"]
    assert [post["post_id"] for post in posts["posts"]] == list("7654321")
    assert [post["emotion"] for post in posts["posts"]] == [None, *reversed(WORDS)]
    assert [post["post_id"] for post in angry["posts"]] == ["2"]
    assert [post["post_id"] for post in texts["posts"]] == ["5"]
    assert [(one["mood"], one["label"]) for one in history] == [
        (one["mood"], LABELS[Mood(one["mood"])]) for one in earlier.export["moods"]
    ]


def check_correction_and_analysis(earlier: Earlier) -> None:
    """Correct a post and analyse again: the correction counts, and nothing is read twice."""
    wired = earlier.wired
    corrected = wired.client.put(
        "/v1/users/alice/corrections", json={"post_id": "1", "emotion": "fear"}
    )
    started = wired.start("alice")
    wired.work()
    analysis = wired.client.get(started.headers["Location"]).get_json()
    afraid = wired.client.get("/v1/users/alice/posts?emotion=fear").get_json()
    assert (corrected.status_code, corrected.get_json()["correction"]) == (200, "fear")
    assert analysis["state"] == "succeeded"
    assert (analysis["progress"]["classified"], analysis["progress"]["reused"]) == (1, 6)
    assert analysis["result"]["corrected_posts"] == 1
    assert [post["post_id"] for post in afraid["posts"]] == ["7", "1"]
    assert len(wired.client.get("/v1/users/alice/analyses").get_json()["analyses"]) == 2
    rows = wired.client.get("/v1/users/alice/export?format=csv").data.decode("utf-8-sig")
    assert rows.count("full of") == 7


def test_what_a_store_from_before_corrections_holds_is_all_there(earlier: Earlier) -> None:
    expected = json.loads(json.dumps(earlier.export))
    for analysis in expected["analyses"]:
        for field in IN_RESULTS:
            del analysis["result"][field]
        analysis["progress"]["seconds"] = dict.fromkeys(analysis["progress"]["seconds"], 0.0)

    exported = export_of(earlier.wired)

    assert len(exported["posts"]) == 7
    assert len(exported["consents"]) == len(exported["moods"]) == len(exported["feedback"]) == 1
    assert exported == expected


def test_a_store_from_before_corrections_is_browsed_corrected_and_analysed(
    earlier: Earlier,
) -> None:
    check_posts_and_history(earlier)
    check_correction_and_analysis(earlier)


@pytest.mark.parametrize("migrations", range(1, len(MIGRATIONS)))
def test_a_file_of_any_earlier_schema_is_browsed_corrected_and_analysed(
    sqlite_of: Callable[[int], Earlier], migrations: int
) -> None:
    earlier = sqlite_of(migrations)

    check_posts_and_history(earlier)
    check_correction_and_analysis(earlier)


def test_indexes_that_others_replaced_are_gone_after_opening(
    mongo_earlier: Earlier, mongo_url: str
) -> None:
    database = parse_uri(mongo_url)["database"]
    with MongoClient[dict[str, Any]](mongo_url) as client:
        for collection in COLLECTIONS:
            found = client[f"{database}_earlier"][collection.name].index_information()
            wanted = {index.name for index in collection.indexes}
            assert found.keys() == {"_id_", *wanted}, collection.name
