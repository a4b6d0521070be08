"""Rows out of Parquet by row group: only the groups that hold wanted rows are decoded, each of them once.

Positions are not read: they follow from the documents' lengths.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...schemas.errors import LcdataError
from ..rows.row_group import IGNORED

Ids = NDArray[np.int32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """One packed row; all int32, in memory of its own."""

    input_ids: Ids
    labels: Ids
    """Unshifted; -100 off the loss and on every document's first token."""
    seq_lengths: Ids
    """Of each document; they sum to `len(input_ids)`."""


class RowGroups:
    """The rows of some files, numbered through in file order."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read the files' footers; raises LcdataError where one cannot be read."""
        counts = [_group_sizes(path) for path in paths]
        self._paths = tuple(paths)
        self._file_of = np.repeat(np.arange(len(counts)), list(map(len, counts)))
        self._group_in_file = np.concatenate([np.arange(len(sizes)) for sizes in counts])
        self.starts: Ints = np.concatenate(([0], np.cumsum(np.concatenate(counts))))
        """The first row of each group, and the number of rows: int64 of shape (num_groups + 1,)."""

    @property
    def num_rows(self) -> int:
        """In all files."""
        return int(self.starts[-1])

    def row(self, index: int) -> Row:
        """Row `index`; its row group is decoded, nothing before it."""
        if not 0 <= index < self.num_rows:
            raise IndexError(f"row {index} of {self.num_rows}")
        return next(self.take(np.array([index])))

    def take(self, rows: Ints) -> Iterator[Row]:
        """These rows, each at most once, in this order.

        A group is decoded when its first row is due; its other wanted rows wait as copies. In memory are therefore one
        decoded group and the rows that wait: few where the rows of a group are due soon after one another.
        """
        groups = np.searchsorted(self.starts, rows, "right") - 1
        together = np.argsort(groups, kind="stable")
        edges = np.searchsorted(groups[together], np.arange(len(self.starts)))
        waiting: dict[int, Row] = {}
        for row, group in zip(rows.tolist(), groups.tolist(), strict=True):
            if row not in waiting:
                wanted = rows[together[edges[group] : edges[group + 1]]]
                waiting.update(zip(wanted.tolist(), self._read(group, wanted), strict=True))
            yield waiting.pop(row)

    def _read(self, group: int, rows: Ints) -> Iterator[Row]:
        table = self._decode(group)
        columns = {name: _Lists(table[name]) for name in table.column_names}
        for place in (rows - self.starts[group]).tolist():
            ids, lengths = columns["input_ids"][place], columns["seq_lengths"][place]
            labels = columns["labels"][place] if "labels" in columns else labels_of_all(ids, lengths)
            yield Row(ids, labels, lengths)

    def _decode(self, group: int) -> pa.Table:
        """The group's columns, decoded in this thread: loaders have processes of their own."""
        path = self._paths[int(self._file_of[group])]
        try:
            with pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True) as file:
                columns = [name for name in file.schema_arrow.names if name != "position_ids"]
                return file.read_row_group(int(self._group_in_file[group]), columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path, error) from None


class _Lists:
    """A column of lists, each handed out as a copy."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        lists = column.combine_chunks()
        self._offsets = lists.offsets.to_numpy()
        self._values = lists.values.to_numpy()

    def __getitem__(self, place: int) -> Ids:
        return self._values[self._offsets[place] : self._offsets[place + 1]].copy()


def labels_of_all(ids: Ids, lengths: Ids) -> Ids:
    """The labels of rows that are written without: the ids, but -100 on every document's first token."""
    labels = ids.copy()
    labels[np.cumsum(lengths) - lengths] = IGNORED
    return labels


def _group_sizes(path: Path) -> Ints:
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(path, error) from None
    return np.array([footer.row_group(group).num_rows for group in range(footer.num_row_groups)], np.int64)


def _unreadable(path: Path, error: Exception) -> LcdataError:
    return LcdataError(f"{path} cannot be read ({error}): run `lcdata verify` on its dataset")
