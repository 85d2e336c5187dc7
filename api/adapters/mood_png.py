"""Draws the picture of a mood with Pillow, in the typeface that comes with it.

All lengths are in units of which a picture is 1200 wide. All words are English, so the typeface,
which has Latin letters only, is enough.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from PIL import Image, ImageDraw, ImageFont

from api.domain.mood.mood_pictures import MoodPicture, Theme, Valence
from api.domain.mood.moods import Mood
from api.domain.mood.timeline import TimelineBucket
from api.ports.pictures import HEIGHT_SHARE

_UNITS = 1200
_FINE_UP_TO = 1600
_MARGIN = 64
_RIGHT = _UNITS - _MARGIN
_COLUMN = 660
_BAR_LEFT = 782
_BAR_RIGHT = 1064
_MIDDLE = 516
_HALF_HEIGHT = 46
_MOST_SLOTS = 200
_WIDEST_BAR = 64
_TICKS = 5


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a theme: each text has at least 4.5:1 against the ground, each shape 3:1."""

    ground: str
    ink: str
    quiet: str
    line: str
    moods: Mapping[Mood, str]
    valences: Mapping[Valence, str]


PALETTES: Mapping[Theme, Palette] = {
    Theme.LIGHT: Palette(
        ground="#fbfaf7",
        ink="#1f2a2c",
        quiet="#566366",
        line="#dcd8cf",
        moods={
            Mood.CHEERFUL: "#8a6100",
            Mood.SATISFIED: "#2f6a5f",
            Mood.STRESSED: "#a63c29",
            Mood.DEPRESSED: "#3f629a",
        },
        valences={
            Valence.LIGHTER: "#b8860b",
            Valence.HEAVIER: "#4a6fa5",
            Valence.NEITHER: "#8a9396",
        },
    ),
    Theme.DARK: Palette(
        ground="#161c1e",
        ink="#e8ece9",
        quiet="#a4b0b1",
        line="#3a4647",
        moods={
            Mood.CHEERFUL: "#e3b341",
            Mood.SATISFIED: "#8cc5c0",
            Mood.STRESSED: "#ea8a76",
            Mood.DEPRESSED: "#8fb1e3",
        },
        valences={
            Valence.LIGHTER: "#e3b341",
            Valence.HEAVIER: "#8fb1e3",
            Valence.NEITHER: "#8a9396",
        },
    ),
}


def draw_png(picture: MoodPicture, theme: Theme, width: int) -> bytes:
    """Return the picture as a PNG; see DrawPicture."""
    drawing = _Drawing(PALETTES[theme], width)
    colours = drawing.colours
    slots = _Slots(picture.bucket, picture.buckets)
    _bars(drawing, picture)
    _timeline_bars(drawing, slots)
    # Texts come after all shapes, which are drawn larger and made smaller for smooth edges.
    drawing.finish_shapes()
    drawing.text(_MARGIN, 74, f"@{picture.user_name}", 26, colours.quiet)
    as_of = f"{picture.as_of.day} {picture.as_of:%B %Y}"
    drawing.text(_RIGHT, 74, as_of, 26, colours.quiet, anchor="rs")
    drawing.text(_MARGIN - 3, 180, picture.mood.label, 96, colours.moods[picture.mood], bold=True)
    base = drawing.paragraph(_MARGIN, 238, picture.sentence, 25, 530, 34, colours.ink)
    drawing.paragraph(_MARGIN, base + 36, picture.facts, 23, 530, 28, colours.quiet)
    _bar_texts(drawing, picture)
    _timeline_texts(drawing, picture, slots)
    return drawing.png()


class _Drawing:
    """A picture in units; shapes first, then texts."""

    def __init__(self, colours: Palette, width: int) -> None:
        self.colours = colours
        # Small letters would be set on whole pixels, with uneven gaps: they are made smaller last.
        self._small = 2 if width < _UNITS else 1
        self._scale = width * self._small / _UNITS
        size = (width, round(width * HEIGHT_SHARE))
        self._finer = 3 if width * self._small <= _FINE_UP_TO else 2
        fine = self._small * self._finer
        self._image = Image.new("RGB", (size[0] * fine, size[1] * fine), colours.ground)
        self._draw = ImageDraw.Draw(self._image)
        self._fonts: dict[float, ImageFont.FreeTypeFont] = {}

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: str, radius: float = 0
    ) -> None:
        """Fill a box with round corners."""
        scale = self._scale * self._finer
        # Pillow includes the last pixel of each side.
        edges = [left * scale, top * scale, right * scale - 1, bottom * scale - 1]
        if edges[2] < edges[0] or edges[3] < edges[1]:
            return
        largest = min(edges[2] - edges[0], edges[3] - edges[1]) / 2
        self._draw.rounded_rectangle(edges, min(radius * scale, largest), fill=colour)

    def finish_shapes(self) -> None:
        """End the shapes: they are made as large as the picture is."""
        self._image = self._image.reduce(self._finer)
        self._draw = ImageDraw.Draw(self._image)

    def text(
        self,
        left: float,
        base: float,
        text: str,
        size: float,
        colour: str,
        *,
        anchor: str = "ls",
        bold: bool = False,
    ) -> None:
        """Write one line; anchor is Pillow's, whose second letter `s` is the base line."""
        self._draw.text(
            (left * self._scale, base * self._scale),
            text,
            font=self._font(size),
            fill=colour,
            anchor=anchor,
            stroke_width=size * self._scale / 60 if bold else 0,
        )

    def paragraph(
        self, left: float, base: float, text: str, size: float, width: float, step: float,
        colour: str,
    ) -> float:  # fmt: skip
        """Write a text in lines of that width at most, a step apart; return the last base line."""
        line = ""
        for word in text.split():
            longer = f"{line} {word}".lstrip()
            if line and self.width(longer, size) > width:
                self.text(left, base, line, size, colour)
                base += step
                longer = word
            line = longer
        self.text(left, base, line, size, colour)
        return base

    def width(self, text: str, size: float) -> float:
        """Return the width of a line."""
        return self._font(size).getlength(text) / self._scale

    def png(self) -> bytes:
        """Return the picture."""
        file = io.BytesIO()
        self._image.reduce(self._small).save(file, "PNG")
        return file.getvalue()

    def _font(self, size: float) -> ImageFont.FreeTypeFont:
        if size not in self._fonts:
            font = ImageFont.load_default(size * self._scale)
            if not isinstance(font, ImageFont.FreeTypeFont):
                raise RuntimeError("this Pillow was built without FreeType, which pictures need")
            self._fonts[size] = font
        return self._fonts[size]


