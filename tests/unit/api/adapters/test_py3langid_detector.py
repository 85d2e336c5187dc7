"""Which language is detected in posts, and in which none can be told."""

import tempfile
from pathlib import Path

import pytest

from api.adapters.language_detection import Py3langidDetector
from api.errors import RetryableError


@pytest.fixture(scope="module")
def detector() -> Py3langidDetector:
    return Py3langidDetector()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Hund hat schon wieder meinen Schuh gefressen", "de"),
        ("je ne trouve plus mes clés, quelle journée", "fr"),
        ("mañana vamos a la playa con los niños", "es"),
        ("Não consigo parar de ouvir essa música", "pt"),
        ("ho dimenticato l'ombrello e adesso piove", "it"),
        ("ik kan niet wachten tot het zomer is", "nl"),
        ("jag längtar så efter sommaren nu", "sv"),
        ("nie mam już siły na ten tydzień", "pl"),
        ("bu akşam arkadaşlarla sinemaya gidiyoruz", "tr"),
        ("aku senang banget hari ini ketemu kamu", "id"),
        ("сегодня выпал первый снег", "ru"),
        ("القهوة اليوم رائعة", "ar"),
        ("הכלב שלי ישן כל היום", "he"),
        ("コーヒーがおいしい", "ja"),
        ("今天天气真好", "zh"),
        ("커피가 정말 맛있다", "ko"),
        ("मुझे चाय बहुत पसंद है", "hi"),
    ],
)
def test_the_language_of_a_short_post_is_detected(
    detector: Py3langidDetector, text: str, language: str
) -> None:
    assert detector.detect(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "lol omg",
        "haha yesss",
        "Nooooooooo",
        "im sooo tired rn ngl",
        "wyd tonight bestie",
        "Congrats José and Zoë!!",
        "c'est la vie I guess, moving on",
        "Thank you Osaka! ありがとう",
        "Learning Russian: кот means cat",
        "Schadenfreude is my favourite feeling",
        "SO PROUD OF YOU GUYS",
        "It’s snowing and I’m in love",
        "@müller @straße so happy for you both #glücklich #überglücklich",
        "good night https://example.de/der/hund/hat/den/schuh/gefressen",
        "wagwan my g, dis ting peak still",
    ],
)
def test_english_is_not_taken_for_another_language(detector: Py3langidDetector, text: str) -> None:
    assert detector.detect(text) in (None, "en")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "🎉🎉🎉", "@ana @ben", "#feierabend", "https://example.org/über", "12:30 - 3", "ok",
     "\ud83d", "\x00"],
)  # fmt: skip
def test_a_post_without_enough_words_has_no_language(
    detector: Py3langidDetector, text: str
) -> None:
    assert detector.detect(text) is None


def test_a_script_that_english_is_not_written_in_decides_by_itself(
    detector: Py3langidDetector,
) -> None:
    assert detector.detect("да") not in (None, "en")
    assert detector.detect("iPhone買った、うれしい") == "ja"


def test_a_text_that_was_decomposed_is_read_like_one_that_was_not(
    detector: Py3langidDetector,
) -> None:
    assert detector.detect("fu\u0308r mich ist das Leben scho\u0308n") == "de"


def test_without_room_for_temporary_files_it_says_so_and_detects_once_there_is_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    detector = Py3langidDetector()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(RetryableError, match="no room"):
        detector.detect("Der Hund hat schon wieder meinen Schuh gefressen")
    monkeypatch.undo()

    assert detector.detect("Der Hund hat schon wieder meinen Schuh gefressen") == "de"
