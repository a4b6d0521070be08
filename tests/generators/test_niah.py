"""`niah`: solved by finding the sentences; `solve` and `CASES` also serve the contract test."""

import re

import numpy as np
import pytest
from scipy.stats import chisquare

from lcdata.generators.niah import WORDINGS, Niah
from lcdata.generators.registry import build_task
from lcdata.schemas.sample import Sample
from lcdata.schemas.stream import stream

CASES = (
    {},
    *({**settings} for settings in Niah.presets.values()),
    {"haystack": "prose", "num_keys": 6, "num_values": 2, "num_queries": 3, "key_type": "uuids", "value_type": "words"},
    {"haystack": "needles", "key_type": "numbers", "absent": 0.5},
)

_NAME = r"[a-z]+-[a-z]+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{7}"


def solve(prompt: str) -> tuple[str, ...]:
    """The values of the asked keys, found by matching every needle of every wording in the text."""
    context, _, question = prompt.rstrip("\n").rpartition("\n\n")
    facts = [
        (match["key"], match["value"])
        for wording in WORDINGS
        for match in re.finditer(_pattern(wording.needle), context)
    ]
    asked = re.findall(_NAME, question)
    assert asked
    found: list[str] = []
    for key in asked:
        found += [value for name, value in facts if name == key] or ["not mentioned"]
    return tuple(found)


def _pattern(needle: str) -> str:
    pattern = re.escape(needle).replace(r"\{kind\}", r"\w+")
    return pattern.replace(r"\{key\}", f"(?P<key>{_NAME})").replace(r"\{value\}", f"(?P<value>{_NAME})")


def make(index: int, num_units: int, **settings: object) -> Sample:
    """A sample in one of the wordings, without any tokenizer."""
    task = build_task("niah", settings)
    wording = WORDINGS[index % len(WORDINGS)]
    return task.draft(stream("niah", 5, index), wording, num_units).render(num_units)


def test_there_are_eight_wordings_beside_the_seed() -> None:
    assert len({wording.needle for wording in WORDINGS if wording.id != "seed"}) >= 8
    sample = make(0, 3, haystack="needles")
    key, value = sample.facts["asked"][0], sample.answers[0]
    assert f"One of the special magic numbers for {key} is: {value}." in sample.prompt
    assert sample.prompt.endswith(f"What is the special magic number for {key} mentioned in the provided text?\n")


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_text_alone_gives_the_answers_and_only_those(settings: dict[str, object]) -> None:
    for index in range(27):
        sample = make(index, 60, **settings)
        assert solve(sample.prompt) == sample.answers
        for value in sample.answers:
            assert sample.prompt.count(value) == (1 if value != "not mentioned" or settings.get("absent") else 0)


def test_presets_are_rulers_eight() -> None:
    assert len(Niah.presets) == 8
    assert [len(make(1, 40, **Niah.presets[name]).answers) for name in ("multivalue", "multiquery")] == [4, 4]
    assert len(solve(make(1, 40, **Niah.presets["multikey_1"]).prompt)) == 1


def test_evidence_is_the_needles_sentence() -> None:
    sample = make(1, 50, num_keys=3, num_values=2, num_queries=2, haystack="prose")
    assert len(sample.evidence_spans) == len(sample.answers) == 4
    for (start, end), value in zip(sample.evidence_spans, sample.answers, strict=True):
        assert re.fullmatch(_pattern(WORDINGS[1].needle), sample.text[start:end])
        assert value in sample.text[start:end]


def test_depths_put_the_asked_needle_where_they_say() -> None:
    for depth in (0.0, 0.5, 1.0):
        assert make(3, 200, depths=[depth], haystack="prose").depth[0] == pytest.approx(depth, abs=0.01)
    drawn = [make(index, 50, depths=[0.0, 1.0], num_keys=3).depth[0] for index in range(60)]
    assert {round(depth) for depth in drawn} == {0, 1}
    assert all(depth < 0.1 or depth > 0.9 for depth in drawn)


def test_values_of_one_key_come_in_any_order_of_drawing() -> None:
    """RULER's constant permutation: the first drawn value always stood third in the text."""
    ranks = [0, 0, 0, 0]
    for index in range(400):
        draft = build_task("niah", {"num_values": 4}).draft(stream("niah", 1, index), WORDINGS[0], 30)
        ranks[draft.render(30).answers.index(draft._needles[0].value)] += 1
    assert chisquare(ranks).pvalue > 1e-4


def test_an_absent_key_is_nowhere_and_the_answer_says_so() -> None:
    samples = [make(index, 30, absent=0.5, haystack="needles") for index in range(200)]
    absent = [sample for sample in samples if sample.facts["absent"]]
    assert 60 < len(absent) < 140
    for sample in absent:
        assert sample.answers == ("not mentioned",)
        assert sample.prompt.count(sample.facts["asked"][0]) == 1
        assert sample.evidence_spans == ()
    lengths = [np.mean([len(s.facts["needles"]) for s in group]) for group in (absent, samples)]
    assert lengths[0] == 0


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_drafts_characters_are_known_before_it_is_rendered(settings: dict[str, object]) -> None:
    draft = build_task("niah", settings).draft(stream("niah", 0, 1), WORDINGS[2], 80)
    assert all(abs(len(draft.render(units).text) - int(draft.chars[units])) <= 2 for units in (1, 40, 80))
