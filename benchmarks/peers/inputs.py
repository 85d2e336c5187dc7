"""The texts that every peer classifies, and the reference answers."""

import csv
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.contract import Answer

TEXTS = 3000
SEED = 17
_WORDS = """i you we they my this that so really never always just not happy sad angry afraid love
hate work home rain friend today tomorrow again because when what day night coffee train #monday
@someone https://t.co/abc 😂 😭 ❤️ amazing awful tired lol omg great thanks sorry please"""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The texts, and the reference answer to each."""

    texts: list[str]
    reference: list[Answer]


def gather_texts(data: Path, count: int = TEXTS) -> tuple[str, list[str]]:
    """Return the source of the texts, and `count` of them, the same ones each time.

    They are real posts, TweetEval's validation texts and a timeline, in random order; without
    the data folder they are made up, which standard error and the results say.
    """
    posts = [post for post in _posts(data) if post.strip()]
    chance = random.Random(SEED)
    if len(posts) >= count:
        return "real posts: TweetEval val texts and a timeline", chance.sample(posts, count)
    sys.stderr.write(
        f"benchmarks: {data} has no {count} posts. THE TEXTS ARE MADE UP, so the figures say"
        " little of real posts, and nothing where lengths matter.\n"
    )
    return "made-up texts (no data folder)", [_made_up(chance) for _ in range(count)]


def reference_answers(model_dir: Path, texts: Sequence[str]) -> list[Answer]:
    """Return the classifier's answers to the texts, one at a time and so never padded."""
    from serving.classifier.artifact import open_model
    from serving.classifier.classifier import EmotionClassifier

    with EmotionClassifier(open_model(model_dir), token_budget=1) as classifier:
        return [
            Answer(one.label, dict(one.scores), one.irony) for one in classifier.classify(texts)
        ]


def _posts(data: Path) -> Iterator[str]:
    for file in sorted(data.glob("tweeteval/*/val_text.txt")):
        yield from file.read_text(encoding="utf-8").splitlines()
    for file in sorted(data.glob("timelines/*.csv")):
        with file.open(encoding="mac_roman", newline="") as rows:
            yield from (row["text"] for row in csv.DictReader(rows))


def _made_up(chance: random.Random) -> str:
    words = min(60, max(1, round(chance.lognormvariate(2.7, 0.6))))
    return " ".join(chance.choices(_WORDS.split(), k=words))
