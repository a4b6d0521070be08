"""Everything is of exactly one of three sets, three fifths of it of the first."""

import numpy as np
import pytest

from lcdata.schemas.split import SHARES, is_of_split, of_split


@pytest.mark.parametrize("columns", [1, 3])
def test_everything_is_of_one_set(columns: int) -> None:
    numbers = np.arange(60_000).reshape(-1, columns)
    of = np.array([of_split(numbers, split) for split in SHARES])
    assert (of.sum(axis=0) == 1).all()
    assert np.allclose(of.mean(axis=1), [0.6, 0.2, 0.2], atol=0.015)


def test_all_numbers_of_a_thing_count() -> None:
    first = of_split(np.array([[1, number] for number in range(1000)]), "train")
    assert 0.5 < first.mean() < 0.7
    assert not np.array_equal(of_split(np.array([[5, 7], [7, 5]] * 40), "train")[::2], first[:40])


def test_texts_are_of_one_set_too() -> None:
    texts = [f"key {number}" for number in range(2000)]
    counts = [sum(is_of_split(text, split) for text in texts) for split in SHARES]
    assert sum(counts) == 2000
    assert 1100 < counts[0] < 1300
