"""Cutting counts of whole numbers into bins that a person can read."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...schemas.quantity import format_length

Ints = NDArray[np.int64]

_MOST_BINS = 16
_LEAST_PARTS = 10
"""Parts that a chart of shares spans at least, so that equal rows do not look unequal."""
_WIDE = 4
"""Numbers are cut at powers of two where the largest is more than so many times the smallest."""


@dataclass(frozen=True)
class Bins:
    """Adjoining intervals of whole numbers."""

    edges: tuple[int, ...]
    """First number of every bin, and the first one above the last."""
    labels: tuple[str, ...]
    """What each is called below a chart."""
    reading: str
    """How a label is to be read: `up to`, `from`, or nothing where it is the only number of its bin."""

    def sums(self, values: Ints) -> Ints:
        """Sums over each bin of values that are indexed by number along the last axis, shape (..., bins)."""
        edges = np.minimum(self.edges, values.shape[-1])
        sums = np.concatenate([np.zeros((*values.shape[:-1], 1), np.int64), np.cumsum(values, axis=-1)], axis=-1)
        return np.diff(sums[..., edges], axis=-1)

    def names(self, of: Callable[[int], str] = "{:,}".format) -> list[str]:
        """Every bin in full, as a table names it."""
        pairs = zip(self.edges, self.edges[1:], strict=False)
        return [of(low) if high == low + 1 else f"{of(low)} – {of(high - 1)}" for low, high in pairs]


def cut(counts: Ints, of: Callable[[int], str] = "{:,}".format) -> Bins:
    """Bins for numbers of which `counts[i]` are i: single numbers, even steps, or powers of two where they span more.

    Powers of two end their bins, so that a document of exactly 128k tokens is of those up to 128k.
    """
    present = np.flatnonzero(counts)
    low, high = (int(present[0]), int(present[-1])) if len(present) else (0, 0)
    if high - low < _MOST_BINS:
        edges = tuple(range(low, high + 2))
        return Bins(edges, tuple(map(of, edges[:-1])), "")
    if high <= _WIDE * low or (low == 0 and high <= _MOST_BINS * 4):
        return _even(low, high, of)
    first, last = max(low - 1, 0).bit_length(), (high - 1).bit_length()
    edges = (min(low, 1), *(2**exponent + 1 for exponent in range(first, last + 1)))
    return Bins(edges, tuple(format_length(edge - 1) for edge in edges[1:]), "up to")


def cut_parts(counts: Ints, whole: int) -> Bins:
    """Even bins for parts of a whole, of which `counts[i]` are i, named in per cent."""
    present = np.flatnonzero(counts)
    low, high = (int(present[0]), int(present[-1])) if len(present) else (0, 0)
    low = min(low, max(high - _LEAST_PARTS, 0))
    return _even(low, high, lambda part: f"{100 * part / whole:g} %")


def _even(low: int, high: int, of: Callable[[int], str]) -> Bins:
    step = next(
        factor * 10**power
        for power in range(20)
        for factor in (1, 2, 5)
        if (high - low) // (factor * 10**power) < _MOST_BINS - 1
    )
    start = low // step * step
    edges = (*range(start, high + 1, step), (high // step + 1) * step)
    return Bins(edges, tuple(map(of, edges[:-1])), "from" if step > 1 else "")


def octaves(counts: Ints) -> list[int]:
    """Exponents of the powers of two up to which there are numbers, from the first to the last, gaps included."""
    present = np.flatnonzero(counts)
    return list(range(int(present[0]), int(present[-1]) + 1)) if len(present) else []


def quantile(counts: Ints, share: float) -> int:
    """The smallest number that at least this share of all numbers do not exceed; 0 where there are none."""
    sums = np.cumsum(counts)
    return int(np.searchsorted(sums, max(share * sums[-1], 1))) if len(sums) and sums[-1] else 0
