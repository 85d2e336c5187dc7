"""Port for drawing the picture of a mood."""

from collections.abc import Callable

from api.domain.mood.mood_pictures import MoodPicture, Theme

DrawPicture = Callable[[MoodPicture, Theme, int], bytes]
"""Returns a PNG of so many pixels width, the same bytes for the same picture; HEIGHT_SHARE high."""

HEIGHT_SHARE = 630 / 1200
"""Height over width, which is what networks show of a linked page's picture."""
