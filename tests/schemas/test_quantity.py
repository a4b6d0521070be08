"""Lengths are binary, counts decimal, and nothing else is taken for a number."""

import pytest

from lcdata.schemas.lengths import Lengths
from lcdata.schemas.quantity import IntRange, format_length, parse_count, parse_length


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("128k", 131072), ("128K", 131072), ("128Ki", 131072), ("1M", 2**20), ("131_072", 131072), ("0.5k", 512), (7, 7)],
)
def test_lengths_are_binary(text: str | int, tokens: int) -> None:
    assert parse_length(text) == tokens


@pytest.mark.parametrize(
    ("text", "count"), [("1e5", 100_000), ("10k", 10_000), ("2.5B", 2_500_000_000), ("1_000", 1000), ("1.5e3", 1500)]
)
def test_counts_are_decimal(text: str, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "k", "1e-3", "1x", "nan", "inf", "1e99", "1 2", "٣", "1.0001k"])
def test_what_is_no_whole_number_above_zero_is_refused(text: str) -> None:
    for parse in (parse_count, parse_length):
        with pytest.raises(ValueError, match="must be a"):
            parse(text)


def test_lengths_are_written_as_short_as_they_were_meant() -> None:
    assert [format_length(tokens) for tokens in (131072, 2**20, 1000, 1536)] == ["128k", "1M", "1000", "1536"]
    assert all(parse_length(format_length(tokens)) == tokens for tokens in range(1, 5000))


def test_ranges_read_both_ways_of_writing() -> None:
    assert IntRange.parse("3..4") == IntRange(3, 4)
    assert IntRange.parse(3) == IntRange.parse("3") == IntRange(3, 3)
    assert str(IntRange(3, 4)) == "3..4"
    for wrong in ("4..3", "a", "1..", "1..2..3", "-1..3", True):
        with pytest.raises(ValueError, match="must"):
            IntRange.parse(wrong)


def test_a_list_of_lengths_cycles() -> None:
    lengths = Lengths.parse("4k,32k,128k")
    assert lengths.of_samples("kv", 0, 5).tolist() == [4096, 32768, 131072, 4096, 32768]
    assert str(lengths) == "4k,32k,128k"


def test_a_range_is_drawn_log_uniformly() -> None:
    drawn = Lengths.parse("4k..128k").of_samples("kv", 0, 200_000)
    assert 4096 <= drawn.min() < 4200 < 130_000 < drawn.max() <= 131072
    octaves = [((drawn >= 2**e) & (drawn < 2 ** (e + 1))).mean() for e in range(12, 17)]
    assert max(octaves) - min(octaves) < 0.01


def test_a_samples_length_depends_on_its_index_alone() -> None:
    lengths = Lengths.parse("100..9000")
    many = lengths.of_samples("kv", 3, 70_000)
    assert lengths.of_samples("kv", 3, 10).tolist() == many[:10].tolist()
    assert all(lengths.of_sample("kv", 3, index) == many[index] for index in (0, 9, 65_535, 65_536, 69_999))
    assert lengths.of_samples("kv", 4, 10).tolist() != many[:10].tolist()
