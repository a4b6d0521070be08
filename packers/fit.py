"""Exact lengths: how many units of a draft fill a document to the token, at one or two encodings a sample.

Tokens are close to linear in units and characters. The coefficients are learned once for each wording, by whole
numbers and fractions, so that they are the same on every machine. A first guess from them is encoded; where it misses,
its own error corrects the second.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schemas.errors import UsageError
from ..schemas.sample import Draft, Sample
from .layout import LaidOut

LayOut = Callable[[Sample], LaidOut]

_FINE = 1000
"""A document may stay one in so many tokens below its length before another encoding is spent on it,"""
_FEW = 24
"""or so many tokens where it is short."""
_LEARNING_TOKENS = 8192
"""Tokens of the longest text that a rate is learned from."""
_STEPS = 8
"""Equal steps in which that text grows; what each adds is one observation."""
_GUESSES = 4
"""Encodings by prediction before the search halves what is left, which no sample should need."""


@dataclass(frozen=True)
class TokenRate:
    """Tokens of a sample as `base(units) + per_unit * units + per_char * characters`, and how far off that is."""

    sizes: Sequence[int]
    """Units at which `bases` were measured, ascending, shape (k,)."""
    bases: Sequence[float]
    """What is left at these sizes, such as a list's numbers that take more tokens as it grows, shape (k,)."""
    per_unit: float
    per_char: float
    base_noise: float
    """Standard deviation of what a sample takes besides its units, in tokens."""
    unit_noise: float
    """The same of a single unit; that of k units is sqrt(k) times as large."""
    tokens_per_unit: float
    """All that one more unit adds, its characters included."""
    least: int
    """Tokens that the shortest sample can need."""

    def tokens(self, chars: NDArray[np.int64]) -> NDArray[np.float64]:
        """Predicted tokens for 0..capacity units, never falling, shape (capacity + 1,)."""
        units = np.arange(len(chars))
        base = np.interp(units, self.sizes, self.bases)
        return np.maximum.accumulate(base + self.per_unit * units + self.per_char * chars)

    def capacity(self, num_tokens: int) -> int:
        """Units that a draft needs to be sure to fill so many tokens."""
        return max(8, math.ceil(num_tokens / self.tokens_per_unit * 1.04) + 4)

    def as_dict(self) -> dict[str, Any]:
        """For a plan that is kept as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """A sample of the right length, its document, and what it took."""

    sample: Sample
    laid: LaidOut
    num_units: int
    num_encodings: int


def fit(draft: Draft, num_tokens: int, rate: TokenRate, lay_out: LayOut) -> Fitted:
    """The sample of the most units that is at most `num_tokens` long, or short of it by a unit, 24 tokens or 0.1 %.

    Raises UsageError where not even one unit fits.
    """
    predicted = rate.tokens(draft.chars)
    capacity = len(predicted) - 1
    fits, fails = 0, capacity + 1
    best: Fitted | None = None
    expected = _units_within(predicted, num_tokens, 1, capacity)
    noise = math.hypot(rate.base_noise, rate.unit_noise * math.sqrt(expected))
    num_units = _units_within(predicted, num_tokens - _margin(noise, rate, num_tokens), 1, capacity)
    for num_encodings in range(1, capacity + 2):
        sample = draft.render(num_units)
        laid = lay_out(sample)
        slack = num_tokens - len(laid)
        if slack >= 0:
            fits, best = num_units, Fitted(sample, laid, num_units, num_encodings)
        else:
            fails = num_units
        if best is not None and (fails - fits == 1 or 0 <= slack <= _enough(predicted, fits, rate, num_tokens)):
            return Fitted(best.sample, best.laid, best.num_units, num_encodings)
        if fails == 1:
            raise UsageError(f"{num_tokens} tokens are too few: this sample needs {len(laid)} at least")
        if num_encodings < _GUESSES:
            # What the sample took more or less than predicted, its units take each.
            ratio = (predicted[num_units] - predicted[0]) / max(len(laid) - predicted[0], 1.0)
            noise = rate.unit_noise * math.sqrt(abs(slack) / rate.tokens_per_unit)
            change = (slack - _margin(noise, rate, num_tokens)) * min(max(ratio, 0.5), 2.0)
            num_units = _units_within(predicted, predicted[num_units] + change, fits + 1, fails - 1)
        else:
            num_units = (fits + fails) // 2
    raise AssertionError("the search narrows at every step")


def _margin(noise: float, rate: TokenRate, num_tokens: int) -> float:
    """How far below its length a guess aims that is off by `noise`.

    Whole units leave half a unit on average; what is good enough beyond a unit is halved between the two sides.
    """
    return min(2 * noise, max(rate.unit_noise, _fine(num_tokens) - rate.tokens_per_unit) / 2)


def _enough(predicted: NDArray[np.float64], num_units: int, rate: TokenRate, num_tokens: int) -> float:
    """Slack that is not worth another encoding: one more unit hardly fits, or it is small."""
    if num_units + 1 >= len(predicted):
        return -float("inf")
    unit = float(predicted[num_units + 1] - predicted[num_units])
    return max(unit + rate.unit_noise, _fine(num_tokens))


def _fine(num_tokens: int) -> float:
    return max(_FEW, num_tokens / _FINE)


def _units_within(predicted: NDArray[np.float64], num_tokens: float, low: int, high: int) -> int:
    found = int(np.searchsorted(predicted, num_tokens, side="right")) - 1
    return min(max(found, low), high)


DraftOf = Callable[[int, int], Draft]
"""(number of the draw, units) -> draft, the same for the same arguments."""

_NUM_SHORT_DRAWS = 12


def learn_rate(draft_of: DraftOf, num_tokens: int, lay_out: LayOut) -> TokenRate:
    """Learn one wording's rate for samples of up to `num_tokens` from draws of its own."""
    small = draft_of(0, 32)
    few, many = (len(lay_out(small.render(units))) for units in (8, 32))
    per_unit = max((many - few) / 24, 1e-3)
    capacity = max(8, math.ceil(num_tokens / per_unit * 1.04) + 4)
    longest = min(capacity, max(8, round(_LEARNING_TOKENS / per_unit)))
    sizes = sorted({max(1, longest * step // _STEPS) for step in range(_STEPS + 1)})
    growths: list[list[Size]] = []
    for draw in (1, 2):
        draft = draft_of(draw, capacity)
        growths.append([_size(draft, units, lay_out) for units in sizes])
    return _rate(growths, [_size(draft_of(draw, 1), 1, lay_out) for draw in range(_NUM_SHORT_DRAWS)])


Size = tuple[int, int, int]
"""Units, characters and tokens of a text, or what a step of its growth adds to each."""


def _size(draft: Draft, units: int, lay_out: LayOut) -> Size:
    return units, int(draft.chars[units]), len(lay_out(draft.render(units)))


def _rate(growths: Sequence[Sequence[Size]], shortest: Sequence[Size]) -> TokenRate:
    """The rate of texts that were measured at the same sizes as they grew, and of others of one unit."""
    steps = [[_added(before, after) for before, after in pairwise(growth)] for growth in growths]
    all_steps = [step for growth in steps for step in growth]
    per_unit, per_char = _slopes(all_steps)

    def rest(size: Size) -> Fraction:
        units, chars, tokens = size
        return tokens - per_unit * units - per_char * chars

    variances = [_variance(list(map(rest, same))) / same[0][0] for same in zip(*steps, strict=True)]
    tokens = [tokens for _, _, tokens in shortest]
    return TokenRate(
        sizes=[units for units, _, _ in growths[0]],
        bases=[float(_mean(list(map(rest, same)))) for same in zip(*growths, strict=True)],
        per_unit=float(per_unit),
        per_char=float(per_char),
        base_noise=math.sqrt(_variance(list(map(rest, shortest)))),
        unit_noise=math.sqrt(_mean(variances)),
        tokens_per_unit=max(float(Fraction(sum(t for *_, t in all_steps), sum(u for u, *_ in all_steps))), 1e-3),
        least=2 * max(tokens) - min(tokens),
    )


def _added(before: Size, after: Size) -> Size:
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def _slopes(steps: Sequence[Size]) -> tuple[Fraction, Fraction]:
    """Least squares of tokens over (units, characters); a step counts by its number of units."""

    def moment(x: int, y: int) -> Fraction:
        return sum((Fraction(step[x] * step[y], step[0]) for step in steps), Fraction(0))

    uu, uc, cc, ut, ct = moment(0, 0), moment(0, 1), moment(1, 1), moment(0, 2), moment(1, 2)
    determinant = uu * cc - uc * uc
    # Units of equal size make the two columns one: then characters alone carry the rate.
    if determinant * 10**6 > uu * cc:
        per_unit, per_char = (ut * cc - ct * uc) / determinant, (ct * uu - ut * uc) / determinant
        if per_char >= 0:
            return per_unit, per_char
    return Fraction(0), ct / cc


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _variance(values: Sequence[Fraction]) -> Fraction:
    mean = _mean(values)
    return sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - 1)