class _Slots:
    """Places of the buckets on the time axis, also of those without posts; the newest of many.

    Together they are as wide as the picture, however few there are.
    """

    def __init__(self, bucket: str, buckets: Sequence[TimelineBucket]) -> None:
        self._bucket = bucket
        newest = self._number(buckets[-1].start) if buckets else 0
        self.filled = [
            (self._number(each.start), each)
            for each in buckets
            if newest - self._number(each.start) < _MOST_SLOTS
        ]
        self._first = self.filled[0][0] if self.filled else 0
        self.count = newest - self._first + 1
        self.width = (_RIGHT - _MARGIN) / self.count

    def middle(self, number: int) -> float:
        """Return the middle of a slot."""
        return _MARGIN + (number - self._first + 0.5) * self.width

    def ticks(self) -> list[tuple[float, str]]:
        """Return the middles of some buckets with posts, from the first to the last, and labels."""
        last = len(self.filled) - 1
        chosen = sorted({round(last * step / (_TICKS - 1)) for step in range(_TICKS)})
        return [
            (self.middle(number), self._label(each.start))
            for number, each in (self.filled[index] for index in chosen if self.filled)
        ]

    def _number(self, start: date) -> int:
        if self._bucket == "month":
            return start.year * 12 + start.month
        return start.toordinal() // (7 if self._bucket == "week" else 1)

    def _label(self, start: date) -> str:
        return f"{start:%b %Y}" if self._bucket == "month" else f"{start.day} {start:%b %Y}"


def _rows(picture: MoodPicture) -> list[float]:
    """Return the middle of each bar's row."""
    return [128 + 40 * row for row in range(len(picture.bars))]


def _bars(drawing: _Drawing, picture: MoodPicture) -> None:
    longest = max(bar.share for bar in picture.bars) or 1.0
    for middle, bar in zip(_rows(picture), picture.bars, strict=True):
        right = _BAR_LEFT + (_BAR_RIGHT - _BAR_LEFT) * bar.share / longest
        colour = drawing.colours.valences[bar.valence]
        drawing.box(_BAR_LEFT, middle - 8, max(right, _BAR_LEFT + 4), middle + 8, colour, 8)


def _bar_texts(drawing: _Drawing, picture: MoodPicture) -> None:
    colours = drawing.colours
    for middle, bar in zip(_rows(picture), picture.bars, strict=True):
        drawing.text(_COLUMN, middle + 8, bar.emotion, 23, colours.ink)
        drawing.text(_RIGHT, middle + 8, f"{bar.share:.0%}", 23, colours.ink, anchor="rs")


def _timeline_bars(drawing: _Drawing, slots: _Slots) -> None:
    valences = drawing.colours.valences
    heights = [(each.positivity or 0.0, each.negativity or 0.0) for _, each in slots.filled]
    highest = max((max(pair) for pair in heights), default=0.0) or 1.0
    half = min(slots.width * 0.72, _WIDEST_BAR) / 2
    drawing.box(_MARGIN, _MIDDLE - 0.75, _RIGHT, _MIDDLE + 0.75, drawing.colours.line)
    for (number, _), (up, down) in zip(slots.filled, heights, strict=True):
        left, right = slots.middle(number) - half, slots.middle(number) + half
        top = _MIDDLE - 2 - up / highest * _HALF_HEIGHT
        drawing.box(left, top, right, _MIDDLE - 2, valences[Valence.LIGHTER], 3)
        bottom = _MIDDLE + 2 + down / highest * _HALF_HEIGHT
        drawing.box(left, _MIDDLE + 2, right, bottom, valences[Valence.HEAVIER], 3)
    right = _RIGHT
    for valence in (Valence.HEAVIER, Valence.LIGHTER):
        right -= drawing.width(valence, 20)
        drawing.box(right - 24, 433, right - 10, 447, valences[valence], 3)
        right -= 52


def _timeline_texts(drawing: _Drawing, picture: MoodPicture, slots: _Slots) -> None:
    quiet = drawing.colours.quiet
    drawing.text(_MARGIN, 447, f"Lighter and heavier feelings by {picture.bucket}", 20, quiet)
    right: float = _RIGHT
    for valence in (Valence.HEAVIER, Valence.LIGHTER):
        drawing.text(right, 447, valence, 20, quiet, anchor="rs")
        right -= drawing.width(valence, 20) + 52
    free: float = _MARGIN
    for middle, label in slots.ticks():
        width = drawing.width(label, 20)
        left = min(max(middle - width / 2, _MARGIN), _RIGHT - width)
        if left >= free:
            drawing.text(left, 596, label, 20, quiet)
            free = left + width + 28
