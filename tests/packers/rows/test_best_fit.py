"""Rows are planned by exact best-fit decreasing, over all documents at once."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lcdata.packers.rows.best_fit import plan_rows

Rows = list[NDArray[np.int64]]


def planned(lengths: NDArray[np.int32], seq_length: int, seed: int = 0) -> Rows:
    order, starts = plan_rows(lengths, seq_length, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(lengths)))
    return [order[start:end] for start, end in pairwise(starts)]


def naive_fills(lengths: list[int], seq_length: int) -> list[int]:
    """Best-fit decreasing as textbooks have it."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [place for place, room in enumerate(rooms) if room >= length]
        place = min(fitting, key=lambda place: rooms[place], default=None)
        if place is None:
            rooms.append(seq_length - length)
        else:
            rooms[place] -= length
    return sorted(seq_length - room for room in rooms)


def fewest_rows(lengths: list[int], seq_length: int) -> int:
    """By trying everything."""

    def partitions(rest: list[int], rooms: tuple[int, ...]) -> Iterator[int]:
        if not rest:
            yield len(rooms)
            return
        for place in range(len(rooms)):
            if rooms[place] >= rest[0]:
                yield from partitions(rest[1:], (*rooms[:place], rooms[place] - rest[0], *rooms[place + 1 :]))
        yield from partitions(rest[1:], (*rooms, seq_length - rest[0]))

    return min(partitions(lengths, ()))


@settings(max_examples=500)
@given(st.data(), st.integers(10, 60))
def test_rows_are_filled_as_by_textbook_best_fit_decreasing(data: st.DataObject, seq_length: int) -> None:
    longest = data.draw(st.integers(1, seq_length))
    lengths = data.draw(st.lists(st.integers(1, longest), min_size=1, max_size=150))
    sizes = np.array(lengths, np.int32)
    assert sorted(int(sizes[row].sum()) for row in planned(sizes, seq_length)) == naive_fills(lengths, seq_length)


def test_large_plans_are_filled_as_by_textbook_best_fit_decreasing() -> None:
    rng = np.random.default_rng(3)
    for seq_length, longest in ((1000, 1000), (1000, 120), (997, 400), (64, 64)):
        sizes = rng.integers(1, longest + 1, 2000).astype(np.int32)
        fills = sorted(int(sizes[row].sum()) for row in planned(sizes, seq_length))
        assert fills == naive_fills(sizes.tolist(), seq_length)


@settings(max_examples=100)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=7))
def test_rows_are_near_the_fewest_possible(lengths: list[int]) -> None:
    rows = len(planned(np.array(lengths, np.int32), 20))
    best = fewest_rows(lengths, 20)
    assert best <= rows <= (11 * best + 6) / 9  # Dósa 2007: tight for decreasing orders


def web() -> NDArray[np.float64]:
    return np.exp(np.random.default_rng(5).normal(np.log(400), 1.2, 200_000))


def long() -> NDArray[np.float64]:
    return np.minimum(np.exp(np.random.default_rng(5).normal(np.log(12_000), 1.0, 8_000)), 262_144)


@pytest.mark.parametrize("seq_length", [32_768, 131_072])
@pytest.mark.parametrize("reference", [web, long])
def test_reference_distributions_fill_their_rows(reference: Callable[[], NDArray[np.float64]], seq_length: int) -> None:
    sizes = np.clip(reference(), 1, seq_length).astype(np.int32)
    tokens = int(sizes.sum(dtype=np.int64))
    rows = len(planned(sizes, seq_length))
    assert rows <= -(-tokens // seq_length) + 2
    assert tokens / (rows * seq_length) >= 0.999


def test_a_plan_is_not_cut_into_windows() -> None:
    """Short documents from the end fill the rows that long ones at the start leave open."""
    sizes = np.repeat(np.array([90, 10], np.int32), 100_000)
    assert len(planned(sizes, 100)) == 100_000


def test_another_seed_shuffles_the_same_rows() -> None:
    sizes = np.random.default_rng(1).integers(1, 50, 1000).astype(np.int32)
    one, two = ([tuple(row.tolist()) for row in planned(sizes, 100, seed)] for seed in (1, 2))
    assert one != two
    assert set(one) == set(two)
    assert one == [tuple(row.tolist()) for row in planned(sizes, 100, 1)]


def test_documents_of_a_row_keep_their_order() -> None:
    sizes = np.random.default_rng(1).integers(1, 50, 1000).astype(np.int32)
    rows = planned(sizes, 100)
    assert all((np.diff(row) > 0).all() for row in rows)
    assert max(map(len, rows)) > 2


def test_a_rows_place_says_nothing_about_its_documents() -> None:
    sizes = np.random.default_rng(2).integers(1, 101, 20_000).astype(np.int32)
    longest = [int(sizes[row].max()) for row in planned(sizes, 100)]
    half = len(longest) // 2
    assert abs(np.mean(longest[:half]) - np.mean(longest[half:])) < 2
    assert np.std(longest) > 10


def test_documents_that_never_share_a_row_stay_in_order() -> None:
    order, starts = plan_rows(np.array([60, 90, 51], np.int32), 100, np.random.default_rng(0))
    assert order.tolist() == [0, 1, 2]
    assert starts.tolist() == [0, 1, 2, 3]


def test_nothing_makes_no_rows() -> None:
    assert planned(np.zeros(0, np.int32), 100) == []
