"""Concat-and-chunk: documents one after another, cut where a row is full.

Rows are full but for what keeps pieces from becoming fragments: no piece holds fewer than `MIN_PIECE` content tokens
unless its document does. A piece that goes on in the next row starts with BOS like every document, because attention
starts anew there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...schemas.tokens import Ends
from .pieces import MIN_PIECE

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chunks:
    """Pieces of documents in row order; arrays of shape (num_pieces,) where nothing else is said."""

    document: Ints
    """Index of the document that each piece is of."""
    offset: Ints
    """Content tokens of the document before the piece."""
    length: NDArray[np.int32]
    """Content tokens of the piece."""
    is_last: NDArray[np.bool_]
    """Whether the document ends with the piece, so that EOS follows if it had one."""
    row_starts: Ints
    """The first piece of every row, and the end, shape (num_rows + 1,)."""


def concat_rows(lengths: Ints, has_eos: NDArray[np.bool_], seq_length: int, ends: Ends) -> Chunks:
    """Lay documents of these content lengths into rows of `seq_length` tokens, in their order."""
    pieces: list[tuple[int, int, int, bool]] = []
    row_starts, used = [0], 0
    for document, (length, is_whole) in enumerate(zip(lengths.tolist(), has_eos.tolist(), strict=True)):
        offset, num_eos = 0, ends.after if is_whole else 0
        while True:
            left, room = length - offset, seq_length - used - ends.before
            if left + num_eos <= room:
                pieces.append((document, offset, left, True))
                used += ends.before + left + num_eos
                break
            taken = min(room, left - MIN_PIECE)
            if taken >= MIN_PIECE:
                pieces.append((document, offset, taken, False))
                offset += taken
            row_starts.append(len(pieces))
            used = 0
    if used:
        row_starts.append(len(pieces))
    table = np.array(pieces, np.int64).reshape(-1, 4).T
    return Chunks(
        document=table[0],
        offset=table[1],
        length=table[2].astype(np.int32),
        is_last=table[3].astype(np.bool_),
        row_starts=np.array(row_starts, np.int64),
    )
