"""What composed haystacks hold is known before they are drawn, so that no needle has any of it."""

import re

import pytest

from lcdata.generators.material.essay import CODES
from lcdata.generators.material.haystack import HaystackKind, passage
from lcdata.generators.material.identifiers import found
from lcdata.generators.material.prose_names import codes_in_haystack, names_in_haystack, people_in_haystack
from lcdata.schemas.stream import stream

KINDS: tuple[HaystackKind, ...] = ("prose", "code", "logs", "table", "json", "chat")


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_and_no_name_is_in_a_text_that_is_not_known(kind: HaystackKind) -> None:
    text = passage(kind, stream("test", 5, 1), 6000, 5).text
    codes, numbers = set(re.findall(CODES, text)), found("numbers", text.encode())
    people = set(re.findall(r"(?=\b([A-Z][a-z]+ [A-Z][a-z]+)\b)", text))
    assert len(codes) > 200
    assert len(numbers) > 20
    assert codes <= codes_in_haystack(kind, 5)
    assert numbers <= names_in_haystack(kind, 5, "numbers")
    assert people <= people_in_haystack(kind, 5)
    assert len(people) > 300 or kind == "code"


@pytest.mark.parametrize("kind", KINDS)
def test_no_key_of_two_words_is_in_a_text(kind: HaystackKind) -> None:
    text = passage(kind, stream("test", 5, 1), 6000, 5).text
    assert not found("words", text.encode())
    assert not names_in_haystack(kind, 5, "words")
    assert len(set(re.findall(r"[a-z]+-[a-z]+", text))) > 5 or kind == "code"


@pytest.mark.parametrize("kind", ["logs", "table", "json"])
def test_records_have_uuids(kind: HaystackKind) -> None:
    text = passage(kind, stream("test", 5, 1), 500, 5).text
    assert len(re.findall(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", text)) > 10
