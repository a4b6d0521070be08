"""How few rows a plan needs: beside the fewest there can be, and beside TRL's packing of the same documents."""

from collections import Counter
from collections.abc import Callable
from itertools import combinations_with_replacement

import numpy as np
import pyarrow as pa
import pytest
from conftest import needed
from numpy.typing import NDArray

from lcdata.packers.rows.best_fit import plan_rows


def num_rows(lengths: NDArray[np.int32], seq_length: int) -> int:
    _, starts = plan_rows(lengths, seq_length, np.random.default_rng(0))
    return len(starts) - 1


def fewest_rows(lengths: tuple[int, ...], seq_length: int) -> int:
    """By trying everything that is not plainly worse than what was found."""
    best = len(lengths)

    def place(rest: tuple[int, ...], rooms: tuple[int, ...]) -> None:
        nonlocal best
        if len(rooms) >= best:
            return
        if not rest:
            best = len(rooms)
            return
        for number, room in enumerate(rooms):
            if room >= rest[0] and room not in rooms[:number]:
                place(rest[1:], (*rooms[:number], room - rest[0], *rooms[number + 1 :]))
        place(rest[1:], (*rooms, seq_length - rest[0]))

    place(tuple(sorted(lengths, reverse=True)), ())
    return best


def test_of_all_plans_for_seven_documents_15_in_19447_need_one_row_more_than_the_fewest() -> None:
    """Best-fit decreasing is no optimum: 2, 2, 2, 3, 5 and 6 fit two rows of 10, and it takes three."""
    spare: Counter[int] = Counter()
    for count in range(1, 8):
        for lengths in combinations_with_replacement(range(1, 11), count):
            rows = num_rows(np.array(lengths, np.int32), 10)
            is_fewest = rows == -(-sum(lengths) // 10)
            spare[0 if is_fewest else rows - fewest_rows(lengths, 10)] += 1
    assert spare == {0: 19_432, 1: 15}
    assert num_rows(np.array([2, 2, 2, 3, 5, 6], np.int32), 10) == 3


def web() -> NDArray[np.float64]:
    return np.random.default_rng(5).lognormal(np.log(400), 1.2, 200_000)


def long() -> NDArray[np.float64]:
    return np.minimum(np.random.default_rng(5).lognormal(np.log(12_000), 1.0, 8_000), 262_144)


UNIT = 8
"""Tokens that one item of a list stands for, so that TRL, which moves them, has less to move."""


@pytest.mark.slow
@pytest.mark.parametrize("seq_length", [32_768, 131_072])
@pytest.mark.parametrize("reference", [web, long])
def test_trl_needs_as_many_rows_over_all_documents_and_more_by_default(
    reference: Callable[[], NDArray[np.float64]], seq_length: int
) -> None:
    import datasets

    trl = needed("trl")
    room = seq_length // UNIT
    lengths = np.clip(reference() / UNIT, 1, room).astype(np.int32)
    ends = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    column = pa.ListArray.from_arrays(ends, pa.array(np.zeros(ends[-1], np.int8)))
    documents = datasets.Dataset(pa.table({"input_ids": column}), fingerprint="documents")
    options = {"keep_in_memory": True, "new_fingerprint": "packed"}
    at_once = trl.pack_dataset(documents, room, "bfd", options | {"batch_size": None})
    by_thousands = trl.pack_dataset(documents, room, "bfd", options)
    assert num_rows(lengths, room) == len(at_once) < len(by_thousands)
