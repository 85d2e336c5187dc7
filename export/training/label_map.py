"""The meaning of every set's labels among the seven emotions: one table, which the code reads.

The question behind each row is what the label says about how the **writer** feels, because a mood
is added up from that. So questions, acknowledgements, news, instructions and plans are neutral,
whatever reason a set has for naming them; wanting or agreeing to something is half a feeling at
most; and a label that names two feelings shares the probability between them.

`to` lists emotions that share the probability evenly. Of a text with several labels the emotions
of all of them share it, and neutral only remains where every label allows it: "neutral and sad" is
sad. Examples are invented.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from export.errors import DataError
from export.labels import EMOTIONS


class Meaning(NamedTuple):
    """The emotions that a label means, the reason, and an invented text that would have it."""

    to: tuple[str, ...]
    why: str
    example: str


LabelMap = Mapping[str, Meaning]
"""Meanings by label of one set."""


def _as(to: str, why: str = "the same word", example: str = "") -> Meaning:
    return Meaning(tuple(to.split()), why, example)


_DISGUST = _as("anger", "rejection, the nearest of the seven", "that kitchen is revolting")
_READERS_NEUTRAL = _as("neutral", "readers saw no emotion", "the office opens at nine")
_ANTICIPATION = _as(
    "neutral", "plans, questions, requests: what comes next, not a feeling", "what will you do now?"
)
_TRUST = _as("neutral", "assent and confidence in a fact or a person", "he will be there at six")
_OPTIMISM = _as("joy", "hope is a glad look ahead", "next year will be ours")

GOEMOTIONS: LabelMap = {
    "admiration": _as("joy", "pleasure in somebody's doing", "what a beautiful painting"),
    "amusement": _as("joy", "laughing", "haha that got me"),
    "anger": _as("anger"),
    "annoyance": _as("anger", "mild anger", "he chews so loudly"),
    "approval": _as("neutral", "agreement; nothing is felt", "yes, that is right"),
    "caring": _as("love", "warmth for somebody", "take care of yourself, please"),
    "confusion": _as("neutral", "not knowing", "I don't get this rule"),
    "curiosity": _as("neutral", "a question", "which size did you take?"),
    "desire": _as("joy neutral", "wanting: half a delight in the thing", "I want one of those"),
    "disappointment": _as("sadness", "mild sadness", "I had hoped for more"),
    "disapproval": _as("anger neutral", "disagreement, with or without anger", "no, that is wrong"),
    "disgust": _DISGUST,
    "embarrassment": _as("sadness", "feeling small", "I called the teacher mum"),
    "excitement": _as("joy", "joy with tension", "the tickets are here!"),
    "fear": _as("fear"),
    "gratitude": _as("joy", "gladness about a gift", "thank you, that helped a lot"),
    "grief": _as("sadness", "deep sadness", "we buried her today"),
    "joy": _as("joy"),
    "love": _as("love"),
    "nervousness": _as("fear", "mild fear", "my stomach turns before every exam"),
    "optimism": _OPTIMISM,
    "pride": _as("joy", "gladness about oneself or one's own", "my son built this"),
    "realization": _as("neutral", "understanding something", "so that is how it works"),
    "relief": _as("joy", "gladness that it is over", "phew, it is only a bruise"),
    "remorse": _as("sadness", "sadness about one's own doing", "I should not have said it"),
    "sadness": _as("sadness"),
    "surprise": _as("surprise"),
    "neutral": _READERS_NEUTRAL,
}

CARER: LabelMap = {name: _as(name) for name in EMOTIONS if name != "neutral"}

CROWDFLOWER: LabelMap = {
    "anger": _as("anger"),
    "boredom": _as("sadness neutral", "a mild lack", "nothing to do until six"),
    "empty": _as("sadness neutral", "tired or nothing at all", "still here, still up"),
    "enthusiasm": _as("joy", "eager joy", "can't wait for Saturday"),
    "fun": _as("joy", "enjoyment", "we laughed all night"),
    "happiness": _as("joy", "another word for joy", "what a day"),
    "hate": _as("anger", "dislike of a thing or a day", "I hate this bus"),
    "love": _as("love"),
    "neutral": _READERS_NEUTRAL,
    "relief": _as("joy", "gladness that it is over", "finally home"),
    "sadness": _as("sadness"),
    "surprise": _as("surprise"),
    "worry": _as("fear", "mild fear", "hope the car starts tomorrow"),
}

TWEETEVAL_EMOTION: LabelMap = {
    "anger": _as("anger"),
    "joy": _as("joy"),
    "optimism": _OPTIMISM,
    "sadness": _as("sadness"),
}

BRIGHTER: LabelMap = {name: _as(name) for name in ("anger", "fear", "joy", "sadness", "surprise")}
"""Readers' labels; a text with none of them is neutral."""

