"""The text of each token of a stretch of a document, as a person reads it."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.row import RowDocument
from ...packers.tokens.tokenizer import Tokenizer
from ...schemas.sample import Span

_ENDS, _AROUND, _MOST_SPANS, _LONGEST_SPAN = 48, 24, 10, 96
_BEFORE_ANSWER, _OF_ANSWER = 112, 160
_OF_ORGANIC = 128
_LONGEST_TEXT = 200
"""Characters that are shown of one token."""


def stretches(document: RowDocument) -> list[Span]:
    """The tokens that are worth reading, apart from each other: both ends, evidence, question and answer."""
    size = len(document.ids)
    if document.index is None:
        return _joined([(0, _OF_ORGANIC), (size - _ENDS, size)], size)
    prompt = document.prompt_length
    marks = [*document.evidence_spans[:_MOST_SPANS], *document.answer_spans[:_MOST_SPANS]]
    around = [(start - _AROUND, min(end, start + _LONGEST_SPAN) + _AROUND) for start, end in marks]
    return _joined([(0, _ENDS), *around, (prompt - _BEFORE_ANSWER, prompt + _OF_ANSWER), (size - 8, size)], size)


def _joined(spans: Iterable[Span], size: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted((max(0, start), min(size, end)) for start, end in spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        elif start < end:
            joined.append((start, end))
    return joined


def token_texts(tokenizer: Tokenizer, ids: NDArray[np.int32]) -> list[str]:
    """The text of each token, control tokens by their names.

    A token that ends within a character has no text: the one that completes it has that of both.
    """
    from tokenizers.decoders import DecodeStream

    stream, texts = DecodeStream(skip_special_tokens=False), list[str]()
    for token in ids.tolist():
        texts.append((stream.step(tokenizer.reference, token) or "")[:_LONGEST_TEXT])
    if texts and not texts[-1]:
        texts[-1] = "\ufffd"
    return texts


def runs(chosen: NDArray[np.bool_]) -> list[Span]:
    """Where runs of true values start and end."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], chosen, [False])).astype(np.int8))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def within(spans: Sequence[Span], kept: Sequence[Span]) -> list[Span]:
    """The spans that overlap one of the kept stretches."""
    return [span for span in spans if any(span[0] < end and start < span[1] for start, end in kept)]
