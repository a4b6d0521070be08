"""`fwe`: solved by counting the text's words; `solve` and `CASES` also serve the contract test."""

import re
from collections import Counter

import numpy as np
import pytest
from chance import chisquare

from lcdata.generators.fwe import NUMBER_WORDS, WORDINGS
from lcdata.generators.registry import build_task, preset_settings
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

CASES = ({}, {"alpha": 1.2, "num_top": 6, "words": "letters", "word_length": 7})
SHAPES = (
    *CASES,
    {"alpha": 1.5, "num_top": 1, "word_length": 5},
    {"alpha": 6, "num_top": 10},
    {"alpha": 1.1, "words": "letters", "word_length": 4},
    {"even": True, "ordered": True},
)


def solve(prompt: str) -> tuple[str, ...]:
    """The most frequent words besides the dots, as many as are asked for, most frequent first."""
    _, text, question = prompt.split("\n\n")
    counts = Counter(word for word in text.split(" ") if word != "...")
    asked = re.search(rf"\b({'|'.join(NUMBER_WORDS)}) (?:most|favoured)", question)
    number = NUMBER_WORDS.index(asked[1]) if asked else 1
    top = counts.most_common(number + 1)
    frequencies = [count for _, count in top]
    assert frequencies == sorted(set(frequencies), reverse=True), "the answer is unique"
    return tuple(word for word, _ in top[:number])


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    wording = WORDINGS[index % len(WORDINGS)]
    task = build_task("fwe", settings)
    return task.draft(stream("fwe", 5, index), wording, num_units).render(num_units)


def shown(sample: Sample) -> list[str]:
    """The words of the text in order, dots included."""
    return sample.prompt.split("\n\n")[1].split(" ")


@pytest.mark.parametrize("settings", SHAPES)
def test_the_answer_is_unique_at_every_size(settings: dict[str, object]) -> None:
    draft = build_task("fwe", settings).draft(stream("fwe", 2, 7), WORDINGS[0], 300)
    for num_units in range(1, 301):
        sample = draft.render(num_units)
        assert solve(sample.prompt) == sample.answers
        facts = sample.facts
        assert all(np.diff([*facts["counts"], facts["next_count"]]) < 0)


@pytest.mark.parametrize("alpha", [1.1, 2.0, 3.0])
def test_frequencies_follow_the_law(alpha: float) -> None:
    sample = make(3, 2000, alpha=alpha)
    counts = Counter(shown(sample))
    found = [count for _, count in counts.most_common()]
    assert counts["..."] == found[0] == sample.facts["num_dots"]
    assert len(found) > 10
    for rank, count in enumerate(found, start=1):
        assert abs(count - found[0] * rank**-alpha) <= 4
    assert [counts[word] for word in sample.answers] == sample.facts["counts"]
    assert sample.facts["num_words"] == len(found) - 1
    assert sample.facts["num_occurrences"] == sum(found)


def test_the_preset_is_rulers() -> None:
    assert make(2, 40, **preset_settings("fwe", "fwe")) == make(2, 40, words="letters")


def test_longer_texts_have_more_words() -> None:
    sizes = [make(0, num_units).facts["num_words"] for num_units in (50, 500, 3000)]
    assert sizes[0] < sizes[1] / 2 < sizes[2] / 4


@pytest.mark.parametrize(
    ("settings", "pattern"),
    [
        ({}, "([a-z][0-9]){3}"),
        ({"word_length": 7}, "([a-z][0-9]){3}[a-z]"),
        ({"words": "letters"}, "[a-z]{6}"),
    ],
)
def test_words_look_alike_and_differ(settings: dict[str, object], pattern: str) -> None:
    sample = make(1, 2500, alpha=1.2, **settings)
    words = {word for word in shown(sample) if word != "..."}
    assert len(words) == sample.facts["num_words"] > 500
    assert all(re.fullmatch(pattern, word) for word in words)


