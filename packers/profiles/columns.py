"""Columns of lists as Parquet and Arrow files hold them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..files.arrays import numbers
from ..files.arrow_writer import ArrowWriter
from ..files.parquet import ROW_ENCODINGS


def table_of(columns: Mapping[str, pa.ListArray]) -> pa.Table:
    """A table of the columns in their order."""
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def lists(ends: NDArray[np.int64], values: NDArray[np.generic]) -> pa.ListArray:
    """The values as an Arrow array of lists that end at each of `ends` but the first, which is 0."""
    return pa.ListArray.from_arrays(numbers(ends.astype(np.int32)), numbers(np.ascontiguousarray(values)))


def parquet_writer(path: Path, schema: pa.Schema) -> ArrowWriter:
    """A writer of tables with a profile's columns into a Parquet file."""
    of_rows = {f"{name}.list.element": ROW_ENCODINGS[name] for name in schema.names if name in ROW_ENCODINGS}
    settings: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": 1,
        # Other columns hold few different values.
        "use_dictionary": [f"{name}.list.element" for name in schema.names if name not in ROW_ENCODINGS],
        "column_encoding": of_rows,
        "write_statistics": False,
    }
    return ArrowWriter(path, schema, **settings)


def list_schema(**kinds: pa.DataType) -> pa.Schema:
    """A schema of columns that hold lists of these types."""
    return pa.schema([pa.field(name, pa.list_(kind)) for name, kind in kinds.items()])
