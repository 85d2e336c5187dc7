from pathlib import Path

import pytest

from benchmarks.peers.inputs import gather_texts


def write_data(folder: Path) -> Path:
    (folder / "tweeteval" / "emotion").mkdir(parents=True)
    (folder / "timelines").mkdir()
    lines = "\n".join(f"tweet {number} 😂" for number in range(5))
    (folder / "tweeteval" / "emotion" / "val_text.txt").write_text(lines, encoding="utf-8")
    rows = "text,user\n" + "".join(f"it’s post {number},someone\n" for number in range(5))
    (folder / "timelines" / "someone.csv").write_text(rows, encoding="mac_roman")
    return folder


def test_real_posts_of_both_kinds_are_read_the_same_ones_each_time(tmp_path: Path) -> None:
    data = write_data(tmp_path)

    source, texts = gather_texts(data, 10)

    assert source.startswith("real posts")
    assert sorted(texts)[0] == "it’s post 0"
    assert "tweet 4 😂" in texts
    assert gather_texts(data, 10)[1] == texts


def test_without_the_data_texts_are_made_up_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, texts = gather_texts(tmp_path / "none", 50)

    assert "made-up" in source
    assert "MADE UP" in capsys.readouterr().err
    assert len(texts) == 50
    assert len({len(text.split()) for text in texts}) > 5
