"""Haystacks are drawn for each sample alone, and needles stand where they were put."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from lcdata.generators.material.haystack import HaystackKind, passage
from lcdata.schemas.sample import Fragments
from lcdata.schemas.stream import stream

KINDS: tuple[HaystackKind, ...] = ("noise", "prose")


@pytest.mark.parametrize("kind", KINDS)
def test_ends_are_those_of_sentences(kind: HaystackKind) -> None:
    whole = passage(kind, stream("test", 0, 1), 300)
    assert len(whole.ends) == 301
    assert whole.ends[0] == 0
    assert int(whole.ends[-1]) == len(whole.text)
    assert (np.diff(whole.ends) > 10).all()
    sentences = [whole.text[start:end] for start, end in pairwise(whole.ends)]
    assert all(sentence[0].isupper() and sentence.endswith((". ", ".\n\n")) for sentence in sentences)
    assert all(sentence.count(".") == 1 for sentence in sentences)


def words_of(fragments: Fragments) -> NDArray[np.int64]:
    """What a tokenizer that cuts at blanks says of strings."""
    return np.array([len(string.split()) for string in fragments.strings])


@pytest.mark.parametrize("kind", KINDS)
def test_fragments_have_the_words_of_the_text(kind: HaystackKind) -> None:
    whole = passage(kind, stream("test", 0, 1), 300)
    tokens = whole.tokens(words_of)
    assert tokens is not None
    assert tokens.tolist() == [len(whole.text[:end].split()) for end in whole.ends]
    assert len(set(np.diff(tokens))) > 1


def test_two_long_samples_of_prose_share_no_long_stretch() -> None:
    texts = [passage("prose", stream("test", 0, index), 8500).text for index in (1, 2)]
    assert min(map(len, texts)) > 600_000
    seen = {texts[0][at : at + 200] for at in range(len(texts[0]) - 200)}
    assert len(seen) > 600_000
    assert not any(texts[1][at : at + 200] in seen for at in range(len(texts[1]) - 200))


def test_no_sentence_of_prose_comes_twice_in_a_long_sample() -> None:
    sentences = passage("prose", stream("test", 0, 1), 8500).text.split(".")
    assert len(sentences) == 8501
    assert Counter(sentences).most_common(1)[0][1] == 1
    assert len({word for sentence in sentences for word in sentence.split()}) > 3000


@pytest.mark.parametrize("kind", KINDS)
def test_haystacks_start_anywhere_and_go_on_anyhow(kind: HaystackKind) -> None:
    drawn = [passage(kind, stream("test", 0, index), 5) for index in range(50)]
    for sentence in range(5):
        assert len({one.text[one.ends[sentence] : one.ends[sentence + 1]] for one in drawn}) > 35


def test_needles_stand_where_they_were_put() -> None:
    drawn = passage("prose", stream("test", 0, 3), 50)
    needles = [(50, "Last."), (0, "First."), (20, "Middle one."), (20, "Middle two.")]
    parts, spans = drawn.with_needles(50, needles)
    text = "".join(parts)
    assert [text[start:end] for start, end in spans] == [sentence for _, sentence in needles]
    assert text.startswith("First. ")
    assert text.endswith("Last.")
    assert spans[2][1] + 1 == spans[3][0]
    bare = text
    for _, sentence in needles:
        bare = bare.replace(f"{sentence} ", "").replace(sentence, "")
    assert bare.rstrip() == drawn.text.rstrip()


def test_fewer_sentences_are_a_prefix() -> None:
    drawn = passage("prose", stream("test", 0, 3), 50)
    parts, _ = drawn.with_needles(20, [])
    assert "".join(parts) == drawn.text[: drawn.ends[20]].rstrip()
    assert drawn.facts(20) == {}