def test_where_the_top_words_stand_cannot_be_foreseen() -> None:
    """Their places are even over the text, and no two samples share them."""
    places: list[int] = []
    patterns: set[tuple[int, ...]] = set()
    for index in range(300):
        sample = make(index, 6)
        found = [place for place, word in enumerate(shown(sample)) if word in sample.answers]
        patterns.add(tuple(found))
        places += found
    assert len(patterns) == 300
    assert chisquare(np.bincount(places, minlength=6 * 16 + 6)).pvalue > 1e-4


def test_neither_letters_nor_first_appearance_foretell_the_answer() -> None:
    samples = [make(index, 2) for index in range(1040)]
    for rank in range(3):
        letters = Counter(sample.answers[rank][0] for sample in samples)
        assert len(letters) == 26
        assert chisquare(list(letters.values())).pvalue > 1e-4
    orders = Counter(tuple(np.argsort(sample.answers).tolist()) for sample in samples)
    assert len(orders) == 6
    assert chisquare(list(orders.values())).pvalue > 1e-4
    assert len({sample.answers for sample in samples}) == 1040


def test_fewer_units_keep_the_order_of_what_remains() -> None:
    draft = build_task("fwe", {}).draft(stream("fwe", 1, 0), WORDINGS[0], 60)
    few, many = draft.render(20), draft.render(60)
    rest = iter(shown(many))
    assert all(word in rest for word in shown(few))
    assert few.answers == many.answers
    assert draft.render(20) == few


@pytest.mark.parametrize("settings", SHAPES)
def test_a_drafts_characters_are_exact(settings: dict[str, object]) -> None:
    for wording in WORDINGS:
        draft = build_task("fwe", settings).draft(stream("fwe", 0, 1), wording, 300)
        assert all(len(draft.render(units).text) == draft.chars[units] for units in (1, 7, 130, 300))


@pytest.mark.parametrize("settings", SHAPES)
def test_fragments_are_the_words_of_the_text(settings: dict[str, object]) -> None:
    draft = build_task("fwe", settings).draft(stream("fwe", 0, 1), WORDINGS[0], 300)
    tokens = draft.tokens(lambda fragments: np.array([sum(map(ord, string[1:])) for string in fragments.strings]))
    assert len(tokens) == 301
    for units in (1, 7, 130, 300):
        assert tokens[units] == sum(sum(map(ord, word)) for word in shown(draft.render(units)))


def test_a_text_of_a_million_tokens_is_still_solved() -> None:
    sample = make(9, 22_000)
    assert len(sample.text) > 1_500_000
    assert solve(sample.prompt) == sample.answers


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"alpha": 1}, "alpha: .*, got 1"),
        ({"num_top": 11}, "num_top: .*, got 11"),
        ({"words": "runes"}, "words: .*, got 'runes'"),
        ({"word_lenght": 7}, "unknown setting 'word_lenght'. Did you mean 'word_length'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=f"fwe: {problem}"):
        build_task("fwe", settings)


def test_running_out_of_words_names_the_cures() -> None:
    problem = (
        "different words are needed, but codes of 4 give only 67,600: use a greater word_length or a shorter length"
    )
    with pytest.raises(UsageError, match=rf"^fwe: [\d,]+ {problem}$"):
        make(0, 100_000, alpha=1.1, word_length=4)


def test_one_word_is_asked_and_answered_in_the_singular() -> None:
    for index, wording in enumerate(WORDINGS):
        sample = make(index, 3, num_top=1)
        said = sample.prompt.split("\n\n")[-1] + sample.answer
        assert not re.search(rf"\b({'|'.join(NUMBER_WORDS)}|words|are|have)\b", said), wording.id
        assert sample.answers[0] in said


def test_wordings_include_the_seed() -> None:
    questions = {make(index, 3).prompt.split("\n\n")[-1] for index in range(len(WORDINGS))}
    assert len(questions) == len({wording.head for wording in WORDINGS}) == len(WORDINGS) >= 9
    seed = "What are the three most frequently appeared words in the above coded text?\n"
    assert any(question.endswith(seed) for question in questions)
