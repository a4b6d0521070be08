"""What a reply copies from what was read, rather than answering."""

import re
from collections.abc import Iterator
from functools import lru_cache

from .answering import MOST_WORDS
from .expected import Expected
from .names import many_named
from .signs import MARK, MARK_END

_PIECES = re.compile(r"(?<=[.!?])\s+|\n+")
_QUOTED = 2
"""Sentences that may be quoted."""


def copied(text: str, expected: Expected) -> Iterator[str]:
    """Of a long text the words beyond the first ones, of another the sentences or the names of what was read."""
    text = re.sub(f"[{MARK}{MARK_END}]", "\n", text)
    words = re.findall(r"[^\W_]+", text)
    yield from (f"copied {word}" for word in words[MOST_WORDS : 2 * MOST_WORDS])
    yield from many_named(text, expected)
    read = _sentences(expected.context)
    found = {key for sentence in _PIECES.split(text) if (key := _key(sentence)) in read} if read else set[str]()
    if len(found) > _QUOTED:
        yield from sorted(found)


@lru_cache(maxsize=4)
def _sentences(context: str) -> frozenset[str]:
    return frozenset(key for sentence in _PIECES.split(context) if len(key := _key(sentence)) > 8)


def _key(sentence: str) -> str:
    return " ".join(sentence.casefold().split()).strip(" .!?-*")
