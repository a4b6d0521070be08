"""How needles are worded: sentences that state a value of a key, or list several, alone or as a haystack."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import cycle
from typing import ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...schemas.sample import Span
from .identifiers import ComposedKind, Names, name_parts
from .phrases import Passage, Phrases
from .wording import fill

Ints = NDArray[np.int64]


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
    forms: tuple[str, ...] = ()
    """Other sentences that say the same as `needle`, with {key} before {value}."""
    asides: tuple[str, ...] = ()
    """Sentences that say something else of {key} with a {value} of the same {kind}, which is not asked for."""


def alike(patterns: Sequence[str]) -> list[str]:
    """The patterns that name keys and values in the order of the first one."""
    return [pattern for pattern in patterns if _marks(pattern) == _marks(patterns[0])]


def _marks(pattern: str) -> list[str]:
    return re.findall(r"\{key\}|\{value\}", pattern)


def needle_haystack(
    patterns: Sequence[str],
    kind: str,
    keys: Names,
    values: Sequence[Names],
    *,
    numbered: bool,
    forms: Ints | None = None,
) -> Passage:
    """A haystack of needles that answer nothing; `values` are those that each lists first, second and so on.

    `forms` are the places of their patterns, which are `alike`, shape (needles,); by default all have the first.
    """
    listing, _ = listed([_VALUE] * len(values), numbered=numbered)
    needles = [f"{fill(pattern, kind=kind, key=_KEY, value=listing)[0]} " for pattern in patterns]
    following = cycle(values)
    names = [keys if mark == _KEY else next(following) for mark in needles[0] if mark in (_KEY, _VALUE)]
    literals = tuple(zip(*(needle.replace(_KEY, _VALUE).split(_VALUE) for needle in needles), strict=True))
    if forms is None:
        forms = np.zeros(len(keys), np.int64)
    kinds = tuple(part.kind for part in names)
    if "uuids" in kinds:
        return _alternating(literals, forms, names)
    columns: list[Ints] = []
    for part in names:
        first, *others = part.places
        columns += [first + forms * len(part.tables[0]), *others]
    columns[-1] = columns[-1] + forms * len(names[-1].tables[-1])
    return _phrases(literals, kinds).compose(*columns)


_KEY, _VALUE = "\0", "\1"


@lru_cache(maxsize=64)
def _phrases(literals: Sequence[Sequence[str]], kinds: Sequence[ComposedKind]) -> Phrases:
    """Phrases for names of these kinds, with the text before, between and after the names at their ends.

    There are as many of each text as there are patterns, and names with the text of the first pattern come first.
    """
    parts: list[Sequence[str]] = []
    for texts, kind in zip(literals, kinds, strict=False):
        first, *others = name_parts(kind)
        parts += [[text + name for text in texts for name in first], *others]
    parts[-1] = [name + text for text in literals[-1] for name in parts[-1]]
    return Phrases.of(*parts)


def _alternating(literals: Sequence[Sequence[str]], forms: Ints, names: Sequence[Names]) -> Passage:
    """A haystack of names with text before, between and after them, where names such as UUIDs are in no table to share.

    Texts and names are parts of the sentence in turn.
    """
    parts, chosen = [pa.array(literals[0])], [forms]
    for drawn, texts in zip(names, literals[1:], strict=True):
        parts += [*drawn.tables, pa.array(texts)]
        chosen += [*drawn.places, forms]
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
