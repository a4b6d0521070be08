"""Coined words, new in every sample: all of one length, so that none can be found inside another."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Strings = NDArray[np.bytes_]
"""ASCII strings of one length, shape (count,)."""


def coined(rng: np.random.Generator, places: Sequence[Strings], count: int) -> Strings:
    """`count` different words, each made of one string out of every place's, shape (count,).

    The strings of a place are different and of one length, so that all words have one length too.
    """
    rest = rng.choice(num_words(places), count, replace=False)
    parts: list[Strings] = []
    for strings in places:
        parts.append(strings.take(rest % len(strings)))
        rest //= len(strings)
    return np.stack(parts, axis=1).view(f"S{sum(strings.itemsize for strings in places)}").ravel()


def num_words(places: Sequence[Strings]) -> int:
    """How many different words `coined` can make of these places."""
    return math.prod(map(len, places))
