"""Needles: sentences that state a value of a key, or list several, alone or as a haystack of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import cycle
from typing import ClassVar

import numpy as np
import pyarrow as pa

from ...schemas.sample import Span
from .haystack import Passage, Phrases
from .identifiers import ComposedKind, Names, name_parts
from .wording import fill


@dataclass(frozen=True, kw_only=True)
class NeedleWording:
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
    """Where the needle stands: the share of the haystack's sentences before it."""
    sentence: str


def needle_haystack(
    wording: NeedleWording, kind: str, keys: Names, values: Sequence[Names], *, numbered: bool
) -> Passage:
    """A haystack of needles that answer nothing; `values` are those that each lists first, second and so on."""
    listing, _ = listed([_VALUE] * len(values), numbered=numbered)
    needle, _ = fill(wording.needle, kind=kind, key=_KEY, value=listing)
    following = cycle(values)
    names = [keys if mark == _KEY else next(following) for mark in needle if mark in (_KEY, _VALUE)]
    between = tuple(f"{needle} ".replace(_KEY, _VALUE).split(_VALUE))
    kinds = tuple(part.kind for part in names)
    if "uuids" in kinds:
        return _alternating(between, names)
    return _phrases(between, kinds).compose(*(column for part in names for column in part.places))


_KEY, _VALUE = "\0", "\1"


@lru_cache(maxsize=64)
def _phrases(between: Sequence[str], kinds: Sequence[ComposedKind]) -> Phrases:
    """Phrases for names of these kinds, with the text before, between and after the names at their ends."""
    parts: list[Sequence[str]] = []
    for text, kind in zip(between, kinds, strict=False):
        first, *others = name_parts(kind)
        parts += [[text + name for name in first], *others]
    parts[-1] = [name + between[-1] for name in parts[-1]]
    return Phrases.of(*parts)


def _alternating(between: Sequence[str], names: Sequence[Names]) -> Passage:
    """A haystack of names with text before, between and after them, where names such as UUIDs are in no table to share.

    Texts and names are parts of the sentence in turn.
    """
    same = np.zeros(len(names[0]), np.int64)
    parts, chosen = [pa.array(between[:1])], [same]
    for drawn, text in zip(names, between[1:], strict=True):
        parts += [*drawn.tables, pa.array([text])]
        chosen += [*drawn.places, same]
    return Phrases.once(*parts).compose(*chosen)


def listed(items: Sequence[str], *, numbered: bool) -> tuple[str, list[Span]]:
    """`a`, `a and b`, `a, b and c`, or `1) a, 2) b and 3) c`, and where each item stands in it."""
    text, spans = "", list[Span]()
    for label, item in zip(_labels(len(items), numbered), items, strict=True):
        text += label + item
        spans.append((len(text) - len(item), len(text)))
    return text, spans


def _labels(count: int, numbered: bool) -> list[str]:
    """What stands before each of `count` items of a list."""
    links = ["", *[", "] * (count - 2), *[" and "] * (count > 1)]
    return [f"{link}{place}) " if numbered else link for place, link in enumerate(links, start=1)]
