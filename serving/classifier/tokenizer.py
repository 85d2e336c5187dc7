"""Texts to token ids, and token ids to padded arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer  # type: ignore[import-untyped] # ships no stubs

from serving.classifier.artifact import REMEDY, ModelArtifact, Tokens
from serving.classifier.preprocess import normalise, normalise_whole
from serving.errors import ModelCorrupt

PADDING = "[PAD]"


class Normalised(str):
    """A text that `normalise` has already processed."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one text, special tokens included."""

    ids: tuple[int, ...]
    truncated: bool


class TextEncoder:
    """Normalises texts and splits them into at most `max_tokens` tokens each."""

    def __init__(self, artifact: ModelArtifact) -> None:
        """Load the tokenizer; ModelCorrupt when it cannot be read or has no padding token."""
        path = artifact.tokenizer_path
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        # The tokenizers package raises Exception itself, and nothing narrower.
        except Exception as exc:
            raise ModelCorrupt(f"model file {path} is not a tokenizer: {REMEDY}") from exc
        pad_id = self._tokenizer.token_to_id(PADDING)
        if pad_id is None:
            raise ModelCorrupt(f"model file {path} has no token {PADDING}: {REMEDY}")
        self._pad_id: int = pad_id
        self._tokenizer.no_padding()
        self._max_tokens = artifact.max_tokens
        self._tokenizer.enable_truncation(self._max_tokens)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return token ids in the order of `texts`; any text is accepted, the empty one too."""
        encodings = self._tokenizer.encode_batch(
            [text if isinstance(text, Normalised) else normalise(text) for text in texts]
        )
        return [Encoded(tuple(encoding.ids), bool(encoding.overflowing)) for encoding in encodings]

    def windows(self, text: str) -> list[Normalised]:
        """Return the whole of `text`, normalised, in pieces of at most `max_tokens` tokens.

        Pieces do not overlap and end between words, unless one word is longer than a piece.
        Emoji far into a text have no names, as `normalise` says.
        """
        whole = normalise_whole(text)
        first = self._tokenizer.encode(whole)
        starts: list[int] = []
        words: list[int | None] = []
        for part in (first, *first.overflowing):
            for (start, _), word, special in zip(
                part.offsets, part.word_ids, part.special_tokens_mask, strict=True
            ):
                if not special:
                    starts.append(start)
                    words.append(word)
        most = self._max_tokens - self._tokenizer.num_special_tokens_to_add(is_pair=False)
        cuts = [0]
        begin = 0
        while len(starts) - begin > most:
            end = begin + most
            while end > begin and words[end] == words[end - 1]:
                end -= 1
            begin = end if end > begin else begin + most
            cuts.append(starts[begin])
        return [Normalised(whole[a:b]) for a, b in pairwise([*cuts, len(whole)])]

    def pad(self, texts: Sequence[Encoded]) -> tuple[Tokens, Tokens]:
        """Return token ids and attention mask, each [texts, tokens of the longest]."""
        width = max(len(text.ids) for text in texts)
        input_ids = np.full((len(texts), width), self._pad_id, dtype=np.int64)
        attention_mask = np.zeros((len(texts), width), dtype=np.int64)
        for row, text in enumerate(texts):
            input_ids[row, : len(text.ids)] = text.ids
            attention_mask[row, : len(text.ids)] = 1
        return input_ids, attention_mask
