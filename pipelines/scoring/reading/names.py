"""Names of people and places that are stated beside an answer which is a name itself."""

import re
from collections.abc import Iterator

from .expected import SIGN, Expected
from .signs import BOLD, BULLET, MARK
from .words import NO_NAMES

_CAPITAL = "[A-ZÀ-ÞŠŽ]"
NAME = re.compile(
    rf"(?<![\w'-]){_CAPITAL}[\w'-]*(?:\.(?= [A-Z]))?(?:(?: (?:of|de|del|la|van|von|der|di|da))?[ -]{_CAPITAL}[\w'-]*)*"
)
_PERHAPS = r"(?:or|and|also|maybe|perhaps|possibly|alternatively|probably)"
_JOIN = (
    rf"(?:,|;|/|\||&|\+|→|->|>|\((?={_PERHAPS}\b)|"
    r"\b(?:and/or|and|or|nor|plus|as well as|along with|together with|alternatively|vs\.?|versus)(?!\w))"
)
_FILLING = (
    r"(?: |,|\b(?:also|perhaps|possibly|maybe|even|else|both|either|probably|likely|rather|potentially|it|is|was|could|"
    r"be|been|have|might|may|by|in|at|on|if not|instead|alternatively|less likely|more likely|the|a|an|or|and|to|"
    r"another is|conceivably|arguably|presumably|then|finally|lastly|followed by)\b)*"
)
_AFTER = re.compile(rf"[ )]*(?:{_JOIN}{_FILLING}|\n *[{BULLET}{BOLD}]? *)", re.IGNORECASE)
_FIRM = r"(?:,? ?\(?\b(?:or|and|and/or|as well as|alternatively|vs\.?|versus)(?!\w)| ?/| ?&| ?\||;|→|->)"
_BEFORE = re.compile(rf"(?:(?P<firm>{_FIRM}{_FILLING})|,{_FILLING}) *$", re.IGNORECASE)
_STARTS_LIST = re.compile(
    rf"(?:^|[\n:.!?;=\[({MARK}{BOLD}{BULLET}]|"
    r"\b(?:is|are|was|were|be|by|either|both|of|from|say|says|include|includes)) *$",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"\b(?:it|that|this|he|she|they|others?|answer|alternative|possibility|person|one|candidate|option|guess)\b"
    r"(?: (?:\w+ly|may|might|could|must|would|should|can|will|also|well|have|has|had|been|be|is|was|are|were|just|"
    r"perhaps|"
    r"maybe))* (?:is|was|are|were|be|been|being|has been|have been)"
    r"(?: (?:also|probably|possibly|perhaps|maybe|likely|in|at|by|on|either|both|rather|the))*[: ]+",
    re.IGNORECASE,
)
_VERB_FOLLOWS = re.compile(r" (?!and\b|or\b|as\b)[a-z]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z])|\n+")
_MOST_JOINED = 50


def bare_name(name: str) -> str:
    """The name without words at its ends that begin sentences or head documents; empty where nothing is left."""
    words = name.split()
    while words and words[0].casefold().rstrip(".,'") in NO_NAMES:
        words.pop(0)
    while words and words[-1].casefold().rstrip(".,'") in NO_NAMES:
        words.pop()
    return " ".join(words)


def inner_names(text: str) -> Iterator[str]:
    """Names of more than a word, and single ones that do not begin a sentence."""
    for found in NAME.finditer(text):
        name = bare_name(found[0])
        if " " in name or (name and re.search(r"[a-z,] $", text[max(found.start() - 2, 0) : found.start()])):
            yield name


def all_names(text: str) -> Iterator[str]:
    """Every name of a text."""
    yield from filter(None, (bare_name(found[0]) for found in NAME.finditer(text)))


def named_beside(text: str, expected: Expected) -> Iterator[str]:
    """Names joined to an answer as by `and` or `or`."""
    for sign in SIGN.finditer(text) if expected.has_names else ():
        yield from _named_after(text, sign.end())
        yield from _named_before(text, sign.start(), expected)


def _named_after(text: str, at: int) -> Iterator[str]:
    for _ in range(_MOST_JOINED):
        joined = _AFTER.match(text, at)
        found = NAME.match(text, joined.end()) if joined else None
        if not joined or not found or not (name := bare_name(found[0])):
            return
        if "\n" in joined[0] and text[found.end() : found.end() + 1] == ":":
            return
        if joined[0].strip(" )\n") == "," and _VERB_FOLLOWS.match(text, found.end()):
            return
        yield name
        at = found.end()


def _named_before(text: str, at: int, expected: Expected) -> Iterator[str]:
    for _ in range(_MOST_JOINED):
        window = text[max(at - 200, 0) : at]
        joined = _BEFORE.search(window)
        if not joined:
            return
        names = [found for found in NAME.finditer(window, 0, joined.start()) if found.end() == joined.start()]
        if not names or not (name := bare_name(names[-1][0])):
            return
        before = window[: names[-1].end() - len(name)]
        if not joined["firm"] and not _begins_list(before, name, expected):
            return
        yield name
        at -= len(window) - len(before)


def _begins_list(before: str, name: str, expected: Expected) -> bool:
    return expected.may_be_read(name) if _STARTS_LIST.search(before) else _BEFORE.search(before) is not None


_SAID = re.compile(
    r"\b(?:answer|go(?:ing)? (?:with|for)|choos(?:e|ing)|pick|says?|prefer|conclude|guess|take|opt for|bet on|"
    r"settle (?:on|for)|"
    r"lean towards?)(?: (?:that|it is|it's|with|the))* ",
    re.IGNORECASE,
)
_IS_RIGHT = re.compile(
    r" (?:is|was|would be|must be|could be|may be|might be|seems|looks)(?: also)? (?:right|correct|true|better|"
    r"possible|plausible|"
    r"(?:the|a|an) (?:right|correct|better|other|possible|answer|alternative))\b",
    re.IGNORECASE,
)


def named_in_frames(text: str, expected: Expected) -> Iterator[str]:
    """Names that are given as the answer: `it may also have been Jane Roe`."""
    if not expected.has_names:
        return
    for frame in (*_FRAME.finditer(text), *_SAID.finditer(text)):
        found = NAME.match(text, frame.end())
        if found and (name := bare_name(found[0])):
            yield name
    for found in NAME.finditer(text):
        if _IS_RIGHT.match(text, found.end()) and (name := bare_name(found[0])):
            yield name


def maybe_named(text: str, expected: Expected) -> Iterator[str]:
    """Names in a sentence that adds a possibility."""
    for name in all_names(text) if expected.has_names else ():
        if " " in name or (expected.read and expected.is_read(name)):
            yield name


def many_named(text: str, expected: Expected) -> Iterator[str]:
    """Names of a text that is full of them, as what is copied from a text of many is."""
    names = set(all_names(text)) if expected.has_names else set[str]()
    if len(names) > 5 and len(_SENTENCE_END.split(text.strip())) > 4:
        yield from sorted(names)
