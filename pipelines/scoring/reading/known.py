"""A text in which answers, what the question names and what is said to be absent are single signs."""

import re
from collections.abc import Sequence

from .absence import BARE, CLAIM, ELSEWHERE
from .dates import dates
from .kinds import Answer, whole
from .signs import ABSENT, BOLD, BOLD_END, BULLET, MARK, MARK_END, NAMED, OTHER_DATE, answer_sign

_FOLLOWED_BY_NAME = r"(?! (?:[A-ZÀ-Þ][\w'-]+))"


def with_signs(text: str, answers: Sequence[Answer], named: Sequence[str]) -> str:
    """The flat text with a sign for each answer, each name and each statement of absence."""
    text = _apart(text, answers)
    text = _dates(text, answers)
    text = _written(text, answers, named)
    return _absent(text, answers)


def _apart(text: str, answers: Sequence[Answer]) -> str:
    """The text with a space after commas between numbers, where they are not groups of one number."""
    known = {answer.text.replace(",", "") for answer in answers if answer.kind == "number"}

    def parted(match: re.Match[str]) -> str:
        parts = match[0].split(",")
        grouped = len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
        return match[0] if grouped and not known.issuperset(parts) else ", ".join(parts)

    return re.sub(r"(?<![\w.,])\d+(?:,\d+)+(?![\w])(?!\.\d)", parted, text)


def _dates(text: str, answers: Sequence[Answer]) -> str:
    wanted = {answer.date: answer_sign(number) for number, answer in enumerate(answers) if answer.date}
    if not wanted:
        return text
    parts, at = list[str](), 0
    for start, end, readings in dates(text):
        sign = next((sign for date, sign in wanted.items() if date in readings), OTHER_DATE)
        parts += [text[at:start], sign]
        at = end
    return "".join([*parts, text[at:]])


def _written(text: str, answers: Sequence[Answer], named: Sequence[str]) -> str:
    """Of two that start at one place the longer is meant."""
    forms = [
        (answer.text, answer.pattern, answer_sign(number)) for number, answer in enumerate(answers) if answer.pattern
    ]
    wanted = {answer.text.casefold() for answer in answers}
    forms += [(name, whole(_literal(name)), NAMED) for name in named if name.casefold() not in wanted]
    if not forms:
        return text
    forms.sort(key=lambda form: -len(form[0]))
    signs = [sign for _, _, sign in forms]
    pattern = "|".join(f"({form})" for _, form, _ in forms)

    def sign(match: re.Match[str]) -> str:
        found = signs[(match.lastindex or 1) - 1]
        return match[0] if _longer_name(match, answers, found) else found

    text = re.sub(pattern, sign, text, flags=re.IGNORECASE)
    return _in_their_roles(text, answers) if named else text


def _in_their_roles(text: str, answers: Sequence[Answer]) -> str:
    """The text without numbers that are called a key, and without a value that is called what holds the other one."""
    numbers = [answer_sign(number) for number, answer in enumerate(answers) if answer.kind == "number"]
    if not numbers:
        return text
    text = re.sub(
        rf"\b(keys? (?:no\.? ?|#|is |= ?|: ?)?)[{''.join(numbers)}]", rf"\1{NAMED}", text, flags=re.IGNORECASE
    )
    if len(numbers) != 2 or len(answers) != 2:
        return text
    return re.sub(rf"({_HOLDER}){numbers[0]}", rf"\1{NAMED}", text, flags=re.IGNORECASE)


_HOLDER = r"\b(?:dictionary|dict|table|record|map|drawer|block|page|object)(?: no\.?| number)?(?: is| ?= ?|:)?[ _#\[(]*"
"""What leads to the number of what holds a value."""


def _longer_name(match: re.Match[str], answers: Sequence[Answer], sign: str) -> bool:
    """Whether a name goes on: Gouldport Vineyards is no town."""
    if sign == NAMED or answers[ord(sign) - ord(answer_sign(0))].kind != "name" or match[0].islower():
        return False
    return re.match(r" [A-ZÀ-Þ][a-zß-ÿ]+", match.string[match.end() : match.end() + 40]) is not None


def _literal(words: str) -> str:
    return r"\s+".join(map(re.escape, words.split()))


_CLAUSE = re.compile(rf"[^\n.;!?{BULLET}{MARK}{MARK_END}{BOLD}{BOLD_END}]+")
_BARE = re.compile(
    rf"(?<=[:{MARK}{BOLD}{BULLET}\n])( *)({BARE.pattern})(?= *[.!]? *(?:[{MARK_END}{BOLD_END}\n]|\Z))", re.IGNORECASE
)
_CONDITION = re.compile(r"\b(?:if|unless|whether|in case)\b", re.IGNORECASE)


def _absent(text: str, answers: Sequence[Answer]) -> str:
    """The text with the sign of absence for each statement that the text does not say it.

    Where an answer is that it is absent, its sign stands instead.
    """
    sign = next((answer_sign(number) for number, answer in enumerate(answers) if answer.kind == "absent"), ABSENT)

    def replaced(clause: re.Match[str]) -> str:
        if ELSEWHERE.search(clause[0]) or _CONDITION.search(clause[0]):
            head, colon, tail = clause[0].rpartition(": ")
            return f"{head}{colon}{CLAIM.sub(ABSENT, tail)}" if colon and sign == ABSENT else clause[0]
        return CLAIM.sub(f" {sign} ", clause[0])

    text = _BARE.sub(rf"\1{sign}", f"\n{text}")[1:]
    return _CLAUSE.sub(replaced, text)
