"""Rows out of Parquet by row group: only the groups that hold wanted rows are decoded, each of them once.

Positions are not read: they follow from the documents' lengths.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..files.dataset_file import DatasetFile
from ..rows.row_arrays import COLUMNS, RowArrays, row_arrays

Ints = NDArray[np.int64]


class RowGroups:
    """The rows of some files, numbered through in file order."""

    def __init__(self, files: Sequence[DatasetFile]) -> None:
        """Read the files' footers; raises LcdataError where one cannot be read."""
        counts = [file.group_sizes() for file in files]
        self._files = tuple(files)
        self._file_of = np.repeat(np.arange(len(counts)), list(map(len, counts)))
        self._group_in_file = np.concatenate([np.arange(len(sizes)) for sizes in counts])
        self.starts: Ints = np.concatenate(([0], np.cumsum(np.concatenate(counts))))
        """The first row of each group, and the number of rows: int64 of shape (num_groups + 1,)."""

    @property
    def num_rows(self) -> int:
        """Rows of all files."""
        return int(self.starts[-1])

    def row(self, index: int) -> RowArrays:
        """Row `index`; its row group is decoded, nothing before it."""
        if not 0 <= index < self.num_rows:
            raise IndexError(f"row {index} of {self.num_rows}")
        return next(self.take(np.array([index])))

    def take(self, rows: Ints) -> Iterator[RowArrays]:
        """These rows, each at most once, in this order.

        A group is decoded when its first row is due; its other wanted rows wait as copies. In memory are therefore one
        decoded group and the rows that wait: few where the rows of a group are due soon after one another.
        """
        groups = np.searchsorted(self.starts, rows, "right") - 1
        together = np.argsort(groups, kind="stable")
        edges = np.searchsorted(groups[together], np.arange(len(self.starts)))
        waiting: dict[int, RowArrays] = {}
        for row, group in zip(rows.tolist(), groups.tolist(), strict=True):
            if row not in waiting:
                wanted = rows[together[edges[group] : edges[group + 1]]]
                waiting.update(zip(wanted.tolist(), self._read(group, wanted), strict=True))
            yield waiting.pop(row)

    def _read(self, group: int, rows: Ints) -> Iterator[RowArrays]:
        return row_arrays(self._decode(group), (rows - self.starts[group]).tolist())

    def _decode(self, group: int) -> pa.Table:
        file = self._files[int(self._file_of[group])]
        return file.row_group(int(self._group_in_file[group]), COLUMNS)
