"""From a population to shards and rows.

Where documents come from corpora, each shard gets its part of every cell, so that it reads few chunks of the store, and
rows are planned shard by shard. Samples are made and not read, so their rows are planned all together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...packers.rows.best_fit import plan_rows
from ...packers.rows.concat import concat_rows
from ...packers.rows.pieces import row_tokens
from ...schemas.stage import Stage
from ...schemas.stream import stream
from ...schemas.tokens import Ends
from .draw import deal
from .population import Population, joined

_GOLDEN = 0.618034
"""The part of the shards that lies between where a cell begins to be dealt and where the next cell does."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ShardedPopulation:
    """A population, shard by shard and in row order."""

    content: Population
    starts: Ints
    """Where each shard starts in the population, and the end, shape (shards + 1,)."""
    row_starts: Sequence[Ints]
    """For each shard where each of its rows starts within it, and the end, shape (rows + 1,)."""

    def __len__(self) -> int:
        return len(self.row_starts)

    @property
    def num_rows(self) -> int:
        """Rows of all shards."""
        return sum(len(starts) - 1 for starts in self.row_starts)

    def of(self, shard: int) -> Population:
        """The samples and pieces of one shard, in row order."""
        return self.content.take(np.arange(self.starts[shard], self.starts[shard + 1]))


def shards_of_samples(samples: Population, stage: Stage, num_shards: int) -> ShardedPopulation:
    """Plan the rows of samples together, and cut them into shards of equally many rows."""
    if len(samples.cells) > 2:
        samples = samples.take(_stream(stage, "documents").permutation(len(samples)))
    order, row_starts = plan_rows(samples.tokens, stage.seq_length, _stream(stage, "rows"))
    num_rows = len(row_starts) - 1
    rows_per_shard = stage.shard_rows or -(-num_rows // num_shards)
    firsts = [*range(0, num_rows, rows_per_shard), num_rows]
    starts = row_starts[firsts]
    cut = [row_starts[first : end + 1] - row_starts[first] for first, end in pairwise(firsts)]
    return ShardedPopulation(samples.take(order), starts, cut)


def shards_of_cells(whole: Population, stage: Stage, num_shards: int, ends: Ends) -> ShardedPopulation:
    """Deal every cell to the shards, and plan the rows of each."""
    shard = np.concatenate(
        [
            deal(whole.tokens[start:end], num_shards, number * _GOLDEN % 1)
            for number, (start, end) in enumerate(pairwise(whole.cells.tolist()))
        ]
    )
    together = _documents(whole) if stage.packing == "concat" else np.arange(len(whole))
    number_of = _stream(stage, "documents").permutation(len(whole))[together]
    order = np.lexsort((number_of, shard))
    starts = np.searchsorted(shard[order], np.arange(num_shards + 1))
    if stage.packing == "concat":
        return _concatenated(whole.take(order), starts, stage, ends)
    row_starts: list[Ints] = []
    for place, (start, end) in enumerate(pairwise(starts.tolist())):
        own = order[start:end]
        in_rows, row_start = plan_rows(whole.tokens[own], stage.seq_length, _stream(stage, "rows", place))
        order[start:end] = own[in_rows]
        row_starts.append(row_start)
    return ShardedPopulation(whole.take(order), starts, row_starts)


def _concatenated(pieces: Population, starts: Ints, stage: Stage, ends: Ends) -> ShardedPopulation:
    """Lay the pieces of each shard one after another, those that follow each other in a document as one."""
    parts: list[Population] = []
    row_starts: list[Ints] = []
    for start, end in pairwise(starts.tolist()):
        own = pieces.take(np.arange(start, end))
        first = np.flatnonzero(np.diff(_documents(own), prepend=-1))
        last = np.append(first[1:], len(own)) - 1
        lengths = own.offset[last] + own.length[last] - own.offset[first]
        chunks = concat_rows(lengths, own.is_last[last], stage.seq_length, ends)
        part = own.take(first[chunks.document])
        is_last = chunks.is_last & own.is_last[last][chunks.document]
        tokens = row_tokens(chunks.length, is_last, ends)
        offset = part.offset + chunks.offset
        parts.append(replace(part, offset=offset, length=chunks.length, is_last=is_last, tokens=tokens))
        row_starts.append(chunks.row_starts)
    whole = joined(parts)
    return ShardedPopulation(whole, whole.cells, row_starts)


def _documents(pieces: Population) -> Ints:
    """A number for each run of pieces that follow each other in a document."""
    same = np.ones(len(pieces), np.bool_)
    for column in (pieces.component, pieces.document, pieces.repeat, pieces.offset):
        before = pieces.offset[:-1] + pieces.length[:-1] if column is pieces.offset else column[:-1]
        same[1:] &= column[1:] == before
    same[:1] = False
    return np.cumsum(~same) - 1


def _stream(stage: Stage, what: str, index: int = 0) -> np.random.Generator:
    return stream("stage", stage.seed, index, f"{what}/{stage.number}")
