"""Near misses of a key that may be absent from dictionaries: its numbers are in the text whether it is or not.

A sample and its twin differ in one exchange. Of keys of one number, one of two is a key and the other a value. Of keys
of several, the asked one and another exchange a number, so that neither is what it was. No number occurs more often in
one twin than in the other, and what a key or a value looks like is the same in both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_MOST_TRIED = 64
"""Keys that are looked through for one that can exchange a number with the asked one."""


@dataclass(frozen=True)
class NearMisses:
    """What is written into the text beside what answers."""

    in_its_place: Ints
    """The key where the asked one stands or would stand, shape (subkeys,)."""
    elsewhere: Ints | None
    """The key that is written over another one."""
    as_value: int | None
    """The number that is written over a value."""
    place: float
    """Where it stands among all other pairs: 0 at the beginning, below 1 at the end."""


def near_misses(rng: np.random.Generator, asked: Ints, keys: Ints, *, is_absent: bool) -> tuple[NearMisses, Ints]:
    """What goes with the asked key, shape (subkeys,), and the other keys without one, shape (num_keys - 1, subkeys)."""
    place = rng.random()
    if len(asked) == 1:
        stated, said = (keys[-1], asked) if is_absent else (asked, keys[-1])
        return NearMisses(stated, None, int(said[0]), place), keys[:-1]
    found = _partner(asked, keys)
    if found is None:  # all keys share all that they can: then another stands where the asked one would
        return NearMisses(keys[-1] if is_absent else asked, None, None, place), keys[:-1]
    partner, columns = found
    other = keys[partner]
    in_its_place, elsewhere = asked, other
    if is_absent:
        in_its_place, elsewhere = np.where(columns, other, asked), np.where(columns, asked, other)
    return NearMisses(in_its_place, elsewhere, None, place), np.delete(keys, partner, axis=0)


def _partner(asked: Ints, keys: Ints) -> tuple[int, NDArray[np.bool_]] | None:
    """The place of a key that can exchange a number with the asked one, and which number it is, shape (subkeys,).

    Both numbers are in other keys too, or neither is.
    """
    counts = np.bincount(np.concatenate([keys.ravel(), asked]))
    own = set(asked.tolist())
    for place, other in enumerate(keys[:_MOST_TRIED]):
        for column in np.flatnonzero((counts[asked] > 1) == (counts[other] > 1)).tolist():
            columns = np.arange(len(asked)) == column
            changed, partner = np.where(columns, other, asked), np.where(columns, asked, other)
            numbers = set(changed.tolist()), set(partner.tolist())
            if own not in numbers and min(map(len, numbers)) == len(asked):
                return place, columns
    return None
