"""The Parquet files of a finished dataset, and the one way to read them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...schemas.errors import LcdataError
from ...schemas.manifest import ShardRecord
from ...schemas.place import Place, open_ranges, parquet_options, reaching
from ...schemas.records import FileRecord

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DatasetFile:
    """One Parquet file of a dataset: where it is, what it was when it was written, and its rows by columns.

    Columns that it does not have are left out. What is read is decoded in the calling thread, checksums included.
    Whatever reads raises LcdataError where the file is missing or damaged.
    """

    folder: Place
    """Folder of the dataset."""
    record: FileRecord

    @property
    def path(self) -> Place:
        """Place of the file, its dataset's folder included."""
        return self.folder / self.record.path

    def schema(self) -> pa.Schema:
        """Names and types of the file's columns."""
        with self._opened() as file:
            return file.schema_arrow

    def group_sizes(self) -> Ints:
        """Rows of each row group, by the footer, int64 of shape (row groups,)."""
        with self._opened() as file:
            return _group_sizes(file)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of the file."""
        with self._opened() as file:
            return file.read(columns, use_threads=False)

    def row_group(self, number: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of row group `number` of the file."""
        with self._opened() as file:
            return file.read_row_group(number, columns, use_threads=False)

    def row_groups(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of each row group of the file, one group in memory at a time."""
        with self._opened() as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number, columns, use_threads=False)

    def slice(self, start: int, end: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows start..end-1, of which there is at least one; only the row groups that hold them are decoded."""
        with self._opened() as file:
            ends = np.cumsum(_group_sizes(file))
            if end > file.metadata.num_rows:
                raise LcdataError(f"{self.path} has fewer rows than were written: run `lcdata verify {self.folder}`")
            first, last = np.searchsorted(ends, [start, end - 1], "right").tolist()
            table = file.read_row_groups(list(range(first, last + 1)), columns, use_threads=False)
            return table.slice(start - (int(ends[first - 1]) if first else 0), end - start)

    @contextmanager
    def _opened(self) -> Generator[pq.ParquetFile]:
        try:
            with reaching(self.path), pq.ParquetFile(open_ranges(self.path), **parquet_options(self.path)) as file:
                yield file
        except (OSError, pa.ArrowException) as error:
            raise LcdataError(f"{self.path} cannot be read ({error}): run `lcdata verify {self.folder}`") from error


def _group_sizes(file: pq.ParquetFile) -> Ints:
    footer = file.metadata
    return np.array([footer.row_group(group).num_rows for group in range(footer.num_row_groups)], np.int64)


@dataclass(frozen=True)
class Shard:
    """A data file of a config, and the document table that explains its rows."""

    record: ShardRecord
    data: DatasetFile
    docs: DatasetFile

    @classmethod
    def of(cls, folder: Place, record: ShardRecord) -> Self:
        """The shard of a record in the dataset's folder."""
        return cls(record, DatasetFile(folder, record.data), DatasetFile(folder, record.docs))

    def documents(self, row: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The records of the documents in a row of the data file; LcdataError where they cannot be read."""
        start, end = self._document_starts[row : row + 2].tolist()
        return self.docs.slice(start, end, columns) if start < end else self.docs.slice(0, 1, columns).slice(1)

    @cached_property
    def _document_starts(self) -> Ints:
        """The first document of each row, and the number of documents, int64 of shape (rows + 1,)."""
        row = self.docs.read(["row"])["row"].to_numpy()
        return np.searchsorted(row, np.arange(self.data.record.rows + 1))
