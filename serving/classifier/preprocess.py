"""Text normalisation, the same in training and in serving.

A model only understands text written the way its training text was written, so both
sides call `normalise`, and a model folder records the `PREPROCESS_VERSION` it was
trained with. Lower-casing and splitting into word pieces are the tokenizer's work.
"""

import html
import re
import unicodedata
from typing import Any

import emoji

PREPROCESS_VERSION = 1
"""Raised whenever `normalise` may give another result for the same text."""

MAX_CHARS = 25_000
"""Longest result, in characters; far beyond what the tokenizer keeps of a text."""

EMOJI_CHARS = 2_000
"""Emoji are named this far into a text: later ones lie beyond the tokens that are read,
and naming 25,000 of them would take a second."""

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
# Format characters show nothing. The joiner U+200D is kept until emoji are read.
# Skin tones go too: how a hand is coloured says nothing about how its owner feels.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe0e\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff]+"
)
_FOLDS = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
    }
)
_STYLED = re.compile("[\U0001d400-\U0001d7ff\uff01-\uff5e]+")
_SYMBOLS = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_NOT_WORDS = re.compile(r"[^\w\s!-~]{8,}")
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp;)+")
_LINK = re.compile(r"(?:https?://|www\.|(?<!\w)(?:pic\.twitter\.com|t\.co)/)[^\s|<>\"]*")
_MENTION = re.compile(r"(?<![\w@])@\w+")
_HASHTAG = re.compile(r"#(\w+)")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_RUN = re.compile(r"([^\d\s])\1{3,}")
_PLACEHOLDERS = (("[NAME]", "someone"), ("[RELIGION]", "religion"))


def normalise(text: str) -> str:
    """Return `text` as the model expects to read it.

    HTML references are resolved; control and invisible characters and lone surrogates
    dropped; quotes, dashes and styled letters folded to plain ones (NFC otherwise);
    links become `http`, mentions `@user`, hashtags their words, emoji their names; a
    character repeated more than three times is cut to three; white space is collapsed.

    Any `str` is accepted and nothing is raised. Work grows linearly with the length of
    `text`, and the result has at most `MAX_CHARS` characters; it may be empty.
    """
    text = normalise_whole(text)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS].rstrip()


def normalise_whole(text: str) -> str:
    """Return what `normalise` returns, however long it is."""
    if not text.isprintable():
        text = _CONTROLS.sub("", text)
    if "&" in text:
        text = _unescape(text)
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    if "\\" in text:
        text = text.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ")
    if "/" in text or "www." in text:
        text = _LINK.sub("http", text)
    if "@" in text:
        text = _MENTION.sub("@user", text)
    if "[" in text:
        for placeholder, word in _PLACEHOLDERS:
            text = text.replace(placeholder, word)
    if not text.isascii():
        text = _to_plain(text)
    if "#" in text:
        text = _HASHTAG.sub(_split_hashtag, text)
    return " ".join(_RUN.sub(r"\1\1\1", text).split())


def _unescape(text: str) -> str:
    """Resolve HTML references, those that were escaped twice included."""
    # A number of thousands of digits would make html.unescape raise ValueError.
    text = _LONG_REFERENCE.sub("", _ESCAPED_AMPERSAND.sub("&", text))
    # What stood around a number may make another one, which goes in a way that makes no third.
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _to_plain(text: str) -> str:
    """Fold what is not ASCII: quotes, dashes, styled letters, emoji, marks."""
    text = text.translate(_FOLDS)
    if text.isascii():
        return text
    text = _STYLED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    if _SYMBOLS.search(text):
        # Cut first: a row of forty faces is one feeling, not forty names.
        text = _RUN.sub(r"\1\1\1", text)
        head, tail = text[:EMOJI_CHARS], text[EMOJI_CHARS:]
        text = emoji.replace_emoji(head, replace=_emoji_words) + tail
    # Ordering a long row of combining marks is quadratic, so rows are cut before NFC.
    text = _NOT_WORDS.sub(_cut_marks, text.replace("\u200d", ""))
    return unicodedata.normalize("NFC", text)


def _emoji_words(_: str, data: dict[str, Any]) -> str:
    """Return the English name of an emoji as words, with room on both sides."""
    name = str(data.get("en", "")).strip(":")
    return f" {name.replace('_', ' ')} "


def _cut_marks(found: re.Match[str]) -> str:
    """Keep at most four combining marks in a row."""
    kept: list[str] = []
    marks = 0
    for character in found[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= 4:
            kept.append(character)
    return "".join(kept)


def _split_hashtag(found: re.Match[str]) -> str:
    """Turn `#FeelingBlessed` into `#Feeling Blessed`."""
    return "#" + _WORD_START.sub(" ", found[1]).strip()
