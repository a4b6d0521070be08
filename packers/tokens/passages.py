"""A document's tokens as text to read: passages that are alike in what they are marked with, each decoded by itself.

However long the document is, only what is shown is decoded, and every passage once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...schemas.sample import Span
from .tokenizer import Tokenizer

Ids = NDArray[np.int32]
Mask = NDArray[np.bool_]

CONTROL = "control"
"""The mark of control tokens, whose passages hold one token each and its name as text."""

_CONTEXT = 4
"""Tokens that are decoded before a passage: a character has so many bytes, and only a text's start may lose a space."""
_CUT = "\ufffd"
"""What a decoder writes for a character of which bytes are missing."""


@dataclass(frozen=True)
class Passage:
    """Tokens start..end-1 of a document as text, all of them marked alike."""

    start: int
    end: int
    text: str
    marks: tuple[str, ...]


def marked(num_tokens: int, spans: Iterable[Span]) -> Mask:
    """Whether each token lies in one of the spans, shape (num_tokens,)."""
    mask = np.zeros(num_tokens, np.bool_)
    for start, end in spans:
        mask[start:end] = True
    return mask


def around(num_tokens: int, places: Iterable[int], spans: Sequence[Span], ends: int, margin: int) -> list[Span]:
    """What is worth reading of a document: both its ends, and what is around these places and spans, in order.

    Of a span that is longer than `ends` tokens its beginning counts.
    """
    parts = [(0, ends), (num_tokens - ends, num_tokens), *((place - ends, place + ends) for place in places)]
    parts += [(start - margin, min(end, start + ends) + margin) for start, end in spans]
    kept: list[Span] = []
    for start, end in sorted((max(0, start), min(num_tokens, end)) for start, end in parts):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def passages(ids: Ids, marks: Mapping[str, Mask], tokenizer: Tokenizer, kept: Sequence[Span]) -> Iterator[Passage]:
    """The passages of these parts of a document, in order; their texts are those of the whole document's text.

    marks: whether each token has a mark, by the mark's name; passages name theirs in this order.
    """
    names = {number: token for token, number in tokenizer.control_tokens.items()}
    is_control = np.isin(ids, list(names))
    code = sum((mask.astype(np.int64) << bit for bit, mask in enumerate(marks.values())), np.zeros(len(ids), np.int64))
    begins = np.zeros(len(ids) + 1, np.bool_)
    begins[1:-1] = (code[1:] != code[:-1]) | is_control[1:] | is_control[:-1]
    for first, last in kept:
        cuts = [first, *(first + 1 + np.flatnonzero(begins[first + 1 : last])).tolist(), last]
        reader = _Reader(ids, max(first - _CONTEXT, 0), first, tokenizer)
        for start, end in pairwise(cuts):
            own = tuple(name for bit, name in enumerate(marks) if code[start] >> bit & 1)
            text = reader.read(end)
            if is_control[start]:
                yield Passage(start, end, names[int(ids[start])], (*own, CONTROL))
            else:
                yield Passage(start, end, text, own)


class _Reader:
    """Reads on in a document's text, never beginning to decode within a character."""

    def __init__(self, ids: Ids, anchor: int, at: int, tokenizer: Tokenizer) -> None:
        self._ids, self._tokenizer = ids, tokenizer
        self._anchor, self._at = anchor, at
        """Where decoding begins, and how far the text was read."""
        self._is_whole = True
        """Whether no character is read in part."""

    def read(self, end: int) -> str:
        """The text up to a token; a character that is not whole there is read with the tokens that complete it."""
        before, _ = self._settled(self._at)
        text, is_whole = self._settled(end)
        if self._is_whole:
            self._anchor = self._at
        self._at, self._is_whole = end, is_whole
        return text[len(before) :]

    def _settled(self, end: int) -> tuple[str, bool]:
        text = self._tokenizer.decode(self._ids[self._anchor : end])
        if not text.endswith(_CUT) or end == len(self._ids):
            return text, True
        for more in range(1, _CONTEXT + 1):
            if not self._tokenizer.decode(self._ids[self._anchor : end + more]).startswith(text):
                return text.rstrip(_CUT), False
        return text, True
