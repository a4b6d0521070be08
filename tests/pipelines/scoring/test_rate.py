"""Replies are read as a person would read them."""

import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as sampling
from hypothesis import strategies as st
from own_tests import own_tests

from lcdata.generators.registry import tasks
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.making.samples import Made, SampleMaker
from lcdata.pipelines.scoring.rate import rate, rate_substrings
from lcdata.schemas.evaluation import Reference
from lcdata.schemas.mix import TaskComponent
from lcdata.schemas.tokens import TokenizerChoice


def cases() -> list[Any]:
    """Every task with its defaults, its presets and the cases of its own tests."""
    return [
        pytest.param(name, settings, id=f"{name}-{settings}")
        for name, kind in tasks().items()
        for settings in ({}, *kind.presets.values(), *own_tests(name).CASES)
    ]


@cache
def made_samples(name: str, settings: str, source: str) -> tuple[list[Made], list[Reference]]:
    """Samples of a task and their references."""
    task = TaskComponent.model_validate({"task": name, "settings": json.loads(settings), "length": "1500", "n": 1})
    maker = SampleMaker(task, 5, load_tokenizer(TokenizerChoice(source=source)))
    made = [maker.make(index, max(1500, maker.shortest_length)) for index in range(16)]
    return made, [
        Reference.of_document(index=index, answers=one.answers, length=len(one.ids), depth=one.depth, facts=one.facts)
        for index, one in enumerate(sample.document for sample in made)
    ]


def kinds(reference: Reference) -> list[tuple[int, bool]]:
    """How many words each answer has, and whether there are digits in it."""
    return sorted((len(answer.split()), any(map(str.isdigit, answer))) for answer in reference.answers)


@pytest.mark.parametrize(("name", "settings"), cases())
def test_answers_of_our_own_are_exact_and_those_of_others_are_not(
    name: str, settings: dict[str, Any], small: str
) -> None:
    made, references = made_samples(name, json.dumps(settings), small)
    chance = random.Random(7)
    shuffled_recall = []
    for index, (sample, reference) in enumerate(zip(made, references, strict=True)):
        answers = list(reference.answers)
        if reference.ordered:
            assert rate(", ".join(reversed(answers)), reference)["exact"] == 0
        else:
            chance.shuffle(answers)
        for reply in (
            sample.sample.answer,
            f"\n {sample.sample.answer}\n",
            ", ".join(answers),
            "\n".join(f"{place}. **{answer}**" for place, answer in enumerate(answers, 1)),
            "\n- ".join(["Sure! Here is the answer:\n", *answers]) + "\n\nLet me know if you need more.",
            json.dumps({"answers": answers}),
            f"<think>Is it {references[index - 1].answers[0]}?</think>{sample.sample.answer.lower()}",
        ):
            assert rate(reply, reference)["exact"] == 1, (reply, reference)
        assert rate(sample.sample.prompt, reference)["exact"] == 0, "a copy of the text is no answer"
        other = references[index - 1]
        if set(other.answers) != set(reference.answers):
            wrong = rate(made[index - 1].sample.answer, reference)
            assert wrong["exact"] == 0
            shuffled_recall.append(wrong["recall"])
            if kinds(other) == kinds(reference):
                assert rate(", ".join([*answers, *other.answers]), reference)["exact"] == 0
            if not sample.document.facts.get("absent"):  # `no table has key 5` says it also without `Not found`
                assert rate(sample.sample.answer.replace(answers[0], ""), reference)["exact"] == 0
    if shuffled_recall:
        assert len(shuffled_recall) > 3
        assert sum(shuffled_recall) / len(shuffled_recall) < 0.25


