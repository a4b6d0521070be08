"""A row's cost is the sum of its squared lengths, and dealing by it leaves ranks little to wait for."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcdata import deal_rows, row_costs
from lcdata.packers.dataset import open_dataset
from lcdata.packers.training.costs import deal_steps, table_costs
from lcdata.packers.training.row_groups import RowGroups
from lcdata.schemas.errors import LcdataError, UsageError


def test_costs_are_the_squared_lengths_of_the_rows(dataset: Path) -> None:
    costs = row_costs(dataset)
    groups = RowGroups(open_dataset(dataset).config().data)
    lengths = [groups.row(number).seq_lengths for number in range(groups.num_rows)]
    assert costs.dtype == np.int64
    assert costs.tolist() == [int((row.astype(np.int64) ** 2).sum()) for row in lengths]
    assert any(len(row) > 1 for row in lengths)


def test_long_documents_do_not_overflow() -> None:
    columns = {"row": [0, 1, 1, 2], "length": [1 << 20, 1 << 17, 3, 1]}
    table = pa.table({name: pa.array(column, pa.int32()) for name, column in columns.items()})
    assert table_costs(table).tolist() == [1 << 40, (1 << 34) + 9, 1]


@given(st.integers(1, 8), st.data())
def test_dealing_loses_no_row_and_waits_least(world_size: int, data: st.DataObject) -> None:
    rounds = data.draw(st.integers(1, 6))
    size = rounds * world_size
    costs = np.array(data.draw(st.lists(st.integers(0, 2**40), min_size=size, max_size=size)), np.int64)
    dealt = deal_rows(costs, world_size)
    assert dealt.shape == (rounds, world_size)
    assert sorted(dealt.ravel().tolist()) == list(range(size))
    assert costs[dealt].max(1).sum() <= costs.reshape(rounds, world_size).max(1).sum()
    assert costs[dealt].max(1).sum() == np.sort(costs)[::-world_size].sum()


def test_no_rank_gets_the_dearest_of_every_round() -> None:
    assert deal_rows(np.array([5, 40, 30, 10, 20, 50]), 2).tolist() == [[5, 1], [4, 2], [3, 0]]


def test_rows_of_one_cost_keep_their_order() -> None:
    assert deal_rows(np.array([7, 7, 7, 7]), 4).tolist() == [[0, 1, 2, 3]]


def test_steps_keep_their_rows() -> None:
    costs = np.random.default_rng(0).integers(0, 1000, 26)
    rows = np.random.default_rng(1).permutation(26)
    dealt = deal_steps(rows, costs, step_rows=8, world_size=2)
    assert len(dealt) == 26
    for first in range(0, 26, 8):
        assert set(dealt[first : first + 8].tolist()) == set(rows[first : first + 8].tolist())
    assert dealt.tolist() != rows.tolist()
    assert len(deal_steps(rows[:0], costs, 8, 2)) == 0


def test_what_is_no_dataset_is_said(tmp_path: Path, dataset: Path) -> None:
    with pytest.raises(UsageError, match="no finished dataset"):
        row_costs(tmp_path)
    with pytest.raises(UsageError, match=r"has no config 'vt': it has kv"):
        row_costs(dataset, "vt")
    (tmp_path / "lcdata.json").write_text("{}")
    with pytest.raises(LcdataError, match="is damaged"):
        row_costs(tmp_path)
