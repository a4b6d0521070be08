"""Texts against texts: substrings, and how much of a sequence is the same."""

import re
from difflib import SequenceMatcher


def substring(part: str, text: str) -> bool:
    """Whether a text has a part in it, case aside, as RULER rates."""
    return part.lower() in text.lower()


def two_way_substring(given: str, wanted: str) -> bool:
    """Whether either holds the other as whole words; case, spaces and the marks around words do not count."""
    have, want = _words(given), _words(wanted)
    return bool(have and want) and (f" {have} " in f" {want} " or f" {want} " in f" {have} ")


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+(?:[-.,:/'][^\W_]+)*", text.casefold()))


def sequence_ratio(given: str, wanted: str) -> float:
    """`SequenceMatcher.ratio` of difflib with its defaults, as MRCR rates."""
    return SequenceMatcher(None, given, wanted).ratio()


def prefixed_ratio(given: str, wanted: str, prefix: str) -> float:
    """The sequence ratio of what follows a prefix, 0 where the reply does not begin with it."""
    if not given.startswith(prefix):
        return 0.0
    return sequence_ratio(given.removeprefix(prefix), wanted.removeprefix(prefix))
