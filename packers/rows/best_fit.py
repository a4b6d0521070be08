"""Which documents share a row, decided on lengths alone by best-fit decreasing.

Documents of one length can stand for each other, and so can open rows with the same room. So whole runs of them are
placed at once: best fit fills the row it takes until no further document of this length goes in, and a million
documents need about a second.
"""

from array import array
from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def plan_rows(lengths: NDArray[np.int32], seq_length: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Put documents of these lengths, each 1..`seq_length`, into rows.

    Returns the document indices in row order, shape (num_documents,), and where each row starts and the last ends in
    them, shape (num_rows + 1,). Documents of a row keep their order; rows that hold more than one are shuffled, so
    that a row's place says nothing about its documents' lengths. All documents are planned together.
    """
    count = len(lengths)
    if count == 0 or 2 * int(lengths.min()) > seq_length:
        return np.arange(count), np.arange(count + 1)
    row_of = _best_fit_decreasing(lengths, seq_length)
    num_rows = int(row_of.max()) + 1
    places = np.empty(num_rows, np.int64)
    places[rng.permutation(num_rows)] = np.arange(num_rows)
    row_of = places[row_of]
    starts = np.concatenate(([0], np.cumsum(np.bincount(row_of, minlength=num_rows))))
    return _stable_order(row_of), starts


def _best_fit_decreasing(lengths: NDArray[np.int32], seq_length: int) -> Ints:
    """The row of each document, from the longest to the shortest each where it leaves the least room."""
    order = _stable_order(seq_length - lengths.astype(np.int64))
    falling = lengths[order]
    starts = np.flatnonzero(np.diff(falling, prepend=seq_length + 1))
    rows = _OpenRows(seq_length, shortest=int(falling[-1]))
    for length, count in zip(falling[starts].tolist(), np.diff(starts, append=len(falling)).tolist(), strict=True):
        rows.place(length, count)
    row_of = np.empty(len(lengths), np.int64)
    row_of[order] = rows.taken()
    return row_of


def _stable_order(keys: Ints) -> Ints:
    """The indices that sort keys 0..2**31-1, equal ones in index order: sorting values is faster than argsort."""
    packed = (keys << 32) | np.arange(len(keys))
    packed.sort()
    return packed & 0xFFFFFFFF


class _OpenRows:
    """Rows with room left, in runs (first row, number of rows) of equal room, for lengths that never rise."""

    def __init__(self, seq_length: int, shortest: int) -> None:
        self.seq_length = seq_length
        self.shortest = shortest
        self.num_rows = 0
        self.runs: dict[int, list[tuple[int, int]]] = {}
        """Runs of rows by their room; rows whose room is below the shortest length are forgotten."""
        self.fitting: list[int] = []
        """Rooms that the present length fits into, the smallest last."""
        self.waiting: list[int] = []
        """A heap of the smaller rooms, negated: shorter lengths will fit."""
        self.steps = array("q")
        """First row, number of rows, documents put into each of them: three numbers for all that was placed."""

    def place(self, length: int, count: int) -> None:
        """Put so many documents of one length where they leave the least room."""
        while self.waiting and -self.waiting[0] >= length:
            self.fitting.append(-heappop(self.waiting))
        while count:
            if not self.fitting:
                self._open(-(-count // (self.seq_length // length)))
            room = self.fitting[-1]
            first, rows = self._pop(room)
            each = room // length
            if count < each:
                each, full = count, 1
            else:
                full = min(rows, count // each)
            if rows > full:
                self._push(room, first + full, rows - full, length)
            self._push(room - each * length, first, full, length)
            self.steps.extend((first, full, each))
            count -= full * each

    def _open(self, rows: int) -> None:
        self.runs[self.seq_length] = [(self.num_rows, rows)]
        self.fitting.append(self.seq_length)
        self.num_rows += rows

    def _pop(self, room: int) -> tuple[int, int]:
        """A run of the smallest room that fits."""
        runs = self.runs[room]
        run = runs.pop()
        if not runs:
            del self.runs[room]
            self.fitting.pop()
        return run

    def _push(self, room: int, first: int, rows: int, length: int) -> None:
        if room in self.runs:
            self.runs[room].append((first, rows))
        elif room >= self.shortest:
            self.runs[room] = [(first, rows)]
            # No room that fits is smaller: the run came from the smallest, and has become smaller still.
            if room >= length:
                self.fitting.append(room)
            else:
                heappush(self.waiting, -room)

    def taken(self) -> Ints:
        """The row of each document, in the order they were placed."""
        first, rows, each = np.frombuffer(self.steps, np.int64).reshape(-1, 3).T
        touched = np.repeat(first - np.cumsum(rows) + rows, rows) + np.arange(int(rows.sum()))
        return np.repeat(touched, np.repeat(each, rows))
