"""Which pieces of which documents are drawn to meet a target of tokens, and into which shard each goes.

Documents are drawn without replacement until all are drawn, which is an epoch, then all over again in another order.
An epoch goes chunk by chunk, and a shard gets what lies together in it, so that a shard reads few chunks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...schemas.stream import stream

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The documents of one component and bucket, in the order they are stored in; arrays of shape (num_documents,)."""

    name: str
    """Name of the cell, from which its randomness comes."""

    chunk: Ints
    """Number of what is read together with the document, such as its Parquet row group."""

    first: Ints
    """Index of the document's first piece."""

    count: NDArray[np.int64]
    """Number of the document's pieces."""

    tokens: NDArray[np.int32]
    """Tokens of every piece, those of other cells too, shape (num_pieces,)."""

    @cached_property
    def available(self) -> int:
        """Tokens of all pieces of the cell, which an epoch draws."""
        return int(self.tokens[self.pieces(np.arange(len(self.chunk)))].sum(dtype=np.int64))

    def pieces(self, documents: Ints) -> Ints:
        """The pieces of some documents, in their order."""
        count = self.count[documents]
        return np.repeat(self.first[documents] - np.cumsum(count) + count, count) + np.arange(int(count.sum()))

    def epoch(self, seed: int, number: int) -> Ints:
        """All pieces in the order of an epoch: chunks at random, documents of a chunk at random, pieces as they are."""
        if not len(self.chunk):
            return np.zeros(0, np.int64)
        rng = stream(self.name, seed, number, "draw")
        chunk = np.cumsum(np.diff(self.chunk, prepend=self.chunk[0]) != 0)
        chunk_order = rng.permutation(int(chunk[-1]) + 1)[chunk]
        return self.pieces(np.lexsort((rng.permutation(len(chunk)), chunk_order)))


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What was drawn of a cell, in order; arrays of shape (num_drawn,)."""

    piece: Ints
    """Index of the piece among those of the component."""

    repeat: NDArray[np.int32]
    """The epoch that drew the piece, from 0."""


def draw_component(cells: Sequence[Cell], targets: Sequence[int], seed: int) -> list[Drawn]:
    """Draw every cell of a component, given from short to long documents, as near to its target as whole pieces come.

    What a cell of long documents takes too much or too little, the next shorter one makes up for, so that the component
    misses its target by half a short piece, unless those are used up. No cell begins an epoch that its own target does
    not need.
    """
    drawn: list[Drawn] = []
    left = 0
    for cell, target in zip(reversed(cells), reversed(targets), strict=True):
        left += target
        most = -(-target // max(cell.available, 1)) * cell.available
        drawn.append(draw(cell, min(max(left, 0), most), seed))
        left -= int(cell.tokens[drawn[-1].piece].sum(dtype=np.int64))
    return drawn[::-1]


def draw(cell: Cell, target: int, seed: int) -> Drawn:
    """Draw whole epochs, and of the next one the first pieces, as near to the target as whole pieces come.

    The last document may be cut after any of its pieces.
    """
    assert target == 0 or cell.available
    whole, rest = divmod(target, max(cell.available, 1))
    epochs = [cell.epoch(seed, number) for number in range(whole)]
    if rest:
        last = cell.epoch(seed, whole)
        epochs.append(last[: _nearest(cell.tokens[last], rest)])
    repeat = np.repeat(np.arange(len(epochs), dtype=np.int32), [len(epoch) for epoch in epochs])
    return Drawn(piece=np.concatenate((np.zeros(0, np.int64), *epochs)), repeat=repeat)


def _nearest(tokens: NDArray[np.int32], wanted: int) -> int:
    """How many of the first pieces come nearest to so many tokens, the fewer of two that are as near."""
    ends = np.cumsum(tokens, dtype=np.int64)
    below = int(np.searchsorted(ends, wanted))
    missing = wanted - (int(ends[below - 1]) if below else 0)
    return below + (int(tokens[below]) < 2 * missing)


def deal(tokens: NDArray[np.int32], num_shards: int, turn: float = 0.0) -> NDArray[np.int32]:
    """The shard of every piece drawn of a cell, so that each shard gets equally many of its tokens, in drawn order.

    The first shard to get some is `turn`, 0..1, of the way through the shards: with another turn for every cell, those
    of a few long pieces do not all go to the same shards.
    """
    ends = np.cumsum(tokens, dtype=np.int64)
    middles = (ends - tokens / 2) / max(int(tokens.sum(dtype=np.int64)), 1)
    return np.minimum((middles + turn) % 1 * num_shards, num_shards - 1).astype(np.int32)
