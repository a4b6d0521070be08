"""Names and numbers that composed haystacks hold, which must therefore be no key, value or variable."""

import re
from functools import cache

from .essay import CODES
from .haystack import HaystackKind, phrases
from .identifiers import NameKind, found


@cache
def names_in_haystack(haystack: HaystackKind, seed: int, kind: NameKind) -> frozenset[str]:
    """Identifiers of a kind that a seed's composed haystacks may hold."""
    return found(kind, _words(haystack, seed).encode())


@cache
def codes_in_haystack(haystack: HaystackKind, seed: int) -> frozenset[str]:
    """All numbers and words of capitals that a seed's composed haystacks may hold."""
    return frozenset(re.findall(CODES, _words(haystack, seed)))


@cache
def people_in_haystack(haystack: HaystackKind, seed: int) -> frozenset[str]:
    """All pairs of capitalised words that a seed's composed haystacks may hold, names of people among them."""
    return frozenset(re.findall(r"(?=\b([A-Z][a-z]+ [A-Z][a-z]+)\b)", _words(haystack, seed)))


def _words(haystack: HaystackKind, seed: int) -> str:
    return "\n".join(phrases(haystack, seed).words)
