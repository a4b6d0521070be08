"""Identifiers are all different, none is part of another, and they look as they should."""

import re
from typing import get_args

import pytest

from lcdata.generators.material.identifiers import NameKind, found, identifiers
from lcdata.schemas.errors import UsageError
from lcdata.schemas.stream import stream

PATTERNS: dict[NameKind, str] = {
    "words": r"[a-z]{4,12}-[a-z]{4,12}",
    "numbers": r"[1-9]\d{6}",
    "uuids": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "cities": r"[A-Z][a-z]{8,}",
    "outings": r"[a-z]+( [a-z]+){0,3} the [a-z-]+ [a-z]+( [a-z]+)?",
}


def drawn(kind: NameKind, count: int, index: int = 0, taken: frozenset[str] = frozenset()) -> list[str]:
    """Identifiers as strings."""
    return identifiers(kind, stream("test", 0, index), count, taken).strings()


@pytest.mark.parametrize("kind", PATTERNS)
def test_identifiers_are_different_and_of_their_kind(kind: NameKind) -> None:
    strings = drawn(kind, 3000)
    assert len(set(strings)) == len(strings) == 3000
    assert all(re.fullmatch(PATTERNS[kind], string) for string in strings)
    if kind == "numbers":
        assert any(string.endswith("00") or "000" in string for string in strings)
        assert len({string[-3] for string in strings}) == 10


def test_every_kind_is_tested() -> None:
    assert set(PATTERNS) == set(get_args(NameKind))


@pytest.mark.parametrize("kind", ["words", "cities", "outings"])
def test_no_identifier_is_part_of_another(kind: NameKind) -> None:
    strings = drawn(kind, 2500)
    text = "\n".join(strings)
    assert all(text.count(string) == 1 for string in strings)


@pytest.mark.parametrize("kind", ["words", "numbers", "cities", "outings"])
def test_identifiers_of_a_text_are_found_wherever_they_stand(kind: NameKind) -> None:
    strings = drawn(kind, 40)
    inside, alone, absent = strings[:10], strings[10:20], strings[20:]
    around = ("7", "9") if kind == "numbers" else ("x", "y")
    text = " ".join([*(name.join(around) for name in inside), "über", *alone, "-".join(alone)])
    names = found(kind, text.encode())
    assert names >= {*inside, *alone}
    assert not names & set(absent)
    assert all(name in text for name in names)


def test_what_is_taken_is_not_drawn() -> None:
    first = drawn("words", 50)
    again = drawn("words", 50, taken=frozenset(first))
    assert len(set(again)) == 50
    assert not set(first) & set(again)
    assert drawn("words", 50, taken=frozenset(first[:3])) != first


def test_more_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^20,000 different cities are more than there are: use a shorter length"):
        drawn("cities", 20_000)
    with pytest.raises(UsageError, match="different cities"):
        drawn("cities", 16_000, taken=frozenset(drawn("cities", 16_000)))
