"""The terms of every set, in one table: whether a model trained on it may be used for anything.

`any_use` is true for CC BY, CC0, MIT, the public domain and our own texts: whoever takes an MIT
project may use what was learned from them, naming the source. Everything else (research only, no
commercial use, a platform's terms, or no terms stated at all) is for research.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Terms(NamedTuple):
    """Terms of use as the set's owner states them, and whether they allow any use."""

    text: str
    any_use: bool


OWN = Terms("the repository's licence", any_use=True)
_TWITTER = Terms("TweetEval adds no restriction; Twitter's terms apply", any_use=False)
_UNSTATED = Terms("no terms stated", any_use=False)

TERMS: Mapping[str, Terms] = {
    "carer": Terms("distributed for educational and research purposes only", any_use=False),
    "goemotions": Terms("CC BY 4.0", any_use=True),
    "tweeteval_emotion": _TWITTER,
    "tweeteval_irony": _TWITTER,
    "tweeteval_emoji": _TWITTER,
    "tweeteval_hate": _TWITTER,
    "tweeteval_offensive": _TWITTER,
    "crowdflower": Terms("released to the public", any_use=True),
    "brighter_eng": Terms("CC BY 4.0", any_use=True),
    "emoevent_en": _UNSTATED,
    "xed_en": Terms("CC BY 4.0", any_use=True),
    "covidemo": Terms("MIT", any_use=True),
    "dailydialog": Terms("CC BY-NC-SA 4.0", any_use=False),
    "empathetic": Terms("CC BY-NC 4.0", any_use=False),
    "isarcasm": Terms("MIT", any_use=True),
    "figlang_twitter": _UNSTATED,
    "figlang_reddit": _UNSTATED,
    "written": OWN,
    "written_irony": OWN,
    "written_neutral": OWN,
}
"""By the set's name. Custom files have their owner's terms."""

HANDED_OVER = Terms("handed over for training by the people they are about", any_use=False)
THEIR_OWNERS = Terms("its owner's", any_use=False)
