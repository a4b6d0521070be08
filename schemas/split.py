"""Training, validation and test sets that share no question and no answer, whatever their seeds and lengths.

What is asked for belongs to one of the three by a hash of itself, so that no set has to know another. Three fifths of
all that can be asked for are of the training set, a fifth each of the other two.
"""

import hashlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Split = Literal["train", "validation", "test"]
"""The three sets."""

SHARES: dict[Split, tuple[int, int]] = {"train": (0, 3), "validation": (3, 4), "test": (4, 5)}
"""Which fifths of everything are of each set, from and to."""

_FIFTHS = np.uint64(5)


def of_split(numbers: NDArray[np.integer], split: Split) -> NDArray[np.bool_]:
    """Which things are of a set, each given by a number or by several, shape (count,) or (count, numbers)."""
    columns = numbers.astype(np.uint64)
    mixed = np.zeros(len(columns), np.uint64)
    for column in columns.reshape(len(columns), -1).T:
        mixed = _mixed(mixed + column)
    low, high = SHARES[split]
    fifth = mixed % _FIFTHS
    return (fifth >= low) & (fifth < high)


def moved_first(numbers: NDArray[np.integer], split: Split, count: int) -> NDArray[np.int64] | None:
    """Places of all things, `count` of a set before all others, both in the order that they had; None where too few.

    Things are given as for `of_split`; places have shape (things,).
    """
    chosen = np.flatnonzero(of_split(numbers, split))[:count]
    if len(chosen) < count:
        return None
    places = np.arange(len(numbers))
    return np.concatenate([chosen, np.delete(places, chosen)])


def is_of_split(text: str, split: Split) -> bool:
    """Whether a text is of a set."""
    number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    return bool(of_split(np.array([number], np.uint64), split)[0])


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers whose every bit depends on every bit of these: one round of SplitMix64 (Steele et al. 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
