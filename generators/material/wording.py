"""Wordings of a task, and filling their slots while keeping where each slot landed."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter

from ...schemas.sample import Span


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One way to put a task: what comes before the context, the question after it, and the answer.

    Which slots question and answer have is up to the task.
    """

    id: str
    """The name under which samples record the wording."""
    head: str
    question: str
    answer: str


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


def fill_list(pattern: str, items: Sequence[str], **slots: str | int) -> tuple[str, list[Span]]:
    """The pattern with its `{slots}` filled, `{list}` with `a, b and c`, and the character span of each item."""
    *first, last = items
    listed = f"{', '.join(first)} and {last}" if first else last
    text, filled = fill(pattern, list=listed, **slots)
    start, end = filled["list"]
    spans: list[Span] = []
    for item in first:
        spans.append((start, start + len(item)))
        start += len(item) + len(", ")
    return text, [*spans, (end - len(last), end)]


def superlative(count: int, number: str) -> dict[str, str]:
    """Slots that agree with `count` words at the top: {most} is "3 most" or "most"; {words}, {are}, {have}, {come}."""
    if count == 1:
        return {"most": "most", "words": "word", "are": "is", "have": "has", "come": "comes"}
    return {"most": f"{number} most", "words": "words", "are": "are", "have": "have", "come": "come"}


def layout(head: str, body: str, question: str) -> tuple[str, int]:
    """The prompt of head, body and question, a blank line between them, and the characters before its body."""
    return f"{head}\n\n{body}\n\n{question}\n", len(head) + 2


def shift(span: Span, by: int) -> Span:
    """The span moved right by `by` characters."""
    return span[0] + by, span[1] + by
