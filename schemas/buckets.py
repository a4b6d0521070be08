"""Buckets of documents by their length in tokens."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .quantity import format_length


@dataclass(frozen=True)
class Buckets:
    """The intervals [0, edges[0]), [edges[0], edges[1]), ..., [edges[-1], ∞) of tokens, numbered from 0."""

    edges: tuple[int, ...]
    """Where one bucket ends and the next begins, in tokens; above zero and rising."""

    def __post_init__(self) -> None:
        assert all(low < high for low, high in zip((0, *self.edges), self.edges, strict=False)), self.edges

    def __len__(self) -> int:
        return len(self.edges) + 1

    @property
    def lows(self) -> NDArray[np.int64]:
        """The smallest length of every bucket, shape (len(self),)."""
        return np.array((0, *self.edges), np.int64)

    def low(self, bucket: int) -> int:
        """The smallest length in bucket number `bucket`."""
        return self.edges[bucket - 1] if bucket else 0

    def high(self, bucket: int) -> int | None:
        """The smallest length above bucket number `bucket`, None where it has no end."""
        return self.edges[bucket] if bucket < len(self.edges) else None

    def label(self, bucket: int) -> str:
        """A bucket as people read it: `<1k`, `4k–8k`, `≥1M`, or `any length` where there are no edges."""
        low, high = self.low(bucket), self.high(bucket)
        if high is None:
            return f"≥{format_length(low)}" if low else "any length"
        return f"{format_length(low)}–{format_length(high)}" if low else f"<{format_length(high)}"

    def of(self, lengths: NDArray[np.integer]) -> NDArray[np.int16]:
        """The number of the bucket that each length lies in, shape (num_lengths,)."""
        return np.searchsorted(np.array(self.edges, np.int64), lengths, side="right").astype(np.int16)

    def with_edges(self, *more: int) -> "Buckets":
        """These buckets, cut at further lengths; 0 and known edges change nothing."""
        return Buckets(tuple(sorted({*self.edges, *more} - {0})))
