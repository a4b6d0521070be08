"""`vt`: solved by parsing every assignment; `solve` and `CASES` also serve the contract test."""

import re

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

from lcdata.generators.registry import build_task
from lcdata.generators.vt import WORDINGS
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Draft, Sample
from lcdata.schemas.stream import stream

CASES = (
    {},
    {"num_chains": 3, "num_hops": 2, "haystack": "prose", "value_digits": "5..9"},
    {"num_chains": 4, "num_hops": 3, "in_order": False, "name_length": 3, "value_digits": 2},
    {"num_hops": 1, "in_order": False, "haystack": "prose", "name_length": 8},
)

_ASSIGNMENT = re.compile(r"VAR ([A-Z]+) = (?:VAR ([A-Z]+)|(\d+))\.")


def assignments(prompt: str) -> list[tuple[str, str]]:
    """Each variable of the prompt, in the order of the text, with the variable or number that it is set to."""
    return [(name, source or number) for name, source, number in _ASSIGNMENT.findall(prompt)]


def solve(prompt: str) -> tuple[str, ...]:
    """The variables of the asked value from the first to the last of their chain."""
    pairs = assignments(prompt)
    following = {source: name for name, source in pairs}
    assert len({name for name, _ in pairs}) == len(following) == len(pairs), "no variable is set or copied twice"
    found: list[str] = []
    at = re.findall(r"\d+", prompt)[-1]
    while at in following:
        at = following[at]
        found.append(at)
    return tuple(found)


def draft(index: int, num_units: int, **settings: object) -> Draft:
    """A draft in one of the wordings."""
    wording = WORDINGS[index % len(WORDINGS)]
    return build_task("vt", settings).draft(stream("vt", 5, index), wording, num_units)


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    return draft(index, num_units, **settings).render(num_units)


@pytest.mark.parametrize("settings", CASES)
@pytest.mark.parametrize("num_units", [1, 2, 7, 40])
def test_the_stored_answer_is_the_one_to_be_found(settings: dict[str, object], num_units: int) -> None:
    for index in range(18):
        sample = draft(index, 40, **settings).render(num_units)
        assert solve(sample.prompt) == sample.answers
        assert len(sample.answers) == len(sample.evidence_spans) == sample.facts["num_hops"] + 1
        assert tuple(sample.text[start:end] for start, end in sample.answer_spans) == sample.answers
        assert len(assignments(sample.prompt)) == sample.facts["num_chains"] * (sample.facts["num_hops"] + 1)


@pytest.mark.parametrize("settings", CASES)
def test_evidence_is_the_asked_chain_and_the_facts_say_which_hop(settings: dict[str, object]) -> None:
    orders: set[tuple[int, ...]] = set()
    for index in range(30):
        sample = make(index, 40, **settings)
        hops = sample.facts["hops"]
        sources = [str(sample.facts["value"]), *(f"VAR {name}" for name in sample.answers)]
        shown = [sample.prompt[start:end] for start, end in sample.evidence_spans]
        assert shown == [f"VAR {sample.answers[hop]} = {sources[hop]}." for hop in hops]
        orders.add(tuple(hops))
    assert len(orders) > 1, "evidence is listed in drawn order"


def test_depth_is_where_evidence_starts_in_the_context() -> None:
    for index in range(18):
        sample = make(index, 30, num_chains=2)
        before, after = WORDINGS[index % len(WORDINGS)].head + "\n\n", sample.prompt.rindex("\n\n")
        context = sample.prompt[len(before) : after]
        for depth, (start, end) in zip(sample.depth, sample.evidence_spans, strict=True):
            assert depth * (len(context) - (end - start)) == pytest.approx(start - len(before))
        assert _ASSIGNMENT.findall(context) == _ASSIGNMENT.findall(sample.prompt)


def test_names_are_different_and_no_words() -> None:
    sample = make(3, 50, num_chains=64, num_hops=64, name_length=3, value_digits=2)
    names = [name for name, _ in assignments(sample.prompt)]
    assert len(names) == len(set(names)) == 64 * 65
    assert {len(name) for name in names} == {3}
    assert not any(re.search("[AEIOUY]", name) for name in names)


def test_values_are_different_and_none_is_part_of_another() -> None:
    lengths: set[int] = set()
    for index in range(20):
        sample = make(index, 5, num_chains=64, num_hops=1, value_digits="2..5")
        values = [source for _, source in assignments(sample.prompt) if source.isdigit()]
        assert len(values) == 64
        assert not any(one in other for at, one in enumerate(values) for other in values[:at] + values[at + 1 :])
        assert all(value[0] != "0" for value in values)
        lengths |= {len(value) for value in values}
    assert lengths == {2, 3, 4, 5}


