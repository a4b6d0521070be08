"""Sets of things, wherever order and repetition do not count: answers, nodes, citations, passages."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple


class Overlap(NamedTuple):
    """How far two sets agree, each from 0 to 1."""

    precision: float
    recall: float
    f: float


def overlap(given: Iterable[Hashable], wanted: Iterable[Hashable], beta: float = 1.0) -> Overlap:
    """Precision, recall and F-beta of what is given; two empty sets agree, and recall counts beta times as much."""
    have, want = set(given), set(wanted)
    if not have and not want:
        return Overlap(1.0, 1.0, 1.0)
    both = len(have & want)
    precision, recall = both / max(len(have), 1), both / max(len(want), 1)
    weight = beta * beta
    return Overlap(precision, recall, (1 + weight) * precision * recall / ((weight * precision + recall) or 1))


def jaccard(given: Iterable[Hashable], wanted: Iterable[Hashable]) -> float:
    """The share of both sets together that is in both."""
    have, want = set(given), set(wanted)
    return len(have & want) / len(have | want) if have | want else 1.0
