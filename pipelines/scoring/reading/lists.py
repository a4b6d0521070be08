"""Items of the lists that the answers are items of."""

import re
from collections.abc import Iterator, Sequence

from .expected import SIGN, SIGNS, WORD, Expected
from .flat import REMARK
from .names import NAME, bare_name
from .possibilities import without_lead
from .signs import BOLD, BOLD_END, BULLET, MARK, MARK_END
from .words import SMALL_TALK

_BETWEEN = re.compile(
    rf"[\n,;|()\[\]{{}}<>{BULLET}{MARK}{MARK_END}{BOLD}{BOLD_END}]|[.!?…](?=\s|$)|\s[-–—/]\s|->|→|(?<=\S)[/&](?=\S)|"
    rf"\s&\s|"
    r"\b(?:and|or|then|followed by|plus|vs|versus)\b",
    re.IGNORECASE,
)
_MOST_SPACES = 400


def listed(text: str, expected: Expected) -> Iterator[str]:
    """What the lists hold besides answers."""
    for block in _blocks(text):
        places = [sign.start() for sign in SIGN.finditer(block)]
        if places and (len(places) > 1 or expected.most_words or expected.capitals):
            yield from _items_beside(block, places[0], places[-1], expected)


def is_item(words: Sequence[str], item: str, expected: Expected) -> bool:
    """Whether words could be an item beside answers that are plain words."""
    return (
        0 < len(words) <= expected.most_words
        and not re.search(f"[{SIGNS}]", item)
        and not SMALL_TALK.issuperset(word.casefold() for word in words)
        and any(len(word) > 1 for word in words)
    )


def _blocks(text: str) -> Iterator[str]:
    """Sentences; lines of a list, or short lines one after the other, together."""
    block = list[str]()
    for line in re.sub(f"[{BOLD}{BOLD_END}{MARK}{MARK_END}]", " ", text).split("\n"):
        is_item = BULLET in line or (0 < len(line.split()) <= 3 and ":" not in line)
        if is_item or (not line.strip() and block):
            block.append(line)
            continue
        yield "\n".join(block)
        block = []
        yield from re.split(r"(?<=[.!?])\s+(?=[^a-z])", line)
    yield "\n".join(block)


def _items_beside(block: str, first: int, last: int, expected: Expected) -> Iterator[str]:
    """What stands between separators, given where the first and the last answer stand."""
    at = 0
    for edge in [*_BETWEEN.finditer(block), None]:
        end = edge.start() if edge else len(block)
        item = block[at:end]
        if SIGN.search(item):
            yield from _between_answers(item, expected)
        elif block[at - 1 : at] == BULLET:
            yield from _item_of_bullet(item, expected)
        elif item.count(" ") < _MOST_SPACES:
            yield from _item_of_line(item.rpartition(":")[2], at <= first, at <= last, expected)
        at = edge.end() if edge else end


def _item_of_bullet(item: str, expected: Expected) -> Iterator[str]:
    label, colon, _ = item.partition(":")
    text = label.strip(" '")
    if not (colon and REMARK.fullmatch(label)) and not text.isdigit():
        words = WORD.findall(text)
        if is_item(words, text, expected) or _is_small_capitals(words, text, expected):
            yield text


def _item_of_line(text: str, before_all: bool, before_last: bool, expected: Expected) -> Iterator[str]:
    """An item of one line, of which the first and the last one of a list may be wording."""
    if before_all:
        text = re.split(r"\b(?:is|are|was|were|be)\b", text)[-1]
    text = without_lead(text.strip(" '"))
    words, between = WORD.findall(text), before_last and not before_all
    if is_item(words, text, expected) and not text.isdigit():
        known = expected.most_words == 1 or between or (expected.read and expected.is_read(text))
        plain = not before_all and len(words) > 2 and words[0].casefold() not in SMALL_TALK
        if (known or plain) and (expected.most_words == 1 or len(words) > 1 or between):
            yield text
    elif _is_small_capitals(words, text, expected) or (
        expected.has_names and between and NAME.fullmatch(text) and bare_name(text)
    ):
        yield text


def _is_small_capitals(words: Sequence[str], text: str, expected: Expected) -> bool:
    return len(words) == 1 and text.islower() and len(text) in expected.capitals and text not in SMALL_TALK


def _between_answers(item: str, expected: Expected) -> Iterator[str]:
    """Words between two answers with nothing to part them: `apple plum pear`."""
    words = WORD.findall(item)
    places = [place for place, word in enumerate(words) if SIGN.fullmatch(word)]
    for word in words[places[0] : places[-1]] if expected.most_words == 1 else ():
        if is_item([word], word, expected):
            yield word
