"""What has the shape of an answer: numbers as long, UUIDs, names in capitals, words joined by dashes."""

import re
from collections.abc import Iterator

from .counts import without_counts, without_counts_of_answers
from .expected import Expected
from .signs import OTHER_DATE

_VALUE_IS = re.compile(
    r"\b(?:number|value|answer|uuid|word|amount|content|result|it|code|date)s?"
    r" (?:is|was|are|would be|must be|should be|could be|might be|=|:) ?(?:the |probably |likely )*",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r" (?!and\b|or\b|is\b|was\b)[a-z]")


def shaped(text: str, expected: Expected) -> Iterator[str]:
    """What looks like an answer, wherever it stands, but for numbers that count something else."""
    if OTHER_DATE in text:
        yield OTHER_DATE
    if not expected.shape:
        return
    text = without_counts(without_counts_of_answers(text))
    for found in expected.shape.finditer(text):
        words = found[0]
        if re.fullmatch(r"[^\W\d]+(?:-[^\W\d]+)+", words) and _is_compound(words, text[found.end() :][:8], expected):
            continue
        if words.isdigit() and len(words) < 4 and expected.has_read_numbers and not expected.is_read_number(words):
            continue
        yield words.casefold()


def _is_compound(words: str, after: str, expected: Expected) -> bool:
    """Whether words with dashes are those of a sentence, as in `well-known text`."""
    return not expected.is_read(words) if expected.read else _GOES_ON.match(after) is not None


def values_given(text: str, expected: Expected) -> Iterator[str]:
    """What looks like an answer and is called the value: `the number is 42`."""
    for frame in _VALUE_IS.finditer(text):
        yield from shaped(text[frame.end() : frame.end() + 60].split(" ")[0], expected)
