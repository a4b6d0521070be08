"""What a reply says of other keys than those that were asked for is no answer."""

import re
from collections.abc import Callable, Iterable, Sequence

from .kinds import Answer, whole
from .signs import ANSWERS, BULLET, MARK, NAMED

_CLAUSE = re.compile(
    rf"(?<=[.!?])\s+(?=[^a-z])|[;\n{BULLET}]|,? \b(?:but|while|whereas|although|though|however)\b", re.IGNORECASE
)
_KEPT = re.compile(f"[{ANSWERS}{NAMED}{MARK}]")


_MOST_TOLD = 1
"""Other keys that may be told with their values; who tells more lists all there are."""


def without_others(
    text: str, asked: Iterable[str], answers: Sequence[Answer], candidates: Callable[[str], bool]
) -> str:
    """The text without clauses that name another key and neither an asked one nor an answer."""
    shape = _shape_of_keys(asked, answers)
    if shape is None or not shape.search(text):
        return text
    parts, at, num_told = list[str](), 0, 0
    for edge in [*_CLAUSE.finditer(text), None]:
        clause = text[at : edge.start() if edge else len(text)]
        is_other = shape.search(clause) and not _KEPT.search(clause)
        num_told += bool(is_other and candidates(clause))
        parts.append(" " if is_other else clause)
        if edge:
            parts.append(edge[0])
            at = edge.end()
    return "".join(parts) if num_told <= _MOST_TOLD else text


def _shape_of_keys(asked: Iterable[str], answers: Sequence[Answer]) -> re.Pattern[str] | None:
    """What other keys look like, where answers do not look like that."""
    shapes = {shape for key in asked if (shape := _shape(key.strip()))}
    if not shapes or any(re.fullmatch(shape, answer.text, re.IGNORECASE) for shape in shapes for answer in answers):
        return None
    return re.compile("|".join(map(whole, sorted(shapes))))


def _shape(key: str) -> str | None:
    if re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", key):
        return r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    if re.fullmatch(r"[a-z]+(?:-[a-z]+)+", key):
        return "-".join(["[a-z]+"] * (key.count("-") + 1))
    if re.fullmatch(r"\d{4,}", key):
        return rf"\d{{{len(key)}}}"
    return None
