"""Haystacks are drawn for each sample alone, and needles stand where they were put."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from lcdata.generators.material.haystack import HaystackKind, passage, phrases
from lcdata.generators.material.prose import prose
from lcdata.schemas.sample import Fragments
from lcdata.schemas.stream import stream

_WORD = re.compile(r"[^\W_]|[^\w\s]|_")
KINDS: tuple[HaystackKind, ...] = ("noise", "prose")
LINES: tuple[HaystackKind, ...] = ("code", "logs", "table", "json", "chat")


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
    """What a tokenizer that cuts between words says of strings."""
    counts = np.array([len(_WORD.findall(string)) for string in fragments.strings])
    return counts if fragments.made_of is None else counts[fragments.made_of].sum(axis=1)


@pytest.mark.parametrize("kind", LINES)
def test_units_of_other_haystacks_are_whole_lines(kind: HaystackKind) -> None:
    whole = passage(kind, stream("test", 0, 1), 300)
    assert int(whole.ends[-1]) == len(whole.text)
    units = [whole.text[start:end] for start, end in pairwise(whole.ends)]
    assert len(set(units)) == 300
    assert all(unit.endswith("\n") and unit.strip() for unit in units)
    assert min(map(len, units)) > 30


@pytest.mark.parametrize("kind", LINES)
def test_needles_take_the_form_of_the_lines_around_them(kind: HaystackKind) -> None:
    drawn = passage(kind, stream("test", 0, 2), 30)
    sentences = ["The number of amber-bell is 1234567.", 'Some "quotes" | and bars.', "Last of all."]
    parts, spans = drawn.with_needles(30, list(zip((0, 12, 30), sentences, strict=True)))
    text = "".join(parts)
    assert [text[start:end] for start, end in spans] == sentences
    lines = text.splitlines()
    if kind == "code":
        assert len(ast.parse(text).body) == 30
        assert all(f"# {sentence}" in lines for sentence in sentences)
    if kind == "logs":
        times = [line.partition(" ")[0] for line in lines]
        assert times == sorted(times)
        assert all(re.fullmatch(r"[\d:]{8} [A-Z]+ [a-z-]+\[\d{4}\]: .+", line) for line in lines)
    if kind == "table":
        assert [len(re.findall(r" \| ", line)) for line in lines if line not in sentences] == [5] * 32
        assert sentences[1] in lines
    if kind == "json":
        notes = [json.loads(line)["note"] for line in lines if line not in sentences]
        assert notes[0] == sentences[0]
        assert sentences[1] in lines
    if kind == "chat":
        assert 1 < len({line.partition(": ")[0] for line in lines}) <= 6


@pytest.mark.parametrize("kind", [*KINDS, *LINES])
def test_fragments_have_the_words_of_the_text(kind: HaystackKind) -> None:
    whole = passage(kind, stream("test", 0, 1), 300)
    tokens = whole.tokens(words_of)
    assert tokens is not None
    assert tokens.tolist() == [len(_WORD.findall(whole.text[:end])) for end in whole.ends]
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


def windows(kind: HaystackKind, indices: Iterable[int]) -> set[str]:
    """The stretches of 50 characters in some passages, of which those that begin with an s will do."""
    texts = [passage(kind, stream("test", 0, index), 1500).text for index in indices]
    return {text[at.start() : at.start() + 50] for text in texts for at in re.finditer("s", text)}


@pytest.mark.parametrize("kind", ["prose", *LINES])
def test_samples_share_hardly_any_stretch_of_50_characters(kind: HaystackKind) -> None:
    asked, others = windows(kind, range(4)), windows(kind, range(4, 100))
    assert len(asked) > 10_000
    assert len(asked & others) < 0.03 * len(asked)


def test_two_seeds_share_words_and_hardly_a_phrase() -> None:
    one, two = (set(phrases("prose", seed).table.to_pylist()) for seed in (0, 1))
    assert len(one) > 150_000
    assert len(one & two) < 0.1 * len(one)
    assert {" kettle", " rusty"} < set(phrases("prose", 0).words) & set(phrases("prose", 1).words)


def test_a_seeds_tables_do_not_depend_on_what_was_drawn_before() -> None:
    before = phrases("prose", 3)
    prose.cache_clear()
    assert passage("prose", stream("test", 0, 1), 50, 4).text
    assert phrases("prose", 3).table.equals(before.table)