EMOEVENT: LabelMap = {
    **{name: _as(name) for name in ("anger", "fear", "joy", "sadness", "surprise")},
    "disgust": _DISGUST,
    "others": _as("neutral", "none of the six: news, questions, opinions", "kick-off is at eight"),
}

XED: LabelMap = {
    **{name: _as(name) for name in ("anger", "fear", "joy", "sadness", "surprise")},
    "anticipation": _ANTICIPATION,
    "disgust": _DISGUST,
    "trust": _TRUST,
    "neutral": _READERS_NEUTRAL,
}

COVIDEMO: LabelMap = {name: meaning for name, meaning in XED.items() if name != "neutral"}
"""A text with none of them is neutral."""

DAILYDIALOG: LabelMap = {
    **{name: _as(name) for name in ("anger", "fear", "joy", "sadness", "surprise")},
    "disgust": _DISGUST,
    "neutral": _READERS_NEUTRAL,
}

EMPATHETIC: LabelMap = {
    "afraid": _as("fear", "fear", "steps behind me in the dark"),
    "angry": _as("anger", "anger", "they towed my car"),
    "annoyed": _as("anger", "mild anger", "my roommate never washes up"),
    "anticipating": _as("joy", "looking forward", "two weeks until the beach"),
    "anxious": _as("fear", "fear of what comes", "the results are due on Monday"),
    "apprehensive": _as("fear", "mild fear of what comes", "I start at a new school"),
    "ashamed": _as("sadness", "feeling small", "I lied to my sister"),
    "caring": _as("love", "warmth for somebody", "I sat with her all night"),
    "confident": _as("joy", "gladness about oneself", "I know I passed"),
    "content": _as("joy", "calm joy", "tea, a book and rain outside"),
    "devastated": _as("sadness", "deep sadness", "our house burned down"),
    "disappointed": _as("sadness", "mild sadness", "the concert was called off"),
    "disgusted": _DISGUST,
    "embarrassed": _as("sadness", "feeling small", "I tripped on the stage"),
    "excited": _as("joy", "joy with tension", "we fly tomorrow"),
    "faithful": _as("love neutral", "attachment, often stated as a fact", "ten years together"),
    "furious": _as("anger", "strong anger", "he dented my car and drove off"),
    "grateful": _as("joy", "gladness about a gift", "a stranger paid my fare"),
    "guilty": _as("sadness", "sadness about one's own doing", "I ate the last piece"),
    "hopeful": _OPTIMISM,
    "impressed": _as("joy", "pleasure in somebody's doing", "she plays like a master"),
    "jealous": _as("anger sadness", "lack and grudge at once", "everyone has a car but me"),
    "joyful": _as("joy", "joy", "the baby laughed for the first time"),
    "lonely": _as("sadness", "sadness for lack of company", "all my friends moved away"),
    "nostalgic": _as("joy sadness", "glad of it and sad that it is over", "I found our old tapes"),
    "prepared": _as("joy neutral", "calm, often stated as a fact", "the bags are packed"),
    "proud": _as("joy", "gladness about oneself or one's own", "my daughter graduated"),
    "sad": _as("sadness", "sadness", "my hamster died"),
    "sentimental": _as("love sadness", "tender and wistful", "I kept his first shoes"),
    "surprised": _as("surprise", "surprise", "they threw me a party"),
    "terrified": _as("fear", "strong fear", "the brakes failed"),
    "trusting": _as("love neutral", "reliance on somebody", "I gave her my keys"),
}

LABEL_MAPS: Mapping[str, LabelMap] = {
    "carer": CARER,
    "goemotions": GOEMOTIONS,
    "tweeteval_emotion": TWEETEVAL_EMOTION,
    "crowdflower": CROWDFLOWER,
    "brighter_eng": BRIGHTER,
    "emoevent_en": EMOEVENT,
    "xed_en": XED,
    "covidemo": COVIDEMO,
    "dailydialog": DAILYDIALOG,
    "empathetic": EMPATHETIC,
}
"""The table of each set, by the set's name."""


def meant(labels: Iterable[str], by: LabelMap, where: str) -> tuple[str, ...]:
    """Return the emotions that `labels` mean together, in head order; neutral without labels.

    Raises DataError, naming the place `where`, when a label is not in the table `by`.
    """
    meanings = []
    for name in labels:
        if name not in by:
            raise DataError(f"{where}: label {name!r} is none of {', '.join(sorted(by))}")
        meanings.append(by[name].to)
    found = {emotion for to in meanings for emotion in to}
    if not all("neutral" in to for to in meanings):
        found.discard("neutral")
    return tuple(emotion for emotion in EMOTIONS if emotion in (found or {"neutral"}))


def known_emotions(by: LabelMap) -> tuple[str, ...]:
    """Return the emotions that a set with the table `by` distinguishes, in head order."""
    found = {emotion for meaning in by.values() for emotion in meaning.to}
    return tuple(emotion for emotion in EMOTIONS if emotion in found)
