"""Some rows of a finished dataset's config beside what the document table says of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ....packers.training.config import Config
from ....schemas.errors import LcdataError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """One row with all its columns, and what lies in it."""

    place: str
    """For people: file and number."""
    columns: pa.Table
    """Of one record."""
    lengths: Ints
    """Of its documents by the document table, which knows nothing of `seq_lengths`."""

    def column(self, name: str) -> Ints:
        """The list of a column, shape (its length,)."""
        values = self.columns[name].combine_chunks().flatten()
        return values.to_numpy(zero_copy_only=False).astype(np.int64)


def some_rows(config: Config, count: int, rng: np.random.Generator) -> list[Row]:
    """The first rows of a config and as many random ones, `count` in all or all that there are; in row order."""
    try:
        ends = np.cumsum([pq.read_metadata(path).num_rows for path in config.data])
        chosen = _choose(int(ends[-1]), count, rng)
        by_file = groupby(chosen, lambda place: int(np.searchsorted(ends, place, "right")))
        starts = np.concatenate(([0], ends))
        return [
            row
            for file, places in by_file
            for row in _rows(config.data[file], config.docs[file], [place - int(starts[file]) for place in places])
        ]
    except (OSError, pa.ArrowException) as error:
        raise LcdataError(f"{config.name} cannot be read ({error}): run `lcdata verify` on it") from None


def _choose(num_rows: int, count: int, rng: np.random.Generator) -> list[int]:
    first = min((count + 1) // 2, num_rows)
    others = first + rng.permutation(num_rows - first)[: count - first]
    return [*range(first), *sorted(others.tolist())]


def _rows(data: Path, docs: Path, numbers: Sequence[int]) -> Iterator[Row]:
    """Rows of one file, by rising number; reads only the row groups that hold them."""
    documents = pq.read_table(docs, columns=["row", "length"])
    row_of, lengths = (documents[name].to_numpy().astype(np.int64) for name in ("row", "length"))
    with pq.ParquetFile(data) as file:
        sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
        ends = np.cumsum(sizes)
        for group, inside in groupby(numbers, lambda number: int(np.searchsorted(ends, number, "right"))):
            table = file.read_row_group(group)
            for number in inside:
                record = table.slice(number - int(ends[group]) + sizes[group], 1)
                yield Row(f"row {number} of {data.name}", record, lengths[row_of == number])
