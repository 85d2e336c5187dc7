"""A long text in windows: nothing of it is lost, and no word is cut."""

from pathlib import Path

import pytest

from serving.classifier.artifact import open_model
from serving.classifier.preprocess import MAX_CHARS
from serving.classifier.tokenizer import TextEncoder
from tests.support.serving.tiny_model import MAX_TOKENS


@pytest.fixture(scope="module")
def encoder(tiny_folder: Path) -> TextEncoder:
    return TextEncoder(open_model(tiny_folder))


@pytest.mark.parametrize("text", ["", "so happy", "  so   happy ", "dog " * (MAX_TOKENS - 2)])
def test_a_text_that_the_model_reads_whole_is_one_window(encoder: TextEncoder, text: str) -> None:
    windows = encoder.windows(text)

    assert encoder.encode(windows) == encoder.encode([text])


@pytest.mark.parametrize(
    "text",
    [
        "dog " * (MAX_TOKENS - 1),
        "my happy dog, so sad today! " * 40,
        "xyz abcde q " * 100,
        "a-b.c,d!e?" * 50,
        "sad é 日本 😀 dog " * 30,
        "dog " * (MAX_CHARS // 2),
    ],
)
def test_windows_have_all_tokens_of_a_text_and_end_between_words(
    encoder: TextEncoder, text: str
) -> None:
    windows = encoder.windows(text)

    encoded = encoder.encode(windows)
    separate = encoder.encode(" ".join(windows).split())
    assert len(windows) > 1
    assert not any(window.truncated for window in encoded)
    assert [token for window in encoded for token in window.ids[1:-1]] == [
        token for word in separate for token in word.ids[1:-1]
    ]


def test_a_word_longer_than_a_window_is_cut_and_read_to_its_end(encoder: TextEncoder) -> None:
    word = "abcdefghij" * 8  # a token per letter

    windows = encoder.windows(f"so sad {word} dog")

    assert "".join(windows) == f"so sad {word} dog"
    assert all(len(window.ids) <= MAX_TOKENS for window in encoder.encode(windows))