@pytest.mark.parametrize("haystack", ["noise", "prose"])
def test_no_value_and_no_name_is_in_the_haystack(haystack: str) -> None:
    sample = make(1, 4000, haystack=haystack, num_chains=30)
    bare = _ASSIGNMENT.sub("", sample.prompt[: sample.prompt.rindex("\n\n")])
    numbers = set(re.findall(r"\d+", bare))
    assert {len(number) for number in numbers} == ({4} if haystack == "prose" else set())
    pairs = assignments(sample.prompt)
    assert not numbers & {source for _, source in pairs}
    assert not any(name in bare for name, _ in pairs)


def test_prose_refuses_values_as_short_as_years() -> None:
    assert build_task("vt", {"value_digits": "4..6"})
    with pytest.raises(UsageError, match=r"^vt: value_digits: must be at least 5 where haystack is prose.*got 4\.\.6$"):
        build_task("vt", {"value_digits": "4..6", "haystack": "prose"})


def test_every_chain_is_asked_equally_often() -> None:
    samples = [make(index, 3, num_chains=5, num_hops=1) for index in range(500)]
    counts = np.bincount([sample.facts["chain"] for sample in samples], minlength=6)[1:]
    assert chisquare(counts).pvalue > 1e-4
    places: list[int] = []
    for sample in samples:
        pairs = assignments(sample.prompt)
        first_variables = [name for name, source in pairs if source.isdigit()]
        places.append(first_variables.index(sample.answers[0]))
    assert chisquare(np.bincount(places, minlength=5)).pvalue > 1e-4, "nor does its place in the text tell it"


def test_a_chain_stands_in_order_only_when_asked_to() -> None:
    for in_order, expected in ((True, 200), (False, 200 / 6)):
        times = 0
        for index in range(200):
            sample = make(index, 12, num_chains=2, num_hops=2, in_order=in_order)
            text_order = [name for name, _ in assignments(sample.prompt) if name in sample.answers]
            times += text_order == list(sample.answers)
        assert abs(times - expected) < (1 if in_order else 25)


@pytest.mark.parametrize("in_order", [True, False])
def test_assignments_are_uniform_over_the_places_between_sentences(in_order: bool) -> None:
    samples = [make(index, 9, in_order=in_order) for index in range(400)]
    places = np.array([sample.facts["sentences_before"] for sample in samples])
    assert places.shape == (400, 5)
    for column in places.T:
        assert chisquare(np.bincount(column, minlength=10)).pvalue > 1e-4
    depths = np.array([make(index, 300, in_order=in_order).depth for index in range(300)])
    assert min(kstest(column, "uniform").pvalue for column in depths.T) > 1e-4
    first_hop = np.array([sample.facts["sentences_before"][sample.facts["hops"].index(0)] for sample in samples])
    assert (first_hop.mean() < 3) == in_order


def test_the_question_does_not_tell_how_many_variables_there_are() -> None:
    for index, wording in enumerate(WORDINGS):
        one, many = (make(index, 20, num_hops=hops) for hops in (1, 64))
        asked = [sample.prompt[sample.prompt.rindex("\n\n") :] for sample in (one, many)]
        assert re.sub(r"\d+", "", asked[0]) == re.sub(r"\d+", "", asked[1])
        assert one.prompt.startswith(wording.head)
        assert many.prompt.startswith(wording.head)


def test_wordings_are_many_and_one_is_the_seeds() -> None:
    assert len({wording.id for wording in WORDINGS}) == len(WORDINGS) >= 9
    for field in ("head", "question", "answer"):
        assert len({getattr(wording, field) for wording in WORDINGS}) == len(WORDINGS)
    assert not any(re.search(r"\d", wording.head + wording.question + wording.answer) for wording in WORDINGS)
    assert WORDINGS[0].id == "seed"
    seed = make(0, 10)
    assert seed.prompt.endswith(f"\nQuestion: Find all variables that are assigned the value {seed.facts['value']}.\n")


def test_a_prompt_ends_its_line_and_the_answer_begins_with_a_letter() -> None:
    for index in range(len(WORDINGS)):
        sample = make(index, 4)
        assert sample.prompt.endswith("\n")
        assert not sample.prompt.endswith("\n\n")
        assert sample.answer[0].isalpha()


@pytest.mark.parametrize("settings", CASES)
def test_fewer_units_are_a_prefix_and_characters_are_exact_to_a_few(settings: dict[str, object]) -> None:
    for index in range(9):
        bodies: list[str] = []
        drawn = draft(index, 60, **settings)
        assert drawn.chars.shape == (61,)
        assert drawn.chars.dtype == np.int64
        for units in (1, 2, 20, 59, 60):
            sample = drawn.render(units)
            assert abs(len(sample.text) - int(drawn.chars[units])) <= 2
            assert sample.facts["num_sentences"] == units
            body = sample.prompt[len(WORDINGS[index].head) + 2 : sample.prompt.rindex("\n\n")]
            bodies.append(" ".join(_ASSIGNMENT.sub("", body).split()))
            assert bodies[-1].count(".") == units
        assert all(bodies[-1].startswith(body) for body in bodies)
