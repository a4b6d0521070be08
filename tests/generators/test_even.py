"""The presets of aggregation that end in `_even` take the whole text, and those of benchmarks do not."""

from collections import Counter

import numpy as np
import pytest

from lcdata.generators.registry import tasks
from lcdata.pipelines.proving.figures import drawn_samples, needed_share
from lcdata.pipelines.proving.strings_of_kind import kind_of, strings_of_kind
from lcdata.pipelines.scoring.rate import rate
from lcdata.schemas.evaluation import Reference
from lcdata.schemas.sample import Sample

FEW = 12


def samples_of(preset: str, num_chars: int) -> list[Sample]:
    """A few samples of a preset that begins with its task's name."""
    name = preset[:3]
    return drawn_samples(name, tasks()[name].presets[preset], FEW, num_chars)


def is_told_by(text: str, sample: Sample) -> bool:
    """Whether the most frequent words of a text are the answers."""
    places = strings_of_kind(kind_of(sample.answers[0]), text)
    counts = Counter({word: len(found) for word, found in places.items()})
    return {word for word, _ in counts.most_common(len(sample.answers))} == set(sample.answers)


@pytest.mark.parametrize("num_chars", [12_000, 120_000])
@pytest.mark.parametrize("preset", ["cwe_even", "fwe_even"])
def test_the_whole_text_is_needed(preset: str, num_chars: int) -> None:
    samples = samples_of(preset, num_chars)
    assert min(map(needed_share, samples)) > 0.8
    assert np.mean(list(map(needed_share, samples))) > 0.93
    for sample in samples:
        half = len(sample.context) // 2
        assert is_told_by(sample.context, sample)
        assert not is_told_by(sample.context[:half], sample)
        assert not is_told_by(sample.context[half:], sample)


@pytest.mark.parametrize("preset", ["cwe", "fwe"])
def test_of_a_benchmarks_text_half_is_enough(preset: str) -> None:
    samples = samples_of(preset, 48_000)
    assert np.mean(list(map(needed_share, samples))) < 0.5
    assert np.mean([is_told_by(sample.context[: len(sample.context) // 2], sample) for sample in samples]) > 0.8


def test_a_reply_in_another_order_is_wrong_where_the_order_is_asked_for() -> None:
    for preset, is_ordered in (("fwe_even", True), ("cwe_even", False)):
        for number, sample in enumerate(samples_of(preset, 6000)):
            assert bool(sample.facts.get("ordered")) == ("first" in sample.prompt.splitlines()[-1]) == is_ordered
            reference = Reference.of_document(index=number, answers=sample.answers, depth=(), facts=sample.facts)
            assert rate(sample.answer, reference)["exact"] == 1
            assert rate(", ".join(reversed(sample.answers)), reference)["exact"] == (not is_ordered)
