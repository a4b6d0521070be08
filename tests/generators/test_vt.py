"""`vt`: solved by parsing every assignment; `solve` and `CASES` also serve the contract test."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from chance import chisquare, kstest

from lcdata.generators.registry import build_task, preset_settings
from lcdata.generators.vt import WORDINGS
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Draft, Sample
from lcdata.schemas.stream import stream

CASES = (
    {},
    {"num_chains": 3, "num_hops": 2, "in_order": False, "haystack": "prose", "value_digits": "5..9"},
    {**preset_settings("vt", "vt_hard"), "num_chains": 6},
    {"haystack": "logs", "num_chains": 3},
)
SHAPES = (
    *CASES,
    {"num_chains": 1, "num_hops": 1, "name_length": 8},
    {"num_hops": 3, "in_order": False, "name_length": 3, "value_digits": 2},
)

_ASSIGNMENT = re.compile(r"VAR ([A-Z]+) (?:=|is set to|takes the value of) (?:VAR ([A-Z]+)|(\d+))\.")


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


@pytest.mark.parametrize("settings", SHAPES)
@pytest.mark.parametrize("num_units", [1, 2, 7, 40])
def test_the_stored_answer_is_the_one_to_be_found(settings: dict[str, object], num_units: int) -> None:
    for index in range(18):
        sample = draft(index, 40, **settings).render(num_units)
        assert solve(sample.prompt) == sample.answers
        assert len(sample.answers) == len(sample.evidence_spans) == sample.facts["num_hops"] + 1
        assert tuple(sample.text[start:end] for start, end in sample.answer_spans) == sample.answers
        assert len(assignments(sample.prompt)) == sample.facts["num_chains"] * (sample.facts["num_hops"] + 1)


@pytest.mark.parametrize("settings", SHAPES)
def test_evidence_follows_the_asked_chain(settings: dict[str, object]) -> None:
    for index in range(30):
        sample = make(index, 40, **settings)
        sources = [str(sample.facts["value"]), *(f"VAR {name}" for name in sample.answers)]
        shown = [sample.prompt[start:end] for start, end in sample.evidence_spans]
        plain = [re.sub("is set to|takes the value of", "=", text) for text in shown]
        assert settings.get("distractors") or plain == shown
        assert plain == [f"VAR {name} = {source}." for name, source in zip(sample.answers, sources, strict=False)]


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


@pytest.mark.parametrize("haystack", ["noise", "prose", "code", "logs", "table", "json", "chat"])
def test_no_value_and_no_name_is_in_the_haystack(haystack: str) -> None:
    sample = make(1, 4000, haystack=haystack, num_chains=30)
    bare = _ASSIGNMENT.sub("", sample.prompt[: sample.prompt.rindex("\n\n")])
    numbers = set(re.findall(r"\d+", bare))
    assert {5, 6, 7} <= {len(number) for number in numbers} or haystack == "noise"
    assert numbers or haystack == "noise"
    pairs = assignments(sample.prompt)
    assert not numbers & {source for _, source in pairs}
    assert not any(name in bare for name, _ in pairs)


def test_assignments_are_hidden_in_a_corpus(tmp_path: Path) -> None:
    essay = tmp_path / "essay.txt"
    sentences = [f"Sentence {number} of the essay says nothing new." for number in range(100)]
    essay.write_text(" ".join(sentences))
    settings = {"haystack": "essay", "corpus": str(essay)}
    assert list(build_task("vt", settings).input_files()) == [essay]
    starts: set[int] = set()
    for index in range(9):
        sample = make(index, 60, **settings)
        assert solve(sample.prompt) == sample.answers
        found = [int(number) for number in re.findall(r"Sentence (\d+)", sample.prompt)]
        assert [(number - found[0]) % 60 for number in found] == list(range(60)), "three fifths of it"
        starts.add(sample.facts["corpus_start"])
    assert len(starts) > 5


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"value_digits": "4..6", "haystack": "prose"}, "value_digits: must be at least 5 .* prose.*got 4..6"),
        (
            {"value_digits": 4, "haystack": "essay", "corpus": "x.txt"},
            "value_digits: must be at least 5 .* essay.*got 4",
        ),
        ({"haystack": "essay"}, "corpus: .*essay"),
        ({"corpus": "x.txt"}, "corpus: .*noise"),
        ({"num_chains": 65}, "num_chains: .*, got 65"),
        ({"num_hop": 3}, "unknown setting 'num_hop'. Did you mean 'num_hops'"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], problem: str) -> None:
    with pytest.raises(UsageError, match=f"^vt: {problem}"):
        build_task("vt", settings)


def test_values_may_be_short_in_noise() -> None:
    assert len(str(make(0, 9, value_digits="4").facts["value"])) == 4


def test_every_chain_is_asked_equally_often() -> None:
    places: list[int] = []
    for index in range(500):
        sample = make(index, 1, num_chains=5, num_hops=1)
        first_variables = [name for name, source in assignments(sample.prompt) if source.isdigit()]
        places.append(first_variables.index(sample.answers[0]))
    assert chisquare(np.bincount(places, minlength=5)).pvalue > 1e-4


def test_chains_run_through_one_another() -> None:
    mixed = 0
    for index in range(100):
        pairs = assignments(make(index, 60).prompt)
        chain_of: dict[str, str] = {}
        for name, source in pairs:
            chain_of[name] = chain_of.get(source, name)
        chains = list(chain_of.values())
        mixed += sum(one != other for one, other in pairwise(chains))
    assert 14 < mixed / 100 < 16, "in random order 15 of the 19 pairs of neighbours are of different chains"


def test_the_preset_is_rulers() -> None:
    sample = make(2, 40, **preset_settings("vt", "vt"))
    assert sample == make(2, 40, num_chains=1)
    assert len(assignments(sample.prompt)) == len(sample.answers) == 5


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
    assert chisquare(np.bincount(places.ravel(), minlength=10)).pvalue > 1e-4
    assert (places[:, 0].mean() < 3) == in_order
    if not in_order:
        assert min(chisquare(np.bincount(column, minlength=10)).pvalue for column in places.T) > 1e-4
    depths = [make(index, 300, in_order=in_order).depth[index % 5] for index in range(300)]
    assert kstest(depths, "uniform").pvalue > 1e-4


def test_the_head_says_when_assignments_stand_in_any_order() -> None:
    for index, wording in enumerate(WORDINGS):
        said = f"{wording.head} A variable may be copied before the sentence that sets it.\n\n"
        assert make(index, 9, in_order=False).prompt.startswith(said)
        assert make(index, 9).prompt.startswith(f"{wording.head}\n\n")


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


@pytest.mark.parametrize(
    "settings", [shape for shape in SHAPES if "distractors" not in shape and shape.get("haystack") != "logs"]
)
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
            body = sample.prompt.split("\n\n", 1)[1].rsplit("\n\n", 1)[0]
            bodies.append(" ".join(_ASSIGNMENT.sub("", body).split()))
            assert bodies[-1].count(".") == units
        assert all(bodies[-1].startswith(body) for body in bodies)


def test_near_chains_have_names_of_the_same_few_letters_and_values_of_the_same_few_digits() -> None:
    for index in range(9):
        sample = make(index, 30, **preset_settings("vt", "vt_hard"))
        pairs = assignments(sample.context)
        names, values = [name for name, _ in pairs], [source for _, source in pairs if source.isdigit()]
        assert (len(set(names)), len(set(values))) == (80, 16)
        assert all(len(set(column)) <= 3 for column in zip(*names, strict=True))
        assert all(len(set(column)) <= 3 for column in zip(*values, strict=True))


def test_names_and_values_that_near_chains_mention_elsewhere_are_any() -> None:
    """A variable is mentioned once more as often whether it is asked for or not."""
    mentioned: list[tuple[float, float]] = []
    for index in range(200):
        sample = make(index, 4, **preset_settings("vt", "vt_hard"))
        bare = _ASSIGNMENT.sub("", sample.context)
        names = [name for name, _ in assignments(sample.context)]
        asked = np.mean([name in bare for name in sample.answers])
        mentioned.append((float(asked), float(np.mean([name in bare for name in names]))))
    asked, all_of_them = np.mean(mentioned, axis=0)
    assert 0.15 < all_of_them < 0.3
    assert abs(asked - all_of_them) < 0.06


@pytest.mark.parametrize("name_length", [3, 4])
def test_names_and_numbers_of_a_corpus_are_never_a_variable_or_a_value(tmp_path: Path, name_length: int) -> None:
    settings = {"haystack": "essay", "corpus": str(tmp_path / "essay.txt"), "name_length": name_length}
    (tmp_path / "essay.txt").write_text("A sentence like any other. " * 20)
    before = [make(index, 20, **settings) for index in range(9)]
    words = [word for sample in before for word in [*sample.answers, str(sample.facts["value"])]]
    (tmp_path / "essay.txt").write_text(" ".join(f"The firm of {word} is large." for word in words))
    for index, sample in enumerate(before):
        other = make(index, 20, **settings)
        assert not set(words) & {*other.answers, str(other.facts["value"])}
        assert other.answers != sample.answers
        assert solve(other.prompt) == other.answers
