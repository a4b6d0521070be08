"""Of what kind a string is by its characters, and all strings of that kind in a text."""

import re
from functools import lru_cache

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_SMALL_WORDS = frozenset(
    ["a", "an", "and", "at", "by", "for", "from", "in", "near", "of", "on", "out", "past", "the", "to", "up", "with"]
)
"""Words that a kind has as they are, so that phrases of like build are of one kind."""


def kind_of(string: str) -> str:
    """A pattern for strings like this: as many digits, words in the same case, the same marks and small words."""
    if re.fullmatch(_UUID, string):
        return _UUID
    if " the " in string and re.fullmatch("[a-z -]+", string):
        return " the ".join(["[a-z-]+(?: [a-z-]+){0,3}"] * len(string.split(" the ")))
    return "".join(_pattern(part, " " in string) for part in re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]+", string))


def _pattern(part: str, is_in_phrase: bool) -> str:
    if part.isdigit():
        return rf"\d{{{len(part)}}}"
    if not part.isascii() or not part.isalpha() or (is_in_phrase and part in _SMALL_WORDS):
        return re.escape(part)
    if part.isupper() and len(part) > 1:
        return f"[A-Z]{{{len(part)}}}"
    return "[A-Z][a-z]+" if part.istitle() else "[a-z]+" if part.islower() else "[A-Za-z]+"


def strings_of_kind(kind: str, text: str) -> dict[str, list[int]]:
    """All different strings of a kind, each with the places where it stands as whole words, in order of the text."""
    places: dict[str, list[int]] = {}
    for match in _compiled(kind).finditer(text):
        places.setdefault(match[1], []).append(match.start())
    return places


@lru_cache(maxsize=256)
def _compiled(kind: str) -> re.Pattern[str]:
    # Inside a look-ahead, so that strings which overlap are all found.
    return re.compile(rf"(?<![\w-])(?=({kind})(?![\w-]))")
