"""From pieces drawn to shards and rows; each shard gets its part of every cell, so that it reads few chunks of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...generators.organic.draw import Drawn, deal
from ...packers.plan_rows import plan_rows
from ...schemas.recipe import Recipe
from ...schemas.stream import stream
from ..build import FEW_SHARDS
from .components import Selection

_MIN_SHARD_TOKENS = 1 << 25
_MAX_SHARD_TOKENS = 3 << 26
"""About 250 MB as a file, and 768 MiB in the worker that packs it."""
_GOLDEN = 0.618034
"""Of the shards lie between where one cell begins to be dealt and where the next does."""

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Shards:
    """Every piece drawn, shard by shard and in row order; arrays of shape (num_drawn,) where nothing else is said."""

    component: NDArray[np.int16]
    piece: Longs
    repeat: NDArray[np.int32]
    starts: Longs
    """The first piece of each shard, and the end, shape (shards + 1,)."""
    row_starts: Sequence[Longs]
    """Of each shard: the first piece of each row within the shard, and the end."""
    num_tokens: int
    """Of all, BOS and EOS included."""

    def __len__(self) -> int:
        return len(self.row_starts)

    @property
    def num_rows(self) -> int:
        """Of all."""
        return sum(len(starts) - 1 for starts in self.row_starts)


def make_shards(
    selections: Sequence[Selection], drawn: Sequence[Sequence[Drawn]], num_bos: int, recipe: Recipe
) -> Shards:
    """Deal every cell to the shards, and plan the rows of each; `drawn` by component and bucket."""
    cells = [(number, one) for number, some in enumerate(drawn) for one in some]
    tokens = [selections[number].pieces.row_tokens(num_bos)[one.piece] for number, one in cells]
    num_tokens = sum(int(some.sum(dtype=np.int64)) for some in tokens)
    num_shards = _num_shards(num_tokens, recipe)
    dealt = [deal(some, num_shards, number * _GOLDEN % 1) for number, some in enumerate(tokens)]
    component = np.concatenate([np.full(len(one.piece), number, np.int16) for number, one in cells])
    piece = np.concatenate([one.piece for _, one in cells])
    repeat = np.concatenate([one.repeat for _, one in cells])
    order, starts, row_starts = _rows(np.concatenate(dealt), np.concatenate(tokens), num_shards, recipe)
    return Shards(component[order], piece[order], repeat[order], starts, row_starts, num_tokens)


def _num_shards(num_tokens: int, recipe: Recipe) -> int:
    if recipe.shard_rows:
        return max(1, round(num_tokens / (recipe.shard_rows * recipe.seq_length)))
    shard_tokens = min(max(num_tokens // FEW_SHARDS, _MIN_SHARD_TOKENS), _MAX_SHARD_TOKENS)
    return max(1, round(num_tokens / shard_tokens))


def _rows(
    shard: NDArray[np.int32], tokens: NDArray[np.int32], num_shards: int, recipe: Recipe
) -> tuple[Longs, Longs, list[Longs]]:
    """The pieces in row order, where each shard starts in them, and where each row starts in its shard."""
    order = np.lexsort((stream("mixture", recipe.seed, 0, "documents").permutation(len(shard)), shard))
    starts = np.searchsorted(shard[order], np.arange(num_shards + 1))
    row_starts: list[Longs] = []
    for number, (start, end) in enumerate(pairwise(starts.tolist())):
        own = order[start:end]
        in_rows, row_start = plan_rows(tokens[own], recipe.seq_length, stream("mixture", recipe.seed, number, "rows"))
        order[start:end] = own[in_rows]
        row_starts.append(row_start)
    return order, starts, row_starts
