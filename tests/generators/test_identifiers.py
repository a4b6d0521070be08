"""Identifiers are all different, none is part of another, and they look as they should."""

import re

import pytest

from lcdata.generators.identifiers import distinct, identifiers
from lcdata.generators.text import squeeze
from lcdata.schemas.stream import stream

PATTERNS = {
    "words": r"[a-z]{4,12}-[a-z]{4,12}",
    "numbers": r"[1-9]\d{6}",
    "uuids": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_identifiers_are_different_and_of_their_kind(kind: str) -> None:
    block = identifiers(kind, stream("test", 0, 0), 3000)
    strings = [squeeze(row) for row in block]
    assert len(set(strings)) == 3000
    assert all(re.fullmatch(PATTERNS[kind], string) for string in strings)
    if kind == "numbers":
        assert any(string.endswith("00") or "000" in string for string in strings)
        assert len({string[-3] for string in strings}) == 10


def test_no_identifier_of_words_is_part_of_another() -> None:
    strings = [squeeze(row) for row in identifiers("words", stream("test", 0, 1), 2500)]
    text = "\n".join(strings)
    assert all(text.count(string) == 1 for string in strings)


@pytest.mark.parametrize(("size", "count"), [(10, 10), (1000, 300), (100_000, 20_000), (10**6, 5)])
def test_distinct_integers_are_of_the_pool_and_spread_over_it(size: int, count: int) -> None:
    pool = range(50, 50 + size)
    drawn = distinct(stream("test", 0, 2), pool, count).tolist()
    assert len(drawn) == len(set(drawn)) == count
    assert set(drawn) <= set(pool)
    assert max(drawn) - min(drawn) > size / 3
