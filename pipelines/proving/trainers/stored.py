"""Some rows of a finished dataset's config beside what the document table says of them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ....packers.dataset import Config
from ....packers.files.dataset_file import Shard

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CheckedRow:
    """One row with all its columns, and what the document table says is in it."""

    place: str
    """Where the row is, for people: its number and its file."""
    columns: pa.Table
    """The row as a table of a single record, with all its columns."""
    lengths: Ints
    """Tokens of the row's documents by the document table, which knows nothing of `seq_lengths`."""

    def column(self, name: str) -> Ints:
        """The list that the row has in a column, shape (its length,)."""
        values = self.columns[name].combine_chunks().flatten()
        return values.to_numpy(zero_copy_only=False).astype(np.int64)


def some_rows(config: Config, count: int, rng: np.random.Generator) -> list[CheckedRow]:
    """The first rows of a config and as many random ones, `count` in all or all that there are; in row order."""
    return [_row(*config.shard_of(index)) for index in _choose(config.num_rows, count, rng)]


def _choose(num_rows: int, count: int, rng: np.random.Generator) -> list[int]:
    first = min((count + 1) // 2, num_rows)
    others = first + rng.permutation(num_rows - first)[: count - first]
    return [*range(first), *sorted(others.tolist())]


def _row(shard: Shard, number: int) -> CheckedRow:
    """Row `number` of a shard; only its row group is read."""
    lengths = shard.documents(number, ["length"])["length"].to_numpy()
    return CheckedRow(
        place=f"row {number} of {shard.data.path.name}",
        columns=shard.data.slice(number, number + 1),
        lengths=lengths.astype(np.int64),
    )
