"""What a part of a reply states beside the answers, and what is added to it afterwards."""

import re
from collections.abc import Iterator

from .answering import Part
from .copies import copied
from .expected import SIGN, Expected
from .fragments import fragments
from .lists import listed
from .names import maybe_named, named_beside, named_in_frames
from .possibilities import hedged, open_ended
from .shapes import shaped, values_given
from .signs import NAMED

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_CLAUSE_END = re.compile(r"[;\n]|(?<=[.!?])\s+|, (?=but|though|although|however|yet)")


def rivals(part: Part, whole: str, expected: Expected) -> Iterator[str]:
    """What counts against the answers that a part states, of the whole text what is copied."""
    if expected.only_absent:
        yield from _values_all_the_same(f"{part.text}\n{part.after}", expected)
        if not part.is_marked:
            yield from copied(whole, expected)
        return
    yield from shaped(part.text, expected)
    yield from listed(part.text, expected)
    yield from open_ended(part.text)
    yield from named_beside(part.text, expected)
    for text in (part.text, part.after):
        yield from fragments(text, expected)
        yield from named_in_frames(text, expected)
    for sentence in filter(hedged, _SENTENCE_END.split(part.after)):
        yield from shaped(sentence, expected)
        yield from maybe_named(sentence, expected)
    if not part.is_marked:
        yield from copied(whole, expected)


def _values_all_the_same(text: str, expected: Expected) -> Iterator[str]:
    """Values given by who says that there is none."""
    for clause in _CLAUSE_END.split(text):
        yield from values_given(clause, expected)
        if SIGN.search(clause) and not re.search(r"\bor\b", clause):
            continue
        if NAMED in clause or hedged(clause):
            yield from shaped(clause, expected)
        if hedged(clause):
            yield from maybe_named(clause, expected)
    yield from fragments(text, expected)
