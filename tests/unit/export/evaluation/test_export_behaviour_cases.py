"""The file of behavioural tests: which content is valid, and what the shipped one covers."""

from pathlib import Path

import pytest

from export.errors import DataError
from export.evaluation.behaviour_cases import BEHAVIOUR, expand, load_capabilities
from export.evaluation.metrics import NOT_IRONIC
from export.labels import EMOTIONS
from tests.support.export.behaviour import write


def test_variants_take_the_same_alternative_at_every_place() -> None:
    assert expand("<he|she> lost <his|her> hat <3") == ("he lost his hat <3", "she lost her hat <3")
    assert expand("i <3 you") == ("i <3 you",)
    assert expand("I'm <|not >sure") == ("I'm sure", "I'm not sure")


@pytest.mark.parametrize(
    ("kind", "rule", "text", "message"),
    [
        ("MFT", "bliss", "a", "thing: label 'bliss' is none of anger, fear"),
        ("MFT", "same label", "a", "thing: label 'same label' is none of"),
        ("INV", "joy", "<a|b>", "thing: 'joy' is not 'same label'"),
        ("DIR", "bliss falls 0.2", "<a|b>", "thing: 'bliss falls 0.2' is not a probability"),
        ("DIR", "joy jumps 0.2", "<a|b>", "thing: 'joy jumps 0.2' is not a probability"),
        ("MFT", "joy", "<a|b>", "thing: '<a.b>' is not one text"),
        ("INV", "same label", "a", "thing: 'a' is not variants"),
        ("INV", "same label", "<a|b> <c|d|e>", "have different numbers of alternatives"),
        ("INV", "same label", "<a|a>", "'a' is there 2 times"),
        ("ODD", "joy", "a", "thing.kind: Input should be 'MFT', 'INV' or 'DIR'"),
        ("MFT", "joy", "", "at least 1 character"),
    ],
)
def test_an_invalid_test_is_named(
    tmp_path: Path, kind: str, rule: str, text: str, message: str
) -> None:
    path = write(tmp_path, kind, rule, text)

    with pytest.raises(DataError, match=message) as caught:
        load_capabilities(path)

    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "file: Input should be a valid dictionary"),
        ("{}", "at least 1 item"),
        ("a: {kind: MFT, why: w, cases: {joy: [x]}, min: 1}", "a.min: Extra inputs"),
        ("a: {kind: MFT, cases: {joy: [x]}}", "a.why: Field required"),
        ("a: {kind: MFT, why: w, cases: {joy: [yes]}}", "a.cases.joy.0: Input should be a valid s"),
        ("a: {kind: MFT, why: w, cases: {joy: [x], joy: [z]}}", "'joy' is twice in the mapping"),
        ("a: [", "is not YAML"),
        ("? [a]\n: b", "is not YAML"),
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "behaviour.yaml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(DataError, match=message):
        load_capabilities(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.yaml: cannot be read"):
        load_capabilities(tmp_path / "nowhere.yaml")


def test_the_shipped_tests_are_many_for_every_capability_and_emotion() -> None:
    capabilities = load_capabilities()
    expected = {
        label
        for one in capabilities
        for case in one.cases
        if one.kind == "MFT"
        for label in case.expected.split(", ")
    }

    assert {one.name: len(one.cases) for one in capabilities if len(one.cases) < 15} == {}
    assert expected == {*EMOTIONS, "ironic", NOT_IRONIC}
    assert {one.kind for one in capabilities} == {"MFT", "INV", "DIR"}


def test_plain_words_ask_for_every_emotion_equally() -> None:
    plain = next(one for one in load_capabilities() if one.name == "plain_words")
    asked = [case.expected for case in plain.cases]

    assert {asked.count(emotion) for emotion in EMOTIONS if emotion != "neutral"} == {6}


def test_no_shipped_text_is_there_twice_or_has_stray_spaces() -> None:
    texts = [text for one in load_capabilities() for case in one.cases for text in case.texts]

    assert len(texts) == len(set(texts))
    assert [text for text in texts if text != " ".join(text.split())] == []


def test_no_shipped_text_is_cut_at_a_hash_that_yaml_reads_as_a_comment() -> None:
    lines = [line.strip() for line in BEHAVIOUR.read_text(encoding="utf-8").splitlines()]
    tagged = [line for line in lines if " #" in line and not line.startswith("#")]

    assert [line for line in tagged if not line.startswith("- '")] == []
