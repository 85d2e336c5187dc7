"""The picture of a mood can be read, is as large as asked for, and is the same every time."""

import io
from datetime import date, timedelta

import pytest
from PIL import Image, ImageColor

from api.adapters.mood_png import PALETTES, draw_png
from api.domain.mood.mood_pictures import MoodPicture, Theme, Valence, bucket_for, mood_picture
from api.domain.mood.moods import Mood
from api.domain.mood.scoring import DEFAULT
from api.domain.mood.timeline import TimelineBucket
from tests.support.posts import emotions

RESULT = {
    "mood": "Depressed",
    "scores": emotions(sadness=0.6, joy=0.3, neutral=0.1),
    "posts": {"total": 1234},
    "confidence": 0.999,
    "as_of": "2026-03-01T12:00:00+00:00",
    "oldest_post_at": "2025-12-01T00:00:00+00:00",
    "newest_post_at": "2026-02-20T00:00:00+00:00",
}


def picture(mood: Mood = Mood.DEPRESSED, weeks: int = 12) -> MoodPicture:
    buckets = [
        TimelineBucket(
            date(2025, 12, 1) + timedelta(weeks=week), 3, RESULT["scores"], 0.3, 0.6, mood
        )
        for week in range(weeks)
    ]
    return mood_picture("ana_ridge", {**RESULT, "mood": mood}, "week", buckets, DEFAULT)


def opened(drawn: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(drawn))
    image.load()
    return image


def test_a_picture_sorts_the_feelings_and_never_shows_certainty() -> None:
    shown = picture()

    assert [bar.emotion for bar in shown.bars][:3] == ["sadness", "joy", "neutral"]
    assert shown.facts == "1,234 posts, confidence 99% that heavier feelings set the tone"
    assert shown.sentence.startswith("Your posts lean heavy")


@pytest.mark.parametrize("weeks", [2, 5, 12])
def test_the_timeline_is_as_wide_as_the_picture_however_few_weeks_there_are(weeks: int) -> None:
    image = opened(draw_png(picture(weeks=weeks), Theme.LIGHT, 1200))

    lighter = ImageColor.getrgb(PALETTES[Theme.LIGHT].valences[Valence.LIGHTER])
    bars = [x for x in range(1200) if image.getpixel((x, 508)) == lighter]
    margins = min(bars), 1200 - max(bars)
    assert max(margins) < 64 + 1072 / weeks / 2
    assert abs(margins[0] - margins[1]) <= 3


@pytest.mark.parametrize(
    ("oldest", "bucket"),
    [("2026-02-01", "day"), ("2025-06-01", "week"), ("2004-06-01", "month")],
)
def test_the_bucket_is_one_by_which_the_timeline_can_be_seen(oldest: str, bucket: str) -> None:
    assert bucket_for({**RESULT, "oldest_post_at": f"{oldest}T00:00:00+00:00"}) == bucket


@pytest.mark.parametrize("theme", list(Theme))
@pytest.mark.parametrize(("width", "height"), [(600, 315), (1200, 630), (2400, 1260)])
def test_a_picture_is_a_png_of_the_width_asked_for_in_the_colours_of_its_theme(
    theme: Theme, width: int, height: int
) -> None:
    image = opened(draw_png(picture(), theme, width))

    assert (image.format, image.size) == ("PNG", (width, height))
    assert image.getpixel((0, 0)) == ImageColor.getrgb(PALETTES[theme].ground)
    assert ImageColor.getrgb(PALETTES[theme].moods[Mood.DEPRESSED]) in {
        colour for _, colour in image.getcolors(width * height)
    }


def test_the_same_picture_has_the_same_bytes_and_another_one_has_others() -> None:
    drawn = draw_png(picture(), Theme.LIGHT, 1200)

    assert draw_png(picture(), Theme.LIGHT, 1200) == drawn
    assert draw_png(picture(Mood.CHEERFUL), Theme.LIGHT, 1200) != drawn
    assert draw_png(picture(weeks=11), Theme.LIGHT, 1200) != drawn


@pytest.mark.parametrize("mood", list(Mood))
@pytest.mark.parametrize("weeks", [0, 1, 5000])
def test_nothing_is_drawn_in_the_margins(mood: Mood, weeks: int) -> None:
    image = opened(draw_png(picture(mood, weeks), Theme.DARK, 1200))

    ground = Image.new("RGB", image.size, PALETTES[Theme.DARK].ground)
    for side in ((0, 0, 56, 630), (1144, 0, 1200, 630), (0, 0, 1200, 40), (0, 610, 1200, 630)):
        assert image.crop(side).tobytes() == ground.crop(side).tobytes()


@pytest.mark.parametrize("theme", list(Theme))
def test_every_text_can_be_told_from_the_ground_and_every_shape(theme: Theme) -> None:
    colours = PALETTES[theme]

    for text in (colours.ink, colours.quiet, *colours.moods.values()):
        assert contrast(text, colours.ground) >= 4.5
    for shape in colours.valences.values():
        assert contrast(shape, colours.ground) >= 3


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted(luminance(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [value / 255 for value in ImageColor.getrgb(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