NUMBERS, PAIR, WORDS, NAMES = ("9122006", "1234567"), ("2764", "10"), ("apple", "pear", "fig"), ("KJMNV", "SMSKQ")
REPLIES = [
    # reply, answers, recall, precision
    ("The values are 9122006 and 1234567.", NUMBERS, 1, 1),
    ("There are 2 values: `1234567`, 9,122,006", NUMBERS, 1, 1),
    ('```json\n{"value": [9122006, "1234567"]}\n```', NUMBERS, 1, 1),
    ("1) 9122006 2) 1234567", NUMBERS, 1, 1),
    ("9122006,1234567", NUMBERS, 1, 1),
    ("9122006 9122006 9122006", NUMBERS, 1 / 2, 1),
    ("9122006, 1234567, 5555555 and 5555555", NUMBERS, 1, 2 / 3),
    ("91220061 1234567", NUMBERS, 1 / 2, 1 / 2),
    ("<think>9122006 1234567", NUMBERS, 0, 0),
    ("5555555</think>9122006 1234567", NUMBERS, 1, 1),
    ("◁think▷5555555 or 6666666?◁/think▷9122006 1234567", NUMBERS, 1, 1),
    ("<thinking>5555555</thinking>\n9122006 1234567", NUMBERS, 1, 1),
    ("[THINK]5555555[/THINK]9122006 1234567", NUMBERS, 1, 1),
    (" ◁think▷9122006 1234567", NUMBERS, 0, 0),
    ("", NUMBERS, 0, 0),
    ("The value is 2764, found in map_10.", PAIR, 1, 1),
    ("1. 2764\n2. 10", PAIR, 1, 1),
    ("2764 in Dictionary 1. I am sure.", PAIR, 1 / 2, 1 / 2),
    ("12764 0.10 2764.5 10-2764", PAIR, 0, 0),
    ("123", ("1234",), 0, 0),
    ("1,123", ("123",), 0, 0),
    ("123,456", ("123", "456"), 1, 1),
    ("3677 seated", ("3,677 seated",), 1, 1),
    ("The 10 most common words are: 'apple', 'pear' and 'fig'.", WORDS, 1, 1),
    ("1. apple: 30 times\n2. pear - 29\n3. fig (28)", WORDS, 1, 1),
    ("1. apple: 30 times\n2. pear - 29\n3. fig (28)\n4. plum: 3", WORDS, 1, 3 / 4),
    ("apple, pear, fig, plum and quince", WORDS, 1, 3 / 5),
    ("apple plum pear quince fig", WORDS, 1, 3 / 5),
    ("pineapple pear-tree figs", WORDS, 0, 0),
    ("By count, trip, first, although come first.", ("trip", "first", "although"), 1, 1),
    ("VAR KJMNV, VAR smskq", NAMES, 1, 1),
    ("KJMNV, SMSKQ, WWWWW", NAMES, 1, 2 / 3),
    ("KJMNVX", NAMES, 0, 0),
    ("It was Smith, Jones  and\nBrown.", ("Smith, Jones and Brown",), 1, 1),
    ("Smith, Jones and Brown, or Miller Ltd", ("Smith, Jones and Brown",), 1, 1 / 3),
    ("A careful engineer", ("a careful engineer",), 1, 1),
    ("careful engineer", ("a careful engineer",), 1, 1),
    ("It is not found.", ("Not found",), 1, 1),
    ("It is 2764, or not found.", ("Not found",), 1, 1 / 2),
    ("2764 in Dictionary 10, if it is not: Not found.", PAIR, 1, 2 / 3),
    ("large-entire", ("large-entire",), 1, 1),
    ("very-large-entire", ("large-entire",), 0, 0),
    ("large-entire, not small-part", ("large-entire",), 1, 1),
]


@pytest.mark.parametrize(("reply", "answers", "recall", "precision"), REPLIES)
def test_a_reply_states_what_a_person_reads_in_it(
    reply: str, answers: tuple[str, ...], recall: float, precision: float
) -> None:
    rating = rate(reply, Reference(answers=answers))
    assert (rating["recall"], rating["precision"]) == pytest.approx((recall, precision))
    assert rating["exact"] == (recall == precision == 1)
    assert rating["f1"] == pytest.approx(2 * recall * precision / (recall + precision) if recall else 0)


def test_what_the_question_names_may_be_repeated() -> None:
    reply = "For 4936 it is 2764, in Dictionary [10]."
    assert rate(reply, Reference(answers=PAIR))["exact"] == 0
    assert rate(reply, Reference(answers=PAIR, asked=("4936",)))["exact"] == 1


