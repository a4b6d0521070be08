"""Spans of 50 characters of many texts, of which two sets can be compared in bounded memory."""

import numpy as np
from numpy.typing import NDArray

SPAN = 50
"""Characters of a span, in UTF-8 bytes."""

_MOST = 1 << 22
"""Hashes that are kept at most of each set."""
_BASE = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]


class Spans:
    """The hashes of all spans of texts, or of a share of them that is halved whenever there are too many.

    The same span has the same hash, so that of those which are kept every one that two sets share is found.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept = np.empty(0, np.uint64)
        self._new: list[Hashes] = []
        self._num_new = 0
        self._halvings = 0
        self.documents = 0
        """Texts that were added."""

    def add(self, text: str) -> None:
        """Add the spans of a text."""
        self.documents += 1
        hashes = np.unique(_hashes(np.frombuffer(text.encode(), np.uint8)))
        hashes = _below(hashes, self._halvings)
        self._new.append(hashes)
        self._num_new += len(hashes)
        if self._num_new > self._most // 4:
            self._settle()

    def common(self, other: "Spans") -> tuple[int, int, int]:
        """Different spans of these, of the others, and of both, among those that both sets keep."""
        self._settle()
        other._settle()
        halvings = max(self._halvings, other._halvings)
        one, two = _below(self._kept, halvings), _below(other._kept, halvings)
        return len(one), len(two), len(np.intersect1d(one, two, assume_unique=True))

    def _settle(self) -> None:
        self._kept = np.unique(np.concatenate([self._kept, *self._new]))
        self._new, self._num_new = [], 0
        while len(self._kept) > self._most:
            self._halvings += 1
            self._kept = _below(self._kept, self._halvings)


def _below(hashes: Hashes, halvings: int) -> Hashes:
    return hashes[hashes >> np.uint64(64 - halvings) == 0] if halvings else hashes


def _hashes(text: NDArray[np.uint8]) -> Hashes:
    """A hash of each window of SPAN bytes, by doubling: that of 2n bytes follows from two of n."""
    if len(text) < SPAN:
        return np.empty(0, np.uint64)
    done, hashes, power = 1, text.astype(np.uint64) + np.uint64(1), _BASE
    whole, width = np.empty(0, np.uint64), 0
    while width < SPAN:
        if SPAN & done:  # the windows so far, followed by windows of `done` bytes
            if width == 0:
                whole, width = hashes, done
            else:
                count = len(text) - width - done + 1
                whole = whole[:count] * power + hashes[width : width + count]
                width += done
        hashes = hashes[:-done] * power + hashes[done:]
        power = np.uint64(int(power) ** 2 % 2**64)
        done *= 2
    mixed = (whole ^ (whole >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(32))
