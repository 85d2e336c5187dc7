"""The invented people of the demo, and the files of their posts."""

from dataclasses import dataclass
from pathlib import Path

from api.domain.mood.moods import MoodLabel

POSTS = Path(__file__).parent / "posts"


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person, the file of their posts, and the mood they were written in.

    about is a sentence on what the posts tell of.
    """

    user_name: str
    title: str
    about: str
    file: str
    posts: int
    label: MoodLabel


PEOPLE = (
    Person(
        "ana_ridge",
        "Ana Ridge",
        "Ana hikes, cooks and is going to be an aunt.",
        "ana_ridge.jsonl",
        40,
        MoodLabel.BRIGHT,
    ),
    Person(
        "ben_grey",
        "Ben Grey",
        "Ben lives by himself since she left, and misses his friends.",
        "ben_grey.csv",
        40,
        MoodLabel.HEAVY,
    ),
    Person(
        "cleo_mill",
        "Cleo Mill",
        "Cleo is angry at much that does not work.",
        "cleo_mill.tweets.js",
        40,
        MoodLabel.TENSE,
    ),
)
