"""Which documents share a row, decided on lengths alone by best-fit decreasing."""

from bisect import bisect_left, insort

import numpy as np
from numpy.typing import NDArray

_WINDOW = 1 << 16


def plan_rows(
    lengths: NDArray[np.int32], seq_length: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Put documents of these lengths, none above `seq_length`, into rows.

    Returns the document indices in row order, shape (num_documents,), and where each row starts and the last ends in
    them, shape (num_rows + 1,). Documents of a row keep their order; rows that hold more than one are shuffled, so
    that a row's place says nothing about its documents' lengths. Windows of 65,536 documents are planned one by one.
    """
    count = len(lengths)
    if count and 2 * int(lengths.min()) > seq_length:
        return np.arange(count), np.arange(count + 1)
    rows = [
        row
        for start in range(0, count, _WINDOW)
        for row in _best_fit_decreasing(lengths[start : start + _WINDOW], seq_length, start)
    ]
    rows = [rows[place] for place in rng.permutation(len(rows))]
    order = np.array([document for row in rows for document in row], np.int64)
    return order, np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)


def _best_fit_decreasing(lengths: NDArray[np.int32], seq_length: int, first: int) -> list[list[int]]:
    """Rows of document indices; each document goes where it leaves the least room."""
    rows: list[list[int]] = []
    rooms: list[tuple[int, int]] = []
    for index in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[index])
        place = bisect_left(rooms, (length, -1))
        if place == len(rooms):
            room, row = seq_length, len(rows)
            rows.append([])
        else:
            room, row = rooms.pop(place)
        rows[row].append(first + index)
        if room > length:
            insort(rooms, (room - length, row))
    return [sorted(row) for row in rows]
