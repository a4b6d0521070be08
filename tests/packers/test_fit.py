"""The fitter fills a document to the last unit that fits, whatever it was told about rates."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lcdata.packers.fit import TokenRate, fit, learn_rate
from lcdata.packers.layout import LaidOut, Layout
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import Sample


@dataclass(frozen=True)
class Dots:
    """A draft whose units are runs of dots; a dot is a token."""

    runs: tuple[int, ...]
    head: int = 10

    @property
    def chars(self) -> NDArray[np.int64]:
        """Of 0..capacity units."""
        return self.head + np.concatenate(([0], np.cumsum(self.runs)))

    def render(self, num_units: int) -> Sample:
        """That many runs."""
        text = "." * int(self.chars[num_units])
        return Sample(prompt=text, answer="", answers=(), answer_spans=(), evidence_spans=(), depth=(), template="dots")


class DotLayout(Layout):
    """A dot, a token."""

    def __init__(self) -> None:
        """Without a tokenizer."""

    def lay_out(self, sample: Sample) -> LaidOut:
        """As many ids as dots."""
        return LaidOut(np.zeros(len(sample.text), np.int32), [0, len(sample.text)], [None])

    def chars_before(self, laid: LaidOut, end: int, num_tokens: int) -> int | None:
        """As many dots as tokens."""
        return num_tokens


DOTS = DotLayout()


RUNS = st.lists(st.integers(1, 60), min_size=60, max_size=60).map(tuple)
ANY_RATE = st.builds(
    TokenRate,
    sizes=st.just([1, 20, 60]),
    bases=st.lists(st.floats(-500, 500), min_size=3, max_size=3),
    per_unit=st.floats(-10, 60),
    per_char=st.floats(0, 3),
    base_noise=st.floats(0, 100),
    unit_noise=st.floats(0, 20),
    tokens_per_unit=st.just(30.0),
    chars_after_units=st.none() | st.integers(0, 20),
    least=st.just(1),
)


@settings(max_examples=300, deadline=None)
@given(RUNS, st.integers(71, 600), ANY_RATE)
def test_a_document_is_never_over_and_at_most_a_unit_under(runs: tuple[int, ...], budget: int, rate: TokenRate) -> None:
    fitted = fit(Dots(runs), budget, rate, DOTS)
    assert len(fitted.laid) <= budget
    next_unit = runs[fitted.num_units] if fitted.num_units < len(runs) else 10**9
    predicted_unit = np.diff(rate.tokens(Dots(runs).chars))
    assert budget - len(fitted.laid) <= max(next_unit, predicted_unit.max() + rate.unit_noise, 24)


@settings(max_examples=50, deadline=None)
@given(RUNS, st.integers(100, 600))
def test_a_learned_rate_needs_one_encoding(runs: tuple[int, ...], budget: int) -> None:
    rng = np.random.default_rng(0)
    rate = learn_rate(lambda draw, units: Dots(tuple(rng.integers(1, 60, units).tolist())), 600, DOTS)
    assert rate.per_char == pytest.approx(1)
    assert rate.unit_noise == rate.base_noise == 0
    fitted = fit(Dots(runs), budget, rate, DOTS)
    assert fitted.num_encodings == 1
    best = int(np.searchsorted(Dots(runs).chars, budget, side="right")) - 1
    assert fitted.num_units == best


def test_units_of_equal_size_do_not_upset_the_learning() -> None:
    rate = learn_rate(lambda draw, units: Dots((25,) * units), 5000, DOTS)
    fitted = fit(Dots((25,) * 300), 5000, rate, DOTS)
    assert (len(fitted.laid), fitted.num_encodings) == (4985, 1)


class LateLayout(DotLayout):
    """A dot, a token, and beyond the 10,000th two in a hundred have another."""

    def lay_out(self, sample: Sample) -> LaidOut:
        """As many ids as that."""
        count = len(sample.text) + max(len(sample.text) - 10_000, 0) // 50
        return LaidOut(np.zeros(count, np.int32), [0, count], [None])


def test_what_only_long_texts_take_is_measured_on_texts_of_full_length() -> None:
    rate = learn_rate(lambda draw, units: Dots((25,) * units), 100_000, LateLayout())
    assert rate.sizes[-1] * 25 == pytest.approx(100_000, rel=0.01)
    fitted = fit(Dots((25,) * 4100), 100_000, rate, LateLayout())
    assert fitted.num_encodings == 1
    assert 99_900 <= len(fitted.laid) <= 100_000


def test_a_length_below_one_unit_names_what_is_needed() -> None:
    rate = learn_rate(lambda draw, units: Dots((40,) * units), 500, DOTS)
    with pytest.raises(UsageError, match="49 tokens are too few: this sample needs 50 at least"):
        fit(Dots((40,) * 8), 49, rate, DOTS)
