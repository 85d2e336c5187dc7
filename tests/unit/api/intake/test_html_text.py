"""HTML becomes text, whatever it holds and in time linear in its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.intake.html_text import looks_like_html, text_of_html
from tests.support.growth import MOST_PER_DOUBLING, growth


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<p>one<br>two<br />three</p>", "one\ntwo\nthree"),
        ("<p>one</p>\n\n<p></p><p>two</p>", "one\n\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<p>a <b>bold</b> word &amp; &#128512; &nope;</p>", "a bold word & 😀 &nope;"),
        ("<style>p {}</style><p>seen</p></script><p>too</p>", "seen\n\ntoo"),
        ("<p>seen</p><script>if (a < b) {}", "seen"),
        ("<p>a<!-- b <p> c -->d</p><!-- e", "ad"),
        ("<a title=\"x > y\" href='z'>shown</a>", "shown"),
        ("one <b>bold</b>\ntwo", "one bold\ntwo"),
        ("a < b and <unclosed", "a < b and <unclosed"),
        ("I <3 you, 1 < 2 > 0", "I <3 you, 1 < 2 > 0"),
        ("", ""),
        ("<p>a&#" + "1" * 5_000 + ";b</p>", "a\ufffdb"),
    ],
)
def test_html_becomes_text(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    ("text", "is_html"),
    [
        ("<p>one</p>", True),
        ('say <a href="https://x.org">this</a> again', True),
        ("one<br/>two", True),
        ("I <3 this", False),
        ("a < b > c", False),
        ("<sigh> so tired <p", False),
        ("Use &lt;p&gt; here", False),
    ],
)
def test_a_text_shows_whether_it_is_html(text: str, is_html: bool) -> None:
    assert looks_like_html(text) is is_html


# Few characters, and no other: drawing from all of Unicode takes seconds to set up.
@given(st.text(st.sampled_from("<>/&;#!-?=\"' \n\x00abpr1é\ud83d👍"), max_size=30))
def test_any_html_is_read(html: str) -> None:
    assert isinstance(text_of_html(html), str)
    assert isinstance(looks_like_html(html), bool)


PIECES = [
    "<", "<a", "a", "<p>", "</p>", "<!--", "<!-- -", "-->", '<a "', "<a '", "<a \"'", '<a b="c" ',
    "<!x", "</", "<br", "<br ", "&", "&amp", "&#1", "\n", " ", "<script>", "<script", "xxxx<a",
]  # fmt: skip


@pytest.mark.parametrize("before", ["", "<p>", "<a", '<a "', "<!--", "<script>"])
@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_html_takes_at_most_two_and_a_half_times_as_long(before: str, piece: str) -> None:
    def read(characters: int) -> None:
        html = (before + piece * (characters // len(piece)))[:characters]
        text_of_html(html)
        looks_like_html(html)

    assert growth(read, 3_000) <= MOST_PER_DOUBLING
