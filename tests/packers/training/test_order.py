"""An epoch goes through every row once, in an order of its own, and shares lose nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcdata.packers.training.order import epoch_order, rank_share, usable_end, worker_share

GROUPS = st.lists(st.integers(1, 9), min_size=1, max_size=30)


def starts_of(groups: list[int]) -> np.ndarray:
    """The first row of each group, and the number of rows."""
    return np.concatenate(([0], np.cumsum(groups)))


@given(GROUPS, st.integers(0, 2**40), st.integers(0, 50), st.integers(1, 40))
def test_an_epoch_has_every_row_once_and_can_be_found_again(
    groups: list[int], seed: int, epoch: int, window: int
) -> None:
    order = epoch_order(starts_of(groups), "kv", seed, epoch, window)
    assert sorted(order.tolist()) == list(range(sum(groups)))
    assert order.tolist() == epoch_order(starts_of(groups), "kv", seed, epoch, window).tolist()


@pytest.mark.parametrize("other", [("vt", 1, 2), ("kv", 2, 2), ("kv", 1, 3)])
def test_another_config_seed_or_epoch_has_another_order(other: tuple[str, int, int]) -> None:
    starts = starts_of([5] * 20)
    assert epoch_order(starts, "kv", 1, 2).tolist() != epoch_order(starts, *other).tolist()


def test_rows_are_mixed_inside_their_window_only() -> None:
    starts = starts_of([4] * 12)
    order = epoch_order(starts, "kv", 0, 0, window_groups=3)
    windows = [{row // 4 for row in order[first : first + 12].tolist()} for first in range(0, 48, 12)]
    assert all(len(window) == 3 for window in windows)
    assert sorted(group for window in windows for group in window) == list(range(12))
    assert windows[0] != {0, 1, 2}
    assert len({row // 4 for row in order[:4].tolist()}) > 1


def test_every_row_can_be_early_or_late() -> None:
    starts = starts_of([3] * 8)
    places = np.array([np.argsort(epoch_order(starts, "kv", seed, 0, 2)) for seed in range(400)])
    assert abs(places.mean(0) - 11.5).max() < 1.8


@given(st.integers(1, 200), st.data())
def test_ranks_and_workers_take_every_row_once(num_rows: int, data: st.DataObject) -> None:
    world_size = data.draw(st.integers(1, 9))
    workers, batch_rows = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    start = data.draw(st.integers(0, num_rows))
    end = usable_end(num_rows, start, world_size)
    assert 0 <= num_rows - end < world_size
    order = np.arange(start, end)
    ranks = [rank_share(order, rank, world_size) for rank in range(world_size)]
    assert len(set(map(len, ranks))) == 1
    shares = [[worker_share(rows, worker, workers, batch_rows) for worker in range(workers)] for rows in ranks]
    assert sorted(row for rank in shares for share in rank for row in share.tolist()) == order.tolist()


@given(st.integers(0, 60), st.integers(1, 5), st.integers(1, 4))
def test_batches_of_workers_in_turn_are_in_order(num_rows: int, workers: int, batch_rows: int) -> None:
    rows = np.arange(num_rows)
    shares = [worker_share(rows, worker, workers, batch_rows).tolist() for worker in range(workers)]
    taken: list[int] = []
    while any(shares):
        for share in shares:
            taken += share[:batch_rows]
            del share[:batch_rows]
    assert taken == rows.tolist()
