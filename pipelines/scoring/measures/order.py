"""Things in an order: by pairs, by lines, and by graded relevance."""

import math
from collections.abc import Hashable, Mapping, Sequence
from itertools import combinations


def pairwise_order(given: Sequence[Hashable], wanted: Sequence[Hashable]) -> float:
    """The share of all pairs wanted that stand in their order; what is missing is in no pair, the first place "
    "counts.
    """
    place = {thing: number for number, thing in reversed(list(enumerate(given)))}
    pairs = list(combinations(wanted, 2))
    if not pairs:
        return float(bool(wanted) and wanted[0] in place)
    return sum(one in place and two in place and place[one] < place[two] for one, two in pairs) / len(pairs)


def line_accuracy(given: str, wanted: str) -> float:
    """The share of the wanted lines that stand in their place, blank lines and spaces at the ends aside."""
    want = _lines(wanted)
    right = sum(one == two for one, two in zip(_lines(given), want, strict=False))
    return right / max(len(want), 1)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def ndcg(ranked: Sequence[Hashable], grades: Mapping[str, float], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first k, gain 2 ** grade - 1; what is unknown or repeated gains "
    "0.
    """
    distinct = list(dict.fromkeys(map(str, ranked)))[:k]
    gained = _discounted([grades.get(thing, 0) for thing in distinct])
    best = _discounted(sorted(grades.values(), reverse=True)[:k])
    return gained / best if best > 0 else 0.0


def _discounted(grades: Sequence[float]) -> float:
    return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))
