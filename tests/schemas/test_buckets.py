"""Every length has its bucket."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lcdata.schemas.buckets import Buckets


@given(
    st.sets(st.integers(1, 50), max_size=6).map(lambda edges: Buckets(tuple(sorted(edges)))),
    st.lists(st.integers(0, 60)),
)
def test_a_length_lies_within_its_bucket(buckets: Buckets, lengths: list[int]) -> None:
    numbers = buckets.of(np.array(lengths, np.int32))
    assert numbers.dtype == np.int16
    for length, number in zip(lengths, numbers.tolist(), strict=True):
        high = buckets.high(number)
        assert buckets.low(number) <= length
        assert high is None or length < high
    assert buckets.lows.tolist() == [buckets.low(number) for number in range(len(buckets))]


def test_labels_are_what_people_read() -> None:
    buckets = Buckets((1024, 4096, 5000, 1 << 20))
    assert [buckets.label(number) for number in range(len(buckets))] == ["<1k", "1k–4k", "4k–5000", "5000–1M", "≥1M"]
    assert Buckets(()).label(0) == "any length"


def test_further_edges_are_sorted_in() -> None:
    assert Buckets((1024, 4096)).with_edges(2048, 4096, 0).edges == (1024, 2048, 4096)
