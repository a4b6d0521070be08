"""Rows: whole documents one after another, with the labels and positions that keep them apart."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ...schemas.sample import Document
from ...schemas.tables import row_schema
from ..files.arrays import int32_lists

IGNORED = -100
MAX_GROUP_ROWS = 64
MAX_GROUP_TOKENS = 1 << 19
"""Tokens of a row group: 6 MB in three int32 columns; four times as many, or as few, were written more slowly."""

CONTENT_GROUP_TOKENS = 1 << 14
"""Tokens of a row group that ends by its content: what fills a chunk of the Hub's storage, which has 8 KiB at least,
also where text is packed to half a byte a token. Smaller groups take a larger footer, which is new in each file."""


class RowGroup:
    """The rows of one Parquet row group, laid out in buffers that are used again for the next.

    `take` hands out a table over these buffers: write it before adding more rows. With `by_content` groups are small,
    and what is in a row decides whether one ends after it, so that all groups but the changed ones stay as they are
    when rows are left out or added: rows of `CONTENT_GROUP_TOKENS` are a group each, shorter ones share it.
    """

    def __init__(self, seq_length: int, with_labels: bool, by_content: bool = False) -> None:
        self._with_labels = with_labels
        tokens = CONTENT_GROUP_TOKENS if by_content else MAX_GROUP_TOKENS
        usual = max(1, min(MAX_GROUP_ROWS, tokens // seq_length))
        self.max_rows = min(MAX_GROUP_ROWS, 4 * usual) if by_content and usual > 1 else usual
        self._one_in = usual if by_content else None
        size = self.max_rows * seq_length
        self._input_ids = np.empty(size, np.int32)
        self._labels = np.empty(size if with_labels else 0, np.int32)
        self._position_ids = np.empty(size, np.int32)
        self._counting = np.arange(seq_length, dtype=np.int32)
        self._clear()

    def _clear(self) -> None:
        self._lengths: list[int] = []
        self._row_ends: list[int] = [0]
        self._document_ends: list[int] = [0]
        self._ends = False
        self.num_tokens = 0
        """Tokens of all rows of the group."""

    def __len__(self) -> int:
        return len(self._row_ends) - 1

    @property
    def is_full(self) -> bool:
        """Whether the next row belongs to the next group."""
        return self._ends or len(self) == self.max_rows

    def add_row(self, documents: Sequence[Document]) -> None:
        """Lay out these documents as the next row."""
        for document in documents:
            start, end = self.num_tokens, self.num_tokens + len(document.ids)
            self._input_ids[start:end] = document.ids
            self._position_ids[start:end] = self._counting[: len(document.ids)]
            if self._with_labels:
                first, last = document.loss_start, document.loss_end
                self._labels[start : start + first] = IGNORED
                self._labels[start + first : start + last] = document.ids[first:last]
                self._labels[start + last : end] = IGNORED
            self._lengths.append(len(document.ids))
            self.num_tokens = end
        self._row_ends.append(self.num_tokens)
        self._document_ends.append(len(self._lengths))
        self._ends = self._one_in is not None and int(documents[0].sha256[:8], 16) % self._one_in == 0

    def take(self) -> pa.Table:
        """The rows as a table over the buffers; the group is then empty."""
        row_ends = self._row_ends
        columns = {
            "input_ids": int32_lists(row_ends, self._input_ids[: self.num_tokens]),
            "position_ids": int32_lists(row_ends, self._position_ids[: self.num_tokens]),
            "seq_lengths": int32_lists(self._document_ends, np.array(self._lengths, np.int32)),
        }
        if self._with_labels:
            columns["labels"] = int32_lists(row_ends, self._labels[: self.num_tokens])
        schema = row_schema(self._with_labels)
        self._clear()
        return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
