"""Names and numbers that the phrases of invented prose hold, which must therefore be no key, value or variable."""

import re
from functools import cache

from .essay import CODES
from .haystack import prose_phrases
from .identifiers import NameKind, found


@cache
def names_in_prose(kind: NameKind) -> frozenset[str]:
    """Identifiers of a kind that invented prose may hold."""
    return found(kind, _all_phrases().encode())


@cache
def codes_in_prose() -> frozenset[str]:
    """All numbers and words of capitals that invented prose may hold."""
    return frozenset(re.findall(CODES, _all_phrases()))


@cache
def people_in_prose() -> frozenset[str]:
    """All pairs of capitalised words that invented prose may hold, names of people among them."""
    return frozenset(re.findall(r"(?=\b([A-Z][a-z]+ [A-Z][a-z]+)\b)", _all_phrases()))


def _all_phrases() -> str:
    return "\n".join(prose_phrases())
