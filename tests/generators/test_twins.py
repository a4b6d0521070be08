"""Whether the answer is absent is told neither by a sample's length nor by whether what is asked for is in its text."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any

import pytest
from own_tests import own_tests

from lcdata.generators import kv, mdqa
from lcdata.generators.niah import _Facts
from lcdata.generators.registry import tasks
from lcdata.packers.tokens.layout import Layout
from lcdata.packers.tokens.tokenizer import load_tokenizer
from lcdata.pipelines.making.samples import SampleMaker
from lcdata.pipelines.proving.figures import drawn_samples
from lcdata.schemas.mix import TaskComponent
from lcdata.schemas.sample import Sample
from lcdata.schemas.tokens import TokenizerChoice

CASES = (
    ("kv", {}),
    ("kv", {"key_digits": 6, "value_digits": 2, "answer_template": False}),
    ("kv", {"subkeys": 2}),
    ("kv", {"subkeys": 3, "shuffle_asked": True}),
    ("niah", {}),
    ("niah", {"haystack": "needles", "num_values": 4, "value_type": "uuids"}),
    ("niah", {"haystack": "prose", "distractors": "near", "num_keys": 8, "num_queries": 2}),
    ("niah", {"needle_type": "list", "haystack": "needles"}),
    ("niah", {"needle_type": "association", "num_keys": 6}),
    ("mdqa", {}),
    ("mdqa", {"hops": 2, "cite": True}),
)
NUM_SAMPLES, LENGTH = 300, 1500
MOST = 0.17
"""How far from .5 the area under the curve may be: five standard deviations of what is drawn by chance."""


def test_every_task_that_knows_absent_answers_is_tried() -> None:
    assert {name for name, _ in CASES} == {
        name for name, kind in tasks().items() if any(field.name == "absent" for field in fields(kind))
    }


def area(absent: Sequence[float], present: Sequence[float]) -> float:
    """The chance that a number of an absent sample is greater than one of a present sample; .5 where it tells nothing.

    Equal numbers count half.
    """
    assert min(len(absent), len(present)) > NUM_SAMPLES / 4
    greater = sum((a > p) + (a == p) / 2 for a in absent for p in present)
    return greater / len(absent) / len(present)


def area_of(samples: Sequence[Sample], number: Callable[[Sample], float]) -> float:
    """The area for a number of each sample."""
    sides: tuple[list[float], list[float]] = [], []
    for sample in samples:
        sides[not sample.facts["absent"]].append(number(sample))
    return area(*sides)


def times_asked(sample: Sample) -> int:
    """How often what is asked for is in the text; of several strings that which is there least often."""
    asked: Any = sample.facts.get("asked") or sample.facts["titles"]
    return min(sample.context.count(str(string)) for string in asked)


def num_chars(sample: Sample) -> int:
    """Characters of the text that is asked about."""
    return len(sample.context)


def num_digits(sample: Sample) -> int:
    """Digits in it."""
    return sum(map(str.isdigit, sample.context))


@cache
def drafted(name: str, settings: tuple[tuple[str, object], ...]) -> list[Sample]:
    """Samples of which half lack the answer; made once."""
    return drawn_samples(name, dict(settings) | {"absent": 0.5}, NUM_SAMPLES, 4000)


def prompt_lengths(name: str, settings: dict[str, object], source: str) -> float:
    """The area for the tokens of prompts of samples that are fitted to one length."""
    task = {"task": name, "settings": settings | {"absent": 0.5}, "length": str(LENGTH), "n": 1}
    maker = SampleMaker(TaskComponent.model_validate(task), 5, load_tokenizer(TokenizerChoice(source=source)))
    sides: tuple[list[float], list[float]] = [], []
    for index in range(NUM_SAMPLES):
        document = maker.make(index, LENGTH).document
        assert len(document.ids) <= LENGTH
        sides[not document.facts["absent"]].append(document.prompt_length)
    return area(*sides)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_the_length_of_a_prompt_does_not_tell_that_the_answer_is_absent(
    name: str, settings: dict[str, object], small: str
) -> None:
    assert abs(prompt_lengths(name, settings, small) - 0.5) < MOST


@pytest.mark.parametrize(("name", "settings"), CASES, ids=str)
def test_what_is_asked_for_is_in_the_text_whether_or_not_the_answer_is(name: str, settings: dict[str, object]) -> None:
    samples = drafted(name, tuple(settings.items()))
    assert all(map(times_asked, samples))
    for number in (times_asked, num_chars, num_digits):
        assert abs(area_of(samples, number) - 0.5) < MOST


def test_a_prompt_without_room_for_its_twin_tells(small: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Layout, "room", lambda layout, sample: 0)
    for name, settings in (CASES[5], CASES[7]):
        assert prompt_lengths(name, settings, small) > 0.5 + MOST


@pytest.mark.parametrize("name", ["kv", "niah", "mdqa"])
def test_a_text_without_near_misses_tells(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when keys were just left out, or the document that answers."""
    near_misses, problem = kv.near_misses, mdqa._problem

    def no_misses(*arguments: Any, **options: Any) -> Any:
        misses, keys = near_misses(*arguments, **options)
        return replace(misses, elsewhere=None, as_value=None), keys

    def no_document(*arguments: Any, is_absent: bool) -> Any:
        whole = problem(*arguments, is_absent=is_absent)
        return replace(whole, support=whole.support[:-1]) if is_absent else whole

    monkeypatch.setattr(kv, "near_misses", no_misses)
    monkeypatch.setattr(_Facts, "_draw_asides", lambda *arguments: [])
    monkeypatch.setattr(mdqa, "_problem", no_document)

    def is_there(sample: Sample) -> float:
        if name == "mdqa":
            question: Any = sample.facts["question"]
            return float(any(title in question for title, _ in own_tests("mdqa").read(sample.prompt)[1]))
        asked: Any = sample.facts["asked"]
        return float(str(asked[0]) in sample.context)

    samples = drawn_samples(name, {"absent": 0.5}, NUM_SAMPLES, 4000)
    assert area_of(samples, is_there) < 0.5 - MOST
