"""A sample for people: its text with evidence and answers marked, and where they are."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from ....schemas.sample import Sample, Span
from .console import visible

_AROUND = 160
_ENDS = 500
_MAX_MARKS = 40
"""Of so many marks the surroundings are shown."""


def marked_text(sample: Sample, full: bool = False) -> Text:
    """Prompt and answer with evidence and answers marked; long stretches without either are left out unless `full`."""
    text = visible(sample.text)
    marks = [(span, "bold green") for span in sample.evidence_spans]
    marks += [(span, "bold magenta") for span in sample.answer_spans]
    keep = [(0, len(text))] if full else _kept(text, len(sample.prompt), [span for span, _ in marks])
    shown = Text(no_wrap=False)
    end_before = 0
    for start, end in keep:
        if start > end_before:
            shown.append(f"\n… {start - end_before:,} characters …\n", style="dim")
        _append_marked(shown, text, (start, end), sorted(marks))
        end_before = end
    return shown


def _append_marked(shown: Text, text: str, kept: Span, marks: list[tuple[Span, str]]) -> None:
    at, stop = kept
    for (start, end), style in marks:
        if at <= start and end <= stop:
            shown.append(text[at:start])
            shown.append(f"⟦{text[start:end]}⟧", style=style)
            at = end
    shown.append(text[at:stop])


def _kept(text: str, prompt_chars: int, marks: list[Span]) -> list[Span]:
    """The parts worth reading: both ends, where the answer begins, and what is around marks, joined where they meet."""
    parts = [(0, _ENDS), (prompt_chars - _ENDS, prompt_chars + _ENDS), (len(text) - _ENDS, len(text))]
    parts += [(start - _AROUND, min(end, start + _ENDS) + _AROUND) for start, end in marks[:_MAX_MARKS]]
    kept: list[Span] = []
    for start, end in sorted((max(0, start), min(len(text), end)) for start, end in parts):
        if kept and start <= kept[-1][1]:
            kept[-1] = (kept[-1][0], max(end, kept[-1][1]))
        else:
            kept.append((start, end))
    return kept


def places(
    answers: Iterable[str], answer_spans: Sequence[Span], evidence_spans: Sequence[Span], depth: Iterable[float]
) -> dict[str, str]:
    """Where answers and evidence are, in tokens, as names and values."""
    return {
        "answers": ", ".join(
            f"{answer!r} at tokens {start}–{end}" for answer, (start, end) in zip(answers, answer_spans, strict=True)
        ),
        "evidence": ", ".join(
            f"tokens {start:,}–{end:,} at depth {at:.3f}"
            for (start, end), at in zip(evidence_spans, depth, strict=True)
        )
        or "in no single place",
    }
