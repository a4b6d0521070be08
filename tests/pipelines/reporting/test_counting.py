"""Bins hold every number once, hashes are looked at in bounded memory, rows are chosen and taken alike each time."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcdata.packers.dataset import Dataset
from lcdata.pipelines.reporting.bins import cut, cut_parts, quantile
from lcdata.pipelines.reporting.distinct import Distinct
from lcdata.pipelines.reporting.page import in_script
from lcdata.pipelines.reporting.sampled import sampled_rows
from lcdata.pipelines.reporting.shown import brief, clean, percent, short


@given(st.lists(st.integers(0, 5000), max_size=30), st.integers(0, 4000))
def test_every_number_is_in_one_bin(numbers: list[int], least: int) -> None:
    counts = np.bincount(np.array([least + number for number in numbers], np.int64), minlength=10_001)
    for bins in (cut(counts), cut_parts(counts, 10_000)):
        assert bins.sums(counts).sum() == len(numbers)
        assert list(bins.edges) == sorted(set(bins.edges))
        assert len(bins.labels) == len(bins.names()) == len(bins.edges) - 1 <= 20
        for low, high, sum_of in zip(bins.edges, bins.edges[1:], bins.sums(counts), strict=False):
            assert sum_of == counts[low:high].sum()


def test_powers_of_two_end_their_bins() -> None:
    counts = np.zeros(140_000, np.int64)
    counts[[1, 1024, 1025, 131072]] = 1
    bins = cut(counts)
    assert (bins.labels[-1], bins.reading) == ("128k", "up to")
    assert dict(zip(bins.labels, bins.sums(counts).tolist(), strict=True))["1k"] == 1
    assert dict(zip(bins.labels, bins.sums(counts).tolist(), strict=True))["2k"] == 1


@given(st.lists(st.integers(0, 200), min_size=1, max_size=50), st.sampled_from([0.05, 0.5, 1]))
def test_a_quantile_is_a_number_that_so_many_do_not_exceed(numbers: list[int], share: float) -> None:
    found = quantile(np.bincount(numbers), share)
    assert found in numbers
    assert sum(number <= found for number in numbers) >= share * len(numbers) - 1e-9


@pytest.mark.parametrize("most", [1 << 20, 64])
def test_repeated_hashes_are_found_in_bounded_memory(most: int) -> None:
    names = [str(number) for number in range(1000)] * 2
    hashes = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    distinct = Distinct(most)
    for start in range(0, len(hashes), 100):
        distinct.add(pa.chunked_array([hashes[start : start + 50], hashes[start + 50 : start + 100]]))
    assert len(distinct) <= most
    assert distinct.duplicates * 2 == len(distinct) > 0
    assert (distinct.halvings == 0) == (most > 2000)


def test_rows_are_chosen_alike_and_taken_as_they_are(hostile: Dataset) -> None:
    config = hostile.config("one")
    chosen = sampled_rows(config, 30)
    assert chosen == sampled_rows(config, 30)
    assert chosen == sorted(set(chosen))
    assert 12 <= len(chosen) < config.num_rows
    taken = list(config.take(reversed(chosen)))
    assert [row.index for row in taken] == chosen
    for row in taken:
        alone = config.row(row.index)
        assert np.array_equal(row.input_ids, alone.input_ids)
        assert [document.sha256 for document in row.documents] == [document.sha256 for document in alone.documents]
    assert sampled_rows(config, 10**6) == list(range(config.num_rows))


def test_data_cannot_end_its_element() -> None:
    text = in_script({"a": "</script><!--&\u2028\u2029"})
    assert not set("<>&\u2028\u2029") & set(text)


def test_numbers_and_names_are_short_and_hide_nothing() -> None:
    assert [percent(share) for share in (0, 1, 0.5, 0.9996, 0.00004)] == [
        "0 %",
        "100 %",
        "50.0 %",
        "99.96 %",
        "0.0040 %",
    ]
    assert [short(number) for number in (950, 13_100, 999_600, 2.4e6)] == ["950", "13.1k", "1000k", "2.4M"]
    assert brief("a\u202eb\nc" + "d" * 99, 6) == "a⟨202e⟩b cd…"
    assert clean("one\ntwo\x00" + "x" * 9, 8) == "one\ntwo⟨0⟩\n… 9 more characters"
