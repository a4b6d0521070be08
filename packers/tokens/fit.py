"""Exact lengths: how many units of a draft fill a document to the token, at one or two encodings a sample.

Tokens are close to linear in units and characters, and closer still in the tokens that a draft's fragments have one by
one, where it can tell its fragments. The coefficients are learned once for each wording, by whole numbers and
fractions, so that they are the same on every machine. A first guess from them is encoded; where it misses, its own
error corrects the second.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...schemas.errors import UsageError
from ...schemas.sample import Draft, Sample
from .layout import LaidOut, Layout

_FINE = 1000
"""Tokens of a long document's length of which it may lack one before another encoding is spent on it."""
_FEW = 24
"""Tokens that a short document may lack before another encoding is spent on it."""
_LEARNING_TOKENS = 8192
"""Tokens of the longest text that slopes are learned from."""
_STEPS = 8
"""Equal steps in which the longest text that slopes are learned from grows; what each adds is one observation."""
_HOPELESS = 4
"""A guess that is off by so many times what is good enough hardly ever hits."""
_GUESSES = 4
"""Encodings by prediction before the search halves what is left, which no sample should need."""


@dataclass(frozen=True)
class TokenRate:
    """Tokens of a sample as `base(units) + per_unit * units + per_char * size`, and how far off that is.

    The size is that of `_sizes`: characters, or the tokens of its fragments.
    """

    sizes: Sequence[int]
    """Units at which `bases` were measured, ascending, shape (k,)."""
    bases: Sequence[float]
    """Tokens at `sizes` that units and size do not explain, such as a long list's longer numbers, shape (k,)."""
    per_unit: float
    per_char: float
    base_noise: float
    """Standard deviation of what a sample takes besides its units, in tokens."""
    unit_noise: float
    """Standard deviation of what a single unit takes, in tokens; that of k units is sqrt(k) times as large."""
    tokens_per_unit: float
    """Tokens that one more unit adds, those of its characters included."""
    fewest_per_unit: float
    """Tokens that one more unit adds to a sample of unusually short words."""
    chars_after_units: int | None
    """Characters of a prompt after its last unit, such as those of the question; None where units lie anywhere."""
    least: int
    """Tokens that the shortest sample can need."""

    def tokens(self, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        """Predicted tokens for the sizes of 0..capacity units, never falling, shape (capacity + 1,)."""
        of_units = _without_chars(len(sizes), tuple(self.sizes), tuple(self.bases), self.per_unit)
        tokens = of_units + self.per_char * sizes
        is_rising = bool(np.all(tokens[1:] >= tokens[:-1]))  # as nearly always, and faster to see than to make so
        return tokens if is_rising else np.maximum.accumulate(tokens)

    def noise(self, num_tokens: int) -> float:
        """Standard deviation of the tokens of a sample that is predicted to have so many."""
        return math.hypot(self.base_noise, self.unit_noise * math.sqrt(num_tokens / self.tokens_per_unit))

    def capacity(self, num_tokens: int) -> int:
        """Units that a draft needs to be sure to fill so many tokens."""
        return max(8, math.ceil((num_tokens + 4 * self.noise(num_tokens)) / self.fewest_per_unit * 1.04) + 4)

    def as_dict(self) -> dict[str, object]:
        """The rate by its fields, for a plan that is kept as JSON."""
        return asdict(self)


@lru_cache(maxsize=16)
def _without_chars(
    count: int, sizes: tuple[int, ...], bases: tuple[float, ...], per_unit: float
) -> NDArray[np.float64]:
    """Tokens of 0..count-1 units besides their characters; samples of one wording and length share them."""
    units = np.arange(count)
    return np.interp(units, sizes, bases) + per_unit * units


@dataclass(frozen=True)
class Fitted:
    """A sample of the right length, its document, and what it took."""

    sample: Sample
    laid: LaidOut
    room: int
    """Tokens that are kept free beside it, see `Layout.room`."""
    num_units: int
    num_encodings: int

    @property
    def size(self) -> int:
        """Tokens of the document and of the room beside it."""
        return len(self.laid) + self.room


def fit(draft: Draft, num_tokens: int, rate: TokenRate, layout: Layout) -> Fitted:
    """The sample of the most units that is at most `num_tokens` long, or short of it by a unit, 24 tokens or 0.1 %.

    The room that it leaves for its twin's answer counts as part of it.

    Raises UsageError where not even one unit fits.
    """
    judge = _Judge(draft, num_tokens, rate, layout)
    fits, fails = 0, judge.capacity + 1
    best: Fitted | None = None
    num_units = judge.first_guess()
    for num_encodings in range(1, judge.capacity + 2):
        sample = draft.render(num_units)
        tried = Fitted(sample, layout.lay_out(sample), layout.room(sample), num_units, num_encodings)
        if tried.size <= num_tokens:
            fits, best = num_units, tried
        else:
            fails = num_units
        if best is not None and (fails - fits == 1 or (best is tried and judge.is_enough(best))):
            return replace(best, num_encodings=num_encodings)
        if fails == 1:
            raise UsageError(f"{num_tokens} tokens are too few: this sample needs {tried.size} at least")
        if num_encodings < _GUESSES:
            num_units = min(max(judge.next_guess(tried), fits + 1), fails - 1)
        else:
            num_units = (fits + fails) // 2
    raise AssertionError("the search narrows at every step")


class _Judge:
    """Tells how many units of a draft may fit."""

    def __init__(self, draft: Draft, num_tokens: int, rate: TokenRate, layout: Layout) -> None:
        self._draft, self._num_tokens, self._rate, self._layout = draft, num_tokens, rate, layout
        self._predicted = rate.tokens(_sizes(draft, layout))
        self._fine = max(_FEW, num_tokens / _FINE)

    @property
    def capacity(self) -> int:
        """Units that the draft has."""
        return len(self._predicted) - 1

    def first_guess(self) -> int:
        """Units of the text that is encoded first, at least one."""
        return max(self._units_within(self._num_tokens + self._lead(self._rate.noise(self._num_tokens))), 1)

    def is_enough(self, fitted: Fitted) -> bool:
        """Whether what is left is not worth another encoding: one more unit hardly fits, or it is little."""
        units = fitted.num_units
        if units == self.capacity:
            return False
        unit = float(self._predicted[units + 1] - self._predicted[units])
        return self._num_tokens - fitted.size <= max(unit + self._rate.unit_noise, self._fine)

    def next_guess(self, tried: Fitted) -> int:
        """Units that fit, judged from a text of some.

        Fewer units are that text without its last part, whose tokens are counted. Where that cannot be, and for more
        units, what these took against their prediction tells what others will take.
        """
        rate, predicted, num_units = self._rate, self._predicted, tried.num_units
        slack = self._num_tokens - tried.size
        if slack < 0 and rate.chars_after_units is not None:
            end = len(tried.sample.prompt) - rate.chars_after_units
            cut = self._layout.chars_before(tried.laid, end, -slack)
            if cut is not None:
                return int(np.searchsorted(self._draft.chars, self._draft.chars[num_units] - cut, side="right")) - 1
        ratio = (predicted[num_units] - predicted[0]) / max(tried.size - predicted[0], 1.0)
        aim = slack + self._lead(rate.unit_noise * math.sqrt(abs(slack) / rate.tokens_per_unit))
        return self._units_within(predicted[num_units] + aim * min(max(ratio, 0.5), 2.0))

    def _lead(self, noise: float) -> float:
        """How far beyond its length a guess aims that is off by `noise`.

        Below, by three times its noise, where that may well do: whole units leave half a unit on average, and what is
        good enough beyond a unit is at most halved between the two sides. Else so far beyond that the length is surely
        among what is encoded, whose own tokens then tell where to cut.
        """
        unit = self._rate.tokens_per_unit
        enough = max(unit + self._rate.unit_noise, self._fine)
        if noise > _HOPELESS * enough and self._rate.chars_after_units is not None:
            return 2 * noise
        return -min(3 * noise, (enough - unit) / 2)

    def _units_within(self, num_tokens: float) -> int:
        return max(int(np.searchsorted(self._predicted, num_tokens, side="right")) - 1, 0)


def _sizes(draft: Draft, layout: Layout) -> NDArray[np.int64]:
    """The sizes that best tell the tokens of 0..capacity units: tokens of their fragments, else their characters."""
    tokens = draft.tokens(layout.count)
    return draft.chars if tokens is None else tokens


Size = tuple[int, int, int]
"""(units, size, tokens) of a text, or what a step of its growth adds to each."""

DraftOf = Callable[[int, int], Draft]
"""(number of the draw, units) -> draft, the same for the same arguments."""

_NUM_SHORT_DRAWS = 12
_MOST_CHARS = 100
"""Characters to a token, above which a tokenizer leaves text out."""
_NUM_COUNTED_DRAWS = 12


def learn_rate(draft_of: DraftOf, num_tokens: int, layout: Layout) -> TokenRate:
    """Learn one wording's rate for samples of up to `num_tokens` from draws of its own.

    Raises UsageError where longer texts have no more tokens, so that none would ever be long enough.
    """
    small = draft_of(0, 32)
    few, many = small.render(8), small.render(32)
    added = len(layout.lay_out(many)) - len(layout.lay_out(few))
    _check_growth(layout, len(many.text) - len(few.text), added)
    per_unit = max(added / 24, 1e-3)
    capacity = max(8, math.ceil(num_tokens / per_unit * 1.04) + 4)
    longest = min(capacity, max(8, round(_LEARNING_TOKENS / per_unit)))
    sizes = sorted({max(1, longest * step // _STEPS) for step in range(_STEPS + 1)})
    drafts = [draft_of(draw, capacity) for draw in (1, 2)]
    growths = [_measure(draft, sizes, layout) for draft in drafts]
    for draft, growth in zip(drafts, growths, strict=True):
        for (units, _, tokens), (more, _, more_tokens) in pairwise(growth):
            _check_growth(layout, int(draft.chars[more] - draft.chars[units]), more_tokens - tokens)
    shortest = [_measure(draft_of(draw, 1), [1], layout)[0] for draw in range(_NUM_SHORT_DRAWS)]
    is_counted = small.tokens(layout.count) is not None
    rate = _rate(growths, shortest, is_counted)
    whole = min(capacity, round(num_tokens / rate.tokens_per_unit))
    if whole > longest:
        rate = _measured_at(rate, [_measure(draft, [whole], layout)[0] for draft in drafts])
    if is_counted:
        rate = _with_spread(rate, [draft_of(draw, longest) for draw in range(_NUM_COUNTED_DRAWS)], layout)
    counting = replace(rate, chars_after_units=same_at_the_end(few.prompt, many.prompt))
    # Whichever tells better from the longest text what the one before it takes.
    return min((rate, counting), key=lambda known: sum(_misses(drafts, growths, known, layout)))


def _check_growth(layout: Layout, chars: int, tokens: int) -> None:
    """Raise UsageError where so many characters more make so few tokens more that no draft would be large enough."""
    if chars > _MOST_CHARS * tokens:
        raise UsageError(
            f"the tokenizer {layout.tokenizer.identity.source!r} makes {max(tokens, 0)} tokens of {chars:,} characters "
            "that are added to a text: give one that makes tokens of all of a text, however long it is"
        )


def _misses(
    drafts: Sequence[Draft], growths: Sequence[Sequence[Size]], rate: TokenRate, layout: Layout
) -> Iterable[float]:
    """Units by which each draft's last size but one is missed, when it is judged from its last."""
    for draft, (*_, (units, _, tokens), (most, _, _)) in zip(drafts, growths, strict=True):
        sample = draft.render(most)
        tried = Fitted(sample, layout.lay_out(sample), layout.room(sample), most, 1)
        yield abs(_Judge(draft, tokens, rate, layout).next_guess(tried) - units)


def same_at_the_end(text: str, other: str) -> int:
    """Number of characters in which two texts end alike."""
    pairs = zip(reversed(text), reversed(other), strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))


def _measure(draft: Draft, units: Sequence[int], layout: Layout) -> list[Size]:
    sizes = _sizes(draft, layout)
    samples = [draft.render(some) for some in units]
    return [
        (some, int(sizes[some]), len(layout.lay_out(sample)) + layout.room(sample))
        for some, sample in zip(units, samples, strict=True)
    ]


def _with_spread(rate: TokenRate, drafts: Sequence[Draft], layout: Layout) -> TokenRate:
    """The rate with what these drafts tell without being encoded: how much their words differ in length."""
    predicted = [rate.tokens(_sizes(draft, layout)) for draft in drafts]
    per_unit = [Fraction(float(tokens[-1] - tokens[0])) / (len(tokens) - 1) for tokens in predicted]
    mean, deviation = float(_mean(per_unit)), math.sqrt(_variance(per_unit))
    return replace(rate, tokens_per_unit=mean, fewest_per_unit=max(mean - 3 * deviation, mean / 2))


def _rate(growths: Sequence[Sequence[Size]], shortest: Sequence[Size], is_counted: bool) -> TokenRate:
    """The rate of texts that were measured at the same sizes as they grew, and of others of one unit."""
    steps = [[_added(before, after) for before, after in pairwise(growth)] for growth in growths]
    all_steps = [step for growth in steps for step in growth]
    per_unit, per_char = _per_unit_besides_fragments(all_steps) if is_counted else _slopes(all_steps)

    def rest(size: Size) -> Fraction:
        units, chars, tokens = size
        return tokens - per_unit * units - per_char * chars

    variances = [_variance(list(map(rest, same))) / same[0][0] for same in zip(*steps, strict=True)]
    tokens = [tokens for _, _, tokens in shortest]
    tokens_per_unit = max(float(Fraction(sum(t for *_, t in all_steps), sum(u for u, *_ in all_steps))), 1e-3)
    return TokenRate(
        sizes=[units for units, _, _ in growths[0]],
        bases=[float(_mean(list(map(rest, same)))) for same in zip(*growths, strict=True)],
        per_unit=float(per_unit),
        per_char=float(per_char),
        base_noise=math.sqrt(_variance(list(map(rest, shortest)))),
        unit_noise=math.sqrt(_mean(variances)),
        tokens_per_unit=tokens_per_unit,
        fewest_per_unit=tokens_per_unit,
        chars_after_units=None,
        least=2 * max(tokens) - min(tokens),
    )


def _measured_at(rate: TokenRate, whole: Sequence[Size]) -> TokenRate:
    """The rate corrected at the size of samples, over which what the slopes are off by adds up to many tokens."""
    per_unit, per_char = Fraction(rate.per_unit), Fraction(rate.per_char)
    base = _mean([tokens - per_unit * units - per_char * chars for units, chars, tokens in whole])
    return replace(rate, sizes=[*rate.sizes, whole[0][0]], bases=[*rate.bases, float(base)])


def _added(before: Size, after: Size) -> Size:
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def _per_unit_besides_fragments(steps: Sequence[Size]) -> tuple[Fraction, Fraction]:
    """What a unit takes besides its fragments' tokens, each of which is a token."""
    return Fraction(sum(tokens - size for _, size, tokens in steps), sum(units for units, *_ in steps)), Fraction(1)


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
