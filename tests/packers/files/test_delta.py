"""Numbers come back as they were, of any size, and even rises take next to nothing."""

import io
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcdata.packers.files.arrays import int32_lists
from lcdata.packers.files.delta import delta_binary_packed
from lcdata.packers.files.row_file import RowFile
from lcdata.schemas.tables import LIST

SCHEMA = pa.schema([pa.field("position_ids", LIST, nullable=False)])
EXTREMES = (0, -1, 2**31 - 1, -(2**31))


def file_of(values: np.ndarray) -> bytes:
    """A Parquet file of the values as one list."""
    sink = io.BytesIO()
    with RowFile(sink, SCHEMA, {"position_ids": "DELTA_BINARY_PACKED"}) as file:
        file.write_table(pa.Table.from_arrays([int32_lists([0, len(values)], values)], schema=SCHEMA))
    return sink.getvalue()


def check(values: np.ndarray) -> None:
    """Two readers find the values."""
    import polars as pl

    file = file_of(values)
    assert np.array_equal(pq.read_table(io.BytesIO(file))["position_ids"].chunk(0).values, values)
    assert np.array_equal(pl.read_parquet(file)["position_ids"].explode().to_numpy(), values)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=20))
def test_positions_come_back(lengths: list[int]) -> None:
    check(np.concatenate([np.arange(length, dtype=np.int32) for length in lengths]))


@given(st.integers(0, 2**32 - 1), st.integers(1, 700), st.integers(0, 31), st.sampled_from(EXTREMES))
def test_any_numbers_come_back(seed: int, count: int, num_bits: int, first: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.integers(-(2**num_bits), 2**num_bits, count) >> rng.integers(0, num_bits + 1, count)
    check((first + np.cumsum(steps)).astype(np.int32))


@pytest.mark.parametrize("count", [1, 2, 128, 129, 130, 257])
def test_blocks_may_end_anywhere(count: int) -> None:
    check(np.arange(count, dtype=np.int32))
    check(np.resize(np.array(EXTREMES, np.int32), count))


def test_an_even_rise_takes_five_bytes_a_block() -> None:
    sizes = [len(delta_binary_packed(np.arange(1 + 128 * blocks, dtype=np.int32))) for blocks in range(1, 90)]
    assert {after - before for before, after in pairwise(sizes)} == {5}
