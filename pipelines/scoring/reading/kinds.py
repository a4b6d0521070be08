"""What kind of thing an answer is, how it may be written, and what looks like it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .dates import Date, date_of

DASHED = r"[A-Za-z]+(?:-[A-Za-z]+){n}"
_ARTICLE = re.compile(r"^(?:an?|the) (?=\S)", re.IGNORECASE)
_ABSENT = re.compile(
    r"(?:(?:it|this|that) is )?(?:not|no|none|nothing|nobody|unknown|unanswerable|n/?a|missing|absent)\b"
    r"(?: [a-z]+){0,5}[.]?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<sign>-?)(?P<currency>[$€£]?)(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?(?P<unit>%?)"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CODE = re.compile(r"[0-9A-Za-z]+(?:-[0-9A-Za-z]+)*")
_SMALL_WORDS = r"(?:of|the|and|de|del|la|le|van|von|der|den|di|da|du|al|bin|on|in|upon|for|to)"
_NAME = re.compile(rf"[A-ZÀ-ÞŠŽ][\w'.&-]*(?:,? (?:{_SMALL_WORDS} )*(?:[A-ZÀ-ÞŠŽ0-9&][\w'.&-]*))*\.?")


@dataclass(frozen=True)
class Answer:
    """A reference answer as it is looked for."""

    text: str
    kind: str
    """`absent`, `number`, `date`, `shaped`, `name` or `words`."""
    pattern: str
    """How it may be written, for case-insensitive search; empty for dates and for what the text does not say."""
    shape: str | None = None
    """What looks like it, case-sensitive; None where that would be any words."""
    date: Date | None = None


def answer_of(text: str) -> Answer:
    """The answer of a normal text."""
    bare = _ARTICLE.sub("", text) or text
    if date := date_of(bare):
        return Answer(bare, "date", "", date=date)
    if number := _NUMBER.fullmatch(bare):
        return Answer(bare, "number", _number(number), _number_shape(number))
    if _ABSENT.fullmatch(bare):
        return Answer(bare, "absent", "")
    if shape := _shape(bare):
        return Answer(bare, "shaped", whole(_spaced(bare)), shape)
    if _NAME.fullmatch(bare):
        return Answer(bare, "name", whole(_spaced(bare) + r"(?:'s)?"))
    return Answer(bare, "words", whole(_spaced(bare.rstrip(".")) or _spaced(bare)))


def _as_word(answer: Answer) -> Answer:
    return Answer(answer.text, "words", whole(_spaced(answer.text)))


def whole(pattern: str) -> str:
    """A pattern that finds this one where it is no part of a longer word; an underscore parts words."""
    return rf"(?<![^\W_])(?<![^\W_]-)(?:{pattern})(?![^\W_])(?!-[^\W_])"


def whole_number(pattern: str) -> str:
    """A pattern that finds this one where it is no part of a longer number."""
    return rf"(?<![^\W_])(?<!\d[.,-])(?<!\d[.,-]\d)(?:{pattern})(?![^\W_])(?![.,-]\d)"


def _spaced(words: str) -> str:
    return r"(?:[ \n]|, )+".join(_word(word) for word in re.split(r",? ", words) if word)


def _word(word: str) -> str:
    dash = r"-?" if re.search(r"\d", word) else r"\s?-\s?"
    return re.sub(r"(?<=\d),(?=\d{3})", ",?", re.escape(word).replace(r"\-", dash))


def _number(number: re.Match[str]) -> str:
    """The number with or without separators of thousands, zeros after the point, and its unit."""
    digits = number["whole"].replace(",", "")
    groups = [digits[max(at - 3, 0) : at] for at in range(len(digits), 0, -3)][::-1]
    forms = [digits, r"[, '_.\u2009\u202f]".join(groups)] if len(groups) > 1 else [digits]
    part = (number["part"] or "").rstrip("0")
    fraction = rf"\.{part}0*" if part else r"(?:\.0+)?(?![.,]\d)"
    sign = "-" if number["sign"] else r"(?<!-)" if digits == "0" else ""
    return rf"(?<![^\W_])(?<!\d[.,-]){sign}(?:[$€£] ?)?0*(?:{'|'.join(forms)}){fraction}(?![^\W_])(?!-\d)(?![.,]\d)"


def _number_shape(number: re.Match[str]) -> str:
    digits = number["whole"].replace(",", "")
    if number["part"]:
        return whole_number(r"\d+(?:\.\d+)?")
    return whole_number(rf"\d{{{max(1, len(digits) - 1)},{len(digits) + 1}}}")


def _shape(answer: str) -> str | None:
    if _UUID.fullmatch(answer):
        return whole(r"[0-9a-fA-F]{6,8}(?:-[0-9a-fA-F]{3,5}){2,4}(?:-[0-9a-fA-F]{8,13})?")
    if re.fullmatch(r"[A-Z]{2,}", answer):
        return whole(rf"[A-Z]{{{len(answer)}}}")
    if re.fullmatch(r"[A-Za-z]+(?:-[A-Za-z]+)+", answer):
        return whole("-".join(["[A-Za-z]+"] * (answer.count("-") + 1)))
    if _CODE.fullmatch(answer) and re.search(r"\d", answer):
        return whole(r"(?=[A-Za-z-]*\d)" + "-".join(rf"[0-9A-Za-z]{{{len(part)}}}" for part in answer.split("-")))
    return None


def distinct(answers: Sequence[str]) -> list[Answer]:
    """The answers as they are looked for, none twice; among other words `nothing` and `missing` are words, too."""
    found = dict[object, Answer]()
    known = list(map(answer_of, answers))
    if any(answer.kind == "words" for answer in known):
        known = [_as_word(answer) if answer.kind == "absent" and answer.text.isalpha() else answer for answer in known]
    for answer in known:
        key = answer.date or ("absent" if answer.kind == "absent" else " ".join(answer.text.casefold().split()))
        found.setdefault(key, answer)
    return list(found.values())
