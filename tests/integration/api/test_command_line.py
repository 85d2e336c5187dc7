"""The commands show a person, or a program, what a running API answers."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli import __main__ as cli
from api.client import MoodlineClient
from api.runtime.processes import free_port
from tests.support.deployment import Deployment
from tests.support.servers import Reply, ScriptedServer

pytestmark = pytest.mark.integration

POSTS = Path(__file__).parents[3] / "api" / "demo" / "posts" / "ben_grey.csv"


class Terminal(io.StringIO):
    """Output file that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def large_file(folder: Path) -> Path:
    """Write a file of one post that takes many blocks to send: 1,000,000 bytes."""
    post = {"id": "1", "text": "joy", "created_at": "2026-01-01T00:00:00Z"}
    file = folder / "large.jsonl"
    file.write_text(json.dumps(post).ljust(999_999) + "\n", encoding="utf-8", newline="\n")
    return file


@pytest.fixture(scope="module")
def running_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """An API that runs for all tests of this module; its inference server finds joy."""
    with Deployment(tmp_path_factory.mktemp("api")) as one:
        one.start_api(QUEUE_URL="")
        yield one


@pytest.fixture
def deployment(running_api: Deployment, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The running API without users, with the commands pointed at it."""
    monkeypatch.setenv("MOODLINE_API_URL", str(running_api.http.base_url))
    yield running_api
    running_api.inference.seconds = 0.0
    running_api.http.delete("/v1/users/ben")


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """An API that answers as scripted, with the commands pointed at it."""
    server = ScriptedServer()
    monkeypatch.setenv("MOODLINE_API_URL", server.url)
    yield server
    server.stop()


def test_import_analyse_mood_recommend_and_erase_follow_one_another(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for words in (
        ["import", str(POSTS), "ben"],
        ["analyse", "ben"],
        ["mood", "ben"],
        ["recommend", "ben"],
        ["erase", "ben", "--yes"],
    ):
        assert cli.main(words) == 0
        out, err = capsys.readouterr()
        said.append(out)
        assert err == ""  # no progress bar, as it is not a terminal

    imported, analysed, mood, recommended, erased = said
    assert "40 posts imported" in imported
    assert "40 posts classified, 0 known" in analysed
    assert mood in analysed
    assert mood.startswith("-- @ben ")
    assert recommended in mood
    assert "accounts" in recommended
    assert "erased" in erased
    assert deployment.rows("SELECT * FROM users") == []


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (["import", str(POSTS), "ben"], "imported", 40),
        (["analyse", str(POSTS), "ben"], "state", "succeeded"),
        (["mood", "ben"], "mood", None),
        (["erase", "ben", "--yes"], "erased", "ben"),
    ],
)
def test_json_is_one_document_on_standard_output(
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    field: str,
    value: object,
) -> None:
    deployment.import_posts("ben", 1)

    status = cli.main([*words, "--json"])

    assert status == 0
    assert json.loads(capsys.readouterr().out)[field] == value


def test_posts_history_and_patterns_show_what_was_analysed(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    cli.main(["analyse", str(POSTS), "ben"])
    capsys.readouterr()
    for words in (
        ["posts", "ben", "--from", "2025-09-08", "--to", "2025-09-08", "--emotion", "joy"],
        ["posts", "ben", "--text", "OLD FRIENDS"],
        ["posts", "ben", "--emotion", "anger"],
        ["history", "ben"],
        ["patterns", "ben", "--timezone", "Europe/Berlin"],
    ):
        assert cli.main(words) == 0
        said.append(capsys.readouterr().out)

    day, text, none, history, patterns = said
    assert "2025-09-08 " in day
    assert "joy" in day
    assert day.endswith("1 of 1 posts\n")
    assert "I miss my old friends" in text
    assert none == "0 of 0 posts\n"
    assert "Bright" in history
    assert "from 40 posts" in history
    assert patterns.startswith("40 posts; balance")
    assert "words of heavy posts: none beyond chance" in patterns


def test_the_picture_of_a_mood_is_written_to_the_file_that_is_named(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.main(["analyse", str(POSTS), "ben"])
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    capsys.readouterr()

    assert cli.main(["mood", "ben", "--png", str(light)]) == 0
    said = capsys.readouterr().out
    assert cli.main(["mood", "ben", "--png", str(dark), "--theme", "dark", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    answer = deployment.http.get("/v1/users/ben/summary.png")
    assert light.read_bytes() == answer.content
    assert said == f"{light} written ({len(answer.content):,} bytes)\n"
    assert dark.read_bytes().startswith(b"\x89PNG")
    assert dark.read_bytes() != light.read_bytes()
    assert told == {"written": str(dark), "bytes": dark.stat().st_size}


def test_a_picture_that_cannot_be_drawn_or_written_leaves_no_file(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.import_posts("ben", 1)
    file = tmp_path / "mood.png"

    too_early = cli.main(["mood", "ben", "--png", str(file)])
    why_not_drawn = capsys.readouterr().err
    cli.main(["analyse", str(POSTS), "ben"])
    no_folder = cli.main(["mood", "ben", "--png", str(file / "mood.png")])
    why_not_written = capsys.readouterr().err

    assert (too_early, no_folder) == (1, 1)
    assert "Run an analysis first" in why_not_drawn
    assert f"{file / 'mood.png'} cannot be written: No such file" in why_not_written
    assert list(tmp_path.iterdir()) == []


def test_texts_of_posts_do_not_command_the_terminal(
    scripted: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    post = {
        "created_at": "2026-02-01T10:00:00Z",
        "text": "\x1b[2J\u202ehidden",
        "emotion": "joy",
        "url": None,
    }
    scripted.replies = [Reply(200, {"posts": [post], "total": 1, "searched_to": None})]

    cli.main(["posts", "ben"])

    said = capsys.readouterr().out
    assert "hidden" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_day_that_is_none_is_refused_in_words(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.import_posts("ben", 1)

    status = cli.main(["patterns", "ben", "--from", "yesterday"])

    assert status == 1
    assert "from" in capsys.readouterr().err


def test_a_dry_run_says_what_was_understood_and_stores_nothing(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "id,text,created_at\n1,What a day,2026-02-01T10:00:00Z\n2,,2026-02-01T11:00:00Z\n"
        "3,Rain again,2026-02-03T10:00:00Z\n",
        encoding="utf-8",
    )

    status = cli.main(["import", str(file), "ben", "--dry-run"])

    said = capsys.readouterr().out
    assert status == 0
    assert "mine.csv: 2 posts would be imported, 0 updated, 0 unchanged, 1 skipped" in said
    assert "CSV" in said
    assert "2 own" in said
    assert "skipped row 3: " in said
    assert "2026-02-01 10:00  own     What a day" in said
    assert deployment.rows("SELECT * FROM users") == []


UNDERSTOOD = {
    "dry_run": False,
    "dialect": {"name": "letters", "title": "Letters to a friend"},
    "date_order": "day_first",
    "own": 3,
    "shared": 4,
    "liked": 0,
    "first_posts": [],
    "imported": 7,
    "updated": 0,
    "unchanged": 0,
    "duplicates": 2,
    "edits": 1,
    "skipped": 0,
    "skipped_reasons": [],
    "unused_columns": ["stamp", "seal"],
    "notes": ["photo.jpg is not read."],
}


def test_an_import_says_what_was_left_out_and_how_dates_were_read(
    scripted: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted.replies = [Reply(200, UNDERSTOOD)]

    cli.main(["import", str(POSTS), "ben", "--date-order", "day-first"])

    assert scripted.asked[0].query == {"dry_run": "false", "date_order": "day_first"}
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  read as Letters to a friend: 3 own, 4 shared",
        "  dates read with the day first",
        "  the same as other posts, and left out: 2",
        "  earlier versions of edited posts, and left out: 1",
        "  not used: stamp, seal",
        "  note: photo.jpg is not read.",
    ]


def test_a_file_with_dates_of_either_order_is_refused_with_what_to_say(
    scripted: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    reading = {"where": "row 2", "reason": '"05/02/2023" is 5 February 2023 or 2 May 2023'}
    refusal = {"type": "/problems/ambiguous-dates", "title": "T", "detail": "D"}
    scripted.replies = [Reply(400, {**refusal, "errors": [reading]})]

    status = cli.main(["import", str(POSTS), "ben"])

    said = capsys.readouterr().err
    assert status == 1
    assert "row 2" in said
    assert "--date-order day-first" in said


def test_formats_lists_what_can_be_imported_and_where_to_get_it(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["formats", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert cli.main(["formats"]) == 0
    said = capsys.readouterr().out

    assert len(listed) >= 3
    assert all(f"{each['title']} ({', '.join(each['files'])})" in said for each in listed)
    words = " ".join(said.split())
    assert all(" ".join(each["where_to_get"].split()) in words for each in listed)


def test_at_a_terminal_an_analysis_shows_a_bar(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.inference.seconds = 0.3
    deployment.import_posts("ben", 40)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    status = cli.main(["analyse", "ben"])

    assert status == 0
    assert "running" in terminal.getvalue()
    assert "/40" in terminal.getvalue()
    assert "running" not in capsys.readouterr().out


def test_at_a_terminal_an_import_shows_what_is_sent_and_then_that_it_is_read(
    deployment: Deployment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    status = cli.main(["import", str(large_file(tmp_path)), "ben"])

    shown = terminal.getvalue()
    assert status == 0
    assert "reading: 100%" in shown
    assert "1.00M/1.00M" in shown
    assert "reading" not in capsys.readouterr().out


def test_an_import_tells_what_is_sent_from_nothing_to_the_whole_file(
    deployment: Deployment, tmp_path: Path
) -> None:
    told = []

    with MoodlineClient(f"http://127.0.0.1:{deployment.api_port}") as api:
        api.import_posts(
            "ben", large_file(tmp_path), on_sent=lambda sent, size: told.append((sent, size))
        )

    sent = [each for each, _ in told]
    assert (sent[0], sent[-1]) == (0, 1_000_000)
    assert sent == sorted(set(sent))
    assert len(sent) > 10
    assert {size for _, size in told} == {1_000_000}


def test_a_refusal_is_one_line_and_status_1(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    status = cli.main(["mood", "nobody"])

    assert status == 1
    assert capsys.readouterr().err.startswith("moodline: There is no such thing: ")


def test_an_api_that_is_not_there_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MOODLINE_API_URL", f"http://127.0.0.1:{free_port()}")

    status = cli.main(["mood", "ben"])

    err = capsys.readouterr().err
    assert status == 1
    assert err.startswith("moodline: no answer to GET /v1/users/ben")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("state", "problem", "said"),
    [
        ("failed", {"title": "It broke", "detail": "Badly."}, "It broke: Badly."),
        ("cancelled", None, "cancelled"),
    ],
)
def test_an_analysis_without_a_result_is_status_3(
    scripted: ScriptedServer,
    capsys: pytest.CaptureFixture[str],
    state: str,
    problem: object,
    said: str,
) -> None:
    progress = {"fetched": 0, "classified": 0, "reused": 0, "total": 0}
    ended = {"state": state, "progress": progress, "waits_until": None, "problem": problem}
    scripted.replies = [Reply(202, ended)]

    status = cli.main(["analyse", "ben"])

    assert status == 3
    assert said in capsys.readouterr().err


def test_the_key_is_sent_with_every_call(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODLINE_API_KEY", "prefix.secret-of-the-test")
    scripted.replies = [Reply(200, {"big_accounts": [], "hashtags": [], "friends": []})]

    status = cli.main(["recommend", "ben"])

    assert status == 0
    (asked,) = scripted.asked
    assert asked.headers["authorization"] == "Bearer prefix.secret-of-the-test"


def test_nothing_is_erased_where_nobody_can_be_asked(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.import_posts("ben", 1)

    status = cli.main(["erase", "ben"])

    assert status == 1
    assert "--yes" in capsys.readouterr().err
    assert deployment.rows("SELECT user_id FROM users") == [("ben",)]


def test_a_wrong_command_line_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main(["analyze", "ben"])

    assert refused.value.code == 2
    assert "import" in capsys.readouterr().err
