"""Filling the slots of a template while keeping where each slot landed."""

from string import Formatter

from ..schemas.sample import Span


def fill(pattern: str, **slots: str | int) -> tuple[str, dict[str, Span]]:
    """The pattern with its `{slots}` filled, and the character span of each slot (the last, where one repeats)."""
    parts: list[str] = []
    spans: dict[str, Span] = {}
    length = 0
    for literal, slot, _, _ in Formatter().parse(pattern):
        parts.append(literal)
        length += len(literal)
        if slot is not None:
            value = str(slots[slot])
            parts.append(value)
            spans[slot] = (length, length + len(value))
            length += len(value)
    return "".join(parts), spans


def shift(span: Span, by: int) -> Span:
    """The span moved right by `by` characters."""
    return span[0] + by, span[1] + by