def test_order_counts_only_where_it_is_asked_for() -> None:
    for ordered in (False, True):
        reference = Reference(answers=WORDS, ordered=ordered)
        assert rate("apple, pear, fig", reference)["exact"] == 1
        assert rate("fig, pear, apple", reference)["exact"] == (not ordered)


@pytest.mark.parametrize(
    ("reply", "citations", "exact"),
    [
        ("A careful engineer (files 12 and 31).", 1, 1),
        ("Documents 12, 31: a careful engineer", 1, 1),
        ("a careful engineer [31][12]", 1, 1),
        ("a careful engineer [12]", 0, 0),
        ("a careful engineer, see documents 12, 31, and 4", 0, 0),
        ("a lazy engineer [12, 31]", 1, 0),
        ("a careful engineer", 0, 0),
    ],
)
def test_citations_are_rated_apart_from_the_answer(reply: str, citations: int, exact: int) -> None:
    as_answers = Reference(answers=("a careful engineer", "12", "31"), citations=(12, 31))
    assert rate(reply, as_answers)["citations"] == citations
    assert rate(reply, as_answers)["exact"] == exact
    apart = Reference(answers=("a careful engineer",), citations=(12, 31))
    assert rate(reply, apart)["citations"] == citations
    assert rate(reply, apart)["exact"] == ("careful" in reply)
    assert "citations" not in rate(reply, Reference(answers=("x",)))


@sampling(max_examples=60)
@given(st.text(), st.lists(st.text(min_size=1).filter(str.strip), min_size=1), st.lists(st.text()))
def test_any_reply_can_be_rated(reply: str, answers: list[str], asked: list[str]) -> None:
    reference = Reference(answers=tuple(answers), asked=tuple(asked), citations=(3,))
    for text in (reply, ", ".join(answers)):
        rating = rate(text, reference)
        assert all(0 <= value <= 1 for value in rating.values())
        assert rating["exact"] <= min(rating["recall"], rating["precision"])


def test_substrings_are_those_of_ruler() -> None:
    reference = Reference(answers=("123", "Fig"))
    assert rate_substrings("1234 FIGS", reference) == {"string_match_all": 1, "string_match_part": 1}
    assert rate_substrings("only 123", reference) == {"string_match_all": 0.5, "string_match_part": 1}
    assert rate_substrings("", reference) == {"string_match_all": 0, "string_match_part": 0}


def test_a_long_copy_is_no_answer_though_it_seems_to_correct_itself() -> None:
    """Words that lead a correction stand in what was read, too, and what follows them may be short."""
    story = " ".join(f"The {animal} of house {number} slept on." for number in range(30) for animal in ("cat", "dog"))
    needle = "The key of the cellar is 7356436."
    known = Reference(answers=("7356436",), asked=("cellar",))
    short = "Actually, no: the cook left. The door was shut. " + " ".join(["A horse stood in the rain."] * 8)
    assert rate(f"{needle} I hope this helps!", known)["exact"] == 1
    assert rate(f"{story} {needle} {short}", known)["exact"] == 0
    assert rate(f"{story} Wait, that is wrong. {needle} {short}", known)["exact"] == 0
    for ending in ("\n\nWait, that is wrong.\n\nThe answer is 7356436.", " Wait, that is wrong. It is 7356436."):
        assert rate(story + ending, known)["exact"] == 1


@pytest.mark.parametrize("reply", ["Nobody.", "nobody", "By all that was noticed, nobody.", "The answer is: nobody"])
def test_nobody_is_an_answer_where_nobody_is_meant(reply: str) -> None:
    assert rate(reply, Reference(answers=("nobody",), asked=("Sydney",)))["exact"] == 1
    assert rate(reply, Reference(answers=("Jane Roe",), asked=("Sydney",)))["exact"] == 0


def test_nothing_is_a_word_among_words() -> None:
    known = Reference(answers=("nothing", "politics", "pressure"))
    assert rate("They are nothing, politics and pressure.", known)["exact"] == 1
    assert rate("They are politics and pressure.", known)["exact"] == 0
