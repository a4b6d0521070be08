"""Coined words, new in every sample: all of one length, so that none can be found inside another."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Strings = NDArray[np.bytes_]


def coined(rng: np.random.Generator, places: Sequence[Strings], count: int) -> Strings:
    """`count` different words, made of a string out of each place's, shape (count,).

    All places' strings have one length, and those of a place are different.
    """
    rest = rng.choice(num_words(places), count, replace=False)
    parts: list[Strings] = []
    for strings in places:
        parts.append(strings.take(rest % len(strings)))
        rest //= len(strings)
    return np.stack(parts, axis=1).view(f"S{sum(strings.itemsize for strings in places)}").ravel()


def num_words(places: Sequence[Strings]) -> int:
    """How many words there are to coin."""
    return math.prod(map(len, places))
