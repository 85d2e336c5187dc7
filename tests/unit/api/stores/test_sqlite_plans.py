"""No statement of the SQLite store reads more rows than necessary."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from api.stores.sqlite import SqliteStore
from tests.contract.stores.every_call import use_everything
from tests.contract.stores.store_examples import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moodline.db"


SMALL_ON_PURPOSE = (
    "SCAN api_keys",  # to list them all
    "SCAN temp.spool",  # what is being saved is walked as a whole
    "SCAN spool",
    *(f"SCAN temp.{table}" for table in ("named", "gone", "minutes", "candidates", "same")),
    "SCAN earlier VIRTUAL TABLE",  # the earlier_ids of one post
    "SCAN feedback USING INDEX feedback_user",  # an operator reads all of it, to fit constants
    "SCAN posts USING INDEX posts_corrected",  # an operator reads all of it, to train the model
    "SCAN analyses USING COVERING INDEX analyses_held",  # no more than workers and deferrals
    "SCAN analyses USING INDEX analyses_held",  # likewise, with their workers
    "SCAN analyses USING INDEX analyses_waiting",  # in order, past those that run, to the first
)

WALKED_ON_PURPOSE = (  # by the operator's commands
    "SELECT user_hash, erased_at FROM tombstones",
    "SELECT user_id, created_at FROM users",
)

SORTED_ON_PURPOSE = ("GROUP BY minute", "FROM temp.candidates")  # of what is being saved


def test_every_statement_finds_its_rows_by_an_index_and_in_their_order(path: Path) -> None:
    ran: list[str] = []
    SqliteStore(path).close()
    store = SqliteStore(path, trace=ran.append)
    use_everything(store, sweep_at=NOW + timedelta(days=1_000))
    store.close()

    checked, faults = 0, []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in dict.fromkeys(one.strip() for one in ran):
            if statement.startswith(("CREATE TEMP", "CREATE INDEX temp.")):
                connection.execute(statement)
            if not statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")):
                continue
            if statement == "DELETE FROM catalogue" or statement in WALKED_ON_PURPOSE:
                continue
            checked += 1
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {statement}"):
                if step.startswith(SMALL_ON_PURPOSE) or step == "SCAN CONSTANT ROW":
                    continue
                if "TEMP B-TREE" in step and any(map(statement.__contains__, SORTED_ON_PURPOSE)):
                    continue
                if step.startswith("SCAN") or "TEMP B-TREE" in step:
                    faults.append((step, statement))

    assert checked > 50
    assert faults == []


def test_erasing_follows_every_foreign_key_by_an_index(path: Path) -> None:
    SqliteStore(path).close()

    missing = []
    with closing(sqlite3.connect(path)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM pragma_table_list")]
        for table in tables:
            leading = {
                connection.execute("SELECT name FROM pragma_index_info(?)", (row[1],)).fetchone()[0]
                for row in connection.execute("SELECT * FROM pragma_index_list(?)", (table,))
                if not row[4]  # a partial index does not serve
            }
            for row in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)):
                if row[3] not in leading:
                    missing.append(f"{table}.{row[3]}")

    assert missing == []
