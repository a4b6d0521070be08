"""The rows of one row group, read back as flat arrays."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.errors import LcdataError
from ..rows.row_arrays import labels_of_all
from ..rows.row_group import IGNORED

Ids = NDArray[np.int32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows laid end to end: tokens of shape (tokens,), documents of shape (documents,)."""

    path: str
    """The data file, for messages."""
    first_row: int
    """Number of the first row in the data file, for messages."""
    ids: Ids
    labels: Ids
    """Labels of the tokens, unshifted: -100 off the loss and on every document's first token."""
    lengths: Ints
    """Tokens of each document."""
    row_starts: Ints
    """The first document of each row, and the end, shape (rows + 1,)."""

    @classmethod
    def of(cls, table: pa.Table, path: str, first_row: int) -> Self:
        """The rows of a table; LcdataError where its columns do not fit together."""
        columns = {name: table[name].combine_chunks() for name in table.column_names}
        ids: Ids = columns["input_ids"].flatten().to_numpy()
        lengths: Ints = columns["seq_lengths"].flatten().to_numpy().astype(np.int64)
        row_starts = _bounds(columns["seq_lengths"].value_lengths().to_numpy())
        row_ends = _bounds(columns["input_ids"].value_lengths().to_numpy())
        document_ends = _bounds(lengths)[row_starts]
        if not np.array_equal(document_ends, row_ends) or (lengths <= 0).any():
            raise LcdataError(f"{path} has rows whose seq_lengths do not add up: run `lcdata verify`")
        labels = columns["labels"].flatten().to_numpy() if "labels" in columns else labels_of_all(ids, lengths)
        if len(labels) != len(ids):
            raise LcdataError(f"{path} has other labels than ids: run `lcdata verify`")
        return cls(path=path, first_row=first_row, ids=ids, labels=labels, lengths=lengths, row_starts=row_starts)

    def __len__(self) -> int:
        return len(self.row_starts) - 1

    @cached_property
    def ends(self) -> Ints:
        """0 and where each document ends, shape (documents + 1,)."""
        return _bounds(self.lengths)

    @cached_property
    def row_ends(self) -> Ints:
        """0 and where each row ends, shape (rows + 1,)."""
        return self.ends[self.row_starts]

    @cached_property
    def in_loss(self) -> NDArray[np.bool_]:
        """Whether a token is a target of the loss, shape (tokens,)."""
        return self.labels != IGNORED

    @cached_property
    def positions(self) -> Ids:
        """Place of each token in its document, from 0, shape (tokens,)."""
        return np.arange(len(self.ids), dtype=np.int32) - np.repeat(self.ends[:-1], self.lengths).astype(np.int32)

    @cached_property
    def places(self) -> Ids:
        """Which document of its row each document is, from 0, shape (documents,)."""
        counts = np.diff(self.row_starts)
        return (np.arange(len(self.lengths)) - np.repeat(self.row_starts[:-1], counts)).astype(np.int32)

    def name(self, document: int) -> str:
        """What a document is called in messages: its number in its row, the row's in the file, and the file."""
        row = int(np.searchsorted(self.row_starts, document, side="right")) - 1
        return f"document {self.places[document]} of row {self.first_row + row} in {self.path}"


Shards = Iterable[Iterable[Rows]]
"""The row groups of every data file, in order."""


def _bounds(lengths: NDArray[np.integer]) -> Ints:
    """0 and the running sums of these lengths, int64 of shape (lengths + 1,)."""
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)))
