"""Haystacks of needles say each key with its own values, in the wording's own order and letters."""

import re
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from lcdata.generators.material.identifiers import FactKind, NameKind, Names, identifiers
from lcdata.generators.material.needles import alike, needle_haystack
from lcdata.generators.material.phrases import Passage
from lcdata.schemas.sample import Fragments
from lcdata.schemas.stream import stream

COUNT = 200


def names(kind: NameKind, index: int = 0) -> Names:
    """Some identifiers."""
    return identifiers(kind, stream("test", 0, index), COUNT)


def sentences(whole: Passage) -> list[str]:
    """The haystack, cut where it says that its sentences end."""
    return [whole.text[start:end] for start, end in pairwise(whole.ends.tolist())]


KINDS = [(key, value) for key in get_args(FactKind) for value in get_args(FactKind)]


@pytest.mark.parametrize(("key", "value"), KINDS)
def test_each_sentence_is_a_key_with_its_value(key: FactKind, value: FactKind) -> None:
    keys, values = names(key), names(value, 1)
    whole = needle_haystack(["The {kind} of {key} is {value}, they say."], "sign", keys, [values], numbered=False)
    pairs = zip(keys.strings(), values.strings(), strict=True)
    assert sentences(whole) == [f"The sign of {one} is {other}, they say. " for one, other in pairs]


@pytest.mark.parametrize("key", get_args(FactKind))
def test_the_value_may_come_first_and_the_key_twice(key: FactKind) -> None:
    keys, values = names(key), names("numbers", 1)
    whole = needle_haystack(["{value} is of {key} ({key})."], "", keys, [values], numbered=False)
    pairs = zip(keys.strings(), values.strings(), strict=True)
    assert sentences(whole) == [f"{value} is of {key} ({key}). " for key, value in pairs]


def test_lists_are_numbered_in_order() -> None:
    keys, first, second = names("cities"), names("outings"), names("outings", 1)
    whole = needle_haystack(["In {key}: {value}."], "", keys, [first, second], numbered=True)
    said = zip(keys.strings(), first.strings(), second.strings(), strict=True)
    assert sentences(whole) == [f"In {city}: 1) {one} and 2) {two}. " for city, one, two in said]


@pytest.mark.parametrize("value", ["numbers", "uuids"])
def test_characters_are_counted_and_not_bytes(value: FactKind) -> None:
    keys, values = names("words"), names(value, 1)
    whole = needle_haystack(["„{key}“ heißt für uns {value} 🎻."], "", keys, [values], numbered=False)
    pairs = zip(keys.strings(), values.strings(), strict=True)
    assert sentences(whole) == [f"„{key}“ heißt für uns {value} 🎻. " for key, value in pairs]


def runs(strings: tuple[str, ...]) -> NDArray[np.int64]:
    """What a tokenizer says of strings that takes up to four letters and the blank before, and others one by one."""
    return np.array([len(re.findall(r" ?[a-zA-Z]{1,4}|.", string)) for string in strings])


def counted(fragments: Fragments) -> NDArray[np.int64]:
    """The same of fragments."""
    return runs(fragments.strings)


def test_fragments_have_the_tokens_of_the_text() -> None:
    patterns = ["One of the special magic {kind}s for {key} is: {value}."]
    whole = needle_haystack(patterns, "number", names("words"), [names("numbers", 1)], numbered=False)
    tokens = whole.tokens(counted)
    assert tokens is not None
    texts = tuple(" " + whole.text[:end].removesuffix(" ") if end else "" for end in whole.ends.tolist())
    assert tokens.tolist() == runs(texts).tolist()
    assert len(set(np.diff(tokens))) > 1


def test_uuids_are_counted_by_their_characters() -> None:
    whole = needle_haystack(["{key}: {value}."], "", names("uuids"), [names("words", 1)], numbered=False)
    assert whole.tokens(counted) is None


@pytest.mark.parametrize("key", get_args(FactKind))
def test_needles_may_be_worded_in_several_ways(key: FactKind) -> None:
    patterns = alike(["{key} has {value}.", "{value} is {key}'s.", "For {key} it says {value}, at last."])
    assert len(patterns) == 2
    keys, values = names(key), names("numbers", 1)
    forms = np.arange(COUNT) % 3 % 2
    whole = needle_haystack(patterns, "", keys, [values], numbered=False, forms=forms)
    said = zip(keys.strings(), values.strings(), forms.tolist(), strict=True)
    assert sentences(whole) == [
        f"For {one} it says {other}, at last. " if form else f"{one} has {other}. " for one, other, form in said
    ]
    tokens = whole.tokens(counted)
    assert (tokens is None) == (key == "uuids")
