"""Documents longer than a row: cut into pieces, truncated, or dropped.

A piece is what goes into a row as one attention segment: BOS if there is one, content, and EOS where the document ends.
Room for both is kept before the content is cut.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.tokens import Ends

MIN_PIECE = 32
"""Content tokens of the shortest piece of a document that was split."""

LongPolicy = Literal["split", "truncate", "drop"]


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """The pieces of documents, in order; arrays of shape (num_pieces,) where nothing else is said."""

    document: NDArray[np.int64]
    """Index of the document that each piece is of."""

    offset: NDArray[np.int64]
    """Content tokens of the document before the piece."""

    length: NDArray[np.int32]
    """Content tokens of the piece."""

    is_last: NDArray[np.bool_]
    """Whether the document ends with the piece, so that EOS follows; nowhere in a document that was truncated."""

    starts: NDArray[np.int64]
    """The first piece of every document, and the end, shape (num_documents + 1,)."""

    dropped: NDArray[np.int64]
    """Content tokens of every document that are in no piece, shape (num_documents,)."""

    def row_tokens(self, ends: Ends) -> NDArray[np.int32]:
        """Tokens that every piece takes in a row, BOS and EOS included."""
        return row_tokens(self.length, self.is_last, ends)


def row_tokens(length: NDArray[np.int32], is_last: NDArray[np.bool_], ends: Ends) -> NDArray[np.int32]:
    """Tokens in a row of pieces of these content lengths, of which some end their document."""
    return length + is_last * np.int32(ends.after) + np.int32(ends.before)


def cut(lengths: NDArray[np.int32], seq_length: int, ends: Ends, policy: LongPolicy) -> Pieces:
    """Cut documents of these content lengths, none 0, for rows of `seq_length` tokens.

    `split` loses nothing; only a document that is shorter itself makes a piece below `MIN_PIECE`. UsageError where rows
    are too short to be cut for.
    """
    assert len(lengths) == 0 or int(lengths.min()) > 0
    room = seq_length - ends.before
    least = 2 * MIN_PIECE + sum(ends) - 1
    if seq_length < least:
        raise UsageError(f"rows of {seq_length} tokens are too short: make them {least} or longer")
    return _split(lengths, room, ends) if policy == "split" else _shorten(lengths, room, ends, policy)


def _split(lengths: NDArray[np.int32], room: int, ends: Ends) -> Pieces:
    """Cut documents into pieces, of which all but a document's last fill their rows."""
    # EOS is cut like content, so the last piece of a document has room for it, if need be for nothing else.
    counts = (lengths.astype(np.int64) + ends.after - 1) // room + 1
    starts = _starts(counts)
    document = np.repeat(np.arange(len(lengths)), counts)
    offset = (np.arange(len(document)) - starts[document]) * room
    length = np.full(len(document), room, np.int32)
    last = starts[1:] - 1
    length[last] = lengths - (counts - 1) * room
    is_last = np.zeros(len(document), np.bool_)
    is_last[last] = True
    _lengthen(offset, length, last[(counts > 1) & (length[last] < MIN_PIECE)])
    return Pieces(
        document=document,
        offset=offset,
        length=length,
        is_last=is_last,
        starts=starts,
        dropped=np.zeros(len(lengths), np.int64),
    )


def _lengthen(offset: NDArray[np.int64], length: NDArray[np.int32], short: NDArray[np.int64]) -> None:
    """Give pieces that are too short the last tokens of the pieces before them."""
    missing = MIN_PIECE - length[short]
    length[short] += missing
    offset[short] -= missing
    length[short - 1] -= missing


def _shorten(lengths: NDArray[np.int32], room: int, ends: Ends, policy: LongPolicy) -> Pieces:
    """One piece of every document at most: a document that does not fit with its EOS is truncated or dropped."""
    fits = lengths <= room - ends.after
    kept = fits if policy == "drop" else np.ones(len(lengths), np.bool_)
    document = np.flatnonzero(kept)
    length = np.minimum(lengths[document], np.int32(room))
    dropped = lengths.astype(np.int64)
    dropped[document] -= length
    return Pieces(
        document=document,
        offset=np.zeros(len(document), np.int64),
        length=length,
        is_last=fits[document],
        starts=_starts(kept),
        dropped=dropped,
    )


def _starts(counts: NDArray[np.integer | np.bool_]) -> NDArray[np.int64]:
    """Where every document's pieces start, and the end."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)))
