"""Splitting totals into whole numbers that add up to them exactly."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def apportion(total: int, weights: Floats) -> Ints:
    """Split a total in proportion to weights into whole numbers, by largest remainder; ties go to the first."""
    quotas = total * (weights / weights.sum())
    parts = np.floor(quotas).astype(np.int64)
    missing = total - int(parts.sum())
    assert 0 <= missing <= len(parts), "totals are far below 2**52"
    parts[np.argsort(parts - quotas, kind="stable")[:missing]] += 1
    return parts


def fill(total: int, weights: Floats, caps: Ints) -> Ints:
    """Split a total in proportion to weights, none above its cap: less than the total only if every cap is reached."""
    parts = np.zeros_like(caps)
    free = weights > 0
    while free.any():
        fresh = apportion(total - int(parts.sum()), weights * free)
        over = free & (fresh > caps)
        if not over.any():
            return parts + fresh
        parts[over] = caps[over]
        free &= ~over
    return parts


def settle(total: int, mixture: Floats, caps: Ints) -> Ints:
    """A mixture of cells, none above its cap: what is too much goes to the same component first, then to the others."""
    totals = fill(total, mixture.sum(1), np.where(mixture > 0, caps, 0).sum(1))
    return np.stack([fill(int(each), row, cap) for each, row, cap in zip(totals, mixture, caps, strict=True)])
