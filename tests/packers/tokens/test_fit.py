"""The fitter fills a document to the last unit that fits, whatever it was told about rates."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lcdata.packers.tokens.fit import TokenRate, fit, learn_rate
from lcdata.packers.tokens.layout import LaidOut, Layout
from lcdata.schemas.errors import UsageError
from lcdata.schemas.sample import CountTokens, Draft, Fragments, Sample


@dataclass(frozen=True)
class Dots(Draft):
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
    fewest_per_unit=st.just(30.0),
    chars_after_units=st.none() | st.integers(0, 20),
    least=st.just(1),
)


@settings(max_examples=300)
@given(RUNS, st.integers(71, 600), ANY_RATE)
def test_a_document_is_never_over_and_at_most_a_unit_under(runs: tuple[int, ...], budget: int, rate: TokenRate) -> None:
    fitted = fit(Dots(runs), budget, rate, DOTS)
    assert len(fitted.laid) <= budget
    next_unit = runs[fitted.num_units] if fitted.num_units < len(runs) else 10**9
    predicted_unit = np.diff(rate.tokens(Dots(runs).chars))
    assert budget - len(fitted.laid) <= max(next_unit, predicted_unit.max() + rate.unit_noise, 24)


@settings(max_examples=50)
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


RUN_OF = Fragments(tuple("." * dots for dots in range(31)))


@dataclass(frozen=True)
class CountedDots(Draft):
    """A draft whose characters tell nothing: a unit is 30 of them, of which some are dots, as its fragments say."""

    runs: tuple[int, ...]

    @property
    def chars(self) -> NDArray[np.int64]:
        """Of 0..capacity units."""
        return 10 + 30 * np.arange(len(self.runs) + 1)

    def tokens(self, count: CountTokens) -> NDArray[np.int64]:
        """Dots of 0..capacity units."""
        return np.concatenate(([0], np.cumsum(count(RUN_OF).take(self.runs))))

    def render(self, num_units: int) -> Sample:
        """That many runs of dots, each with blanks to its 30 characters."""
        text = "." * 10 + "".join(("." * dots).ljust(30) for dots in self.runs[:num_units])
        return Sample(prompt=text, answer="", answers=(), answer_spans=(), evidence_spans=(), depth=(), template="dots")


class DotsAlone(DotLayout):
    """A dot, a token, and blanks are none."""

    def lay_out(self, sample: Sample) -> LaidOut:
        """As many ids as dots."""
        return LaidOut(np.zeros(sample.text.count("."), np.int32), [0, sample.text.count(".")], [None])

    def count(self, fragments: Fragments) -> NDArray[np.int64]:
        """Dots of each piece."""
        return np.array([piece.count(".") for piece in fragments.strings])


def _counted(draw: int, units: int, fewest: int = 1) -> CountedDots:
    """Every draw's units are about as long as one another, and another draw's longer or shorter."""
    rng = np.random.default_rng(draw)
    most = int(rng.integers(fewest, 30, endpoint=True))
    return CountedDots(tuple(rng.integers(fewest, most, units, endpoint=True).tolist()))


@pytest.mark.parametrize("budget", [400, 2500])
def test_where_fragments_can_be_counted_one_encoding_is_enough(budget: int) -> None:
    layout = DotsAlone()
    rate = learn_rate(_counted, 2500, layout)
    assert (rate.per_char, rate.base_noise, rate.unit_noise) == (1, 0, 0)
    for draw in range(100, 140):
        draft = _counted(draw, 2600)
        fitted = fit(draft, budget, rate, layout)
        assert fitted.num_encodings == 1
        best = int(np.searchsorted(10 + draft.tokens(layout.count), budget, side="right")) - 1
        assert fitted.num_units == best


def test_drafts_are_large_enough_for_samples_of_short_words() -> None:
    layout = DotsAlone()
    rate = learn_rate(lambda draw, units: _counted(draw, units, fewest=20), 2500, layout)
    assert rate.fewest_per_unit < 0.95 * rate.tokens_per_unit
    capacity = rate.capacity(2500)
    drafts = [_counted(draw, capacity, fewest=20) for draw in range(100, 300)]
    sizes = [int(draft.tokens(layout.count)[-1]) for draft in drafts]
    assert min(sizes) >= 2500 - 10
    mean_units = 2490 / rate.tokens_per_unit
    assert any(draft.tokens(layout.count)[round(1.05 * mean_units)] < 2490 for draft in drafts), "some need more"


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
