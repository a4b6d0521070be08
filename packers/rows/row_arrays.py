"""One packed row as arrays, taken out of a table of rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .row_group import IGNORED

Ids = NDArray[np.int32]

COLUMNS = ("input_ids", "labels", "seq_lengths")
"""Columns that are read of a row; positions follow from them."""


@dataclass(frozen=True, slots=True, eq=False)
class RowArrays:
    """One packed row: whole documents one after another; all int32, in memory of its own."""

    input_ids: Ids
    """Token ids, shape (tokens,)."""
    labels: Ids
    """Labels of the tokens, unshifted, shape (tokens,); -100 off the loss and on every document's first token."""
    seq_lengths: Ids
    """Tokens of each document, shape (documents,)."""


def row_arrays(table: pa.Table, places: Iterable[int]) -> Iterator[RowArrays]:
    """The rows at these places of a table, labels made where it has none."""
    columns = {name: _Lists(table[name]) for name in COLUMNS if name in table.column_names}
    for place in places:
        ids, lengths = columns["input_ids"][place], columns["seq_lengths"][place]
        yield RowArrays(ids, columns["labels"][place] if "labels" in columns else labels_of_all(ids, lengths), lengths)


class _Lists:
    """A column of lists, each handed out as a copy."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        lists = column.combine_chunks()
        self._offsets = lists.offsets.to_numpy()
        self._values = lists.values.to_numpy()

    def __getitem__(self, place: int) -> Ids:
        return self._values[self._offsets[place] : self._offsets[place + 1]].copy()


def labels_of_all(ids: Ids, lengths: NDArray[np.integer]) -> Ids:
    """The labels of rows that are written without: the ids, but -100 on every document's first token."""
    labels = ids.copy()
    labels[np.cumsum(lengths, dtype=np.int64) - lengths] = IGNORED
    return labels
