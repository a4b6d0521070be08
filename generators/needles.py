"""Needles: sentences that state a value of a key, or list several, alone or as a haystack of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..schemas.sample import Span
from .haystack import Passage
from .text import Words, running_chars, squeeze, words
from .wording import fill


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to state needles, to ask for their values and to answer.

    Slots: {kind} of a value in the singular, {key}, {value} in `needle`; {keys} in the question; {key} and {values} in
    `fact` and `absent`, one of which answers for each asked key. Only wordings for facts know {kind}.
    """

    optional: ClassVar[Sequence[str]] = ("kind",)

    id: str
    head: str
    needle: str
    one: str
    """The question for a single value or list."""
    many: str = field(default="")
    """The question for several values of one key; a key has a single list."""
    each: str
    """The question for several keys."""
    fact: str
    absent: str


@dataclass(frozen=True, kw_only=True)
class Needle:
    """A sentence of the text that states a value of a key, or lists several."""

    key: str
    values: tuple[str, ...]
    place: float
    """Where it stands: the share of the haystack's sentences before it."""
    sentence: str


def needle_haystack(wording: Wording, kind: str, keys: Words, values: Words, *, numbered: bool) -> Passage:
    """A haystack of needles that answer nothing.

    Keys have shape (needles, words), what is said of them has shape (needles, values, words).
    """
    before, _, rest = fill(wording.needle, kind=kind, key="\0", value="\1")[0].partition("\0")
    between, _, after = rest.partition("\1")
    columns = [words(before), keys, words(between)]
    for place, label in enumerate(_labels(values.shape[1], numbered)):
        columns += [words(label), values[:, place]]
    columns.append(words(after + " "))
    block = np.concatenate(
        [np.broadcast_to(column, (len(keys), column.shape[-1])) for column in columns if column.size], axis=1
    )
    return Passage(squeeze(block), np.concatenate(([0], running_chars(block))))


def listed(items: Sequence[str], *, numbered: bool) -> tuple[str, list[Span]]:
    """`a`, `a and b`, `a, b and c`, or `1) a, 2) b and 3) c`, and where each item stands in it."""
    text, spans = "", list[Span]()
    for label, item in zip(_labels(len(items), numbered), items, strict=True):
        text += label + item
        spans.append((len(text) - len(item), len(text)))
    return text, spans


def _labels(count: int, numbered: bool) -> list[str]:
    """What stands before each item of a list."""
    links = ["", *[", "] * (count - 2), *[" and "] * (count > 1)]
    return [f"{link}{place}) " if numbered else link for place, link in enumerate(links, start=1)]
