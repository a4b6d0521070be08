"""Sentences and lines that are nothing but what an answer could be."""

import re
from collections.abc import Iterator

from .expected import SIGN, WORD, Expected
from .flat import REMARK
from .lists import is_item
from .names import NAME, bare_name
from .possibilities import hedged, without_lead
from .shapes import shaped
from .signs import ABSENT, BOLD, BOLD_END, BULLET, MARK, MARK_END, OTHER_DATE

_END = re.compile(
    r"(?<=[.!?])\s+(?-i:(?=[^a-z]))|\n+|;\s|"
    r",\s(?=(?:but|though|although|however|yet|or|maybe|perhaps|possibly|alternatively|unless|if not)\b)",
    re.IGNORECASE,
)
_SAYS_ANSWER = re.compile(
    r"answers?|or|alternatives?|also|options?|candidates?|possibl\w+|others?|names?|results?|second\w*", re.IGNORECASE
)
_BARE_ABSENCE = re.compile(rf"(?:it is |it's |is )?{ABSENT}\W*|{OTHER_DATE}")


def fragments(text: str, expected: Expected) -> Iterator[str]:
    """What is stated by standing alone, beside the answers."""
    for piece in _END.split(re.sub(f"[{MARK}{MARK_END}{BOLD}{BOLD_END}]", "\n", text)):
        whole = piece.strip(" .!?,;:'\"()[]")
        piece = without_lead(whole)
        if piece and not SIGN.search(piece):
            if _BARE_ABSENCE.fullmatch(piece):
                yield piece
            label, _, value = piece.strip(BULLET).rpartition(": ")
            if not REMARK.fullmatch(label) and len(label.split()) <= 3 and _states(value.strip(), label, expected):
                yield from _stated(value.strip(), BULLET in piece or hedged(whole.removesuffix(piece)), expected)


def _states(value: str, label: str, expected: Expected) -> bool:
    """Whether what a label leads to can be an answer: a name under `Supplier:` is told, and not given for one."""
    return not (label and expected.has_names and NAME.fullmatch(value)) or _SAYS_ANSWER.search(label) is not None


def _stated(value: str, is_bullet: bool, expected: Expected) -> Iterator[str]:
    words = WORD.findall(value)
    known = is_bullet or bool(expected.read) or (len(words) == 1 and value.islower())
    if expected.shape and len(words) <= 3 and any(True for _ in shaped(value, expected)):
        yield value
    elif expected.has_names and NAME.fullmatch(value) and bare_name(value) == value and len(words) <= 6:
        if " " in value or is_bullet or expected.may_be_read(value):
            yield value
    elif known and is_item(words, value, expected) and expected.may_be_read(value):
        yield value
