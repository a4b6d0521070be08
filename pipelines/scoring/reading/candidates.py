"""Whether a part of a reply gives anything that could be an answer, right or wrong."""

import re

from .expected import SIGN, WORD, Expected
from .names import NAME, all_names, bare_name, inner_names
from .possibilities import without_lead
from .shapes import shaped
from .signs import ABSENT, BOLD, BULLET, OTHER_DATE
from .words import SMALL_TALK


def has_candidate(text: str, expected: Expected) -> bool:
    """Whether an answer, a statement of absence, or something of an answer's kind is in a text."""
    if SIGN.search(text) or ABSENT in text or OTHER_DATE in text or any(True for _ in shaped(text, expected)):
        return True
    if expected.has_names and any(True for _ in (all_names if expected.context else inner_names)(text)):
        return True
    start = without_lead(re.split(r"[.,;\n]", text.strip(f" \n:,;-{BULLET}{BOLD}"), maxsplit=1)[0])
    if expected.has_names and NAME.fullmatch(start) and bare_name(start) == start:
        return True
    words = WORD.findall(start)
    return 0 < len(words) <= expected.most_words and not SMALL_TALK.issuperset(map(str.casefold, words))
