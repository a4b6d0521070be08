"""`cwe`: solved by counting the entries; `solve` and `CASES` also serve the contract test."""

import re
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from chance import chisquare

from lcdata.generators.cwe import WORDINGS
from lcdata.generators.registry import build_task, preset_settings
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

# The default's 300 entries of common words alone are too long for the contract's short documents.
CASES = (
    {"num_common": 5, "freq_common": 6, "freq_other": 1},
    {"num_common": 4, "freq_common": 8, "freq_other": 3, "words": "english"},
)
SHAPES = ({}, *CASES, {"num_common": 1, "freq_common": 12, "freq_other": 2})

_ENTRY = re.compile(r"\b(\d+)[.):] ([a-z]+)")


def solve(prompt: str) -> tuple[str, ...]:
    """The most common words of the list, as many as are asked for, in order of first appearance."""
    entries = _ENTRY.findall(prompt)
    assert [int(number) for number, _ in entries] == list(range(1, len(entries) + 1))
    counts = Counter(word for _, word in entries)
    asked = re.search(r"(\d+) most", prompt)
    number = int(asked[1]) if asked else 1
    (*_, last), (following, *_) = np.split(np.array([count for _, count in counts.most_common()]), [number])
    assert last > following
    top = {word for word, _ in counts.most_common(number)}
    return tuple(word for word in counts if word in top)


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    wording = WORDINGS[index % len(WORDINGS)]
    task = build_task("cwe", settings)
    return task.draft(stream("cwe", 5, index), wording, num_units).render(num_units)


def listed(sample: Sample) -> list[str]:
    """The words of the list in order."""
    return [word for _, word in _ENTRY.findall(sample.prompt)]


@pytest.mark.parametrize("settings", SHAPES)
def test_frequencies_are_exact(settings: dict[str, object]) -> None:
    for index in range(18):
        sample = make(index, 40, **settings)
        counts = Counter(listed(sample))
        common, other = sample.facts["freq_common"], sample.facts["freq_other"]
        assert Counter(counts.values()) == {common: len(sample.answers), other: 40}
        assert {word for word, count in counts.items() if count == common} == set(sample.answers)
        assert solve(sample.prompt) == sample.answers
        assert sample.facts["num_entries"] == sum(counts.values())


@pytest.mark.parametrize("kind", ["coined", "english"])
def test_no_word_is_a_part_of_another(kind: str) -> None:
    words = set(listed(make(0, 600, words=kind)))
    assert len(words) == 610
    assert not any(one in other for one, other in permutations(words, 2))


def test_coined_words_are_as_many_as_a_length_takes() -> None:
    words = Counter(word for index in range(200) for word in set(listed(make(index, 990))))
    assert 16_380 <= len(words) <= 16_384
    assert chisquare([*words.values(), *[0] * (16_384 - len(words))]).pvalue > 1e-4
    assert len(set(listed(make(0, 20_000)))) == 20_010
    for place in range(0, 8, 2):
        assert len({word[place : place + 2] for word in words}) == 90


def test_where_common_words_stand_cannot_be_foreseen() -> None:
    """Their places are even over the list, and no two samples share them."""
    places: list[int] = []
    patterns: set[tuple[int, ...]] = set()
    for index in range(300):
        sample = make(index, 30, num_common=4, freq_common=5, freq_other=2)
        found = [place for place, word in enumerate(listed(sample)) if word in sample.answers]
        patterns.add(tuple(found))
        places += found
    assert len(patterns) == 300
    assert chisquare(np.bincount(places, minlength=80)).pvalue > 1e-4


def test_neither_letters_nor_the_alphabet_foretell_the_answer() -> None:
    samples = [make(index, 8, num_common=4, freq_common=3, freq_other=1) for index in range(900)]
    first = Counter(sample.answers[0][0] for sample in samples)
    assert len(first) == 18
    assert chisquare(list(first.values())).pvalue > 1e-4
    in_alphabet = [sorted(sample.answers).index(sample.answers[0]) for sample in samples]
    assert chisquare(np.bincount(in_alphabet, minlength=4)).pvalue > 1e-4


def test_english_words_are_common_equally_often() -> None:
    counts = Counter(word for index in range(600) for word in make(index, 1, words="english").answers)
    assert len(counts) > 400, "of three fifths of some 700"
    assert max(counts.values()) < 45


def test_fewer_units_keep_the_order_of_what_remains() -> None:
    draft = build_task("cwe", {}).draft(stream("cwe", 1, 0), WORDINGS[0], 60)
    few, many = draft.render(20), draft.render(60)
    kept = set(listed(few))
    assert [word for word in listed(many) if word in kept] == listed(few)
    assert few.answers == many.answers
    assert draft.render(20) == few


@pytest.mark.parametrize("settings", SHAPES)
def test_a_drafts_characters_are_exact(settings: dict[str, object]) -> None:
    for wording in WORDINGS:
        draft = build_task("cwe", settings).draft(stream("cwe", 0, 1), wording, 300)
        assert all(len(draft.render(units).text) == draft.chars[units] for units in (1, 7, 130, 300))


def test_a_list_of_a_million_tokens_is_still_solved() -> None:
    sample = make(9, 32_000)
    assert len(sample.text) > 1_500_000
    assert solve(sample.prompt) == sample.answers


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"freq_common": 3}, "freq_other: must be below freq_common, got 3 with freq_common=3"),
        ({"freq_other": 30}, "freq_other: must be below freq_common, got 30 with freq_common=30"),
        ({"num_common": 65}, "num_common: .*, got 65"),
        ({"words": "french"}, "words: .*, got 'french'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=f"cwe: {problem}"):
        build_task("cwe", settings)


def test_running_out_of_words_names_the_cures() -> None:
    cures = "use words=coined, a greater freq_other or a shorter length"
    with pytest.raises(
        UsageError, match=f"^cwe: 760 different words are needed, but .* only 7.. english ones: {cures}$"
    ):
        make(0, 750, words="english", freq_other=1)


@pytest.mark.parametrize(
    ("preset", "counts"), [("cwe", {30: 10, 3: 50}), ("cwe_short", {6: 10, 1: 50}), ("cwe_hard", {20: 10, 10: 50})]
)
def test_presets_count_as_the_benchmarks_do(preset: str, counts: dict[int, int]) -> None:
    sample = make(4, 50, **preset_settings("cwe", preset))
    assert Counter(Counter(listed(sample)).values()) == counts


def test_one_word_is_asked_and_answered_in_the_singular() -> None:
    for index, wording in enumerate(WORDINGS):
        sample = make(index, 3, num_common=1)
        said = sample.prompt.split("\n\n")[-1] + sample.answer
        assert not re.search(r"\d|\b(words|are|have|come|and)\b", said), wording.id
        assert sample.answers[0] in said


def test_wordings_include_the_seed() -> None:
    questions = {make(index, 3).prompt.split("\n\n")[-1] for index in range(len(WORDINGS))}
    assert len(questions) == len({wording.head for wording in WORDINGS}) == len(WORDINGS) >= 9
    assert "What are the 10 most common words in the above list?\n" in questions
    seed = make(0, 3)
    *first, last = seed.answers
    assert seed.answer == f"The 10 most common words are: {', '.join(first)} and {last}."
