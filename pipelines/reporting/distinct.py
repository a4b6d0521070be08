"""How many documents have the ids of another, counted over a share of all hashes so that memory stays bounded."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MOST = 1 << 22
"""Hashes that are kept at most."""


class Distinct:
    """Keeps the hashes below a bound, which is halved when there are too many.

    Documents that are the same have the same hash, so among those that are kept every repetition is found.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: list[NDArray[np.uint64]] = []
        self._num_kept = 0
        self.halvings = 0
        """One document in 2**halvings is looked at."""

    def add(self, hashes: pa.ChunkedArray) -> None:
        """Add hashes in hexadecimal."""
        first = pc.call_function("utf8_slice_codeunits", [hashes.combine_chunks()], pc.SliceOptions(0, 16))
        digits = np.frombuffer(first.buffers()[2], np.uint8, 16 * len(first)).reshape(-1, 16)
        values = np.where(digits >= ord("a"), digits - ord("a") + 10, digits - ord("0")).astype(np.uint8)
        packed = ((values[:, ::2] << 4) | values[:, 1::2]).reshape(-1, 8)
        self._keep(np.ascontiguousarray(packed).view(">u8").ravel().astype(np.uint64))

    def _keep(self, hashes: NDArray[np.uint64]) -> None:
        own = hashes[hashes >> np.uint64(64 - self.halvings) == 0] if self.halvings else hashes
        self._kept.append(own)
        self._num_kept += len(own)
        while self._num_kept > self._most:
            self.halvings += 1
            whole = np.concatenate(self._kept)
            self._kept = [whole[whole >> np.uint64(64 - self.halvings) == 0]]
            self._num_kept = len(self._kept[0])

    @property
    def looked_at(self) -> int:
        """Documents whose hashes were kept."""
        return self._num_kept

    @property
    def duplicates(self) -> int:
        """Of these, documents whose ids another one before them has too."""
        return self._num_kept - len(np.unique(np.concatenate(self._kept))) if self._kept else 0

    def __len__(self) -> int:
        return self._num_kept
