"""Exact lengths: how many units of a draft fill a document to the token, at about one encoding a sample.

Tokens are close to linear in units and characters. The coefficients are learned once for each wording, by integer
arithmetic, so that they are the same on every machine. A first guess from them is encoded; where it misses, its own
error corrects the second.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schemas.errors import UsageError
from ..schemas.sample import Draft, Sample

Ids = NDArray[np.int32]
Encode = Callable[[str], Ids]

_FINE = 1000
"""A document may stay one in so many tokens below its length before another encoding is spent on it."""
_LEARNING_TOKENS = 16_384
"""Tokens of the longest text that a rate is learned from."""
_GUESSES = 4
"""Encodings by prediction before the search halves what is left, which no sample should need."""
_DOUBT = 8
"""Tokens at most by which a corrected guess is taken to be off: one more unit is not tried for their sake."""


@dataclass(frozen=True)
class TokenRate:
    """Tokens of a sample as `base + per_unit * units + per_char * characters`, and how far off that was seen to be."""

    base: float
    per_unit: float
    per_char: float
    error: int
    tokens_per_unit: float
    """All that one more unit adds, its characters included."""
    least: int
    """Tokens that the shortest sample can need."""

    def tokens(self, chars: NDArray[np.int64]) -> NDArray[np.float64]:
        """Predicted tokens for 0..capacity units, never falling, shape (capacity + 1,)."""
        units = np.arange(len(chars))
        return np.maximum.accumulate(self.base + self.per_unit * units + self.per_char * chars)

    def capacity(self, num_tokens: int) -> int:
        """Units that a draft needs to be sure to fill so many tokens."""
        return max(8, math.ceil(num_tokens / self.tokens_per_unit * 1.04) + 4)

    def as_dict(self) -> dict[str, Any]:
        """For a plan that is kept as JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Fitted:
    """A sample of the right length, its ids without BOS and EOS, and what it took."""

    sample: Sample
    ids: Ids
    num_units: int
    num_encodings: int


def fit(draft: Draft, num_tokens: int, rate: TokenRate, encode: Encode) -> Fitted:
    """The sample of the most units that is at most `num_tokens` long, or at most a unit or 0.1 % shorter than that.

    Raises UsageError where not even one unit fits.
    """
    predicted = rate.tokens(draft.chars)
    capacity = len(predicted) - 1
    fits, fails = 0, capacity + 1
    best: Fitted | None = None
    num_units = _units_within(predicted, num_tokens - _margin(rate, num_tokens), 1, capacity)
    for num_encodings in range(1, capacity + 2):
        sample = draft.render(num_units)
        ids = encode(sample.text)
        slack = num_tokens - len(ids)
        if slack >= 0:
            fits, best = num_units, Fitted(sample, ids, num_units, num_encodings)
        else:
            fails = num_units
        if best is not None and (
            fails - fits == 1 or 0 <= slack <= _enough(predicted, fits, num_tokens) + _doubt(rate)
        ):
            return Fitted(best.sample, best.ids, best.num_units, num_encodings)
        if fails == 1:
            raise UsageError(f"{num_tokens} tokens are too few: this sample needs {len(ids)} at least")
        if num_encodings < _GUESSES:
            # What the sample took more or less than predicted, its units take each.
            ratio = (predicted[num_units] - rate.base) / max(len(ids) - rate.base, 1.0)
            limit = predicted[num_units] + (slack - _doubt(rate)) * min(max(ratio, 0.5), 2.0)
            num_units = _units_within(predicted, limit, fits + 1, fails - 1)
        else:
            num_units = (fits + fails) // 2
    raise AssertionError("the search narrows at every step")


def _margin(rate: TokenRate, num_tokens: int) -> float:
    """How far below its length a first guess aims: by its error, but not past the middle of what is good enough."""
    expected = rate.error * max(1.0, num_tokens / _LEARNING_TOKENS) ** 0.5
    return min(expected, max(rate.tokens_per_unit, num_tokens / _FINE) / 2)


def _doubt(rate: TokenRate) -> float:
    return min(3 + rate.tokens_per_unit / 4, _DOUBT) if rate.error > 1 else 1.0


def _enough(predicted: NDArray[np.float64], num_units: int, num_tokens: int) -> float:
    """Slack that is not worth another encoding: one more unit hardly fits, or the gain is below 0.1 %."""
    if num_units + 1 >= len(predicted):
        return -float("inf")
    return max(float(predicted[num_units + 1] - predicted[num_units]), num_tokens / _FINE)


def _units_within(predicted: NDArray[np.float64], num_tokens: float, low: int, high: int) -> int:
    found = int(np.searchsorted(predicted, num_tokens, side="right")) - 1
    return min(max(found, low), high)


DraftOf = Callable[[int, int], Draft]
"""(number of the draw, units) -> draft, the same for the same arguments."""

_NUM_SHORT_DRAWS = 12


def learn_rate(draft_of: DraftOf, num_tokens: int, encode: Encode) -> TokenRate:
    """Learn one wording's rate for samples of up to `num_tokens` from draws of its own."""
    small = draft_of(0, 32)
    few, many = (len(encode(small.render(units).text)) for units in (8, 32))
    per_unit = max((many - few) / 24, 1e-3)
    capacity = max(8, math.ceil(num_tokens / per_unit * 1.04) + 4)
    cap = min(capacity, max(8, round(_LEARNING_TOKENS / per_unit)))
    points: list[tuple[int, int, int]] = []
    for draw in (1, 2):
        draft = draft_of(draw, capacity)
        for units in sorted({max(1, cap // 4), max(1, cap // 2), cap}):
            text = draft.render(units).text
            points.append((units, int(draft.chars[units]), len(encode(text))))
    shortest = [len(encode(draft_of(draw, 1).render(1).text)) for draw in range(_NUM_SHORT_DRAWS)]
    return _rate(points, 2 * max(shortest) - min(shortest))


def _rate(points: Sequence[tuple[int, int, int]], least: int) -> TokenRate:
    """Least squares over (units, characters, tokens) by whole numbers, divided once at the end."""
    n = len(points)
    u, c, t = (np.array(column, dtype=object) for column in zip(*points, strict=True))

    def moment(x: NDArray[Any], y: NDArray[Any]) -> int:
        return int(n * (x * y).sum() - x.sum() * y.sum())

    uu, uc, cc, ut, ct = moment(u, u), moment(u, c), moment(c, c), moment(u, t), moment(c, t)
    determinant = uu * cc - uc * uc
    # Units of equal size make the two columns one: then characters alone carry the rate.
    if determinant * 10**6 > uu * cc:
        per_unit, per_char = (ut * cc - ct * uc) / determinant, (ct * uu - ut * uc) / determinant
    else:
        per_unit, per_char = 0.0, (ct / cc if cc else 1.0)
    base = (int(t.sum()) - per_unit * int(u.sum()) - per_char * int(c.sum())) / n
    error = max(abs(tokens - base - per_unit * units - per_char * chars) for units, chars, tokens in points)
    tokens_per_unit = ut / uu if uu else max(float(t[0]), 1.0)
    return TokenRate(base, per_unit, per_char, math.ceil(error - 1e-6), max(tokens_per_unit, 1e-3), least)
