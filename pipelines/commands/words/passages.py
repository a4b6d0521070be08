"""Passages of a document for people: marks in colours, and in brackets that tell the same without them."""

from collections.abc import Sequence

from rich.text import Text

from ....schemas.events.inspected import PassageShown
from .console import visible

BRACKETS = {"loss": "⟨⟩", "evidence": "⟦⟧", "answer": "⟪⟫"}
_STYLES = {"loss": "underline", "evidence": "bold green", "answer": "bold magenta", "control": "dim"}
LEGEND = "⟦evidence⟧ ⟪answer⟫ ⟨in the loss⟩"
"""What the brackets mean."""


def read_passages(passages: Sequence[PassageShown], num_tokens: int) -> Text:
    """The text of passages with what is marked in brackets, and how much is left out between them and at the end."""
    text, open_marks, end_before = Text(no_wrap=False), list[str](), 0
    for passage in passages:
        own = [mark for mark in passage.marks if mark in BRACKETS]
        same = next((at for at, mark in enumerate(open_marks) if own[at : at + 1] != [mark]), len(open_marks))
        for mark in reversed(open_marks[same:]):
            text.append(BRACKETS[mark][1], style=_STYLES[mark])
        _append_gap(text, passage.start - end_before)
        for mark in own[same:]:
            text.append(BRACKETS[mark][0], style=_STYLES[mark])
        text.append(visible(passage.text), style=" ".join(_STYLES[mark] for mark in passage.marks))
        open_marks, end_before = own, passage.end
    for mark in reversed(open_marks):
        text.append(BRACKETS[mark][1], style=_STYLES[mark])
    _append_gap(text, num_tokens - end_before)
    return text


def _append_gap(text: Text, num_tokens: int) -> None:
    if num_tokens:
        text.append(f"\n… {num_tokens:,} tokens …\n", style="dim")
