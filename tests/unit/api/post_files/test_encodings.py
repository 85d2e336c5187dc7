"""How the encoding of a file is found, and damage to its text undone."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.post_files.encodings import (
    MISREADINGS,
    TextEncoding,
    encoding_of,
    lines_of,
    restorable,
    undo_double_encoding,
    undo_misreadings,
)

TEXTS = {
    "English": "I can’t believe it — “really”? It’s…",
    "one apostrophe": "can’t",
    "one quotation": "“Yes” he said",
    "one ellipsis": "wait…",
    "a dash between blanks": "a – b",
    "French": "L’été dernier, la forêt était brûlée — « hélas ! » à Orléans… Ça va",
    "German": "Schöne Grüße aus Köln, das ist ja großartig – wirklich „süß“. Ärger! Übel",
    "Spanish": "¿Qué tal, José? El niño comió la piñata ¡olé!",
    "Portuguese": "A reunião não é amanhã, são três opções",
    "Italian": "Perché è così, città più. È vero, Ñandú",
    "Swedish": "Åsa åker till Malmö på lördag",
    "Danish": "Søren æder på øen",
    "one word": "café",
    "a name at its head": "École",
    "capitals": "ÉCOLE FERMÉE",
    "money": "it costs €5 or £3, at 20°",
    "a trade mark": "Foo™ rocks",
}
ENCODINGS = ["utf-8", "cp1252", "mac_roman"]


def misread(text: str, times: int) -> str:
    """Do the damage that is to be undone: UTF-8 read as Windows-1252, then over Mac Roman."""
    damaged = text.encode().decode("cp1252")
    return damaged if times == 1 else damaged.encode("mac_roman").decode("cp1252")


def decoded(data: bytes) -> str:
    lines = lines_of([data], encoding_of([data]), 10_000)
    return "".join(line for line in lines if isinstance(line, str))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_encoding_of_a_text_is_found_from_its_bytes(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "text", ["Привет, мир", "日本語のテスト", "👩🏽‍🚀🎉 wow", "ÃŽ Ã Â©", "naïve"]
)
def test_sound_utf_8_is_left_as_it_is(text: str) -> None:
    assert decoded(text.encode()) == text


WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    "text", [*TEXTS.values(), "id;text\n1;Привет, мир", '{"text": "今日はとても楽しい"}']
)
def test_wide_characters_are_found_with_a_mark_or_without(
    text: str, size: int, encoding: str
) -> None:
    data = text.encode(encoding)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]

    lines = lines_of(pieces, encoding_of(pieces), 10_000)

    assert "".join(line for line in lines if line is not None) == text


def test_nuls_that_pad_a_file_do_not_make_it_utf_16() -> None:
    assert encoding_of([b"text,created_at\nhello,2024-01-02\n" + b"\x00" * 500]) == TextEncoding()


@pytest.mark.parametrize(
    "text",
    [
        "I’m so glad 😊",
        "❤️ you",
        "café",
        "École",
        "ÉCOLE",
        "Grüße",
        "mañana",
        "Привет",
        "日本語",
        "a – b",
    ],
)
def test_utf_8_bytes_that_became_characters_are_put_together(text: str) -> None:
    assert undo_double_encoding(text.encode().decode("latin-1")) == text


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "Ã©",
        "why is there Ã© here",
        "naïve café",
        "😊 é",
        "«MANHÃ\xa0»",
        "Ünïcödé – “yes”",
        "Привет",
    ],
)
def test_sound_text_is_not_taken_for_bytes(text: str) -> None:
    assert undo_double_encoding(text) == text


@given(st.text(st.sampled_from('aZ_ \n"Ãâ©€™\x80\x99ðŸ😊é’')))
def test_undoing_double_encoding_keeps_all_that_is_ascii(text: str) -> None:
    undone = undo_double_encoding(text)

    assert [each for each in undone if each.isascii()] == [each for each in text if each.isascii()]


@pytest.mark.parametrize("encoding", ENCODINGS[1:])
@pytest.mark.parametrize("start", [0, 70_000])
def test_the_encoding_is_found_wherever_its_first_sign_is(encoding: str, start: int) -> None:
    data = b"x" * start + " déjà vu".encode(encoding)
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]

    assert encoding_of(pieces) == TextEncoding(encoding)


@pytest.mark.parametrize(
    "pieces",
    [
        ["éàü".encode() * 10 + b"\xff" + "ñ".encode() * 10],
        ["café".encode() + b"\xc3"],
        [bytes([byte]) for byte in "“déjà” 👍".encode()],
    ],
    ids=["one bad byte", "cut inside a character", "pieces of one byte"],
)
def test_damaged_utf_8_is_still_utf_8(pieces: list[bytes]) -> None:
    assert encoding_of(pieces) == TextEncoding("utf-8-sig")


@pytest.mark.parametrize("times", MISREADINGS)
@pytest.mark.parametrize("text", ["they’ve won", "a — b", "‘90s", "están mañana"])
def test_misread_text_is_found_and_undone(text: str, times: int) -> None:
    assert decoded(misread(text, times).encode()) == text


def test_text_misread_twice_and_saved_in_mac_roman_is_undone() -> None:
    assert decoded(misread("they’ve won — ‘yes’", 2).encode("mac_roman")) == "they’ve won — ‘yes’"


def test_a_lost_byte_becomes_an_ellipsis_where_that_is_likely_else_the_sign_of_a_loss() -> None:
    # e2 80 ?, c3 ?, f0 9f 92 af with its first byte lost, and an underscore of the writer's own
    damaged = "Join us a‰Û_ t\u00cc_pica _ÙÕø snake_case"

    assert undo_misreadings(damaged, 2) == "Join us a… t_pica 💯 snake_case"


def test_a_single_odd_pair_of_letters_is_not_taken_for_damage() -> None:
    assert restorable(["Ã©"], 1) == 0


@given(
    st.text(st.sampled_from("ab_ ‰Ûªâ€™ÌÙÕø©Ã\x80\n’👍")),
    st.sampled_from([0, *MISREADINGS]),
)
def test_undoing_keeps_all_that_is_ascii_but_the_underscore(text: str, times: int) -> None:
    undone = undo_misreadings(text, times)

    def kept(whole: str) -> str:
        return "".join(each for each in whole if each.isascii() and each != "_")

    assert kept(undone) == kept(text)


@given(
    st.lists(st.sampled_from(["a", "\n", "\r", "\r\n", "é", "“"]), max_size=12), st.integers(1, 5)
)
def test_lines_are_the_same_however_the_file_is_cut(parts: list[str], size: int) -> None:
    data = "".join(parts).encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]

    lines = list(lines_of(pieces, TextEncoding(), 100))

    assert "".join(line for line in lines if isinstance(line, str)).encode() == data
    assert lines == list(lines_of([data], TextEncoding(), 100))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_overlong_line_is_dropped_and_its_place_kept(size: int) -> None:
    data = b"short\r\n" + b"x" * 50 + b"\r\nlast"
    pieces = [data[at : at + size] for at in range(0, len(data), size)]

    lines = list(lines_of(pieces, TextEncoding(), 10))

    assert lines == ["short\r\n", None, "last"]


def test_a_line_without_end_is_never_held_whole() -> None:
    pieces = (b"x" * 65_536 for _ in range(400))

    tracemalloc.start()
    lines = list(lines_of(pieces, TextEncoding(), 100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert lines == [None]
    assert peak < 4 * 1024 * 1024
